/* SPDX-License-Identifier: GPL-2.0-only */
/* For CBMC: what `__verify_…` of the environment headers means. Read before the tree's tokens. */
#define ANSWERS 18

/* Members of structures in the FF-A header that the proxy does not use. */
struct device { int unused; };
struct device_driver { int unused; };

void *memcpy(void *to, const void *from, unsigned long length);
void *memset(void *to, int value, unsigned long length);
int nondet_int(void);
_Bool nondet_bool(void);
unsigned int nondet_unsigned(void);
unsigned long long nondet_wide(void);

static unsigned long long check_answer[ANSWERS];
static unsigned int check_smcs;
static _Bool check_forwarded;

#define __verify_page_shift() PAGE_SHIFT_CHECKED
#define __verify_lowest_bit(mask) __builtin_ctzll(mask)
#define __verify_like(x, a) ((__typeof__(x))(a))
#define __verify_load_once(p) (*(p))
#define __verify_store_once(p, v) (*(p) = (v))
#define __verify_load_acquire(p) (*(p))
#define __verify_store_release(p, v) (*(p) = (v))
#define __verify_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define __verify_sub_overflow(a, b, d) __builtin_sub_overflow(a, b, d)
#define __verify_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)
#define __verify_warn(c) (c)
#define __verify_bug(c) __CPROVER_assert(!(c), "BUG")
#define __verify_build_bug(c) __CPROVER_assert(!(c), "BUILD_BUG")
/* One call at a time: CBMC is not asked about other CPUs. */
#define __verify_lock(l) ((void)(l))
#define __verify_unlock(l) ((void)(l))
#define __verify_forward(ctxt) ((void)(ctxt), (void)(check_forwarded = 1))

void check_emitted(unsigned int function, unsigned int offset);

/* EL3 answers anything. What it is asked matters to some checks: `check_emitted`. */
static void __verify_smc(unsigned long long x0, unsigned long long x1, unsigned long long x2, unsigned long long x3,
			 unsigned long long x4, unsigned long long x5, unsigned long long x6, unsigned long long x7,
			 unsigned long long x8, unsigned long long x9, unsigned long long x10, unsigned long long x11,
			 unsigned long long x12, unsigned long long x13, unsigned long long x14,
			 unsigned long long x15, unsigned long long x16, unsigned long long x17)
{
	for (int k = 0; k < ANSWERS; k++)
		check_answer[k] = nondet_wide();
	check_smcs++;
	check_emitted(x0, x3);
}

#define __verify_smc_result(k) check_answer[k]
