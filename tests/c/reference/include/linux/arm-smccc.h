/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the SMC calling convention that the mediators of these tests use. */
#ifndef TESTS_ARM_SMCCC_H
#define TESTS_ARM_SMCCC_H

#define ARM_SMCCC_VERSION_1_0 0x10000
#define ARM_SMCCC_VERSION_1_1 0x10001
#define ARM_SMCCC_VERSION_1_2 0x10002

#define ARM_SMCCC_FAST_CALL 0x80000000U
#define ARM_SMCCC_SMC_64 0x40000000U
#define ARM_SMCCC_OWNER_MASK 0x3f000000U
#define ARM_SMCCC_OWNER_STANDARD 0x04000000U
#define ARM_SMCCC_FUNC_MASK 0x0000ffffU

struct arm_smccc_res {
	unsigned long a0, a1, a2, a3;
};

struct arm_smccc_1_2_regs {
	unsigned long a0, a1, a2, a3, a4, a5, a6, a7, a8;
	unsigned long a9, a10, a11, a12, a13, a14, a15, a16, a17;
};

void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res);

#endif
