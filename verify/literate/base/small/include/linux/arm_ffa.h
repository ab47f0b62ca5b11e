/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of FF-A that the mediators of literate tests need, and its descriptions of memory. */
#ifndef SMALL_ARM_FFA_H
#define SMALL_ARM_FFA_H

#define FFA_ERROR			0x84000060
#define FFA_SUCCESS			0x84000061
#define FFA_VERSION			0x84000063
#define FFA_FEATURES			0x84000064
#define FFA_RX_RELEASE			0x84000065
#define FFA_FN64_RXTX_MAP		0xC4000066
#define FFA_RXTX_UNMAP			0x84000067
#define FFA_PARTITION_INFO_GET		0x84000068
#define FFA_ID_GET			0x84000069
#define FFA_RUN				0x8400006D
#define FFA_MSG_SEND_DIRECT_REQ		0x8400006F
#define FFA_FN64_MSG_SEND_DIRECT_REQ	0xC400006F
#define FFA_MSG_SEND_DIRECT_RESP	0x84000070
#define FFA_MEM_DONATE			0x84000071
#define FFA_MEM_LEND			0x84000072
#define FFA_FN64_MEM_LEND		0xC4000072
#define FFA_MEM_SHARE			0x84000073
#define FFA_FN64_MEM_SHARE		0xC4000073
#define FFA_FN64_MEM_RETRIEVE_REQ	0xC4000074
#define FFA_MEM_RETRIEVE_RESP		0x84000075
#define FFA_MEM_RECLAIM			0x84000077
#define FFA_MEM_FRAG_RX			0x8400007A
#define FFA_MEM_FRAG_TX			0x8400007B
#define FFA_NOTIFICATION_GET		0x84000082
#define FFA_CONSOLE_LOG			0x8400008A

#define FFA_RET_SUCCESS			0
#define FFA_RET_NOT_SUPPORTED		(-1)
#define FFA_RET_INVALID_PARAMETERS	(-2)
#define FFA_RET_NO_MEMORY		(-3)
#define FFA_RET_BUSY			(-4)
#define FFA_RET_DENIED			(-6)
#define FFA_RET_ABORTED			(-8)
#define FFA_RET_NO_DATA			(-9)

#define FFA_VERSION_1_0			0x10000
#define FFA_VERSION_1_1			0x10001

/* FF-A counts in pages of this size, whatever the size of a page is. */
#define FFA_PAGE_SIZE			4096
#define MEMORY_END			(1ULL << 48)

/* The least mailbox, as FFA_FEATURES says it. */
#define FFA_MAILBOX_SMALLEST		0x3
#define FFA_MAILBOX_4K			0
#define FFA_MAILBOX_64K			1
#define FFA_MAILBOX_16K			2

#define FFA_PARTITION_SIZE_1_0		8
#define FFA_PARTITION_SIZE		24

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

#define FFA_REGION_SIZE_1_0		32

/* What follows where there is one receiver and one range. */
struct ffa_rest {
	u16 receiver;
	u8 permissions;
	u8 access_flags;
	u32 composite_offset;
	u64 access_reserved;
	u32 all_pages;
	u32 ranges;
	u64 composite_reserved;
	u64 address;
	u32 pages;
	u32 range_reserved;
};

#define FFA_ACCESS_SIZE			16
#define FFA_DATA_RO			0x1
#define FFA_DATA_RW			0x2
/* Normal memory, write-back, inner shareable. */
#define FFA_MEMORY_NORMAL		0x2f
#define FFA_SECURE_ENDPOINT		0x8000

#endif
