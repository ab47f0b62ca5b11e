// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator for tests of rules: the host agrees on a version, asks what there
 * is, and sends direct requests. It has no mailbox and shares no memory.
 *
 * A literate test replaces some of these functions and says which rule objects.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

struct mailbox {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
};

static struct mailbox host_buffers;

static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

/* Results are x0 to x3; FF-A wants x4 to x7 zero. */
static void answer(struct kvm_cpu_context *host, u64 x0, u64 x1, u64 x2, u64 x3)
{
	cpu_reg(host, 0) = x0;
	cpu_reg(host, 1) = x1;
	cpu_reg(host, 2) = x2;
	cpu_reg(host, 3) = x3;
	cpu_reg(host, 4) = 0;
	cpu_reg(host, 5) = 0;
	cpu_reg(host, 6) = 0;
	cpu_reg(host, 7) = 0;
}

static void refuse(struct kvm_cpu_context *host, int code)
{
	answer(host, FFA_ERROR, 0, (u32)code, 0);
}

/* Does the secure world have this version? */
static bool spmc_has(u32 version)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_smc(FFA_VERSION, version, 0, 0, 0, 0, 0, 0, &res);
	return (s32)res.a0 >= (s32)version && (u32)res.a0 >> 16 == 1;
}

/* What the host is answered; called with the lock held. */
static u32 agree(u32 wanted)
{
	if (!hyp_ffa_version || wanted >> 16 != 1)
		return (u32)FFA_RET_NOT_SUPPORTED;

	if (has_version_negotiated)
		return wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : hyp_ffa_version;

	if (wanted < hyp_ffa_version) {
		if (!spmc_has(wanted))
			return (u32)FFA_RET_NOT_SUPPORTED;
		hyp_ffa_version = wanted;
	}

	smp_store_release(&has_version_negotiated, true);
	return hyp_ffa_version;
}

static void do_ffa_version(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, wanted, host, 1);
	u32 result;

	hyp_spin_lock(&version_lock);
	result = agree(wanted);
	hyp_spin_unlock(&version_lock);

	answer(host, result, 0, 0, 0);
}

/* What is answered here is known here; about the rest EL3 is asked. */
static bool do_ffa_features(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, asked, host, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
		answer(host, FFA_SUCCESS, 0, 0, 0);
		return true;
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return false;
	}

	refuse(host, FFA_RET_NOT_SUPPORTED);
	return true;
}

/* The host is endpoint 0; partitions of the secure world have bit 15 set. */
static bool do_ffa_direct_req(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	DECLARE_REG(u32, flags, host, 2);

	if (ids >> 16 || !(ids & 0x8000) || flags) {
		refuse(host, FFA_RET_INVALID_PARAMETERS);
		return true;
	}
	return false;
}

static bool is_ffa_call(u32 func_id)
{
	return (func_id & 0xbf00ff00) == 0x84000000 && (func_id & 0xff) >= 0x60;
}

/* Once a version is agreed. What is not named here is not supported. */
static bool serve(struct kvm_cpu_context *host, u32 func_id)
{
	switch (func_id) {
	case FFA_FEATURES:
		return do_ffa_features(host);
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return do_ffa_direct_req(host);
	case FFA_ID_GET:
	case FFA_RUN:
		return false;
	}

	refuse(host, FFA_RET_NOT_SUPPORTED);
	return true;
}

/* True: the host has its answer. False: the call goes on to EL3 as it is. */
bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
	if (!is_ffa_call(func_id))
		return false;

	if (func_id == FFA_VERSION) {
		do_ffa_version(host_ctxt);
		return true;
	}

	if (!smp_load_acquire(&has_version_negotiated)) {
		refuse(host_ctxt, FFA_RET_INVALID_PARAMETERS);
		return true;
	}

	return serve(host_ctxt, func_id);
}

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_res res;
	u32 has;

	arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_1, 0, 0, 0, 0, 0, 0, &res);
	has = res.a0;
	if (has >> 16 == 1)
		hyp_ffa_version = has < FFA_VERSION_1_1 ? has : FFA_VERSION_1_1;
	return 0;
}
