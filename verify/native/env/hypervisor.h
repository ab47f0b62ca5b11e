/* SPDX-License-Identifier: GPL-2.0-only */
/* What ffa.c and its caller expect of the rest of EL2; read after the tree's FF-A and SMCCC headers. */
#ifndef HYPERVISOR_H
#define HYPERVISOR_H

#include "protocol.h"

#define WARN_ON(condition) ({ int holds_ = !!(condition); if (holds_) warned(); holds_; })
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define BUG_ON(condition) do { if (condition) give_up(); } while (0)
#define BUG() give_up()
#define BUILD_BUG_ON(condition) BUG_ON(condition)

typedef u32 hyp_spinlock_t;
#define __HYP_SPIN_LOCK_INITIALIZER 0
#define __HYP_SPIN_LOCK_UNLOCKED 0
#define DEFINE_HYP_SPINLOCK(x) hyp_spinlock_t x = __HYP_SPIN_LOCK_INITIALIZER
#define hyp_spin_lock_init(lock) (*(lock) = 0)
#define hyp_spin_lock(lock) lock_static(lock, 1)
#define hyp_spin_unlock(lock) lock_static(lock, 0)
#define hyp_assert_lock_held(lock) ((void)(lock))

/* Linux's cleanup.h, as far as ffa.c can want it of this lock. */
static inline hyp_spinlock_t *lock_to_hold(hyp_spinlock_t *lock)
{
	hyp_spin_lock(lock);
	return lock;
}

static inline void lock_held_no_more(hyp_spinlock_t **lock)
{
	hyp_spin_unlock(*lock);
}

#define HELD_(number) held_##number
#define HELD(number) HELD_(number)
#define guard(class) guard_of_##class
#define guard_of_hyp_spinlock(lock) \
	hyp_spinlock_t *HELD(__COUNTER__) __attribute__((cleanup(lock_held_no_more), unused)) = lock_to_hold(lock)
#define scoped_guard(class, lock) \
	for (guard_of_##class(lock), *is_over = NULL; !is_over; is_over = (void *)1)

struct user_pt_regs { u64 regs[31], sp, pc, pstate; };
struct kvm_cpu_context { struct user_pt_regs regs; };
#define cpu_reg(context, number) ((context)->regs.regs[number])
#define DECLARE_REG(type, name, context, number) type name = (type)cpu_reg(context, number)

struct psci_0_1_function_ids { u32 cpu_suspend, cpu_on, cpu_off, migrate; };
struct kvm_host_psci_config {
	u32 version, smccc_version;
	struct psci_0_1_function_ids function_ids_0_1;
	bool psci_0_1_cpu_suspend_implemented, psci_0_1_cpu_on_implemented;
	bool psci_0_1_cpu_off_implemented, psci_0_1_migrate_implemented;
};
extern struct kvm_host_psci_config kvm_host_psci_config;

/* Physical addresses differ from virtual ones, so that a forgotten translation shows. */
#ifdef ADDRESS_OFFSET
static inline phys_addr_t hyp_virt_to_phys(void *address) { return (phys_addr_t)address + ADDRESS_OFFSET; }
static inline void *hyp_phys_to_virt(phys_addr_t address) { return (void *)(address - ADDRESS_OFFSET); }
#else
phys_addr_t hyp_virt_to_phys(void *address);
void *hyp_phys_to_virt(phys_addr_t address);
#endif
#define __hyp_pa(address) hyp_virt_to_phys((void *)(address))
#define __hyp_va(address) hyp_phys_to_virt(address)
#define hyp_phys_to_pfn(address) ((address) / PAGE_SIZE)
#define hyp_pfn_to_phys(number) ((phys_addr_t)(number) * PAGE_SIZE)
#define hyp_virt_to_pfn(address) hyp_phys_to_pfn(hyp_virt_to_phys(address))

static inline int __pkvm_host_share_hyp(u64 pfn) { return outside(SHARE_HYP, pfn, 0); }
static inline int __pkvm_host_unshare_hyp(u64 pfn) { return outside(UNSHARE_HYP, pfn, 0); }
static inline int __pkvm_host_share_ffa(u64 pfn, u64 count) { return outside(SHARE_FFA, pfn, count); }
static inline int __pkvm_host_unshare_ffa(u64 pfn, u64 count) { return outside(UNSHARE_FFA, pfn, count); }
static inline int hyp_pin_shared_mem(void *from, void *to) { return outside(PIN, (word)from, (word)to); }
static inline void hyp_unpin_shared_mem(void *from, void *to) { (void)outside(UNPIN, (word)from, (word)to); }

/* Arguments of an SMCCC 1.1 call: the function ID is 32 bits, the others are widened by their type. */
#ifndef REAL_SMCCC_1_1
#undef arm_smccc_1_1_smc
#define SMC_1(f) (u32)(f)
#define SMC_2(f, a) (u32)(f), a
#define SMC_3(f, a, b) (u32)(f), a, b
#define SMC_4(f, a, b, c) (u32)(f), a, b, c
#define SMC_5(f, a, b, c, d) (u32)(f), a, b, c, d
#define SMC_6(f, a, b, c, d, e) (u32)(f), a, b, c, d, e
#define SMC_7(f, a, b, c, d, e, g) (u32)(f), a, b, c, d, e, g
#define SMC_8(f, a, b, c, d, e, g, h) (u32)(f), a, b, c, d, e, g, h
#define SMC_RES_2(f, r) SMC_1(f)
#define SMC_RES_3(f, a, r) SMC_2(f, a)
#define SMC_RES_4(f, a, b, r) SMC_3(f, a, b)
#define SMC_RES_5(f, a, b, c, r) SMC_4(f, a, b, c)
#define SMC_RES_6(f, a, b, c, d, r) SMC_5(f, a, b, c, d)
#define SMC_RES_7(f, a, b, c, d, e, r) SMC_6(f, a, b, c, d, e)
#define SMC_RES_8(f, a, b, c, d, e, g, r) SMC_7(f, a, b, c, d, e, g)
#define SMC_RES_9(f, a, b, c, d, e, g, h, r) SMC_8(f, a, b, c, d, e, g, h)
#define RES_2(f, r) r
#define RES_3(f, a, r) r
#define RES_4(f, a, b, r) r
#define RES_5(f, a, b, c, r) r
#define RES_6(f, a, b, c, d, r) r
#define RES_7(f, a, b, c, d, e, r) r
#define RES_8(f, a, b, c, d, e, g, r) r
#define RES_9(f, a, b, c, d, e, g, h, r) r
#define arm_smccc_1_1_smc(...) do { \
	word x_[18] = { CONCATENATE(SMC_RES_, COUNT_ARGS(__VA_ARGS__))(__VA_ARGS__) }; \
	struct arm_smccc_res *res_ = CONCATENATE(RES_, COUNT_ARGS(__VA_ARGS__))(__VA_ARGS__); \
	el3(x_, SMC); \
	if (res_) { res_->a0 = x_[0]; res_->a1 = x_[1]; res_->a2 = x_[2]; res_->a3 = x_[3]; } \
} while (0)
#endif

/* In the kernel this is assembly: all 18 registers in, all 18 registers out. */
void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *arguments, struct arm_smccc_1_2_regs *results)
{
	word x[18];

	_Static_assert(sizeof(*arguments) == sizeof(x), "18 registers");
	memcpy(x, arguments, sizeof(x));
	el3(x, SMC);
	memcpy(results, x, sizeof(x));
}
#ifndef hyp_smccc_1_2_smc
#define hyp_smccc_1_1_smc(...) arm_smccc_1_1_smc(__VA_ARGS__)
#define hyp_smccc_1_2_smc(...) arm_smccc_1_2_smc(__VA_ARGS__)
#endif

/* Around the caller: the PSCI handler takes nothing, the host's SMC has immediate 0, tracing is off. */
#define kvm_host_psci_handler(context, id) ((void)(id), (context) == NULL)
static inline void __kvm_hyp_host_forward_smc(struct kvm_cpu_context *context) { el3(context->regs.regs, FORWARD); }
#define SYS_ESR 0
#define ESR_ELx_xVC_IMM_MASK 0xffffUL
#define SMCCC_FORWARD 1
#define read_sysreg_el2(number) ((u64)(number))
#define kvm_skip_host_instr() do { } while (0)
#define trace_hyp_enter(...) do { } while (0)
#define trace_hyp_exit(...) do { } while (0)

#endif
