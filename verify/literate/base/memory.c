// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the mediator "memory" has besides "mailbox": the host shares or lends one
 * range of its pages to one secure partition, in one fragment, and takes it back.
 * What it says is copied once, and checked on the copy.
 */
static struct {
	void *buf;
	size_t len;
} ffa_desc_buf;

static u32 region_size(u32 version)
{
	return version >= FFA_VERSION_1_1 ? sizeof(struct ffa_region) : FFA_REGION_SIZE_1_0;
}

/* How long a description is. */
static u32 message_size(u32 version)
{
	return region_size(version) + sizeof(struct ffa_rest);
}

static const struct ffa_rest *rest_of(const void *message, u32 version)
{
	return message + region_size(version);
}

/* Where things are, and whose they are. */
static bool is_laid_out(const void *message, u32 version)
{
	const struct ffa_region *region = message;
	const struct ffa_rest *rest = rest_of(message, version);

	if (version < FFA_VERSION_1_1 ? region->access_size != 0 :
	    region->access_size != FFA_ACCESS_SIZE || region->access_offset != sizeof(*region))
		return false;
	return !region->sender && region->access_count == 1 && rest->ranges == 1 &&
	       rest->composite_offset == region_size(version) + FFA_ACCESS_SIZE;
}

/* Whole pages, of EL2's size too, within memory. */
static bool is_range(const struct ffa_rest *rest)
{
	u64 size = (u64)rest->pages * FFA_PAGE_SIZE;

	return rest->pages && rest->pages == rest->all_pages && !rest->range_reserved &&
	       PAGE_ALIGNED(rest->address) && PAGE_ALIGNED(size) &&
	       rest->address < MEMORY_END && size <= MEMORY_END - rest->address;
}

/* Memory as any other, to be read or written by a secure partition; what is reserved is zero. */
static bool is_sent_well(const void *message, u32 version)
{
	const struct ffa_region *region = message;
	const struct ffa_rest *rest = rest_of(message, version);

	if (version >= FFA_VERSION_1_1 && (region->reserved[0] || region->reserved[1] || region->reserved[2]))
		return false;
	if ((region->attributes && region->attributes != FFA_MEMORY_NORMAL) || region->flags || region->handle)
		return false;
	if (!(rest->receiver & FFA_SECURE_ENDPOINT) || rest->access_flags)
		return false;
	return (rest->permissions == FFA_DATA_RO || rest->permissions == FFA_DATA_RW) && !rest->access_reserved &&
	       !rest->composite_reserved;
}

static int share_range(const struct ffa_rest *rest)
{
	u64 size = (u64)rest->pages * FFA_PAGE_SIZE;

	return __pkvm_host_share_ffa(hyp_phys_to_pfn(rest->address), size >> PAGE_SHIFT) ? FFA_RET_DENIED : 0;
}

static int unshare_range(const struct ffa_rest *rest)
{
	u64 size = (u64)rest->pages * FFA_PAGE_SIZE;

	return __pkvm_host_unshare_ffa(hyp_phys_to_pfn(rest->address), size >> PAGE_SHIFT) ? FFA_RET_ABORTED : 0;
}

/* EL3 reads EL2's copy; unless it takes it, the pages are the host's alone again. */
static int send_region(u32 func_id, u32 length, u32 version, struct arm_smccc_res *res)
{
	void *message = hyp_buffers.tx;
	const struct ffa_rest *rest = rest_of(message, version);
	int code;

	if (!host_buffers.tx)
		return FFA_RET_INVALID_PARAMETERS;

	memcpy(message, host_buffers.tx, length);
	if (!is_laid_out(message, version) || !is_range(rest) || !is_sent_well(message, version))
		return FFA_RET_INVALID_PARAMETERS;

	code = share_range(rest);
	if (code)
		return code;

	ask(func_id, length, length, 0, res);
	code = code_of(res);
	if (code)
		unshare_range(rest);
	return code;
}

static bool do_ffa_mem_send(struct kvm_cpu_context *host, u32 func_id, u32 version)
{
	DECLARE_REG(u32, length, host, 1);
	DECLARE_REG(u32, fragment, host, 2);
	DECLARE_REG(u64, buffer, host, 3);
	DECLARE_REG(u32, buffer_pages, host, 4);
	struct arm_smccc_res res;
	int code;

	if (func_id == FFA_MEM_SHARE || func_id == FFA_MEM_LEND)
		buffer = (u32)buffer;
	if (buffer || buffer_pages || !fragment || fragment > length)
		return finish(host, FFA_RET_INVALID_PARAMETERS);
	if (length > ffa_desc_buf.len)
		return finish(host, FFA_RET_NO_MEMORY);
	if (length != fragment || length != message_size(version))
		return finish(host, FFA_RET_INVALID_PARAMETERS);

	hyp_spin_lock(&host_buffers.lock);
	code = send_region(func_id, length, version, &res);
	hyp_spin_unlock(&host_buffers.lock);

	if (code)
		refuse(host, code);
	else
		answer(host, FFA_SUCCESS, 0, (u32)res.a2, (u32)res.a3);
	return true;
}

/* EL3 may fill EL2's RX buffer again. */
static int release_rx(void)
{
	struct arm_smccc_res res;

	ask(FFA_RX_RELEASE, 0, 0, 0, &res);
	return (u32)res.a0 == FFA_SUCCESS ? 0 : FFA_RET_ABORTED;
}

/* What EL3 has under this handle, in EL2's hands. */
static int fetch_description(u32 low, u32 high, u32 version)
{
	struct ffa_region *request = hyp_buffers.tx;
	u32 size = region_size(version), length = message_size(version);
	struct arm_smccc_res res;
	int code = 0;

	memset(request, 0, size);
	request->handle = (u64)high << 32 | low;
	ask(FFA_FN64_MEM_RETRIEVE_REQ, size, size, 0, &res);
	if ((u32)res.a0 != FFA_MEM_RETRIEVE_RESP)
		return (u32)res.a0 == FFA_SUCCESS ? FFA_RET_ABORTED : code_of(&res);

	if ((u32)res.a1 != length || (u32)res.a2 != length)
		code = FFA_RET_ABORTED;
	else
		memcpy(ffa_desc_buf.buf, hyp_buffers.rx, length);
	return release_rx() ? FFA_RET_ABORTED : code;
}

/* The pages are the host's alone once EL3 has given them up, not before. */
static int take_back(u32 low, u32 high, u32 flags, u32 version)
{
	const struct ffa_region *region = ffa_desc_buf.buf;
	const struct ffa_rest *rest = rest_of(region, version);
	struct arm_smccc_res res;
	int code;

	if (!host_buffers.tx)
		return FFA_RET_INVALID_PARAMETERS;

	code = fetch_description(low, high, version);
	if (code)
		return code;
	if (!is_laid_out(region, version) || !is_range(rest) || region->handle != ((u64)high << 32 | low))
		return FFA_RET_ABORTED;

	ask(FFA_MEM_RECLAIM, low, high, flags, &res);
	code = code_of(&res);
	return code ? code : unshare_range(rest);
}

static bool do_ffa_mem_reclaim(struct kvm_cpu_context *host, u32 version)
{
	DECLARE_REG(u32, low, host, 1);
	DECLARE_REG(u32, high, host, 2);
	DECLARE_REG(u32, flags, host, 3);
	int code;

	if (flags & ~3 || (u32)cpu_reg(host, 4) || (u32)cpu_reg(host, 5) || (u32)cpu_reg(host, 6) ||
	    (u32)cpu_reg(host, 7))
		return finish(host, FFA_RET_INVALID_PARAMETERS);

	hyp_spin_lock(&host_buffers.lock);
	code = take_back(low, high, flags, version);
	hyp_spin_unlock(&host_buffers.lock);

	return finish(host, code);
}

static bool do_ffa_features(struct kvm_cpu_context *host)
{
	DECLARE_REG(u32, asked, host, 1);

	switch (asked) {
	case FFA_VERSION:
	case FFA_FEATURES:
	case FFA_RXTX_UNMAP:
	case FFA_MEM_LEND:
	case FFA_FN64_MEM_LEND:
	case FFA_MEM_SHARE:
	case FFA_FN64_MEM_SHARE:
	case FFA_MEM_RECLAIM:
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

static bool serve(struct kvm_cpu_context *host, u32 func_id)
{
	switch (func_id) {
	case FFA_FEATURES:
		return do_ffa_features(host);
	case FFA_FN64_RXTX_MAP:
		return do_ffa_rxtx_map(host);
	case FFA_RXTX_UNMAP:
		return do_ffa_rxtx_unmap(host);
	case FFA_MEM_LEND:
	case FFA_FN64_MEM_LEND:
	case FFA_MEM_SHARE:
	case FFA_FN64_MEM_SHARE:
		return do_ffa_mem_send(host, func_id, hyp_ffa_version);
	case FFA_MEM_RECLAIM:
		return do_ffa_mem_reclaim(host, hyp_ffa_version);
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
	ffa_desc_buf.buf = pages + 2 * PAGE_SIZE;
	ffa_desc_buf.len = (hyp_ffa_proxy_pages() - 2) * PAGE_SIZE;

	arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_1, 0, 0, 0, 0, 0, 0, &res);
	has = res.a0;
	if (has >> 16 == 1)
		hyp_ffa_version = has < FFA_VERSION_1_1 ? has : FFA_VERSION_1_1;
	return 0;
}
