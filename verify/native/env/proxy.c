/* The tree's ffa.c, as it is, and its FF-A and SMCCC headers. */
#define memcpy(into, from, size) played_copy(into, from, size)
@KERNEL_H@
void *played_copy(void *into, const void *from, size_t size);

#include "include/linux/arm-smccc.h"
#include "include/linux/arm_ffa.h"
#if __has_include("arch/arm64/kvm/hyp/include/nvhe/arm-smccc.h")
#include "arch/arm64/kvm/hyp/include/nvhe/arm-smccc.h"
#endif
@HYPERVISOR_H@
#if __has_include("arch/arm64/kvm/hyp/include/nvhe/ffa.h")
#include "arch/arm64/kvm/hyp/include/nvhe/ffa.h"
#endif
#ifndef FFA_MIN_FUNC_NUM
#define FFA_MIN_FUNC_NUM 0x60
#define FFA_MAX_FUNC_NUM 0xff
#endif
#include "pkvm.h"
#ifndef KVM_FFA_MBOX_NR_PAGES
#define KVM_FFA_MBOX_NR_PAGES 1
#endif
#if !defined(HAS_PROXY_PAGES) && !defined(HAS_REGIONS)
static inline unsigned long hyp_ffa_proxy_pages(void) { return 64; }
#elif !defined(HAS_PROXY_PAGES)
static inline unsigned long hyp_ffa_proxy_pages(void)
{
	unsigned long bytes = sizeof(struct ffa_mem_region) + sizeof(struct ffa_mem_region_attributes)
		+ sizeof(struct ffa_composite_mem_region) + SG_MAX_SEGMENTS * sizeof(struct ffa_mem_region_addr_range);
	return 2 * KVM_FFA_MBOX_NR_PAGES + (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}
#endif
#include "arch/arm64/kvm/hyp/nvhe/ffa.c"
#ifdef HAS_CALLER
#include "caller.h"
#else
static void handle_host_smc(struct kvm_cpu_context *context)
{
	u64 function = context->regs.regs[0] & ~0x10000ULL;

	if (!@HANDLER@)
		__kvm_hyp_host_forward_smc(context);
}
#endif

struct kvm_host_psci_config kvm_host_psci_config;
const struct place played_places[] = {
@PLACES@	{ 0 }
};
unsigned long played_proxy_pages(void) { return hyp_ffa_proxy_pages(); }
int played_start(void *pages) { return @INIT@(pages); }
void played_call(void *context) { handle_host_smc(context); }
