/* SPDX-License-Identifier: GPL-2.0-only */
/* Function identifiers, status codes and versions of FF-A up to 1.2. */
#ifndef TESTS_ARM_FFA_H
#define TESTS_ARM_FFA_H

#include <linux/arm-smccc.h>

#define FFA_FN32(number) (ARM_SMCCC_FAST_CALL | ARM_SMCCC_OWNER_STANDARD | (number))
#define FFA_FN64(number) (FFA_FN32(number) | ARM_SMCCC_SMC_64)

#define FFA_ERROR FFA_FN32(0x60)
#define FFA_SUCCESS FFA_FN32(0x61)
#define FFA_VERSION FFA_FN32(0x63)
#define FFA_FEATURES FFA_FN32(0x64)
#define FFA_PARTITION_INFO_GET FFA_FN32(0x68)
#define FFA_ID_GET FFA_FN32(0x69)
#define FFA_RUN FFA_FN32(0x6d)
#define FFA_MSG_SEND_DIRECT_REQ FFA_FN32(0x6f)
#define FFA_FN64_MSG_SEND_DIRECT_REQ FFA_FN64(0x6f)
#define FFA_SPM_ID_GET FFA_FN32(0x85)
#define FFA_MSG_SEND_DIRECT_REQ2 FFA_FN64(0x8d)

#define FFA_RET_NOT_SUPPORTED (-1)
#define FFA_RET_INVALID_PARAMETERS (-2)
#define FFA_RET_BUSY (-4)
#define FFA_RET_ABORTED (-8)
#define FFA_RET_NO_DATA (-9)

#define FFA_VERSION_1_0 0x10000
#define FFA_VERSION_1_1 0x10001
#define FFA_VERSION_1_2 0x10002

/* FFA_PARTITION_INFO_GET: only say how many there are. */
#define FFA_PARTITION_INFO_COUNT_ONLY 1

#endif
