// SPDX-License-Identifier: GPL-2.0-only
/*
 * An FF-A mediator for tests, written for the rules and not for a product.
 *
 * The host may agree on a version, ask what there is, and send direct requests
 * to secure partitions. Everything that needs a mailbox, and everything that is
 * not on the list in serve(), is refused.
 */
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

#define FIRST_NUMBER 0x60
#define LAST_NUMBER 0xff

/* The host is endpoint 0; endpoints of the secure world have bit 15 set. */
#define HOST_ENDPOINT 0
#define SECURE_ENDPOINT 0x8000

/* What serve() returns besides FF-A's negative codes. */
#define ANSWERED 0
#define PASS_ON 1

struct mailbox {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
};

/* No call registers one, but the secure world's mailbox functions are serialised by its lock. */
static struct mailbox host_buffers;

/* The version is written under the lock; once it is agreed it never changes. */
static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

/* A result of FF-A's own: x4 to x7 are reserved in all of them. */
static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)
{
	cpu_reg(host, 0) = w0;
	cpu_reg(host, 1) = w1;
	cpu_reg(host, 2) = w2;
	cpu_reg(host, 3) = w3;
	cpu_reg(host, 4) = 0;
	cpu_reg(host, 5) = 0;
	cpu_reg(host, 6) = 0;
	cpu_reg(host, 7) = 0;
}

/* From 1.2 on the results of a 64-bit call reach up to x17. */
static void clear_wide(struct kvm_cpu_context *host, u32 func_id, u32 version)
{
	if (!(func_id & ARM_SMCCC_SMC_64) || version < FFA_VERSION_1_2)
		return;
	cpu_reg(host, 8) = 0;
	cpu_reg(host, 9) = 0;
	cpu_reg(host, 10) = 0;
	cpu_reg(host, 11) = 0;
	cpu_reg(host, 12) = 0;
	cpu_reg(host, 13) = 0;
	cpu_reg(host, 14) = 0;
	cpu_reg(host, 15) = 0;
	cpu_reg(host, 16) = 0;
	cpu_reg(host, 17) = 0;
}

static void refuse(struct kvm_cpu_context *host, u32 func_id, u32 version, int code)
{
	answer(host, FFA_ERROR, 0, (u32)code, 0);
	clear_wide(host, func_id, version);
}

static bool is_version_one(u32 version)
{
	return (version >> 16) == 1;
}

/* The secure world's word for a version: yes if it has that minor or a higher one. */
static bool spmc_accepts(u32 wanted)
{
	struct arm_smccc_1_2_regs args = { .a0 = FFA_VERSION, .a1 = wanted };
	struct arm_smccc_1_2_regs said;

	arm_smccc_1_2_smc(&args, &said);
	return is_version_one(said.a0) && (u32)said.a0 >= wanted;
}

/* Which version the host gets, or NOT_SUPPORTED; called with the lock held. */
static u32 agree(u32 wanted)
{
	if (!is_version_one(wanted) || !hyp_ffa_version)
		return (u32)FFA_RET_NOT_SUPPORTED;

	if (has_version_negotiated)
		return wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : hyp_ffa_version;

	if (wanted < hyp_ffa_version) {
		if (!spmc_accepts(wanted))
			return (u32)FFA_RET_NOT_SUPPORTED;
		hyp_ffa_version = wanted;
	}

	smp_store_release(&has_version_negotiated, true);
	return hyp_ffa_version;
}

static void negotiate(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, wanted, host, 1);
	u32 result;

	hyp_spin_lock(&version_lock);
	result = agree(wanted);
	hyp_spin_unlock(&version_lock);

	answer(host, result, 0, 0, 0);
}

/*
 * Is a version agreed, and which one; before that, the one that is offered.
 * Who finds none waits for a negotiation that is under way and looks again.
 */
static bool look_up_version(u32 *version)
{
	bool agreed = smp_load_acquire(&has_version_negotiated);

	if (agreed) {
		*version = hyp_ffa_version;
		return true;
	}

	hyp_spin_lock(&version_lock);
	agreed = has_version_negotiated;
	*version = hyp_ffa_version;
	hyp_spin_unlock(&version_lock);
	return agreed;
}

/* Functions that are answered at EL2 are known without asking; the secure world knows about the rest. */
static int describe(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, asked, host, 1);
	DECLARE_REG(u32, properties, host, 2);

	if (properties)
		return FFA_RET_NOT_SUPPORTED;

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
		answer(host, FFA_SUCCESS, 0, 0, 0);
		return ANSWERED;
	case FFA_PARTITION_INFO_GET:
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return PASS_ON;
	case FFA_SPM_ID_GET:
		return version >= FFA_VERSION_1_1 ? PASS_ON : FFA_RET_NOT_SUPPORTED;
	case FFA_MSG_SEND_DIRECT_REQ2:
		return version >= FFA_VERSION_1_2 ? PASS_ON : FFA_RET_NOT_SUPPORTED;
	}
	return FFA_RET_NOT_SUPPORTED;
}

/* A code of FF-A's, whatever EL3 made of it. */
static int code_of(const struct arm_smccc_1_2_regs *said)
{
	s32 code = (s32)said->a2;

	if ((u32)said->a0 != FFA_ERROR || code >= 0 || code < FFA_RET_NO_DATA)
		return FFA_RET_ABORTED;
	return code;
}

/* Without a mailbox there is only room for the number of partitions, which 1.0 cannot ask for. */
static int count_partitions(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, uuid0, host, 1);
	DECLARE_REG(u32, uuid1, host, 2);
	DECLARE_REG(u32, uuid2, host, 3);
	DECLARE_REG(u32, uuid3, host, 4);
	DECLARE_REG(u32, flags, host, 5);
	struct arm_smccc_1_2_regs args = {
		.a0 = FFA_PARTITION_INFO_GET,
		.a1 = uuid0,
		.a2 = uuid1,
		.a3 = uuid2,
		.a4 = uuid3,
		.a5 = FFA_PARTITION_INFO_COUNT_ONLY,
	};
	struct arm_smccc_1_2_regs said;

	if (!flags)
		return FFA_RET_BUSY;
	if (flags != FFA_PARTITION_INFO_COUNT_ONLY || version < FFA_VERSION_1_1)
		return FFA_RET_INVALID_PARAMETERS;

	hyp_spin_lock(&host_buffers.lock);
	arm_smccc_1_2_smc(&args, &said);
	hyp_spin_unlock(&host_buffers.lock);

	if ((u32)said.a0 != FFA_SUCCESS)
		return code_of(&said);
	answer(host, FFA_SUCCESS, 0, said.a2, 0);
	return ANSWERED;
}

/* The host speaks for itself only, and to the secure world only. */
static bool is_addressed_well(u32 ids)
{
	return (ids >> 16) == HOST_ENDPOINT && (ids & SECURE_ENDPOINT);
}

/* Bits in w2 make a message of the framework, which a host has none of. */
static int check_request(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	DECLARE_REG(u32, flags, host, 2);

	if (!is_addressed_well(ids) || flags)
		return FFA_RET_INVALID_PARAMETERS;
	return PASS_ON;
}

static void show_all(struct kvm_cpu_context *host, const struct arm_smccc_1_2_regs *said)
{
	cpu_reg(host, 0) = said->a0;
	cpu_reg(host, 1) = said->a1;
	cpu_reg(host, 2) = said->a2;
	cpu_reg(host, 3) = said->a3;
	cpu_reg(host, 4) = said->a4;
	cpu_reg(host, 5) = said->a5;
	cpu_reg(host, 6) = said->a6;
	cpu_reg(host, 7) = said->a7;
	cpu_reg(host, 8) = said->a8;
	cpu_reg(host, 9) = said->a9;
	cpu_reg(host, 10) = said->a10;
	cpu_reg(host, 11) = said->a11;
	cpu_reg(host, 12) = said->a12;
	cpu_reg(host, 13) = said->a13;
	cpu_reg(host, 14) = said->a14;
	cpu_reg(host, 15) = said->a15;
	cpu_reg(host, 16) = said->a16;
	cpu_reg(host, 17) = said->a17;
}

/* x2 and x3 are the receiver's UUID, x4 to x17 the message; all of the response goes back. */
static int send_request2(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, ids, host, 1);
	struct arm_smccc_1_2_regs args = {
		.a0 = FFA_MSG_SEND_DIRECT_REQ2,
		.a1 = ids,
		.a2 = cpu_reg(host, 2),
		.a3 = cpu_reg(host, 3),
		.a4 = cpu_reg(host, 4),
		.a5 = cpu_reg(host, 5),
		.a6 = cpu_reg(host, 6),
		.a7 = cpu_reg(host, 7),
		.a8 = cpu_reg(host, 8),
		.a9 = cpu_reg(host, 9),
		.a10 = cpu_reg(host, 10),
		.a11 = cpu_reg(host, 11),
		.a12 = cpu_reg(host, 12),
		.a13 = cpu_reg(host, 13),
		.a14 = cpu_reg(host, 14),
		.a15 = cpu_reg(host, 15),
		.a16 = cpu_reg(host, 16),
		.a17 = cpu_reg(host, 17),
	};
	struct arm_smccc_1_2_regs said;

	if (version < FFA_VERSION_1_2)
		return FFA_RET_NOT_SUPPORTED;
	if (!is_addressed_well(ids))
		return FFA_RET_INVALID_PARAMETERS;

	arm_smccc_1_2_smc(&args, &said);
	show_all(host, &said);
	return ANSWERED;
}

/* What is not named here is not supported: answered, passed on, or a code to refuse it with. */
static int serve(struct kvm_cpu_context *host, u32 func_id, u32 version)
{
	switch (func_id) {
	case FFA_FEATURES:
		return describe(host, version);
	case FFA_PARTITION_INFO_GET:
		return count_partitions(host, version);
	case FFA_ID_GET:
	case FFA_RUN:
		return PASS_ON;
	case FFA_SPM_ID_GET:
		return version >= FFA_VERSION_1_1 ? PASS_ON : FFA_RET_NOT_SUPPORTED;
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return check_request(host);
	case FFA_MSG_SEND_DIRECT_REQ2:
		return send_request2(host, version);
	}
	return FFA_RET_NOT_SUPPORTED;
}

static bool belongs_to_ffa(u32 func_id)
{
	u32 number = func_id & ARM_SMCCC_FUNC_MASK;

	return (func_id & ARM_SMCCC_FAST_CALL) &&
	       (func_id & ARM_SMCCC_OWNER_MASK) == ARM_SMCCC_OWNER_STANDARD &&
	       number >= FIRST_NUMBER && number <= LAST_NUMBER;
}

/* True: the host has its answer. False: the call goes on to EL3 as it is. */
bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
	u32 version;
	int verdict;

	if (!belongs_to_ffa(func_id))
		return false;

	if (func_id == FFA_VERSION) {
		negotiate(host_ctxt);
		return true;
	}

	if (!look_up_version(&version)) {
		refuse(host_ctxt, func_id, version, FFA_RET_INVALID_PARAMETERS);
		return true;
	}

	verdict = serve(host_ctxt, func_id, version);
	if (verdict < 0)
		refuse(host_ctxt, func_id, version, verdict);
	return verdict != PASS_ON;
}

/* A machine without FF-A is no error: the version stays 0, and every call is refused. */
int hyp_ffa_init(void *pages)
{
	struct arm_smccc_1_2_regs args = { .a0 = FFA_VERSION, .a1 = FFA_VERSION_1_2 };
	struct arm_smccc_1_2_regs said;
	u32 offered;

	if (kvm_host_psci_config.smccc_version < ARM_SMCCC_VERSION_1_2)
		return 0;

	arm_smccc_1_2_smc(&args, &said);
	offered = said.a0;
	if (is_version_one(offered))
		hyp_ffa_version = offered < FFA_VERSION_1_2 ? offered : FFA_VERSION_1_2;
	return 0;
}
