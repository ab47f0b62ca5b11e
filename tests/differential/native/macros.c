/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads from stdin, in words: number of a case, MEMORY_WORDS words of memory, ARGUMENTS arguments; and so on.
 * Writes for each: result, traps, x0 to x17 of the last SMC, the memory.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

typedef unsigned long long word;

word run_case(word number, const word *arguments, word *memory);
extern const unsigned char stops[], answers[];

static word input[1 + MEMORY_WORDS + ARGUMENTS];
static word output[2 + 18 + MEMORY_WORDS];
static word traps, registers[18];
static sigjmp_buf back;

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	const unsigned instruction = *(const unsigned *)at->uc_mcontext.pc, smc_0 = 0xd4000003;

	(void)info;
	if (number == SIGTRAP && !stops[input[0]] && traps++ == 0) {
		at->uc_mcontext.pc += 4;
	} else if (number == SIGILL && instruction == smc_0) {
		memcpy(registers, at->uc_mcontext.regs, sizeof(registers));
		for (int k = 0; k < answers[input[0]]; k++)
			at->uc_mcontext.regs[k] = ANSWER + k;
		at->uc_mcontext.pc += 4;
	} else {
		siglongjmp(back, 1);
	}
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP };

	for (size_t k = 0; k < sizeof(signals) / sizeof(*signals); k++)
		sigaction(signals[k], &action, NULL);
	while (fread(input, sizeof(input), 1, stdin) == 1) {
		static word memory[MEMORY_WORDS];
		word *at = output;

		traps = 0;
		memset(registers, 0, sizeof(registers));
		memcpy(memory, input + 1, sizeof(memory));
		if (sigsetjmp(back, 1) == 0)
			*at++ = run_case(input[0], input + 1 + MEMORY_WORDS, memory);
		else
			*at++ = STOPPED, traps++;
		*at++ = traps;
		memcpy(at, registers, sizeof(registers));
		memcpy(at + 18, memory, sizeof(memory));
		fwrite(output, sizeof(output), 1, stdout);
	}
	return 0;
}
