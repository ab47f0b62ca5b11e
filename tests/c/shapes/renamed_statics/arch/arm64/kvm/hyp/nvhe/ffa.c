// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator with names of its own: what is agreed stands with its lock in one
 * structure. The verify.toml beside it binds the names.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

static struct agreement {
	hyp_spinlock_t guard;
	u32 version;
	bool made;
} pact;

static struct {
	struct {
		void *to_el2;
		void *from_el2;
	} pages;
	hyp_spinlock_t guard;
} post_office __maybe_unused;

enum outcome {
	LEAVE_TO_EL3,
	SAY_DONE,
	SAY_UNSUPPORTED,
	SAY_INVALID,
	SAID_ALL,
};

static void fill(struct kvm_cpu_context *host, u64 first, u64 third)
{
	cpu_reg(host, 0) = first;
	cpu_reg(host, 2) = third;
	cpu_reg(host, 1) = cpu_reg(host, 3) = 0;
	cpu_reg(host, 4) = cpu_reg(host, 5) = 0;
	cpu_reg(host, 6) = cpu_reg(host, 7) = 0;
}

static bool conclude(struct kvm_cpu_context *host, enum outcome outcome)
{
	switch (outcome) {
	case LEAVE_TO_EL3:
		return false;
	case SAY_DONE:
		fill(host, FFA_SUCCESS, 0);
		break;
	case SAY_UNSUPPORTED:
		fill(host, FFA_ERROR, (u32)FFA_RET_NOT_SUPPORTED);
		break;
	case SAY_INVALID:
		fill(host, FFA_ERROR, (u32)FFA_RET_INVALID_PARAMETERS);
		break;
	case SAID_ALL:
		break;
	}
	return true;
}

/* The version in the SPMC's answer, 0 if there is none. */
static u32 consult(u32 version)
{
	struct arm_smccc_1_2_regs ask = { 0 };
	u32 reply;

	ask.a0 = FFA_VERSION;
	ask.a1 = version;
	arm_smccc_1_2_smc(&ask, &ask);
	reply = ask.a0;
	return reply >> 16 == 1 ? reply : 0;
}

static u32 bargain(u32 wanted)
{
	if (wanted >> 16 != 1 || !pact.version)
		return FFA_RET_NOT_SUPPORTED;
	if (wanted >= pact.version)
		return pact.version;
	if (pact.made || consult(wanted) < wanted)
		return FFA_RET_NOT_SUPPORTED;
	return wanted;
}

static enum outcome on_version(struct kvm_cpu_context *host)
{
	u32 result;

	hyp_spin_lock(&pact.guard);
	result = bargain(cpu_reg(host, 1));
	if (!pact.made && result != (u32)FFA_RET_NOT_SUPPORTED) {
		pact.version = result;
		smp_store_release(&pact.made, true);
	}
	hyp_spin_unlock(&pact.guard);

	fill(host, result, 0);
	return SAID_ALL;
}

static bool is_passed_on(u32 id, bool has_req2)
{
	switch (id) {
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return true;
	case FFA_MSG_SEND_DIRECT_REQ2:
		return has_req2;
	}
	return false;
}

static enum outcome on_features(u32 asked, bool has_req2)
{
	if (asked == FFA_VERSION || asked == FFA_FEATURES)
		return SAY_DONE;
	return is_passed_on(asked, has_req2) ? LEAVE_TO_EL3 : SAY_UNSUPPORTED;
}

static enum outcome on_call(struct kvm_cpu_context *host, u32 id)
{
	bool names_another = (cpu_reg(host, 1) >> 16) & 0xffff;
	bool has_req2;

	if (!smp_load_acquire(&pact.made))
		return SAY_INVALID;

	has_req2 = pact.version >= FFA_VERSION_1_2;
	if (id == FFA_FEATURES)
		return on_features(cpu_reg(host, 1), has_req2);
	if (!is_passed_on(id, has_req2))
		return SAY_UNSUPPORTED;
	if (id != FFA_ID_GET && id != FFA_RUN && names_another)
		return SAY_INVALID;
	return LEAVE_TO_EL3;
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
	u8 number = func_id;

	if ((func_id & 0xbf00ff00) != 0x84000000 || number < 0x60)
		return false;
	if (func_id == FFA_VERSION)
		return conclude(host_ctxt, on_version(host_ctxt));
	return conclude(host_ctxt, on_call(host_ctxt, func_id));
}

int hyp_ffa_init(void *pages)
{
	u32 offered = consult(FFA_VERSION_1_2);

	pact.version = offered > FFA_VERSION_1_2 ? FFA_VERSION_1_2 : offered;
	return 0;
}
