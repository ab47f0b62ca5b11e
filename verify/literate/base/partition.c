// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the mediator "partition" has besides "mailbox": the host asks which
 * partitions there are, and gives RX back.
 */
struct mailbox {
	hyp_spinlock_t lock;
	void *tx;
	void *rx;
	bool is_rx_full;
};

static bool do_ffa_features(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, asked, host, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
	case FFA_RXTX_UNMAP:
	case FFA_RX_RELEASE:
		answer(host, FFA_SUCCESS, 0, 0, 0);
		return true;
	case FFA_FN64_RXTX_MAP:
		answer(host, FFA_SUCCESS, 0, PAGE_SIZE == SZ_4K ? FFA_MAILBOX_4K :
		       PAGE_SIZE == SZ_16K ? FFA_MAILBOX_16K : FFA_MAILBOX_64K, 0);
		return true;
	case FFA_PARTITION_INFO_GET:
	case FFA_ID_GET:
	case FFA_RUN:
	case FFA_MSG_SEND_DIRECT_REQ:
	case FFA_FN64_MSG_SEND_DIRECT_REQ:
		return false;
	}

	refuse(host, FFA_RET_NOT_SUPPORTED);
	return true;
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
	host_buffers.is_rx_full = false;
	return 0;

give_both_back:
	give_page_back(rx);
give_tx_back:
	give_page_back(tx);
	return code;
}

/* EL2 has released its own RX buffer long ago; what the host has to release is a copy. */
static bool do_ffa_rx_release(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, ids, host, 1);
	int code = 0;

	hyp_spin_lock(&host_buffers.lock);
	if (!host_buffers.rx || !host_buffers.is_rx_full)
		code = FFA_RET_DENIED;
	else if (ids)
		code = FFA_RET_INVALID_PARAMETERS;
	else
		host_buffers.is_rx_full = false;
	hyp_spin_unlock(&host_buffers.lock);

	return finish(host, code);
}

/* EL3 may fill EL2's RX buffer again. */
static int release_rx(void)
{
	struct arm_smccc_res res;

	ask(FFA_RX_RELEASE, 0, 0, 0, &res);
	return (u32)res.a0 == FFA_SUCCESS ? 0 : FFA_RET_ABORTED;
}

/* What EL3 wrote of so many partitions; 1.0 does not say how long an entry is. */
static int copy_partitions(u32 count, u32 size, u32 version)
{
	u32 expected = version >= FFA_VERSION_1_1 ? FFA_PARTITION_SIZE : FFA_PARTITION_SIZE_1_0;

	if (version >= FFA_VERSION_1_1 && size != expected)
		return FFA_RET_ABORTED;
	if ((u64)count * expected > PAGE_SIZE)
		return FFA_RET_NO_MEMORY;
	memcpy(host_buffers.rx, hyp_buffers.rx, (u64)count * expected);
	return 0;
}

/* The host's RX buffer is full from now on, EL2's is not. */
static int list_partitions(struct kvm_cpu_context *host, u32 version, struct arm_smccc_res *res)
{
	DECLARE_REG(u32, uuid0, host, 1);
	DECLARE_REG(u32, uuid1, host, 2);
	DECLARE_REG(u32, uuid2, host, 3);
	DECLARE_REG(u32, uuid3, host, 4);
	int code, released;

	arm_smccc_1_1_smc(FFA_PARTITION_INFO_GET, uuid0, uuid1, uuid2, uuid3, 0, 0, 0, res);
	code = code_of(res);
	if (code)
		return code;

	code = copy_partitions(res->a2, res->a3, version);
	released = release_rx();
	if (code || released)
		return code ? code : released;
	host_buffers.is_rx_full = true;
	return 0;
}

/* The number alone (w5 = 1) is not to be had. */
static bool do_ffa_part_info_get(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, flags, host, 5);
	struct arm_smccc_res res;
	int code;

	hyp_spin_lock(&host_buffers.lock);
	if (!host_buffers.rx || host_buffers.is_rx_full)
		code = FFA_RET_BUSY;
	else if (flags || (u32)cpu_reg(host, 6) || (u32)cpu_reg(host, 7))
		code = FFA_RET_INVALID_PARAMETERS;
	else
		code = list_partitions(host, version, &res);
	hyp_spin_unlock(&host_buffers.lock);

	if (code)
		refuse(host, code);
	else
		answer(host, FFA_SUCCESS, 0, (u32)res.a2, version >= FFA_VERSION_1_1 ? (u32)res.a3 : 0);
	return true;
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
	case FFA_RX_RELEASE:
		return do_ffa_rx_release(host);
	case FFA_PARTITION_INFO_GET:
		return do_ffa_part_info_get(host, hyp_ffa_version);
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
