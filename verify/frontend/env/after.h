/* SPDX-License-Identifier: GPL-2.0-only */
/* What hides its meaning in GNU C or assembly, said plainly. Read after the tree's own headers. */
#define PAGE_SHIFT __verify_page_shift()
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGNED(addr) ((((unsigned long)(addr)) & (PAGE_SIZE - 1)) == 0)
#define IS_ALIGNED(x, a) (((x) & (__verify_like(x, a) - 1)) == 0)
#define ALIGN(x, a) (((x) + (__verify_like(x, a) - 1)) & ~(__verify_like(x, a) - 1))
#define PAGE_ALIGN(addr) ALIGN(addr, PAGE_SIZE)
#define SG_MAX_SEGMENTS 2048
#define ALIGN_DOWN(x, a) ALIGN((x) - ((a) - 1), a)
#define round_up(x, y) ((((x) - 1) | __verify_like(x, (y) - 1)) + 1)
#define round_down(x, y) ((x) & ~__verify_like(x, (y) - 1))
#define min(x, y) __verify_min(x, y)
#define max(x, y) __verify_max(x, y)
#define min_t(type, x, y) __verify_min((type)(x), (type)(y))
#define max_t(type, x, y) __verify_max((type)(x), (type)(y))
#define container_of(ptr, type, member) ((type *)((void *)(ptr) - offsetof(type, member)))
#define sizeof_field(type, member) sizeof((((type *)0)->member))
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))

#define WARN_ON(c) __verify_warn(!!(c))
#define WARN_ON_ONCE(c) __verify_warn(!!(c))
#define WARN_ONCE(c, ...) __verify_warn(!!(c))
#define BUG_ON(c) __verify_bug(!!(c))
#define BUG() __verify_bug(1)
#define BUILD_BUG_ON(c) __verify_build_bug(!!(c))

#define READ_ONCE(x) __verify_load_once(&(x))
#define WRITE_ONCE(x, v) __verify_store_once(&(x), v)
#define smp_load_acquire(p) __verify_load_acquire(p)
#define smp_store_release(p, v) __verify_store_release(p, v)
#define check_add_overflow(a, b, d) __verify_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d) __verify_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d) __verify_mul_overflow(a, b, d)

/* A static key is what its declaration says; reports name it as an assumption. */
#define DECLARE_STATIC_KEY_FALSE(name) static const bool name = 0
#define DECLARE_STATIC_KEY_TRUE(name) static const bool name = 1
#define static_branch_unlikely(key) (!!*(key))
#define static_branch_likely(key) (!!*(key))
#define kvm_nvhe_sym(name) name

typedef u32 hyp_spinlock_t;
#define __HYP_SPIN_LOCK_INITIALIZER 0
#define __HYP_SPIN_LOCK_UNLOCKED 0
#define DEFINE_HYP_SPINLOCK(x) hyp_spinlock_t x = 0
#define hyp_spin_lock_init(l) (*(l) = 0)
#define hyp_spin_lock(l) __verify_lock(l)
#define hyp_spin_unlock(l) __verify_unlock(l)
#define hyp_assert_lock_held(l) ((void)0)
/* guard(hyp_spinlock)(l) is read as it is: see frontend/guards.py. */
#define scoped_guard(name, ...) for (__verify_scoped_guard(name, __VA_ARGS__);;)

/* struct user_pt_regs and the saved context: x0 to x30 come first, 64 bits each. */
struct user_pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
	u64 pstate;
};
struct kvm_cpu_context {
	struct user_pt_regs regs;
};
struct psci_0_1_function_ids {
	u32 cpu_suspend;
	u32 cpu_on;
	u32 cpu_off;
	u32 migrate;
};
struct kvm_host_psci_config {
	u32 version;
	u32 smccc_version;
	struct psci_0_1_function_ids function_ids_0_1;
	bool psci_0_1_cpu_suspend_implemented;
	bool psci_0_1_cpu_on_implemented;
	bool psci_0_1_cpu_off_implemented;
	bool psci_0_1_migrate_implemented;
};
extern struct kvm_host_psci_config kvm_host_psci_config;
extern u32 hyp_cpu_number;
#define hyp_smp_processor_id() (hyp_cpu_number)
#define cpu_reg(ctxt, r) (ctxt)->regs.regs[r]
#define DECLARE_REG(type, name, ctxt, reg) type name = (type)cpu_reg(ctxt, (reg))

phys_addr_t hyp_virt_to_phys(void *addr);
void *hyp_phys_to_virt(phys_addr_t phys);
#define __hyp_pa(virt) hyp_virt_to_phys((void *)(virt))
#define hyp_phys_to_pfn(phys) ((u64)(phys) >> PAGE_SHIFT)
#define hyp_pfn_to_phys(pfn) ((phys_addr_t)((u64)(pfn) << PAGE_SHIFT))
#define hyp_virt_to_pfn(virt) (hyp_virt_to_phys(virt) >> PAGE_SHIFT)
int __pkvm_host_share_hyp(u64 pfn);
int __pkvm_host_unshare_hyp(u64 pfn);
int __pkvm_host_share_ffa(u64 pfn, u64 nr_pages);
int __pkvm_host_unshare_ffa(u64 pfn, u64 nr_pages);
int hyp_pin_shared_mem(void *from, void *to);
void hyp_unpin_shared_mem(void *from, void *to);
bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id);

#undef arm_smccc_1_1_smc
#define __VERIFY_NTH(_1, _2, _3, _4, _5, _6, _7, _8, _9, N, ...) N
#define __VERIFY_COUNT(...) __VERIFY_NTH(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1)
#define __VERIFY_CAT_(a, b) a##b
#define __VERIFY_CAT(a, b) __VERIFY_CAT_(a, b)
#define arm_smccc_1_1_smc(...) __VERIFY_CAT(__verify_smc_args_, __VERIFY_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define __verify_smc_args_2(a0, r) __verify_smc_1_1(a0, 0, 0, 0, 0, 0, 0, 0, r)
#define __verify_smc_args_3(a0, a1, r) __verify_smc_1_1(a0, a1, 0, 0, 0, 0, 0, 0, r)
#define __verify_smc_args_4(a0, a1, a2, r) __verify_smc_1_1(a0, a1, a2, 0, 0, 0, 0, 0, r)
#define __verify_smc_args_5(a0, a1, a2, a3, r) __verify_smc_1_1(a0, a1, a2, a3, 0, 0, 0, 0, r)
#define __verify_smc_args_6(a0, a1, a2, a3, a4, r) __verify_smc_1_1(a0, a1, a2, a3, a4, 0, 0, 0, r)
#define __verify_smc_args_7(a0, a1, a2, a3, a4, a5, r) __verify_smc_1_1(a0, a1, a2, a3, a4, a5, 0, 0, r)
#define __verify_smc_args_8(a0, a1, a2, a3, a4, a5, a6, r) __verify_smc_1_1(a0, a1, a2, a3, a4, a5, a6, 0, r)
#define __verify_smc_args_9(a0, a1, a2, a3, a4, a5, a6, a7, r) __verify_smc_1_1(a0, a1, a2, a3, a4, a5, a6, a7, r)

/* The kernel's macro truncates a0 to 32 bits; narrower arguments reach EL3 extended by their C type. */
static inline void __verify_smc_1_1(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 a7,
				    struct arm_smccc_res *res)
{
	__verify_smc((u32)a0, a1, a2, a3, a4, a5, a6, a7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	if (res) {
		res->a0 = __verify_smc_result(0);
		res->a1 = __verify_smc_result(1);
		res->a2 = __verify_smc_result(2);
		res->a3 = __verify_smc_result(3);
	}
}

static inline void __verify_smc_1_2(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res)
{
	__verify_smc(args->a0, args->a1, args->a2, args->a3, args->a4, args->a5, args->a6, args->a7, args->a8,
		     args->a9, args->a10, args->a11, args->a12, args->a13, args->a14, args->a15, args->a16,
		     args->a17);
	res->a0 = __verify_smc_result(0);
	res->a1 = __verify_smc_result(1);
	res->a2 = __verify_smc_result(2);
	res->a3 = __verify_smc_result(3);
	res->a4 = __verify_smc_result(4);
	res->a5 = __verify_smc_result(5);
	res->a6 = __verify_smc_result(6);
	res->a7 = __verify_smc_result(7);
	res->a8 = __verify_smc_result(8);
	res->a9 = __verify_smc_result(9);
	res->a10 = __verify_smc_result(10);
	res->a11 = __verify_smc_result(11);
	res->a12 = __verify_smc_result(12);
	res->a13 = __verify_smc_result(13);
	res->a14 = __verify_smc_result(14);
	res->a15 = __verify_smc_result(15);
	res->a16 = __verify_smc_result(16);
	res->a17 = __verify_smc_result(17);
}
#define arm_smccc_1_2_smc(...) __verify_smc_1_2(__VA_ARGS__)
#define hyp_smccc_1_1_smc(...) arm_smccc_1_1_smc(__VA_ARGS__)
#define hyp_smccc_1_2_smc(...) arm_smccc_1_2_smc(__VA_ARGS__)
#define nvhe_arm_smccc_1_2_smc(...) arm_smccc_1_2_smc(__VA_ARGS__)

/* The caller, in hyp-main.c where the tree has it. The PSCI handler takes none of FF-A's function IDs; the
 * host's SMC has immediate 0. */
#define kvm_host_psci_handler(...) (__verify_recorded(__VA_ARGS__), 0)
#define read_sysreg_el2(reg) 0
#define SYS_ESR 0
#define ESR_ELx_xVC_IMM_MASK 0xffffUL
#define SMCCC_FORWARD 1
#define __kvm_hyp_host_forward_smc(ctxt) __verify_forward(ctxt)
#define kvm_skip_host_instr() ((void)0)
