/* SPDX-License-Identifier: GPL-2.0-only */
/* For CBMC: outside functions, an arbitrary state, and one check for each property. Read after the tree's tokens. */
#define true 1
#define false 0
#define KEPT 4
#define MAILBOX (MBOX_PAGES_CHECKED << PAGE_SHIFT_CHECKED)
#define DESCRIPTOR (sizeof(struct ffa_mem_region) + sizeof(struct ffa_mem_region_attributes) + \
		    sizeof(struct ffa_composite_mem_region) + 2048 * sizeof(struct ffa_mem_region_addr_range))
#define DESCRIPTORS (((DESCRIPTOR - 1) / (1 << PAGE_SHIFT_CHECKED) + 1) << PAGE_SHIFT_CHECKED)

static unsigned char check_el2_tx[MAILBOX], check_el2_rx[MAILBOX], check_descriptors[DESCRIPTORS];
static unsigned char check_host_tx[MAILBOX], check_host_rx[MAILBOX];
static struct kvm_cpu_context check_ctxt, check_before;
static u32 check_version;
static bool check_rx_is_read, check_answers_are_kept, check_conforms, check_served = true;
static u32 check_kept[KEPT][8];

/* A conforming SPMC gives back a whole description: its parts in order, none empty, the header's offsets inside. */
static u32 check_length;

static void check_retrieved(void)
{
	struct ffa_mem_region *region = (void *)check_el2_rx;
	struct ffa_mem_region_attributes *access;
	struct ffa_composite_mem_region *composite;
	u64 entry = ffa_mem_desc_offset(region, 0, hyp_ffa_version), part = check_answer[2];

	__CPROVER_assume(check_answer[1] <= 0xffffffff && part <= check_answer[1] && part <= MAILBOX);
	__CPROVER_assume(entry + sizeof(*access) <= part);
	access = (void *)(check_el2_rx + entry);
	__CPROVER_assume(access->composite_off + sizeof(*composite) <= part);
	composite = (void *)(check_el2_rx + access->composite_off);
	check_length = check_answer[1];
	__CPROVER_assume(access->composite_off + sizeof(*composite) +
			 composite->addr_range_cnt * sizeof(composite->constituents[0]) == check_length);
}

static void check_conforming(u32 function, u32 offset)
{
	if (function == 0xc4000074 && check_answer[0] == 0x84000075)
		check_retrieved();
	if (function == 0x8400007a && check_answer[0] == 0x8400007b)
		__CPROVER_assume(check_answer[3] > 0 && check_answer[3] <= MAILBOX &&
				 check_answer[3] <= check_length - offset);
}

/* EL3 may write EL2's RX buffer with each answer. What a check does not look at is left out: it only costs time. */
void check_emitted(u32 function, u32 offset)
{
	if (check_rx_is_read)
		__CPROVER_havoc_object(check_el2_rx);
	if (check_conforms)
		check_conforming(function, offset);
	if (check_answers_are_kept)
		for (int k = 0; k < 8; k++)
			check_kept[(check_smcs - 1) % KEPT][k] = check_answer[k];
	if (function == 0x84000063)
		check_served &= (u32)check_answer[0] >> 16 == 1;
	else
		check_served &= (u32)check_answer[0] == 0x84000061 && (u32)check_answer[2] == 0;
}

phys_addr_t hyp_virt_to_phys(void *addr) { return nondet_wide(); }
void *hyp_phys_to_virt(phys_addr_t phys) { return nondet_bool() ? check_host_tx : check_host_rx; }
int __pkvm_host_share_hyp(u64 pfn) { return nondet_int(); }
int __pkvm_host_unshare_hyp(u64 pfn) { return nondet_int(); }
int __pkvm_host_share_ffa(u64 pfn, u64 nr_pages) { return nondet_int(); }
int __pkvm_host_unshare_ffa(u64 pfn, u64 nr_pages) { return nondet_int(); }
int hyp_pin_shared_mem(void *from, void *to) { return nondet_int(); }
void hyp_unpin_shared_mem(void *from, void *to) { }

/* Memory holds anything at first; statics would hold zeros. */
static void check_anything(void)
{
	__CPROVER_havoc_object(check_el2_tx);
	__CPROVER_havoc_object(check_el2_rx);
	__CPROVER_havoc_object(check_descriptors);
	__CPROVER_havoc_object(check_host_tx);
	check_rx_is_read = true;
}

/* A state after initialisation that keeps the mailbox invariant, and registers that hold anything. */
static void check_start(void)
{
	bool mapped = nondet_bool();

	__CPROVER_assert(DESCRIPTORS >> PAGE_SHIFT_CHECKED == hyp_ffa_proxy_pages() - 2 * MBOX_PAGES_CHECKED,
			 "the descriptor buffer has the tree's size");
	hyp_buffers.tx = check_el2_tx;
	hyp_buffers.rx = check_el2_rx;
	ffa_desc_buf.buf = check_descriptors;
	ffa_desc_buf.len = DESCRIPTORS;
	host_buffers.tx = host_buffers.rx = 0;
	if (mapped) {
		host_buffers.tx = check_host_tx;
		host_buffers.rx = check_host_rx;
	}
	hyp_ffa_version = nondet_unsigned();
	__CPROVER_assume(hyp_ffa_version >> 16 == 1 && (hyp_ffa_version & 0xffff) <= 1);
	has_version_negotiated = nondet_bool();
	for (int k = 0; k < 31; k++)
		check_ctxt.regs.regs[k] = nondet_wide();
}

static void check_call(void)
{
	check_before = check_ctxt;
	check_version = hyp_ffa_version;
	handle_host_smc(&check_ctxt);
}

static u64 check_x(int k) { return check_ctxt.regs.regs[k]; }
static u32 check_w(int k) { return (u32)check_ctxt.regs.regs[k]; }
static bool check_is64(void) { return check_before.regs.regs[0] & 0x40000000; }
/* FF-A's range, as the rules have it: the SVE hint is no part of it. */
static bool check_is_ffa(u32 id) { return (id & 0xbf00ffff & ~0xffu) == 0x84000000 && (id & 0xff) >= 0x60; }

/* -- memory safety: CBMC's own checks, whatever the call, the host's message and EL3's answers ----------------- */

static void check_memory(u64 id)
{
	check_anything();
	check_start();
	has_version_negotiated = true;
	check_ctxt.regs.regs[0] = id;
	check_call();
}

void check_memory_share(void) { check_memory(0xc4000073); }
void check_memory_frag_tx(void) { check_memory(0x8400007b); }
void check_memory_reclaim(void) { check_memory(0x84000077); }

void check_memory_reclaim_conforming(void)
{
	check_conforms = true;
	check_memory(0x84000077);
}

/* -- registers and version: the sentences of the rules ---------------------------------------------------------- */

/* CC-06 */
static void check_kept_registers(void)
{
	check_call();
	if (check_forwarded)
		return;
	for (int k = 18; k < 31; k++)
		__CPROVER_assert(check_x(k) == check_before.regs.regs[k], "x18-x30 are the host's");
	if (!check_is64())
		for (int k = 8; k < 18; k++)
			__CPROVER_assert(check_x(k) == check_before.regs.regs[k], "x8-x17 are the host's");
}

void check_preserved_map(void)
{
	check_start();
	check_ctxt.regs.regs[0] = 0xc4000066;
	check_kept_registers();
}

void check_preserved_all(void)
{
	check_anything();
	check_start();
	check_kept_registers();
}

/* CC-08, of FFA_VERSION */
static bool check_handed_on(int k)
{
	for (unsigned int one = 0; one < KEPT; one++)
		if (one < check_smcs && check_kept[one][0] == check_w(0) && check_kept[one][k] == check_w(k))
			return true;
	return false;
}

void check_reserved(void)
{
	check_answers_are_kept = true;
	check_start();
	check_ctxt.regs.regs[0] = 0x84000063;
	check_call();
	for (int k = 4; k < 8; k++)
		__CPROVER_assert(check_w(k) == 0 || check_handed_on(k), "w4-w7 are zero, or EL3's");
}

/* VER-03 */
void check_incompatible(void)
{
	check_start();
	check_ctxt.regs.regs[0] = 0x84000063;
	__CPROVER_assume(((check_ctxt.regs.regs[1] >> 16) & 0x7fff) != 1);
	check_call();
	__CPROVER_assert(check_w(0) == 0xffffffff, "answered NOT_SUPPORTED");
	__CPROVER_assert(hyp_ffa_version == check_version, "EL2's version stays");
	__CPROVER_assert(check_smcs == 0, "no SMC");
}

/* VER-05 */
void check_above(void)
{
	check_start();
	check_ctxt.regs.regs[0] = 0x84000063;
	has_version_negotiated = false;
	__CPROVER_assume((u32)check_ctxt.regs.regs[1] >> 16 == 1);
	__CPROVER_assume((check_ctxt.regs.regs[1] & 0xffff) > (hyp_ffa_version & 0xffff));
	check_call();
	if (check_served)
		__CPROVER_assert(check_w(0) == check_version, "answered with EL2's version");
}

/* VER-10 */
void check_unnegotiated(void)
{
	check_start();
	has_version_negotiated = false;
	__CPROVER_assume(check_is_ffa((u32)check_ctxt.regs.regs[0]));
	__CPROVER_assume(((u32)check_ctxt.regs.regs[0] & ~0x10000) != 0x84000063);
	check_call();
	__CPROVER_assert(!check_forwarded && check_w(0) == 0x84000060 && check_w(2) == 0xfffffffe, "refused");
	__CPROVER_assert(check_smcs == 0, "no SMC");
	__CPROVER_assert(hyp_ffa_version == check_version, "EL2's version stays");
}

/* MEM-28, of FFA_MEM_DONATE */
static void check_refused(u64 id)
{
	check_start();
	has_version_negotiated = true;
	check_ctxt.regs.regs[0] = id;
	check_call();
	__CPROVER_assert(!check_forwarded && check_w(0) == 0x84000060 && check_w(2) == 0xffffffff,
			 "refused with NOT_SUPPORTED");
	__CPROVER_assert(check_smcs == 0, "no SMC");
}

void check_donate(void)
{
	if (nondet_bool())
		check_refused(0x84000071);
	else
		check_refused(0xc4000071);
}

/* CC-13: numbers that no version defines, one by one, for a number that is known leaves the handlers out. */
void check_undefined(void)
{
	unsigned int chosen = nondet_unsigned();

	for (unsigned int number = 0x91; number <= 0xff; number++) {
		if (number >= 0x94 && number <= 0x97)
			continue;
		if (chosen == number)
			check_refused(0x84000000 | number);
		if (chosen == (number | 0x100))
			check_refused(0xc4000000 | number);
	}
}
