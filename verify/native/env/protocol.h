/* SPDX-License-Identifier: GPL-2.0-only */
/* What the proxy's code asks of whoever runs it: that answers from a script and keeps a record. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

typedef unsigned long long word;

enum { SMC = 1, FORWARD, SHARE_HYP, UNSHARE_HYP, SHARE_FFA, UNSHARE_FFA, PIN, UNPIN };

void el3(word *x, int kind);
int outside(int kind, word first, word second);
void warned(void);
void lock_static(const void *place, int acquire);
void give_up(void) __attribute__((noreturn));

#endif
