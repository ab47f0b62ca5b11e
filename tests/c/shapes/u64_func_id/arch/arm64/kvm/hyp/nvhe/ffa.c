// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediator whose handler gets all 64 bits of x0, and whose results travel in
 * four registers, or in eighteen for a message of 1.2. Bits 63:32 name nothing.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

struct host_buffers_t {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
};

static struct host_buffers_t host_buffers __maybe_unused = { .lock = __HYP_SPIN_LOCK_UNLOCKED };
static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

static void set_error(struct arm_smccc_res *res, s64 code)
{
	*res = (struct arm_smccc_res) {
		.a0 = FFA_ERROR,
		.a2 = lower_32_bits(code),
	};
}

static void set_success(struct arm_smccc_res *res)
{
	*res = (struct arm_smccc_res) { FFA_SUCCESS };
}

static void put_four(struct kvm_cpu_context *ctxt, const struct arm_smccc_res *res)
{
	cpu_reg(ctxt, 0) = res->a0;
	cpu_reg(ctxt, 1) = res->a1;
	cpu_reg(ctxt, 2) = res->a2;
	cpu_reg(ctxt, 3) = res->a3;
	cpu_reg(ctxt, 4) = cpu_reg(ctxt, 5) = 0;
	cpu_reg(ctxt, 6) = cpu_reg(ctxt, 7) = 0;
}

static void put_all(struct kvm_cpu_context *ctxt, const struct arm_smccc_1_2_regs *regs)
{
	struct arm_smccc_res low = { regs->a0, regs->a1, regs->a2, regs->a3 };

	put_four(ctxt, &low);
	cpu_reg(ctxt, 4) = regs->a4;
	cpu_reg(ctxt, 5) = regs->a5;
	cpu_reg(ctxt, 6) = regs->a6;
	cpu_reg(ctxt, 7) = regs->a7;
	cpu_reg(ctxt, 8) = regs->a8;
	cpu_reg(ctxt, 9) = regs->a9;
	cpu_reg(ctxt, 10) = regs->a10;
	cpu_reg(ctxt, 11) = regs->a11;
	cpu_reg(ctxt, 12) = regs->a12;
	cpu_reg(ctxt, 13) = regs->a13;
	cpu_reg(ctxt, 14) = regs->a14;
	cpu_reg(ctxt, 15) = regs->a15;
	cpu_reg(ctxt, 16) = regs->a16;
	cpu_reg(ctxt, 17) = regs->a17;
}

static bool settle(u32 version)
{
	struct arm_smccc_res res;

	if (version < hyp_ffa_version) {
		arm_smccc_1_1_smc(FFA_VERSION, version, &res);
		if (FFA_MAJOR(res.a0) != 1 || FFA_MINOR(res.a0) < FFA_MINOR(version))
			return false;
		WRITE_ONCE(hyp_ffa_version, version);
	}
	smp_store_release(&has_version_negotiated, true);
	return true;
}

static void version_call(struct arm_smccc_res *res, struct kvm_cpu_context *ctxt)
{
	DECLARE_REG(u32, wanted, ctxt, 1);
	bool fits;

	hyp_spin_lock(&version_lock);
	fits = hyp_ffa_version && FFA_MAJOR(wanted) == 1;
	if (fits && has_version_negotiated)
		fits = wanted >= hyp_ffa_version;
	else if (fits)
		fits = settle(wanted);
	*res = (struct arm_smccc_res) { fits ? hyp_ffa_version : lower_32_bits(FFA_RET_NOT_SUPPORTED) };
	hyp_spin_unlock(&version_lock);
}

/* True: EL3 is to answer. */
static bool features_call(struct arm_smccc_res *res, struct kvm_cpu_context *ctxt, bool has_req2)
{
	DECLARE_REG(u32, asked, ctxt, 1);

	set_error(res, FFA_RET_NOT_SUPPORTED);
	if (asked == FFA_VERSION || asked == FFA_FEATURES)
		set_success(res);
	return asked == FFA_ID_GET || asked == FFA_RUN || asked == FFA_MSG_SEND_DIRECT_REQ ||
	       asked == FFA_FN64_MSG_SEND_DIRECT_REQ || (asked == FFA_MSG_SEND_DIRECT_REQ2 && has_req2);
}

static void send_wide(struct kvm_cpu_context *ctxt)
{
	struct arm_smccc_1_2_regs regs = {
		FFA_MSG_SEND_DIRECT_REQ2, (u32)cpu_reg(ctxt, 1), cpu_reg(ctxt, 2), cpu_reg(ctxt, 3),
		cpu_reg(ctxt, 4), cpu_reg(ctxt, 5), cpu_reg(ctxt, 6), cpu_reg(ctxt, 7), cpu_reg(ctxt, 8),
		cpu_reg(ctxt, 9), cpu_reg(ctxt, 10), cpu_reg(ctxt, 11), cpu_reg(ctxt, 12),
		cpu_reg(ctxt, 13), cpu_reg(ctxt, 14), cpu_reg(ctxt, 15), cpu_reg(ctxt, 16),
		cpu_reg(ctxt, 17),
	};

	arm_smccc_1_2_smc(&regs, &regs);
	put_all(ctxt, &regs);
}

static bool is_ours(u32 id)
{
	return ARM_SMCCC_IS_FAST_CALL(id) && ARM_SMCCC_OWNER_NUM(id) == ARM_SMCCC_OWNER_STANDARD &&
	       ARM_SMCCC_FUNC_NUM(id) >= 0x60 && ARM_SMCCC_FUNC_NUM(id) <= 0xff;
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u64 func_id)
{
	u16 from = FIELD_GET(GENMASK(31, 16), cpu_reg(host_ctxt, 1));
	struct arm_smccc_res res;
	u32 id = func_id;
	bool has_req2;

	if (!is_ours(id))
		return false;
	if (id == FFA_VERSION) {
		version_call(&res, host_ctxt);
		goto answered;
	}

	set_error(&res, FFA_RET_INVALID_PARAMETERS);
	if (!smp_load_acquire(&has_version_negotiated))
		goto answered;
	has_req2 = FFA_MINOR(hyp_ffa_version) >= 2;

	switch (id) {
	case FFA_FEATURES:
		if (features_call(&res, host_ctxt, has_req2))
			return false;
		goto answered;
	case FFA_MSG_SEND_DIRECT_REQ2:
		if (!has_req2)
			break;
		if (from)
			goto answered;
		send_wide(host_ctxt);
		return true;
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		if (from)
			goto answered;
		return false;
	case FFA_ID_GET:
	case FFA_RUN:
		return false;
	}
	set_error(&res, FFA_RET_NOT_SUPPORTED);
answered:
	put_four(host_ctxt, &res);
	return true;
}

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_2, &res);
	if (FFA_MAJOR(res.a0) == 1)
		hyp_ffa_version = FFA_MAKE_VERSION(1, FFA_MINOR(res.a0) < 2 ? FFA_MINOR(res.a0) : 2);
	return 0;
}
