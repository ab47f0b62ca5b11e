/* SPDX-License-Identifier: GPL-2.0-only */
/* What the FF-A headers of a tree expect from the rest of the kernel: types and plain macros. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef u16 __le16;
typedef u32 __le32;
typedef u64 __le64;
typedef unsigned long size_t;
typedef long ssize_t;
typedef unsigned long uintptr_t;
typedef u8 uint8_t;
typedef u16 uint16_t;
typedef u32 uint32_t;
typedef u64 uint64_t;
typedef u64 phys_addr_t;
typedef _Bool bool;
typedef struct { u8 b[16]; } uuid_t;

#define true 1
#define false 0
#define NULL ((void *)0)
#define asmlinkage
#define __init
#define __always_inline inline
#define noinline
#define __maybe_unused
#define __must_check
#define __VERIFY_SET_1 0,
#define __verify_second(first, second, ...) second
#define __verify_chosen(junk) __verify_second(junk 1, 0)
#define __verify_pasted(value) __verify_chosen(__VERIFY_SET_##value)
#define __verify_set(value) __verify_pasted(value)
#define IS_ENABLED(option) __verify_set(option)
#define IS_REACHABLE(option) __verify_set(option)
#define IS_BUILTIN(option) __verify_set(option)
#define IS_MODULE(option) 0
#define __packed __attribute__((__packed__))
#define __aligned(x) __attribute__((__aligned__(x)))
#define _AC(X, Y) X##Y
#define _UL(x) (x##UL)
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define GENMASK(h, l) ((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l) ((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define SZ_4K 0x1000
#define SZ_16K 0x4000
#define SZ_64K 0x10000
#define FIELD_GET(mask, reg) (((reg) & (mask)) >> __verify_lowest_bit(mask))
#define FIELD_PREP(mask, val) (((((mask) ^ (mask)) | (val)) << __verify_lowest_bit(mask)) & (mask))
#define FIELD_FIT(mask, val) (!((((mask) ^ (mask)) | (val)) << __verify_lowest_bit(mask) & ~(mask)))

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define ENXIO 6
#define E2BIG 7
#define EBADF 9
#define EAGAIN 11
#define EWOULDBLOCK 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define EPIPE 32
#define EDOM 33
#define ERANGE 34
#define ENOSYS 38
#define ENODATA 61
#define ETIME 62
#define EPROTO 71
#define EBADMSG 74
#define EOVERFLOW 75
#define EMSGSIZE 90
#define EPROTONOSUPPORT 93
#define EOPNOTSUPP 95
#define EADDRINUSE 98
#define ENOBUFS 105
#define ETIMEDOUT 110
#define EALREADY 114
#define EINPROGRESS 115
#define EREMOTEIO 121
#define ECANCELED 125
#define EKEYREJECTED 129

#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define upper_32_bits(n) ((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n) ((u32)((n) & 0xffffffff))
#define upper_16_bits(n) ((u16)((n) >> 16))
#define lower_16_bits(n) ((u16)((n) & 0xffff))
#define likely(x) (!!(x))
#define unlikely(x) (!!(x))
#define fallthrough do { } while (0)
