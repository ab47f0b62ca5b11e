/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the proxy's code and the runner. Lengths come from the build: -DARGUMENTS=... and so on. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

typedef unsigned long long word;

enum { SMC = 1, FORWARD, SHARE_HYP, UNSHARE_HYP, SHARE_FFA, UNSHARE_FFA, PIN, UNPIN };

/* What the proxy's code asks for; the runner answers from the script and keeps a record. */
void el3(word *x, int kind);
int outside(int kind, word first, word second);
void warned(void);
void lock_static(const void *place, int acquire);
void give_up(void) __attribute__((noreturn));

/* What the runner asks of the proxy's code; generated for each tree. */
extern const int function_count, static_count;
word call_function(int index, const word *arguments);
void *static_place(int index);
unsigned static_size(int index);

#endif
