// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator in one long chain of ifs, with a label for each way to end.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

static struct pair {
	hyp_spinlock_t lock;
	void *page[2];
} host_buffers __maybe_unused;

static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

union split {
	u32 word;
	struct {
		u16 minor;
		u16 major;
	};
};

static void set_low(struct kvm_cpu_context *ctxt, u64 x0, u64 x2)
{
	cpu_reg(ctxt, 0) = x0;
	cpu_reg(ctxt, 1) = 0;
	cpu_reg(ctxt, 2) = x2;
	cpu_reg(ctxt, 3) = 0;
	cpu_reg(ctxt, 4) = 0;
	cpu_reg(ctxt, 5) = 0;
	cpu_reg(ctxt, 6) = 0;
	cpu_reg(ctxt, 7) = 0;
}

static void set_high(struct kvm_cpu_context *ctxt, const struct arm_smccc_1_2_regs *res)
{
	cpu_reg(ctxt, 4) = res->a4;
	cpu_reg(ctxt, 5) = res->a5;
	cpu_reg(ctxt, 6) = res->a6;
	cpu_reg(ctxt, 7) = res->a7;
	cpu_reg(ctxt, 8) = res->a8;
	cpu_reg(ctxt, 9) = res->a9;
	cpu_reg(ctxt, 10) = res->a10;
	cpu_reg(ctxt, 11) = res->a11;
	cpu_reg(ctxt, 12) = res->a12;
	cpu_reg(ctxt, 13) = res->a13;
	cpu_reg(ctxt, 14) = res->a14;
	cpu_reg(ctxt, 15) = res->a15;
	cpu_reg(ctxt, 16) = res->a16;
	cpu_reg(ctxt, 17) = res->a17;
}

static void relay(struct kvm_cpu_context *ctxt)
{
	struct arm_smccc_1_2_regs args, res;

	memcpy(&args, &ctxt->regs, sizeof(args));
	args.a0 = FFA_MSG_SEND_DIRECT_REQ2;
	args.a1 &= GENMASK(31, 0);
	arm_smccc_1_2_smc(&args, &res);
	set_low(ctxt, res.a0, res.a2);
	cpu_reg(ctxt, 1) = res.a1;
	cpu_reg(ctxt, 3) = res.a3;
	set_high(ctxt, &res);
}

static bool spmc_has(u32 version)
{
	struct arm_smccc_res res;
	union split said, asked;

	arm_smccc_1_1_smc(FFA_VERSION, version, 0, 0, 0, 0, 0, 0, &res);
	said.word = res.a0;
	asked.word = version;
	return said.major == asked.major && said.minor >= asked.minor;
}

static u32 negotiate(u32 version)
{
	union split wanted = { version };
	u32 result;

	hyp_spin_lock(&version_lock);
	if (wanted.major != 1)
		result = FFA_RET_NOT_SUPPORTED;
	else if (!hyp_ffa_version)
		result = FFA_RET_NOT_SUPPORTED;
	else if (wanted.word >= hyp_ffa_version)
		result = hyp_ffa_version;
	else if (has_version_negotiated)
		result = FFA_RET_NOT_SUPPORTED;
	else if (!spmc_has(wanted.word))
		result = FFA_RET_NOT_SUPPORTED;
	else
		result = hyp_ffa_version = wanted.word;

	if (result != (u32)FFA_RET_NOT_SUPPORTED && !has_version_negotiated)
		smp_store_release(&has_version_negotiated, true);
	hyp_spin_unlock(&version_lock);
	return result;
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
	u32 asked = cpu_reg(host_ctxt, 1);
	union split ids = { .word = asked };
	bool has_req2;

	if (!(func_id & ARM_SMCCC_FAST_CALL))
		goto not_ours;
	else if ((func_id & ARM_SMCCC_OWNER_MASK) != ARM_SMCCC_OWNER_STANDARD)
		goto not_ours;
	else if ((u16)func_id < 0x60 || (u16)func_id > 0xff)
		goto not_ours;

	if (func_id == FFA_VERSION) {
		set_low(host_ctxt, negotiate(asked), 0);
		return true;
	} else if (!smp_load_acquire(&has_version_negotiated)) {
		goto invalid;
	}

	has_req2 = hyp_ffa_version == FFA_VERSION_1_2;
	if (func_id == FFA_FEATURES) {
		if (asked == FFA_MSG_SEND_DIRECT_REQ || asked == FFA_FN64_MSG_SEND_DIRECT_REQ)
			goto not_ours;
		else if (asked == FFA_ID_GET || asked == FFA_RUN)
			goto not_ours;
		else if (has_req2 && asked == FFA_MSG_SEND_DIRECT_REQ2)
			goto not_ours;
		else if (asked != FFA_FEATURES && asked != FFA_VERSION)
			goto unsupported;
		set_low(host_ctxt, FFA_SUCCESS, 0);
		return true;
	} else if (func_id == FFA_ID_GET || func_id == FFA_RUN) {
		goto not_ours;
	} else if (func_id == FFA_MSG_SEND_DIRECT_REQ2) {
		if (!has_req2)
			goto unsupported;
		else if (ids.major)
			goto invalid;
		relay(host_ctxt);
		return true;
	} else if (func_id == FFA_MSG_SEND_DIRECT_REQ || func_id == FFA_FN64_MSG_SEND_DIRECT_REQ) {
		if (ids.major)
			goto invalid;
		goto not_ours;
	}

unsupported:
	set_low(host_ctxt, FFA_ERROR, (u32)FFA_RET_NOT_SUPPORTED);
	return true;
invalid:
	set_low(host_ctxt, FFA_ERROR, (u32)FFA_RET_INVALID_PARAMETERS);
	return true;
not_ours:
	return false;
}

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_res res;
	union split offered;

	arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_2, 0, 0, 0, 0, 0, 0, &res);
	offered.word = res.a0;
	if (offered.major != 1)
		return 0;
	else if (offered.minor > 2)
		offered.minor = 2;
	hyp_ffa_version = offered.word;
	return 0;
}
