/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the kernel that ffa.c and its two FF-A headers expect, in our own words, for a hosted compiler. */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8, __u8;
typedef unsigned short u16, __u16, __le16;
typedef unsigned int u32, __u32, __le32;
typedef unsigned long long u64, __u64, __le64;
typedef signed char s8;
typedef signed short s16;
typedef signed int s32;
typedef signed long long s64;
typedef __SIZE_TYPE__ size_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef u64 phys_addr_t;
typedef _Bool bool;
typedef struct { u8 b[16]; } uuid_t;
enum { false = 0, true = 1 };

#define NULL ((void *)0)
#define asmlinkage
#define __init
#define __always_inline inline
#define __maybe_unused __attribute__((unused))
#define __must_check
#define offsetof(type, member) __builtin_offsetof(type, member)
#ifndef memcpy
#define memcpy(into, from, size) __builtin_memcpy(into, from, size)
#endif
#define memset(into, byte, size) __builtin_memset(into, byte, size)

#define COUNT_(a, b, c, d, e, f, g, h, i, j, n, ...) n
#define COUNT_ARGS(...) COUNT_(__VA_ARGS__, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define JOIN_(a, b) a##b
#define CONCATENATE(a, b) JOIN_(a, b)
#define UL_(x) x##UL
#define _UL(x) UL_(x)
#define _AC(x, suffix) JOIN_(x, suffix)
#define IS_REACHABLE(option) 0
#define IS_ENABLED(option) 0
#define THIS_MODULE NULL
#define KBUILD_MODNAME ""
struct module;
struct device { void *data; };
struct device_driver { const char *name; };
static inline void dev_set_drvdata(struct device *dev, void *data) { dev->data = data; }
static inline void *dev_get_drvdata(const struct device *dev) { return dev->data; }

enum { ENOENT = 2, ENOMEM = 12, EINVAL = 22, EOPNOTSUPP = 95 };

#define BIT(n) (1UL << (n))
#define GENMASK(high, low) (((2UL << ((high) - (low))) - 1) << (low))
#define GENMASK_ULL(high, low) (((2ULL << ((high) - (low))) - 1) << (low))
#define LOW_BIT_(mask) __builtin_ctzll(mask)
#define FIELD_GET(mask, reg) ((__typeof__(mask))(((reg) & (mask)) >> LOW_BIT_(mask)))
#define FIELD_PREP(mask, value) ((__typeof__(mask))(((__typeof__(mask))(value) << LOW_BIT_(mask)) & (mask)))
#define SZ_4K 0x1000
#define SZ_16K 0x4000
#define SZ_64K 0x10000
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGNED(address) ((unsigned long)(address) % PAGE_SIZE == 0)
#define IS_ALIGNED(x, step) ((x) % (__typeof__(x))(step) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SG_MAX_SEGMENTS 2048
#define upper_32_bits(n) ((u32)((u64)(n) >> 32))
#define lower_32_bits(n) ((u32)(n))
#define unlikely(x) __builtin_expect(!!(x), 0)
#define likely(x) __builtin_expect(!!(x), 1)
#define fallthrough __attribute__((fallthrough))
#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d) __builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define smp_load_acquire(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define smp_store_release(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)

#endif
