/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads inputs of INPUT_WORDS words from stdin, calls one function of the proxy for each, writes a record to stdout.
 *
 * input:  function, ARGUMENTS arguments, the statics, number of answers, ANSWERS * 18 answers of EL3,
 *         OUTS results of outside functions, ARENAS * ARENA_WORDS words, CONTENT_WORDS of TX, CONTENT_WORDS of RX, stir,
 *         number of SMCs that leave something in EL2's RX, CONTENT_WORDS words for each of them
 *         (function | GOES_ON: statics, locks and EL2's memory stay as they are)
 * record: its length, 1 after a fault (only the events follow then) or 0, result, the statics, the arenas, hash of
 *         memory, warnings, locks held, EVENT_WORDS words for each event: kind, locks held, warnings, hash of what EL2's
 *         TX holds (SMCs only), 18 arguments
 * stir:   if it is not 0, each event changes the host's TX and each SMC but the first EL2's RX
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "functions.h"

#define EVENT_WORDS 22
#define GOES_ON (1ULL << 32)
#define MAX_EVENTS 20000
#define PAGE (1UL << PAGE_SHIFT)
enum { PAGES, HOST_TX, HOST_RX, FIRST_ARENA, REGIONS = FIRST_ARENA + ARENAS };

static word input[1 + ARGUMENTS + 64 + 1 + ANSWERS * 18 + OUTS + ARENAS * ARENA_WORDS + 2 * CONTENT_WORDS + 2];
static word left[ANSWERS][CONTENT_WORDS], left_count;
static word record[6 + 64 + ARENAS * ARENA_WORDS + MAX_EVENTS * EVENT_WORDS];
static const word *answers, *outs;
static word answer_count, answers_used, outs_used, held, warnings, stir, events_seen;
static size_t length;
static sigjmp_buf back;

static word *region(int index) { return (word *)((word)(FIRST_SLOT + index) << 32); }

static size_t region_size(int index)
{
	return index == PAGES ? PROXY_PAGES * PAGE : index < FIRST_ARENA ? PAGE : 4096;
}

void give_up(void) { siglongjmp(back, 1); }

static void put(word value) { record[length++] = value; }

static word announced(void)
{
	word result = 0;

	for (int k = CONTENT_WORDS - 1; k >= 0; k--)
		result = (((unsigned __int128)result << 64) | region(PAGES)[k]) % PRIME;
	return result;
}

/* Others write a buffer. */
static void change(word *words)
{
	for (int k = 0; stir && k < CONTENT_WORDS; k++)
		words[k] ^= stir * (events_seen + k) & STIRRED;
}

static void event(int kind, const word *arguments, int count)
{
	const int is_smc = kind == SMC || kind == FORWARD;

	if (length + EVENT_WORDS > sizeof(record) / sizeof(*record))
		give_up();
	put(kind), put(held), put(warnings), put(is_smc ? announced() : 0);
	events_seen++;
	change(region(HOST_TX));
	if (is_smc && answers_used)
		change((word *)((char *)region(PAGES) + PAGE));
	for (int k = 0; k < 18; k++)
		put(k < count ? arguments[k] : 0);
}

void el3(word *x, int kind)
{
	event(kind, x, 18);
	for (int k = 0; k < 18; k++)
		x[k] = answers_used < answer_count ? answers[answers_used * 18 + k] : k ? 0 : ~0ULL;
	if (answers_used < left_count)
		memcpy((char *)region(PAGES) + PAGE, left[answers_used], sizeof(left[0]));
	answers_used++;
}

int outside(int kind, word first, word second)
{
	word arguments[2] = { first, second };

	event(kind, arguments, 2);
	return outs_used < OUTS ? (int)outs[outs_used++] : 0;
}

void warned(void) { warnings++; }

void lock_static(const void *place, int acquire)
{
	for (int k = 0; k < static_count; k++) {
		if (static_place(k) != place)
			continue;
		if ((held >> k & 1) == (word)acquire)
			break;
		held ^= 1ULL << k;
		return;
	}
	give_up();
}

static word hash_of(int index, size_t skip)
{
	const word *words = region(index);
	word result = 0;

	for (size_t k = skip; k < region_size(index) / sizeof(word); k++) {
		word mixed = (words[k] + k * HASH_A + index * HASH_B) * HASH_C;
		if (words[k])
			result ^= mixed ^ mixed >> 29;
	}
	return result;
}

static const word *set_up(void)
{
	const word *at = input + 1 + ARGUMENTS;
	const int goes_on = !!(input[0] & GOES_ON);

	input[0] &= ~GOES_ON;
	for (int k = 0; k < static_count; k++, at++)
		if (!goes_on)
			memcpy(static_place(k), at, static_size(k));
	answer_count = *at++;
	answers = at, at += ANSWERS * 18;
	outs = at, at += OUTS;
	for (int k = 0; k < REGIONS; k++)
		if (!goes_on || k >= FIRST_ARENA)
			memset(region(k), 0, region_size(k));
	for (int k = 0; k < ARENAS; k++, at += ARENA_WORDS)
		memcpy(region(FIRST_ARENA + k), at, ARENA_WORDS * sizeof(word));
	memcpy(region(HOST_TX), at, CONTENT_WORDS * sizeof(word)), at += CONTENT_WORDS;
	memcpy((char *)region(PAGES) + PAGE, at, CONTENT_WORDS * sizeof(word)), at += CONTENT_WORDS;
	stir = *at++;
	left_count = *at++;
	held = goes_on ? held : 0;
	answers_used = outs_used = warnings = events_seen = 0;
	return at;
}

static void finish(word result)
{
	word hash = 0;

	record[1] = 0, record[2] = result;
	length = 3;
	for (int k = 0; k < static_count; k++) {
		word value = 0;
		memcpy(&value, static_place(k), static_size(k));
		put(value);
	}
	for (int k = 0; k < ARENAS; k++)
		for (int w = 0; w < ARENA_WORDS; w++)
			put(region(FIRST_ARENA + k)[w]);
	for (int k = 0; k < REGIONS; k++)
		hash ^= hash_of(k, k < FIRST_ARENA ? 0 : ARENA_WORDS);
	put(hash), put(warnings), put(held);
}

static void one(void)
{
	const size_t events = 3 + static_count + ARENAS * ARENA_WORDS + 3;
	size_t end;

	if (sigsetjmp(back, 0)) {
		record[1] = 1;
		memmove(record + 2, record + events, (length - events) * sizeof(word));
		length -= events - 2;
	} else {
		length = events;
		word result = call_function(input[0], input + 1);
		end = length;
		finish(result);
		length = end;
	}
	record[0] = length;
	fwrite(record, sizeof(word), length, stdout);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info, (void)context;
#ifdef REAL_SMCCC_1_1
	ucontext_t *at = context;
	const unsigned smc_0 = 0xd4000003;

	if (number == SIGILL && *(const unsigned *)at->uc_mcontext.pc == smc_0) {
		word x[18] = { 0 };
		memcpy(x, at->uc_mcontext.regs, 8 * sizeof(word));
		el3(x, SMC);
		memcpy(at->uc_mcontext.regs, x, 4 * sizeof(word));
		at->uc_mcontext.pc += 4;
		return;
	}
#endif
	give_up();
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	for (int k = 0; k < REGIONS; k++)
		if (mmap(region(k), region_size(k), PROT_READ | PROT_WRITE, flags, -1, 0) != region(k))
			return perror("mmap"), 2;
	for (size_t k = 0; k < sizeof(signals) / sizeof(*signals); k++)
		sigaction(signals[k], &action, NULL);
	const size_t words = 1 + ARGUMENTS + static_count + 1 + ANSWERS * 18 + OUTS + ARENAS * ARENA_WORDS
		+ 2 * CONTENT_WORDS + 2;
	while (fread(input, sizeof(word), words, stdin) == words) {
		if (set_up() != input + words || input[0] >= (word)function_count || left_count > ANSWERS
		    || fread(left, sizeof(left[0]), left_count, stdin) != left_count)
			return fprintf(stderr, "malformed input\n"), 2;
		one();
	}
	return 0;
}
