/* SPDX-License-Identifier: GPL-2.0-only */
/* What the runner asks of the proxy's code; generated for each tree. Lengths come from the build: -DARGUMENTS=... */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "protocol.h"

extern const int function_count, static_count;
word call_function(int index, const word *arguments);
void *static_place(int index);
unsigned static_size(int index);

#endif
