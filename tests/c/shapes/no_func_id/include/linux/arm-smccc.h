/* SPDX-License-Identifier: GPL-2.0-only */
/* Results in four registers; the SMC itself is a macro of the environment's. */
#ifndef TESTS_ARM_SMCCC_H
#define TESTS_ARM_SMCCC_H

#define ARM_SMCCC_CALL_HINTS 0x10000
#define ARM_SMCCC_VERSION_1_2 0x10002

struct arm_smccc_res {
	unsigned long a0;
	unsigned long a1;
	unsigned long a2;
	unsigned long a3;
};

struct arm_smccc_1_2_regs {
	unsigned long a0, a1, a2, a3, a4, a5, a6, a7, a8;
	unsigned long a9, a10, a11, a12, a13, a14, a15, a16, a17;
};

#endif
