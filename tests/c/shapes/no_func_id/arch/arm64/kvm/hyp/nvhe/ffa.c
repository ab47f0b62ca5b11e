// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator whose handler is told nothing: it reads the function from the
 * saved x0. Every call looks at the version under its lock; requests of all
 * kinds go on to EL3 as they are, once they are checked.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

static struct {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
} host_buffers __maybe_unused;

static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

static bool done(struct kvm_cpu_context *ctxt, u64 id, u64 word)
{
	cpu_reg(ctxt, 0) = id;
	cpu_reg(ctxt, 1) = 0;
	cpu_reg(ctxt, 2) = word;
	cpu_reg(ctxt, 3) = 0;
	cpu_reg(ctxt, 4) = 0;
	cpu_reg(ctxt, 5) = 0;
	cpu_reg(ctxt, 6) = 0;
	cpu_reg(ctxt, 7) = 0;
	return true;
}

static bool fail(struct kvm_cpu_context *ctxt, s32 code)
{
	return done(ctxt, FFA_ERROR, (u32)code);
}

static u32 choose_version(u32 wanted)
{
	struct arm_smccc_res res;

	if (has_version_negotiated || wanted >= hyp_ffa_version)
		return wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : hyp_ffa_version;

	arm_smccc_1_1_smc(FFA_VERSION, wanted, 0, 0, 0, 0, 0, 0, &res);
	if ((s32)res.a0 < (s32)wanted || (s32)res.a0 >= 0x20000)
		return (u32)FFA_RET_NOT_SUPPORTED;
	return wanted;
}

static bool do_version(struct kvm_cpu_context *ctxt)
{
	DECLARE_REG(u32, wanted, ctxt, 1);
	u32 answer = (u32)FFA_RET_NOT_SUPPORTED;

	hyp_spin_lock(&version_lock);
	if (hyp_ffa_version && wanted >> 16 == 1)
		answer = choose_version(wanted);
	if (!has_version_negotiated && answer != (u32)FFA_RET_NOT_SUPPORTED) {
		hyp_ffa_version = answer;
		smp_store_release(&has_version_negotiated, true);
	}
	hyp_spin_unlock(&version_lock);

	return done(ctxt, answer, 0);
}

static bool do_features(struct kvm_cpu_context *ctxt, u32 version)
{
	DECLARE_REG(u32, asked, ctxt, 1);

	switch (asked) {
	case FFA_MSG_SEND_DIRECT_REQ2:
		if (version < FFA_VERSION_1_2)
			break;
		fallthrough;
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return false;
	case FFA_VERSION:
	case FFA_FEATURES:
		return done(ctxt, FFA_SUCCESS, 0);
	}
	return fail(ctxt, FFA_RET_NOT_SUPPORTED);
}

static bool do_request(struct kvm_cpu_context *ctxt)
{
	DECLARE_REG(u32, ids, ctxt, 1);
	u16 sender = ids >> 16;

	return sender ? fail(ctxt, FFA_RET_INVALID_PARAMETERS) : false;
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(u32, id, host_ctxt, 0);
	u32 version;
	bool agreed;

	id &= ~ARM_SMCCC_CALL_HINTS;
	if ((id & 0xbf00ff00) != 0x84000000 || (id & 0xff) < 0x60)
		return false;
	if (id == FFA_VERSION)
		return do_version(host_ctxt);

	hyp_spin_lock(&version_lock);
	agreed = has_version_negotiated;
	version = hyp_ffa_version;
	hyp_spin_unlock(&version_lock);
	if (!agreed)
		return fail(host_ctxt, FFA_RET_INVALID_PARAMETERS);

	switch (id) {
	case FFA_FEATURES:
		return do_features(host_ctxt, version);
	case FFA_ID_GET:
	case FFA_RUN:
		return false;
	case FFA_MSG_SEND_DIRECT_REQ2:
		if (version < FFA_VERSION_1_2)
			break;
		fallthrough;
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return do_request(host_ctxt);
	}
	return fail(host_ctxt, FFA_RET_NOT_SUPPORTED);
}

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_res res;
	u32 has;

	arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_2, 0, 0, 0, 0, 0, 0, &res);
	has = res.a0;
	if (has >> 16 == 1)
		hyp_ffa_version = has > FFA_VERSION_1_2 ? FFA_VERSION_1_2 : has;
	return 0;
}
