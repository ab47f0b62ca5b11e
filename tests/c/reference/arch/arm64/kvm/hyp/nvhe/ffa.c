// SPDX-License-Identifier: GPL-2.0-only
/*
 * An FF-A mediator for tests, written for the rules and not for a product.
 *
 * The host may agree on a version, ask what there is, send direct requests to
 * secure partitions, and share or lend its memory to them. What is not on the
 * list in serve() is refused.
 *
 * EL3 never sees the host's mailbox: EL2 has one of its own, and copies. What the
 * host says of its memory is copied once, checked on the copy, and each page is
 * marked as shared before EL3 hears of it.
 *
 * Where there is a choice, the one is taken that is plain to prove: a description
 * has one receiver, right behind its header; EL2 knows two transactions, and one
 * of them may be sent in fragments at a time; a partition's entry has the length
 * that the agreed version gives it; and EL2's own RX buffer is empty between calls.
 */
#include <asm/kvm_pkvm.h>
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
#define RELAYED 2

#define MAILBOX_SIZE (KVM_FFA_MBOX_NR_PAGES * PAGE_SIZE)

/* All memory lies below. */
#define MEMORY_END (1ULL << 48)

/* What a transaction does. Half of it is sent: the rest has to follow, in fragments. */
enum phase { UNUSED, HALF_SENT, SENT };

/* Memory that the secure world knows by a handle: lengths in bytes of its description, pages of FF-A's size. */
struct transaction {
	u32 phase;
	u32 length;
	u32 sent;
	u32 all_pages;
	u64 pages;
	u64 handle;
};

/* `lock` protects what follows it, the state of shared pages, and EL3's use of EL2's own mailboxes. */
static struct {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
	bool is_rx_full;
	struct transaction first;
	struct transaction second;
} host_buffers;

static struct {
	void *tx;
	void *rx;
} hyp_buffers;

static struct {
	void *buf;
	size_t len;
} ffa_desc_buf;

/* The version is written under the lock; once it is agreed it never changes. */
static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;
/* The secure world was asked for more than a version and does not suit: it must not be asked for another one. */
static bool is_given_up;

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

/* An SMC that EL2 makes for itself. EL3 may change all of x0 to x17, which only this form says. */
static void ask(struct arm_smccc_1_2_regs *said, u32 function, u64 x1, u64 x2, u64 x3, u64 x4, u64 x5)
{
	struct arm_smccc_1_2_regs args = {
		.a0 = function, .a1 = x1, .a2 = x2, .a3 = x3, .a4 = x4, .a5 = x5,
	};

	arm_smccc_1_2_smc(&args, said);
}

/* A code of FF-A's, whatever EL3 made of it. */
static int code_of(const struct arm_smccc_1_2_regs *said)
{
	s32 code = (s32)said->a2;

	if ((u32)said->a0 != FFA_ERROR || code >= 0 || code < FFA_RET_NO_DATA)
		return FFA_RET_ABORTED;
	return code;
}

/* EL3 may fill EL2's RX buffer again. */
static int release_rx(void)
{
	struct arm_smccc_1_2_regs said;

	ask(&said, FFA_RX_RELEASE, 0, 0, 0, 0, 0);
	return (u32)said.a0 == FFA_SUCCESS ? ANSWERED : FFA_RET_ABORTED;
}

/* The secure world's word for a version: yes if it has that minor or a higher one. */
static bool spmc_accepts(u32 wanted)
{
	struct arm_smccc_1_2_regs said;

	ask(&said, FFA_VERSION, wanted, 0, 0, 0, 0);
	return is_version_one(said.a0) && (u32)said.a0 >= wanted;
}

/* To the secure world EL2 is what the host is to EL2. */
static bool is_spmc_ours(void)
{
	struct arm_smccc_1_2_regs said;

	ask(&said, FFA_ID_GET, 0, 0, 0, 0, 0);
	return (u32)said.a0 == FFA_SUCCESS && (u32)said.a2 == HOST_ENDPOINT;
}

/* In bytes; 0 if the word says nothing that is known. */
static u32 smallest_mailbox(u32 properties)
{
	switch (properties & FFA_MAILBOX_SMALLEST) {
	case FFA_MAILBOX_4K:
		return SZ_4K;
	case FFA_MAILBOX_16K:
		return SZ_16K;
	case FFA_MAILBOX_64K:
		return SZ_64K;
	}
	return 0;
}

/* Does the secure world take mailboxes of EL2's size? */
static bool are_mailboxes_taken(u32 version)
{
	struct arm_smccc_1_2_regs said;
	u32 least, most;

	ask(&said, FFA_FEATURES, FFA_FN64_RXTX_MAP, 0, 0, 0, 0);
	if ((u32)said.a0 != FFA_SUCCESS)
		return false;

	least = smallest_mailbox(said.a2);
	most = version >= FFA_VERSION_1_2 ? (u32)said.a2 >> 16 : 0;
	return least && least <= MAILBOX_SIZE && (!most || most >= MAILBOX_SIZE / FFA_PAGE_SIZE);
}

/* Which version the host gets, or NOT_SUPPORTED; called with the lock held. */
static u32 agree(u32 wanted)
{
	u32 version = hyp_ffa_version;

	if (!is_version_one(wanted) || !version)
		return (u32)FFA_RET_NOT_SUPPORTED;

	if (has_version_negotiated)
		return wanted < version ? (u32)FFA_RET_NOT_SUPPORTED : version;

	if (is_given_up)
		return (u32)FFA_RET_NOT_SUPPORTED;

	if (wanted < version) {
		if (!spmc_accepts(wanted))
			return (u32)FFA_RET_NOT_SUPPORTED;
		version = wanted;
	}
	if (!is_spmc_ours() || !are_mailboxes_taken(version)) {
		is_given_up = true;
		return (u32)FFA_RET_NOT_SUPPORTED;
	}

	hyp_ffa_version = version;
	smp_store_release(&has_version_negotiated, true);
	return version;
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

/* -- mailboxes ------------------------------------------------------------------------------------------------ */

/* A mailbox is one page, no less; no more either, which 1.2 can say. */
static void describe_mailbox(struct kvm_cpu_context *host, u32 version)
{
	u32 least = PAGE_SIZE == SZ_4K ? FFA_MAILBOX_4K : PAGE_SIZE == SZ_16K ? FFA_MAILBOX_16K : FFA_MAILBOX_64K;
	u32 most = version >= FFA_VERSION_1_2 ? MAILBOX_SIZE / FFA_PAGE_SIZE : 0;

	answer(host, FFA_SUCCESS, 0, most << 16 | least, 0);
}

/* The page stays where it is, and EL2 may look at it. */
static int take_page(void *page)
{
	if (__pkvm_host_share_hyp(hyp_virt_to_pfn(page)))
		return FFA_RET_INVALID_PARAMETERS;
	if (hyp_pin_shared_mem(page, page + 1)) {
		__pkvm_host_unshare_hyp(hyp_virt_to_pfn(page));
		return FFA_RET_INVALID_PARAMETERS;
	}
	return ANSWERED;
}

static void give_page_back(void *page)
{
	hyp_unpin_shared_mem(page, page + 1);
	__pkvm_host_unshare_hyp(hyp_virt_to_pfn(page));
}

static int give_mailboxes_to_el3(void)
{
	struct arm_smccc_1_2_regs said;

	ask(&said, FFA_FN64_RXTX_MAP, hyp_virt_to_phys(hyp_buffers.tx), hyp_virt_to_phys(hyp_buffers.rx),
	    MAILBOX_SIZE / FFA_PAGE_SIZE, 0, 0);
	return said.a0 == FFA_SUCCESS ? ANSWERED : code_of(&said);
}

static int take_mailboxes(void *tx, void *rx)
{
	int verdict = take_page(tx);

	if (verdict < 0)
		return verdict;

	verdict = take_page(rx);
	if (verdict < 0)
		goto give_tx_back;

	verdict = give_mailboxes_to_el3();
	if (verdict < 0)
		goto give_both_back;

	host_buffers.tx = tx;
	host_buffers.rx = rx;
	host_buffers.is_rx_full = false;
	return ANSWERED;

give_both_back:
	give_page_back(rx);
give_tx_back:
	give_page_back(tx);
	return verdict;
}

static int map_mailboxes(struct kvm_cpu_context *host)
{
	DECLARE_REG(u64, tx, host, 1);
	DECLARE_REG(u64, rx, host, 2);
	DECLARE_REG(u32, pages, host, 3);
	int verdict;

	if (!tx || !rx || !PAGE_ALIGNED(tx) || !PAGE_ALIGNED(rx) || pages != MAILBOX_SIZE / FFA_PAGE_SIZE)
		return FFA_RET_INVALID_PARAMETERS;

	hyp_spin_lock(&host_buffers.lock);
	if (host_buffers.tx)
		verdict = FFA_RET_DENIED;
	else if (tx == rx || tx >= MEMORY_END || rx >= MEMORY_END)
		verdict = FFA_RET_INVALID_PARAMETERS;
	else
		verdict = take_mailboxes(hyp_phys_to_virt(tx), hyp_phys_to_virt(rx));
	hyp_spin_unlock(&host_buffers.lock);

	if (verdict == ANSWERED)
		answer(host, FFA_SUCCESS, 0, 0, 0);
	return verdict;
}

/* If EL3 keeps its mailboxes, so does EL2. */
static int give_mailboxes_back(void)
{
	struct arm_smccc_1_2_regs said;

	if (!host_buffers.tx)
		return FFA_RET_INVALID_PARAMETERS;

	ask(&said, FFA_RXTX_UNMAP, HOST_ENDPOINT, 0, 0, 0, 0);
	if ((u32)said.a0 != FFA_SUCCESS)
		return code_of(&said);

	give_page_back(host_buffers.tx);
	give_page_back(host_buffers.rx);
	host_buffers.tx = NULL;
	host_buffers.rx = NULL;
	host_buffers.is_rx_full = false;
	return ANSWERED;
}

static int unmap_mailboxes(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	int verdict;

	if (ids != HOST_ENDPOINT)
		return FFA_RET_INVALID_PARAMETERS;

	hyp_spin_lock(&host_buffers.lock);
	verdict = give_mailboxes_back();
	hyp_spin_unlock(&host_buffers.lock);

	if (verdict == ANSWERED)
		answer(host, FFA_SUCCESS, 0, 0, 0);
	return verdict;
}

/* EL2 has released its own RX buffer long ago; what the host has to release is a copy. */
static int release_host_rx(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	int verdict = ANSWERED;

	hyp_spin_lock(&host_buffers.lock);
	if (!host_buffers.rx || !host_buffers.is_rx_full)
		verdict = FFA_RET_DENIED;
	else if (ids != HOST_ENDPOINT)
		verdict = FFA_RET_INVALID_PARAMETERS;
	else
		host_buffers.is_rx_full = false;
	hyp_spin_unlock(&host_buffers.lock);

	if (verdict == ANSWERED)
		answer(host, FFA_SUCCESS, 0, 0, 0);
	return verdict;
}

/* -- partitions ----------------------------------------------------------------------------------------------- */

/* Copy what EL3 wrote of `count` partitions. */
static int copy_partitions(u32 count, u32 size, u32 version)
{
	u32 expected = version >= FFA_VERSION_1_1 ? FFA_PARTITION_SIZE : FFA_PARTITION_SIZE_1_0;

	if (version >= FFA_VERSION_1_1 && size != expected)
		return FFA_RET_ABORTED;
	if ((u64)count * expected > MAILBOX_SIZE)
		return FFA_RET_NO_MEMORY;
	memcpy(host_buffers.rx, hyp_buffers.rx, (u64)count * expected);
	return ANSWERED;
}

/* The host's RX buffer is full from now on, EL2's is not. */
static int list_partitions(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *said, u32 version)
{
	int verdict, released;

	if (host_buffers.is_rx_full)
		return FFA_RET_BUSY;

	arm_smccc_1_2_smc(args, said);
	if ((u32)said->a0 != FFA_SUCCESS)
		return code_of(said);

	verdict = copy_partitions(said->a2, said->a3, version);
	released = release_rx();
	if (verdict < 0)
		return verdict;
	if (released < 0)
		return released;
	host_buffers.is_rx_full = true;
	return ANSWERED;
}

static int count_partitions(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *said)
{
	arm_smccc_1_2_smc(args, said);
	if ((u32)said->a0 != FFA_SUCCESS)
		return code_of(said);
	said->a3 = 0;
	return ANSWERED;
}

/* 1.0 cannot ask for the number alone, and does not say how long an entry is. */
static int get_partitions(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, uuid0, host, 1);
	DECLARE_REG(u32, uuid1, host, 2);
	DECLARE_REG(u32, uuid2, host, 3);
	DECLARE_REG(u32, uuid3, host, 4);
	DECLARE_REG(u32, flags, host, 5);
	DECLARE_REG(u32, reserved6, host, 6);
	DECLARE_REG(u32, reserved7, host, 7);
	struct arm_smccc_1_2_regs args = {
		.a0 = FFA_PARTITION_INFO_GET,
		.a1 = uuid0,
		.a2 = uuid1,
		.a3 = uuid2,
		.a4 = uuid3,
		.a5 = flags,
	};
	struct arm_smccc_1_2_regs said;
	int verdict;

	hyp_spin_lock(&host_buffers.lock);
	if (!host_buffers.rx)
		verdict = FFA_RET_BUSY;
	else if (reserved6 || reserved7 || flags > (version >= FFA_VERSION_1_1 ? FFA_PARTITION_INFO_COUNT_ONLY : 0))
		verdict = FFA_RET_INVALID_PARAMETERS;
	else if (flags)
		verdict = count_partitions(&args, &said);
	else
		verdict = list_partitions(&args, &said, version);
	hyp_spin_unlock(&host_buffers.lock);

	if (verdict == ANSWERED)
		answer(host, FFA_SUCCESS, 0, said.a2, version >= FFA_VERSION_1_1 ? said.a3 : 0);
	return verdict;
}

/* -- pages ---------------------------------------------------------------------------------------------------- */

static u64 bytes_of(const struct ffa_range *range)
{
	return (u64)range->pages * FFA_PAGE_SIZE;
}

/* Whole pages, of EL2's size too, within memory. */
static bool is_range(const struct ffa_range *range)
{
	return range->pages && !range->reserved && PAGE_ALIGNED(range->address) && PAGE_ALIGNED(bytes_of(range)) &&
	       range->address < MEMORY_END && bytes_of(range) <= MEMORY_END - range->address;
}

/* How many of the ranges, from the first one on, are the host's alone and now shared; and their pages. */
static u32 share_ranges(const struct ffa_range *ranges, u32 count, u64 *pages)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (!is_range(&ranges[i]))
			break;
		if (__pkvm_host_share_ffa(hyp_phys_to_pfn(ranges[i].address), bytes_of(&ranges[i]) >> PAGE_SHIFT))
			break;
		sum += ranges[i].pages;
	}
	*pages = sum;
	return i;
}

/* How many of them are the host's alone again. */
static u32 unshare_ranges(const struct ffa_range *ranges, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (!is_range(&ranges[i]))
			break;
		if (__pkvm_host_unshare_ffa(hyp_phys_to_pfn(ranges[i].address), bytes_of(&ranges[i]) >> PAGE_SHIFT))
			break;
	}
	return i;
}

/* -- descriptions of memory ----------------------------------------------------------------------------------- */

/* Where a description's parts are, in bytes from its beginning. */
struct parts {
	u32 access;
	u32 composite;
};

static u32 region_size(u32 version)
{
	return version >= FFA_VERSION_1_1 ? sizeof(struct ffa_region) : FFA_REGION_SIZE_1_0;
}

/* How long one receiver's entry is, or 0 if it says what it cannot. The first 48 bytes are there. */
static u32 access_size(const struct ffa_region *region, u32 version)
{
	if (version < FFA_VERSION_1_1)
		return region->access_size ? 0 : FFA_ACCESS_SIZE_1_0;
	if (region->access_offset != sizeof(struct ffa_region))
		return 0;
	if (region->reserved[0] || region->reserved[1] || region->reserved[2])
		return 0;
	if (region->access_size == FFA_ACCESS_SIZE_1_0)
		return FFA_ACCESS_SIZE_1_0;
	if (version >= FFA_VERSION_1_2 && region->access_size == sizeof(struct ffa_access))
		return sizeof(struct ffa_access);
	return 0;
}

/*
 * Find the parts of a description of which `length` bytes are there. There is one receiver, right behind the header:
 * whoever reads the message by its own offset finds the same.
 */
static bool find_parts(const void *message, u32 length, u32 version, struct parts *found)
{
	const struct ffa_region *region = message;
	const struct ffa_access *access;
	u32 start = region_size(version), size;

	if (length < start + FFA_ACCESS_SIZE_1_0 + sizeof(struct ffa_composite))
		return false;

	size = access_size(region, version);
	if (!size || region->access_count != 1 || region->sender != HOST_ENDPOINT)
		return false;

	access = message + start;
	found->access = start;
	found->composite = access->composite_offset;
	if (found->composite % 16 || found->composite < start + size)
		return false;
	return (u64)found->composite + sizeof(struct ffa_composite) <= length;
}

/* Normal memory, cached or not; or nothing is said of it. */
static bool are_attributes(u32 attributes)
{
	if (!attributes)
		return true;
	return (attributes & FFA_MEMORY_TYPES) == FFA_MEMORY_NORMAL && (attributes & FFA_MEMORY_CACHEABLE) &&
	       (attributes & FFA_MEMORY_SHAREABILITY) != FFA_MEMORY_UNUSED_SHAREABILITY;
}

/* Data may be read or written; who shares memory does not say if it is executed, who lends it may. */
static bool are_permissions(u32 permissions, bool is_lent)
{
	u32 data = permissions & FFA_DATA_BITS, rest = permissions & ~FFA_DATA_BITS;

	if (data != FFA_DATA_RO && data != FFA_DATA_RW)
		return false;
	return !rest || (is_lent && (rest == FFA_INSTRUCTION_XN || rest == FFA_INSTRUCTION_X));
}

/* What the header says, besides where things are. */
static bool is_region_sent(const struct ffa_region *region, bool is_lent)
{
	return !region->handle && are_attributes(region->attributes) &&
	       !(region->flags & ~(is_lent ? FFA_MEMORY_CLEAR : 0));
}

static bool is_access_sent(const struct ffa_access *access, u32 size, bool is_lent)
{
	if (!(access->receiver & SECURE_ENDPOINT) || access->flags)
		return false;
	if (size == FFA_ACCESS_SIZE_1_0 ? access->own : access->reserved)
		return false;
	return are_permissions(access->permissions, is_lent);
}

/* The first fragment of what the host sends, all of it in EL2's hands. `length` is that of the whole message. */
static bool is_sent_well(const void *message, const struct parts *parts, u32 length, u32 version, bool is_lent)
{
	const struct ffa_region *region = message;
	const struct ffa_composite *composite = message + parts->composite;
	u64 rest = (u64)length - parts->composite - sizeof(struct ffa_composite);

	return is_region_sent(region, is_lent) &&
	       is_access_sent(message + parts->access, access_size(region, version), is_lent) &&
	       !composite->reserved && composite->ranges &&
	       (u64)composite->ranges * sizeof(struct ffa_range) == rest;
}

/* -- transactions --------------------------------------------------------------------------------------------- */

static u64 handle_of(u32 low, u32 high)
{
	return (u64)high << 32 | low;
}

static struct transaction *find_transaction(u64 handle)
{
	if (host_buffers.first.phase != UNUSED && host_buffers.first.handle == handle)
		return &host_buffers.first;
	if (host_buffers.second.phase != UNUSED && host_buffers.second.handle == handle)
		return &host_buffers.second;
	return NULL;
}

static struct transaction *find_unused(void)
{
	if (host_buffers.first.phase == UNUSED)
		return &host_buffers.first;
	return host_buffers.second.phase == UNUSED ? &host_buffers.second : NULL;
}

static bool is_any_half_sent(void)
{
	return host_buffers.first.phase == HALF_SENT || host_buffers.second.phase == HALF_SENT;
}

/* Did EL3 take everything up to `sent`, and does it say so as the protocol has it? */
static bool is_taken(const struct arm_smccc_1_2_regs *said, const struct transaction *next, bool is_first)
{
	if (next->sent == next->length)
		return (u32)said->a0 == FFA_SUCCESS && !(u32)said->a1 &&
		       (is_first || handle_of(said->a2, said->a3) == next->handle);
	return (u32)said->a0 == FFA_MEM_FRAG_RX && (u32)said->a3 == next->sent && !(u32)said->a4 &&
	       (is_first || handle_of(said->a1, said->a2) == next->handle);
}

static void remember(struct transaction *known, const struct transaction *next)
{
	known->phase = next->sent == next->length ? SENT : HALF_SENT;
	known->length = next->length;
	known->sent = next->sent;
	known->all_pages = next->all_pages;
	known->pages = next->pages;
	known->handle = next->handle;
}

/* The host is told its handle, and in the middle of it where to go on. */
static void answer_sent(struct kvm_cpu_context *host, const struct transaction *next)
{
	u32 low = (u32)next->handle, high = next->handle >> 32;

	if (next->sent == next->length)
		answer(host, FFA_SUCCESS, 0, low, high);
	else
		answer(host, FFA_MEM_FRAG_RX, low, high, next->sent);
}

/*
 * The ranges of one fragment are shared, then EL3 is told. Unless it takes them they are the host's alone again: nobody
 * else may change that while the lock is held.
 */
static int send_ranges(const struct ffa_range *ranges, u32 count, struct transaction *next, bool is_first,
		       const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *said)
{
	u64 pages = 0;
	u32 shared = share_ranges(ranges, count, &pages);
	int verdict = ANSWERED;

	next->pages += pages;
	if (shared < count) {
		verdict = is_range(&ranges[shared]) ? FFA_RET_DENIED : FFA_RET_INVALID_PARAMETERS;
	} else if (next->pages > next->all_pages ||
		   (next->sent == next->length && next->pages != next->all_pages)) {
		verdict = FFA_RET_INVALID_PARAMETERS;
	} else {
		arm_smccc_1_2_smc(args, said);
		if (!is_taken(said, next, is_first)) {
			next->phase = UNUSED;
			verdict = code_of(said);
		}
	}
	if (verdict < 0)
		WARN_ON(unshare_ranges(ranges, shared) != shared);
	return verdict;
}

/* The host's message is copied once; what is checked is what EL3 reads. */
static int send_first_fragment(struct kvm_cpu_context *host, u32 func_id, u32 version, u32 length, u32 fragment)
{
	struct arm_smccc_1_2_regs args = { .a0 = func_id, .a1 = length, .a2 = fragment }, said;
	bool is_lent = func_id == FFA_MEM_LEND || func_id == FFA_FN64_MEM_LEND;
	struct transaction next = { .length = length, .sent = fragment };
	struct transaction *known = find_unused();
	const struct ffa_composite *composite;
	void *message = hyp_buffers.tx;
	struct parts parts = {};
	int verdict;
	u32 count;

	if (!host_buffers.tx)
		return FFA_RET_INVALID_PARAMETERS;
	if (!known)
		return FFA_RET_NO_MEMORY;
	if (fragment < length && is_any_half_sent())
		return FFA_RET_BUSY;

	memcpy(message, host_buffers.tx, fragment);
	if (!find_parts(message, fragment, version, &parts) ||
	    !is_sent_well(message, &parts, length, version, is_lent))
		return FFA_RET_INVALID_PARAMETERS;

	composite = message + parts.composite;
	count = (fragment - parts.composite - sizeof(*composite)) / sizeof(struct ffa_range);
	next.all_pages = composite->pages;
	verdict = send_ranges((const void *)(composite + 1), count, &next, true, &args, &said);
	if (verdict < 0)
		return verdict;

	next.handle = fragment == length ? handle_of(said.a2, said.a3) : handle_of(said.a1, said.a2);
	remember(known, &next);
	answer_sent(host, &next);
	return ANSWERED;
}

/* FFA_MEM_SHARE and FFA_MEM_LEND; the message is in the mailbox, never in a buffer of its own. */
static int send_memory(struct kvm_cpu_context *host, u32 func_id, u32 version)
{
	DECLARE_REG(u32, length, host, 1);
	DECLARE_REG(u32, fragment, host, 2);
	DECLARE_REG(u64, buffer, host, 3);
	DECLARE_REG(u32, buffer_pages, host, 4);
	int verdict;

	if (!(func_id & ARM_SMCCC_SMC_64))
		buffer = (u32)buffer;
	if (buffer || buffer_pages || !fragment || fragment > length || fragment > MAILBOX_SIZE)
		return FFA_RET_INVALID_PARAMETERS;
	if (length > ffa_desc_buf.len)
		return FFA_RET_NO_MEMORY;
	if (length % 16 || fragment % 16)
		return FFA_RET_INVALID_PARAMETERS;

	hyp_spin_lock(&host_buffers.lock);
	verdict = send_first_fragment(host, func_id, version, length, fragment);
	hyp_spin_unlock(&host_buffers.lock);
	return verdict;
}

/*
 * A fragment that the host may correct leaves everything as it is. One that EL3 refuses ends the transaction: EL3 has
 * dropped it, or will not have the rest. The pages of earlier fragments stay shared, for EL2 does not know if EL3 has.
 */
static int send_next_fragment(struct kvm_cpu_context *host, u32 low, u32 high, u32 fragment)
{
	struct arm_smccc_1_2_regs args = { .a0 = FFA_MEM_FRAG_TX, .a1 = low, .a2 = high, .a3 = fragment };
	struct transaction *known = find_transaction(handle_of(low, high));
	struct arm_smccc_1_2_regs said;
	struct transaction next;
	int verdict;

	if (!host_buffers.tx || !known || known->phase != HALF_SENT)
		return FFA_RET_INVALID_PARAMETERS;

	next.phase = HALF_SENT;
	next.handle = handle_of(low, high);
	next.length = known->length;
	next.sent = known->sent;
	next.all_pages = known->all_pages;
	next.pages = known->pages;
	if (next.pages > next.all_pages || next.sent > next.length || fragment > next.length - next.sent)
		return FFA_RET_INVALID_PARAMETERS;
	next.sent += fragment;

	memcpy(hyp_buffers.tx, host_buffers.tx, fragment);
	verdict = send_ranges(hyp_buffers.tx, fragment / sizeof(struct ffa_range), &next, false, &args, &said);
	if (verdict < 0) {
		known->phase = next.phase;
		return verdict;
	}

	remember(known, &next);
	answer_sent(host, &next);
	return ANSWERED;
}

static int send_more(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, low, host, 1);
	DECLARE_REG(u32, high, host, 2);
	DECLARE_REG(u32, fragment, host, 3);
	DECLARE_REG(u32, ids, host, 4);
	DECLARE_REG(u32, reserved5, host, 5);
	DECLARE_REG(u32, reserved6, host, 6);
	DECLARE_REG(u32, reserved7, host, 7);
	int verdict;

	if (!fragment || fragment % 16 || fragment > MAILBOX_SIZE || ids != HOST_ENDPOINT || reserved5 || reserved6 ||
	    reserved7)
		return FFA_RET_INVALID_PARAMETERS;

	hyp_spin_lock(&host_buffers.lock);
	verdict = send_next_fragment(host, low, high, fragment);
	hyp_spin_unlock(&host_buffers.lock);
	return verdict;
}

/* -- reclaiming ----------------------------------------------------------------------------------------------- */

/* A fragment of EL3's for `room` bytes. */
static bool is_fragment(u32 fragment, u32 room)
{
	return fragment && fragment % 16 == 0 && fragment <= MAILBOX_SIZE && fragment <= room;
}

/* Fragments from `offset` on, each copied before EL3 may write the next one. */
static int fetch_rest(u32 low, u32 high, u32 offset, u32 length)
{
	struct arm_smccc_1_2_regs said;
	u32 fragment;

	for (; offset < length; offset += fragment) {
		ask(&said, FFA_MEM_FRAG_RX, low, high, offset, HOST_ENDPOINT, 0);
		if ((u32)said.a0 != FFA_MEM_FRAG_TX)
			return code_of(&said);

		fragment = said.a3;
		if (!is_fragment(fragment, length - offset) || (u32)said.a1 != low || (u32)said.a2 != high) {
			release_rx();
			return FFA_RET_ABORTED;
		}
		memcpy(ffa_desc_buf.buf + offset, hyp_buffers.rx, fragment);
		if (release_rx() < 0)
			return FFA_RET_ABORTED;
	}
	return ANSWERED;
}

/* What EL3 has under this handle, all of it in EL2's hands. */
static int fetch_description(u32 low, u32 high, u32 version, u32 *length)
{
	struct ffa_region *request = hyp_buffers.tx;
	u32 size = region_size(version), fragment;
	struct arm_smccc_1_2_regs said;

	memset(request, 0, size);
	request->sender = HOST_ENDPOINT;
	request->handle = handle_of(low, high);
	ask(&said, FFA_FN64_MEM_RETRIEVE_REQ, size, size, 0, 0, 0);
	if ((u32)said.a0 != FFA_MEM_RETRIEVE_RESP)
		return code_of(&said);

	*length = said.a1;
	fragment = said.a2;
	if (*length > ffa_desc_buf.len || *length % 16 || !is_fragment(fragment, *length) ||
	    fragment < size + FFA_ACCESS_SIZE_1_0) {
		release_rx();
		return FFA_RET_ABORTED;
	}
	memcpy(ffa_desc_buf.buf, hyp_buffers.rx, fragment);
	if (release_rx() < 0)
		return FFA_RET_ABORTED;
	return fetch_rest(low, high, fragment, *length);
}

/* Ranges with so many pages in all. */
static bool are_ranges(const struct ffa_range *ranges, u32 count, u32 pages)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (!is_range(&ranges[i]))
			return false;
		sum += ranges[i].pages;
	}
	return sum == pages;
}

/* Is it the description that was sent, as far as EL2 remembers? */
static bool is_fetched_well(const void *message, const struct parts *parts, u32 length,
			    const struct transaction *known)
{
	const struct ffa_region *region = message;
	const struct ffa_composite *composite = message + parts->composite;
	u64 rest = (u64)length - parts->composite - sizeof(*composite);

	return region->handle == known->handle && composite->pages == known->all_pages &&
	       (u64)composite->ranges * sizeof(struct ffa_range) == rest &&
	       are_ranges((const void *)(composite + 1), composite->ranges, composite->pages);
}

/* The pages are the host's alone once EL3 has given them up, not before. */
static int take_memory_back(u32 low, u32 high, u32 flags, u32 version)
{
	struct transaction *known = find_transaction(handle_of(low, high));
	const struct ffa_composite *composite;
	void *message = ffa_desc_buf.buf;
	struct arm_smccc_1_2_regs said;
	struct parts parts = {};
	int verdict;
	u32 length = 0;

	if (!host_buffers.tx || !known)
		return FFA_RET_INVALID_PARAMETERS;
	if (known->phase != SENT)
		return FFA_RET_DENIED;

	verdict = fetch_description(low, high, version, &length);
	if (verdict < 0)
		return verdict;
	if (!find_parts(message, length, version, &parts) || !is_fetched_well(message, &parts, length, known))
		return FFA_RET_ABORTED;

	ask(&said, FFA_MEM_RECLAIM, low, high, flags, 0, 0);
	if ((u32)said.a0 != FFA_SUCCESS)
		return code_of(&said);

	composite = message + parts.composite;
	WARN_ON(unshare_ranges((const void *)(composite + 1), composite->ranges) != composite->ranges);
	known->phase = UNUSED;
	return ANSWERED;
}

static int reclaim_memory(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, low, host, 1);
	DECLARE_REG(u32, high, host, 2);
	DECLARE_REG(u32, flags, host, 3);
	DECLARE_REG(u32, reserved4, host, 4);
	DECLARE_REG(u32, reserved5, host, 5);
	DECLARE_REG(u32, reserved6, host, 6);
	DECLARE_REG(u32, reserved7, host, 7);
	int verdict;

	if (flags & ~(FFA_MEMORY_CLEAR | FFA_MEMORY_TIME_SLICE) || reserved4 || reserved5 || reserved6 || reserved7)
		return FFA_RET_INVALID_PARAMETERS;

	hyp_spin_lock(&host_buffers.lock);
	verdict = take_memory_back(low, high, flags, version);
	hyp_spin_unlock(&host_buffers.lock);

	if (verdict == ANSWERED)
		answer(host, FFA_SUCCESS, 0, 0, 0);
	return verdict;
}

/* -- discovery, messages -------------------------------------------------------------------------------------- */

/* Functions that are answered at EL2 are known without asking; the secure world knows about the rest. */
static int describe(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, asked, host, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
	case FFA_RX_RELEASE:
	case FFA_RXTX_UNMAP:
	case FFA_MEM_LEND:
	case FFA_FN64_MEM_LEND:
	case FFA_MEM_SHARE:
	case FFA_FN64_MEM_SHARE:
	case FFA_MEM_RECLAIM:
	case FFA_MEM_FRAG_TX:
		answer(host, FFA_SUCCESS, 0, 0, 0);
		return ANSWERED;
	case FFA_FN64_RXTX_MAP:
		describe_mailbox(host, version);
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

/* The host has processors for secure endpoints only. */
static int check_run(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	DECLARE_REG(u32, reserved2, host, 2);

	if (!((ids >> 16) & SECURE_ENDPOINT) || reserved2)
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
	return RELAYED;
}

/* What is not named here is not supported: answered, relayed, passed on, or a code to refuse it with. */
static int serve(struct kvm_cpu_context *host, u32 func_id, u32 version)
{
	switch (func_id) {
	case FFA_FEATURES:
		return describe(host, version);
	case FFA_FN64_RXTX_MAP:
		return map_mailboxes(host);
	case FFA_RXTX_UNMAP:
		return unmap_mailboxes(host);
	case FFA_RX_RELEASE:
		return release_host_rx(host);
	case FFA_PARTITION_INFO_GET:
		return get_partitions(host, version);
	case FFA_MEM_LEND:
	case FFA_FN64_MEM_LEND:
	case FFA_MEM_SHARE:
	case FFA_FN64_MEM_SHARE:
		return send_memory(host, func_id, version);
	case FFA_MEM_FRAG_TX:
		return send_more(host);
	case FFA_MEM_RECLAIM:
		return reclaim_memory(host, version);
	case FFA_ID_GET:
		return PASS_ON;
	case FFA_RUN:
		return check_run(host);
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
		refuse(host_ctxt, func_id, version, version ? FFA_RET_INVALID_PARAMETERS : FFA_RET_NOT_SUPPORTED);
		return true;
	}

	verdict = serve(host_ctxt, func_id, version);
	if (verdict < 0)
		refuse(host_ctxt, func_id, version, verdict);
	else if (verdict == ANSWERED)
		clear_wide(host_ctxt, func_id, version);
	return verdict != PASS_ON;
}

/* A machine without FF-A is no error: the version stays 0, and every call is refused. */
int hyp_ffa_init(void *pages)
{
	struct arm_smccc_1_2_regs args = { .a0 = FFA_VERSION, .a1 = FFA_VERSION_1_2 };
	struct arm_smccc_1_2_regs said;
	u32 offered;

	hyp_buffers.tx = pages;
	hyp_buffers.rx = pages + MAILBOX_SIZE;
	ffa_desc_buf.buf = pages + 2 * MAILBOX_SIZE;
	ffa_desc_buf.len = (hyp_ffa_proxy_pages() - 2 * KVM_FFA_MBOX_NR_PAGES) * PAGE_SIZE;

	if (kvm_host_psci_config.smccc_version < ARM_SMCCC_VERSION_1_2)
		return 0;

	arm_smccc_1_2_smc(&args, &said);
	offered = said.a0;
	if (is_version_one(offered))
		hyp_ffa_version = offered < FFA_VERSION_1_2 ? offered : FFA_VERSION_1_2;
	return 0;
}
