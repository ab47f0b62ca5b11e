// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator that makes every result in one block of eighteen registers, zero
 * to begin with. What of it the host gets to see follows from the convention
 * of the call and from the version.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

struct buffer_pair {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
};

static struct buffer_pair host_buffers __maybe_unused;
static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

struct request {
	struct kvm_cpu_context *ctxt;
	u32 id;
	u32 version;
	bool agreed;
};

static void write_back(const struct request *req, const struct arm_smccc_1_2_regs *out)
{
	struct user_pt_regs *regs = &req->ctxt->regs;

	regs->regs[0] = out->a0;
	regs->regs[1] = out->a1;
	regs->regs[2] = out->a2;
	regs->regs[3] = out->a3;
	regs->regs[4] = out->a4;
	regs->regs[5] = out->a5;
	regs->regs[6] = out->a6;
	regs->regs[7] = out->a7;
	if (!(req->id & ARM_SMCCC_SMC_64) || req->version < FFA_VERSION_1_2)
		return;

	regs->regs[8] = out->a8;
	regs->regs[9] = out->a9;
	regs->regs[10] = out->a10;
	regs->regs[11] = out->a11;
	regs->regs[12] = out->a12;
	regs->regs[13] = out->a13;
	regs->regs[14] = out->a14;
	regs->regs[15] = out->a15;
	regs->regs[16] = out->a16;
	regs->regs[17] = out->a17;
}

static void read_in(struct arm_smccc_1_2_regs *in, struct kvm_cpu_context *ctxt)
{
	u64 *x = ctxt->regs.regs;

	in->a0 = FFA_MSG_SEND_DIRECT_REQ2;
	in->a1 = lower_32_bits(x[1]);
	in->a2 = x[2];
	in->a3 = x[3];
	in->a4 = x[4];
	in->a5 = x[5];
	in->a6 = x[6];
	in->a7 = x[7];
	in->a8 = x[8];
	in->a9 = x[9];
	in->a10 = x[10];
	in->a11 = x[11];
	in->a12 = x[12];
	in->a13 = x[13];
	in->a14 = x[14];
	in->a15 = x[15];
	in->a16 = x[16];
	in->a17 = x[17];
}

static void error(struct arm_smccc_1_2_regs *out, int code)
{
	out->a0 = FFA_ERROR;
	out->a2 = (u32)code;
}

static bool ask_for(u32 wanted)
{
	struct arm_smccc_1_2_regs args = {}, said;

	args.a0 = FFA_VERSION;
	args.a1 = wanted;
	arm_smccc_1_2_smc(&args, &said);
	return (said.a0 & 0xffff0000) == 0x10000 && (u16)said.a0 >= (u16)wanted;
}

static void version(struct request *req, struct arm_smccc_1_2_regs *out)
{
	DECLARE_REG(u32, wanted, req->ctxt, 1);

	out->a0 = (u32)FFA_RET_NOT_SUPPORTED;
	hyp_spin_lock(&version_lock);
	if ((wanted & 0xffff0000) != FFA_VERSION_1_0 || hyp_ffa_version == 0)
		goto unlock;
	if (wanted < hyp_ffa_version) {
		if (has_version_negotiated || !ask_for(wanted))
			goto unlock;
		hyp_ffa_version = wanted;
	}
	out->a0 = hyp_ffa_version;
	if (!has_version_negotiated)
		smp_store_release(&has_version_negotiated, true);
unlock:
	hyp_spin_unlock(&version_lock);
}

static bool features(struct request *req, struct arm_smccc_1_2_regs *out)
{
	DECLARE_REG(u32, asked, req->ctxt, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
		out->a0 = FFA_SUCCESS;
		return true;
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return false;
	case FFA_MSG_SEND_DIRECT_REQ2:
		if (req->version >= FFA_VERSION_1_2)
			return false;
	}
	error(out, FFA_RET_NOT_SUPPORTED);
	return true;
}

static bool message(struct request *req, struct arm_smccc_1_2_regs *out)
{
	DECLARE_REG(u32, ids, req->ctxt, 1);
	struct arm_smccc_1_2_regs in;

	if (ids >> 16) {
		error(out, FFA_RET_INVALID_PARAMETERS);
		return true;
	}
	if (req->id != FFA_MSG_SEND_DIRECT_REQ2)
		return false;

	read_in(&in, req->ctxt);
	arm_smccc_1_2_smc(&in, out);
	return true;
}

static bool dispatch(struct request *req, struct arm_smccc_1_2_regs *out)
{
	switch (req->id) {
	case FFA_FEATURES:
		return features(req, out);
	case FFA_ID_GET:
	case FFA_RUN:
		return false;
	case FFA_MSG_SEND_DIRECT_REQ2:
		if (req->version < FFA_VERSION_1_2)
			break;
		fallthrough;
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return message(req, out);
	}
	error(out, FFA_RET_NOT_SUPPORTED);
	return true;
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
	struct request req = { .ctxt = host_ctxt, .id = func_id };
	struct arm_smccc_1_2_regs out = {};

	if ((func_id & ~(ARM_SMCCC_SMC_64 | 0xfe00ffU)) != 0x84000000 || (func_id & 0xff) < 0x60)
		return false;

	if (func_id == FFA_VERSION) {
		version(&req, &out);
	} else {
		hyp_spin_lock(&version_lock);
		req.version = hyp_ffa_version;
		req.agreed = has_version_negotiated;
		hyp_spin_unlock(&version_lock);
		if (!req.agreed)
			error(&out, FFA_RET_INVALID_PARAMETERS);
		else if (!dispatch(&req, &out))
			return false;
	}
	write_back(&req, &out);
	return true;
}

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_1_2_regs regs = {};

	regs.a0 = FFA_VERSION;
	regs.a1 = FFA_VERSION_1_2;
	arm_smccc_1_2_smc(&regs, &regs);
	if ((regs.a0 & 0xffff0000) == FFA_VERSION_1_0)
		hyp_ffa_version = (u16)regs.a0 < 2 ? (u32)regs.a0 : FFA_VERSION_1_2;
	return 0;
}
