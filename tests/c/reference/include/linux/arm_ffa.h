/* SPDX-License-Identifier: GPL-2.0-only */
/* Function identifiers, status codes, versions and memory descriptions of FF-A up to 1.2. */
#ifndef TESTS_ARM_FFA_H
#define TESTS_ARM_FFA_H

#include <linux/arm-smccc.h>

#define FFA_FN32(number) (ARM_SMCCC_FAST_CALL | ARM_SMCCC_OWNER_STANDARD | (number))
#define FFA_FN64(number) (FFA_FN32(number) | ARM_SMCCC_SMC_64)

#define FFA_ERROR FFA_FN32(0x60)
#define FFA_SUCCESS FFA_FN32(0x61)
#define FFA_VERSION FFA_FN32(0x63)
#define FFA_FEATURES FFA_FN32(0x64)
#define FFA_RX_RELEASE FFA_FN32(0x65)
#define FFA_FN64_RXTX_MAP FFA_FN64(0x66)
#define FFA_RXTX_UNMAP FFA_FN32(0x67)
#define FFA_PARTITION_INFO_GET FFA_FN32(0x68)
#define FFA_ID_GET FFA_FN32(0x69)
#define FFA_RUN FFA_FN32(0x6d)
#define FFA_MSG_SEND_DIRECT_REQ FFA_FN32(0x6f)
#define FFA_FN64_MSG_SEND_DIRECT_REQ FFA_FN64(0x6f)
#define FFA_MEM_LEND FFA_FN32(0x72)
#define FFA_FN64_MEM_LEND FFA_FN64(0x72)
#define FFA_MEM_SHARE FFA_FN32(0x73)
#define FFA_FN64_MEM_SHARE FFA_FN64(0x73)
#define FFA_FN64_MEM_RETRIEVE_REQ FFA_FN64(0x74)
#define FFA_MEM_RETRIEVE_RESP FFA_FN32(0x75)
#define FFA_MEM_RECLAIM FFA_FN32(0x77)
#define FFA_MEM_FRAG_RX FFA_FN32(0x7a)
#define FFA_MEM_FRAG_TX FFA_FN32(0x7b)
#define FFA_SPM_ID_GET FFA_FN32(0x85)
#define FFA_MSG_SEND_DIRECT_REQ2 FFA_FN64(0x8d)

#define FFA_RET_NOT_SUPPORTED (-1)
#define FFA_RET_INVALID_PARAMETERS (-2)
#define FFA_RET_NO_MEMORY (-3)
#define FFA_RET_BUSY (-4)
#define FFA_RET_DENIED (-6)
#define FFA_RET_ABORTED (-8)
#define FFA_RET_NO_DATA (-9)

#define FFA_VERSION_1_0 0x10000
#define FFA_VERSION_1_1 0x10001
#define FFA_VERSION_1_2 0x10002

/* FF-A counts in pages of this size, whatever the size of a page is. */
#define FFA_PAGE_SIZE 4096

/* FFA_PARTITION_INFO_GET: only say how many there are. */
#define FFA_PARTITION_INFO_COUNT_ONLY 1
/* The length of what it says of each: 1.0 leaves the UUID out. */
#define FFA_PARTITION_SIZE_1_0 8
#define FFA_PARTITION_SIZE 24

/* FFA_FEATURES of FFA_RXTX_MAP: from 1.2 on the largest mailbox is in bits 31 to 16, in FF-A's pages; 0 is any. */
#define FFA_MAILBOX_SMALLEST 0x3
#define FFA_MAILBOX_4K 0
#define FFA_MAILBOX_64K 1
#define FFA_MAILBOX_16K 2

/* The beginning of a description. In 1.0 it ends before `access_offset`, and `access_size` is reserved. */
struct ffa_region {
	u16 sender;
	u16 attributes;
	u32 flags;
	u64 handle;
	u64 tag;
	u32 access_size;
	u32 access_count;
	u32 access_offset;
	u32 reserved[3];
};

#define FFA_REGION_SIZE_1_0 32

/* One receiver. Its last 16 bytes came with 1.2 and may be missing there, too; bytes 8 to 15 were reserved before. */
struct ffa_access {
	u16 receiver;
	u8 permissions;
	u8 flags;
	u32 composite_offset;
	u64 own;
	u64 own_too;
	u64 reserved;
};

#define FFA_ACCESS_SIZE_1_0 16

struct ffa_composite {
	u32 pages;
	u32 ranges;
	u64 reserved;
};

struct ffa_range {
	u64 address;
	u32 pages;
	u32 reserved;
};

/* Memory attributes: shareability in bits 1 to 0, cacheability in bits 3 to 2, type in bits 5 to 4. */
#define FFA_MEMORY_SHAREABILITY 0x3
#define FFA_MEMORY_UNUSED_SHAREABILITY 0x1
#define FFA_MEMORY_CACHEABLE 0x4
#define FFA_MEMORY_NORMAL 0x20
#define FFA_MEMORY_TYPES (~0xfU)

/* Permissions: data in bits 1 to 0, instructions in bits 3 to 2. */
#define FFA_DATA_RO 0x1
#define FFA_DATA_RW 0x2
#define FFA_DATA_BITS 0x3
#define FFA_INSTRUCTION_XN 0x4
#define FFA_INSTRUCTION_X 0x8

/* FFA_MEM_LEND, FFA_MEM_RECLAIM: clear the memory. FFA_MEM_RECLAIM: it may be interrupted. */
#define FFA_MEMORY_CLEAR 0x1
#define FFA_MEMORY_TIME_SLICE 0x2

#endif
