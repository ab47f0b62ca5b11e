/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of FF-A that the small mediator and its tests need. */
#ifndef SMALL_ARM_FFA_H
#define SMALL_ARM_FFA_H

#define FFA_ERROR			0x84000060
#define FFA_SUCCESS			0x84000061
#define FFA_VERSION			0x84000063
#define FFA_FEATURES			0x84000064
#define FFA_ID_GET			0x84000069
#define FFA_RUN				0x8400006D
#define FFA_MSG_SEND_DIRECT_REQ		0x8400006F
#define FFA_FN64_MSG_SEND_DIRECT_REQ	0xC400006F
#define FFA_MSG_SEND_DIRECT_RESP	0x84000070
#define FFA_NOTIFICATION_GET		0x84000082
#define FFA_CONSOLE_LOG			0x8400008A
#define FFA_MEM_DONATE			0x84000071

#define FFA_RET_SUCCESS			0
#define FFA_RET_NOT_SUPPORTED		(-1)
#define FFA_RET_INVALID_PARAMETERS	(-2)
#define FFA_RET_BUSY			(-4)
#define FFA_RET_DENIED			(-6)
#define FFA_RET_ABORTED			(-8)

#define FFA_VERSION_1_0			0x10000
#define FFA_VERSION_1_1			0x10001

#endif
