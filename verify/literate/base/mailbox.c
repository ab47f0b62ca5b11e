// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the mediator "mailbox" has besides "small": the host registers a pair of
 * buffers. EL3 sees EL2's own pair, never the host's.
 */
static struct {
	void *tx;
	void *rx;
} hyp_buffers;

/* EL3 was asked for more than a version and does not suit: it must not be asked for another one. */
static bool is_given_up;

/* A success without results, or a refusal. */
static bool finish(struct kvm_cpu_context *host, int code)
{
	if (code)
		refuse(host, code);
	else
		answer(host, FFA_SUCCESS, 0, 0, 0);
	return true;
}

static void ask(u32 function, u64 x1, u64 x2, u64 x3, struct arm_smccc_res *res)
{
	arm_smccc_1_1_smc(function, x1, x2, x3, 0, 0, 0, 0, res);
}

/* 0, or a code of FF-A's, whatever EL3 made of it. */
static int code_of(const struct arm_smccc_res *res)
{
	s32 code = (s32)res->a2;

	if ((u32)res->a0 == FFA_SUCCESS)
		return 0;
	if ((u32)res->a0 != FFA_ERROR || code >= 0 || code < FFA_RET_NO_DATA)
		return FFA_RET_ABORTED;
	return code;
}

/* To EL3 EL2 is what the host is to EL2; and its mailboxes of one page are large enough. */
static bool is_spmc_suitable(void)
{
	struct arm_smccc_res res;
	u32 least;

	ask(FFA_ID_GET, 0, 0, 0, &res);
	if ((u32)res.a0 != FFA_SUCCESS || (u32)res.a2)
		return false;

	ask(FFA_FEATURES, FFA_FN64_RXTX_MAP, 0, 0, &res);
	least = res.a2 & FFA_MAILBOX_SMALLEST;
	return (u32)res.a0 == FFA_SUCCESS && least != FFA_MAILBOX_SMALLEST &&
	       (least == FFA_MAILBOX_4K || PAGE_SIZE == SZ_64K || (least == FFA_MAILBOX_16K && PAGE_SIZE == SZ_16K));
}

static u32 agree(u32 wanted)
{
	u32 version = hyp_ffa_version;

	if (!version || wanted >> 16 != 1)
		return (u32)FFA_RET_NOT_SUPPORTED;

	if (has_version_negotiated)
		return wanted < version ? (u32)FFA_RET_NOT_SUPPORTED : version;

	if (is_given_up)
		return (u32)FFA_RET_NOT_SUPPORTED;

	if (wanted < version) {
		if (!spmc_has(wanted))
			return (u32)FFA_RET_NOT_SUPPORTED;
		version = wanted;
	}

	if (!is_spmc_suitable()) {
		is_given_up = true;
		return (u32)FFA_RET_NOT_SUPPORTED;
	}

	hyp_ffa_version = version;
	smp_store_release(&has_version_negotiated, true);
	return version;
}

static bool do_ffa_features(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, asked, host, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
	case FFA_RXTX_UNMAP:
		answer(host, FFA_SUCCESS, 0, 0, 0);
		return true;
	case FFA_FN64_RXTX_MAP:
		answer(host, FFA_SUCCESS, 0, PAGE_SIZE == SZ_4K ? FFA_MAILBOX_4K :
		       PAGE_SIZE == SZ_16K ? FFA_MAILBOX_16K : FFA_MAILBOX_64K, 0);
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

/* The page stays where it is, and EL2 may look at it. */
static int take_page(void *page)
{
	if (__pkvm_host_share_hyp(hyp_virt_to_pfn(page)))
		return FFA_RET_INVALID_PARAMETERS;
	if (hyp_pin_shared_mem(page, page + 1)) {
		__pkvm_host_unshare_hyp(hyp_virt_to_pfn(page));
		return FFA_RET_INVALID_PARAMETERS;
	}
	return 0;
}

static void give_page_back(void *page)
{
	hyp_unpin_shared_mem(page, page + 1);
	__pkvm_host_unshare_hyp(hyp_virt_to_pfn(page));
}

static int map_mailboxes(void *tx, void *rx)
{
	struct arm_smccc_res res;
	int code = take_page(tx);

	if (code)
		return code;

	code = take_page(rx);
	if (code)
		goto give_tx_back;

	ask(FFA_FN64_RXTX_MAP, hyp_virt_to_phys(hyp_buffers.tx), hyp_virt_to_phys(hyp_buffers.rx),
	    PAGE_SIZE / FFA_PAGE_SIZE, &res);
	code = code_of(&res);
	if (code)
		goto give_both_back;

	host_buffers.tx = tx;
	host_buffers.rx = rx;
	return 0;

give_both_back:
	give_page_back(rx);
give_tx_back:
	give_page_back(tx);
	return code;
}

static bool do_ffa_rxtx_map(struct kvm_cpu_context *host)
{
	DECLARE_REG(u64, tx, host, 1);
	DECLARE_REG(u64, rx, host, 2);
	DECLARE_REG(u32, pages, host, 3);
	int code;

	if (!tx || !rx || !PAGE_ALIGNED(tx) || !PAGE_ALIGNED(rx) || pages != PAGE_SIZE / FFA_PAGE_SIZE)
		return finish(host, FFA_RET_INVALID_PARAMETERS);

	hyp_spin_lock(&host_buffers.lock);
	if (host_buffers.tx)
		code = FFA_RET_DENIED;
	else if (tx == rx || tx >= MEMORY_END || rx >= MEMORY_END)
		code = FFA_RET_INVALID_PARAMETERS;
	else
		code = map_mailboxes(hyp_phys_to_virt(tx), hyp_phys_to_virt(rx));
	hyp_spin_unlock(&host_buffers.lock);

	return finish(host, code);
}

/* If EL3 keeps its pair, so does EL2. */
static int unmap_mailboxes(void)
{
	struct arm_smccc_res res;
	int code;

	if (!host_buffers.tx)
		return FFA_RET_INVALID_PARAMETERS;

	ask(FFA_RXTX_UNMAP, 0, 0, 0, &res);
	code = code_of(&res);
	if (code)
		return code;

	give_page_back(host_buffers.tx);
	give_page_back(host_buffers.rx);
	host_buffers.tx = NULL;
	host_buffers.rx = NULL;
	return 0;
}

static bool do_ffa_rxtx_unmap(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	int code;

	if (ids)
		return finish(host, FFA_RET_INVALID_PARAMETERS);

	hyp_spin_lock(&host_buffers.lock);
	code = unmap_mailboxes();
	hyp_spin_unlock(&host_buffers.lock);

	return finish(host, code);
}

static bool serve(struct kvm_cpu_context *host, u32 func_id)
{
	switch (func_id) {
	case FFA_FEATURES:
		return do_ffa_features(host);
	case FFA_FN64_RXTX_MAP:
		return do_ffa_rxtx_map(host);
	case FFA_RXTX_UNMAP:
		return do_ffa_rxtx_unmap(host);
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

int hyp_ffa_init(void *pages)
{
	struct arm_smccc_res res;
	u32 has;

	hyp_buffers.tx = pages;
	hyp_buffers.rx = pages + PAGE_SIZE;

	arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_1, 0, 0, 0, 0, 0, 0, &res);
	has = res.a0;
	if (has >> 16 == 1)
		hyp_ffa_version = has < FFA_VERSION_1_1 ? has : FFA_VERSION_1_1;
	return 0;
}
