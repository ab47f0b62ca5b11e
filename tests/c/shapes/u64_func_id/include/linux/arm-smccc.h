/* SPDX-License-Identifier: GPL-2.0-only */
/* Calling convention: the fields of a function identifier, and both register blocks. */
#ifndef TESTS_ARM_SMCCC_H
#define TESTS_ARM_SMCCC_H

#define ARM_SMCCC_VERSION_1_2 0x10002

#define ARM_SMCCC_FAST_CALL _AC(1, U)
#define ARM_SMCCC_TYPE_SHIFT 31
#define ARM_SMCCC_SMC_64 1
#define ARM_SMCCC_CALL_CONV_SHIFT 30
#define ARM_SMCCC_OWNER_MASK 0x3F
#define ARM_SMCCC_OWNER_SHIFT 24
#define ARM_SMCCC_OWNER_STANDARD 4
#define ARM_SMCCC_FUNC_MASK 0xFFFF

#define ARM_SMCCC_IS_FAST_CALL(id) ((id) & (ARM_SMCCC_FAST_CALL << ARM_SMCCC_TYPE_SHIFT))
#define ARM_SMCCC_IS_64(id) ((id) & (ARM_SMCCC_SMC_64 << ARM_SMCCC_CALL_CONV_SHIFT))
#define ARM_SMCCC_OWNER_NUM(id) (((id) >> ARM_SMCCC_OWNER_SHIFT) & ARM_SMCCC_OWNER_MASK)
#define ARM_SMCCC_FUNC_NUM(id) ((id) & ARM_SMCCC_FUNC_MASK)

struct arm_smccc_res {
	unsigned long a0, a1, a2, a3;
};

struct arm_smccc_1_2_regs {
	unsigned long a0, a1, a2, a3, a4, a5, a6, a7, a8;
	unsigned long a9, a10, a11, a12, a13, a14, a15, a16, a17;
};

#endif
