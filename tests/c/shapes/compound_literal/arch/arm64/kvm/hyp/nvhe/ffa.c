// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator that writes what it sends to EL3 where it sends it, as compound
 * literals, and never names a register block of arguments.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

static struct {
	void *tx, *rx;
	hyp_spinlock_t lock;
} host_buffers __maybe_unused;

static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

static void finish(struct kvm_cpu_context *ctxt, const struct arm_smccc_1_2_regs *r)
{
	u64 *x = &cpu_reg(ctxt, 0);

	x[0] = r->a0;
	x[1] = r->a1;
	x[2] = r->a2;
	x[3] = r->a3;
	x[4] = r->a4;
	x[5] = r->a5;
	x[6] = r->a6;
	x[7] = r->a7;
}

static void finish_wide(struct kvm_cpu_context *ctxt, const struct arm_smccc_1_2_regs *r)
{
	u64 *x = &cpu_reg(ctxt, 8);

	finish(ctxt, r);
	*x++ = r->a8;
	*x++ = r->a9;
	*x++ = r->a10;
	*x++ = r->a11;
	*x++ = r->a12;
	*x++ = r->a13;
	*x++ = r->a14;
	*x++ = r->a15;
	*x++ = r->a16;
	*x = r->a17;
}

static bool reject(struct kvm_cpu_context *ctxt, u32 code)
{
	finish(ctxt, &(struct arm_smccc_1_2_regs) { .a0 = FFA_ERROR, .a2 = code });
	return true;
}

static u32 spmc_version(u32 wanted)
{
	struct arm_smccc_1_2_regs r;

	arm_smccc_1_2_smc(&(struct arm_smccc_1_2_regs) { .a0 = FFA_VERSION, .a1 = wanted }, &r);
	return (u32)r.a0 >> 16 == 1 ? r.a0 : 0;
}

static bool host_version(struct kvm_cpu_context *ctxt)
{
	DECLARE_REG(u32, wanted, ctxt, 1);
	u32 result = FFA_RET_NOT_SUPPORTED;
	bool first;

	hyp_spin_lock(&version_lock);
	first = !has_version_negotiated;
	if (wanted >> 16 == 1 && hyp_ffa_version) {
		if (first && wanted < hyp_ffa_version && spmc_version(wanted) >= wanted)
			hyp_ffa_version = wanted;
		if (wanted >= hyp_ffa_version)
			result = hyp_ffa_version;
	}
	if (first && !(result & BIT(31)))
		smp_store_release(&has_version_negotiated, true);
	hyp_spin_unlock(&version_lock);

	finish(ctxt, &(struct arm_smccc_1_2_regs) { .a0 = result });
	return true;
}

static bool host_features(struct kvm_cpu_context *ctxt, bool wide)
{
	DECLARE_REG(u32, asked, ctxt, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
		finish(ctxt, &(struct arm_smccc_1_2_regs) { .a0 = FFA_SUCCESS });
		return true;
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return false;
	case FFA_MSG_SEND_DIRECT_REQ2:
		return wide ? false : reject(ctxt, FFA_RET_NOT_SUPPORTED);
	default:
		return reject(ctxt, FFA_RET_NOT_SUPPORTED);
	}
}

/* The response takes the place of the request. */
static bool send_on(struct kvm_cpu_context *ctxt)
{
	struct arm_smccc_1_2_regs r;
	const u64 *x = ctxt->regs.regs;

	arm_smccc_1_2_smc(&(struct arm_smccc_1_2_regs) {
		.a0 = FFA_MSG_SEND_DIRECT_REQ2,
		.a1 = (u32)x[1],
		.a2 = x[2],
		.a3 = x[3],
		.a4 = x[4],
		.a5 = x[5],
		.a6 = x[6],
		.a7 = x[7],
		.a8 = x[8],
		.a9 = x[9],
		.a10 = x[10],
		.a11 = x[11],
		.a12 = x[12],
		.a13 = x[13],
		.a14 = x[14],
		.a15 = x[15],
		.a16 = x[16],
		.a17 = x[17],
	}, &r);
	finish_wide(ctxt, &r);
	return true;
}

static bool host_message(struct kvm_cpu_context *ctxt, u32 id)
{
	if (cpu_reg(ctxt, 1) & GENMASK(31, 16))
		return reject(ctxt, FFA_RET_INVALID_PARAMETERS);
	return id == FFA_MSG_SEND_DIRECT_REQ2 ? send_on(ctxt) : false;
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
	bool wide;

	if ((func_id & ~(ARM_SMCCC_SMC_64 | 0xfe0000U)) - 0x84000060 > 0x9f)
		return false;
	if (func_id == FFA_VERSION)
		return host_version(host_ctxt);
	if (!smp_load_acquire(&has_version_negotiated))
		return reject(host_ctxt, FFA_RET_INVALID_PARAMETERS);

	wide = hyp_ffa_version >= FFA_VERSION_1_2;
	switch (func_id) {
	case FFA_FEATURES:
		return host_features(host_ctxt, wide);
	case FFA_ID_GET:
	case FFA_RUN:
		return false;
	case FFA_MSG_SEND_DIRECT_REQ2:
		if (!wide)
			return reject(host_ctxt, FFA_RET_NOT_SUPPORTED);
		fallthrough;
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return host_message(host_ctxt, func_id);
	default:
		return reject(host_ctxt, FFA_RET_NOT_SUPPORTED);
	}
}

int hyp_ffa_init(void *pages)
{
	u32 offered = spmc_version(FFA_VERSION_1_2);

	hyp_ffa_version = offered > FFA_VERSION_1_2 ? FFA_VERSION_1_2 : offered;
	return 0;
}
