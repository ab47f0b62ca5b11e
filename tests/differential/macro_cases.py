"""Small C functions, each using a macro of our environment headers; the kernel's own headers have to agree on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

INTEGERS = ("u8", "u32", "u64", "int", "long")
UNSIGNED = ("u32", "u64")
MASKS = ("0x1UL", "0xff00UL", "BIT(15)", "BIT_ULL(63)", "GENMASK(31, 16)", "GENMASK(30, 16)", "GENMASK_ULL(63, 32)")
REGISTERS = 18
MIXED = ("long", "int", "u8", "int", "u16", "long", "s8", "int")
NOT_NEGATIVE = (0, 1, 5, 127)
"""What a signed argument of an SMC may be here: the compiler chooses the upper bits of a negative one."""
CONSTANTS = """
    EPERM ENOENT EIO E2BIG EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODEV EINVAL ENOSPC ERANGE ENOSYS EOPNOTSUPP
    ESRCH EINTR ENXIO EBADF EWOULDBLOCK EPIPE EDOM ENODATA ETIME EPROTO EBADMSG EOVERFLOW EMSGSIZE EPROTONOSUPPORT
    EADDRINUSE ENOBUFS ETIMEDOUT EALREADY EINPROGRESS EREMOTEIO ECANCELED EKEYREJECTED
    PAGE_SHIFT PAGE_SIZE PAGE_MASK SZ_4K SZ_16K SZ_64K SG_MAX_SEGMENTS ESR_ELx_xVC_IMM_MASK true false
"""
TYPES = """
    u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __le16 __le32 __le64 size_t ssize_t uintptr_t phys_addr_t bool
    uint8_t uint16_t uint32_t uint64_t
"""
CONTEXT = "struct kvm_cpu_context *"
SMC_MEMORY = "u64 *"


@dataclass(frozen=True, slots=True)
class Case:
    """A function body over parameters a, b, c, … of these types. `limits` are the values that an argument may have."""

    macros: tuple[str, ...]
    types: tuple[str, ...]
    body: str
    limits: tuple[tuple[int, ...], ...] = ()
    registers: int = 0
    """How many registers of the SMC are compared; what a call does not name is nobody's promise."""

    @property
    def answers(self) -> int:
        """How many registers EL3 changes: an SMCCC 1.1 call has four results."""
        return REGISTERS if self.registers == REGISTERS else 4

    @property
    def stops(self) -> bool:
        """A trap ends it."""
        return any(name.startswith("BUG") for name in self.macros)

    def text(self, name: str) -> str:
        parameters = ", ".join(f"{kind} {letter}" for kind, letter in zip(self.types, "abcdefghi", strict=False))
        return f"u64 {name}({parameters or 'void'})\n{{\n\t{self.body}\n}}\n"


def cases() -> list[Case]:
    return [*_constants(), *_bit_fields(), *_arithmetic(), *_overflow(), *_memory(), *_checks(), *_contexts(),
            *_layouts(), *_addresses(), *_locks(), *_smcs()]


def _value(macros: str, expression: str, *types: str, limits: tuple[tuple[int, ...], ...] = ()) -> Iterator[Case]:
    """The value, and the width and signedness of its type."""
    names = tuple(macros.split())
    yield Case(names, types, f"return {expression};", limits)
    yield Case(names, types, f"return sizeof({expression});", limits)
    yield Case(names, types, f"return ({expression}) * 0 - 1 < 0;", limits)


def _constants() -> Iterator[Case]:
    for name in CONSTANTS.split():
        yield from _value(name, name)
    yield Case(("NULL",), ("void *",), "return (a == NULL) + 2 * (NULL == 0);")
    yield from _value("_AC", "_AC(5, UL)")
    yield from _value("_UL", "_UL(7)")
    yield from _value("BIT BIT_ULL", "BIT(a) + BIT_ULL(b)", "u32", "int", limits=((*range(64),),) * 2)
    yield from _value("BIT", "BIT(31)")
    yield from _value("BIT_ULL", "BIT_ULL(63)")
    for high, low in ((0, 0), (15, 8), (30, 16), (31, 0), (63, 0), (63, 63), (47, 12)):
        yield from _value("GENMASK", f"GENMASK({high}, {low})")
        yield from _value("GENMASK_ULL", f"GENMASK_ULL({high}, {low})")
    yield Case(("IS_ENABLED", "IS_REACHABLE"), (), "return IS_ENABLED(CONFIG_NO_SUCH) + IS_REACHABLE(CONFIG_NO_SUCH);")
    yield Case(("IS_ENABLED", "IS_BUILTIN", "IS_MODULE"), (),
               "return IS_ENABLED(CONFIG_ARM64) + 2 * IS_BUILTIN(CONFIG_ARM64) + 4 * IS_MODULE(CONFIG_ARM64)"
               " + 8 * IS_BUILTIN(CONFIG_NO_SUCH) + 16 * IS_MODULE(CONFIG_NO_SUCH);")


def _bit_fields() -> Iterator[Case]:
    for mask, kind in product(MASKS, UNSIGNED):
        if kind == "u32" and mask in ("BIT_ULL(63)", "GENMASK_ULL(63, 32)"):
            continue
        yield from _value("FIELD_GET", f"FIELD_GET({mask}, a)", kind)
        yield from _value("FIELD_PREP", f"FIELD_PREP({mask}, a)", kind)
        yield Case(("FIELD_FIT",), (kind,), f"return FIELD_FIT({mask}, a);")
    for kind in INTEGERS:
        yield Case(("FIELD_PREP",), (kind,), "return FIELD_PREP(GENMASK(23, 8), a);")


def _powers(kind: str) -> tuple[int, ...]:
    """Positive powers of two that the type holds."""
    bits = {"u8": 8, "u32": 32, "u64": 64, "int": 31, "long": 63}[kind]
    return tuple(1 << k for k in range(bits))


def _arithmetic() -> Iterator[Case]:
    for kind in INTEGERS:
        yield from _value("upper_32_bits", "upper_32_bits(a)", kind)
        yield from _value("lower_32_bits", "lower_32_bits(a)", kind)
        yield Case(("likely",), (kind,), "return likely(a);")
        yield Case(("unlikely",), (kind,), "return unlikely(a);")
        yield Case(("PAGE_ALIGNED",), (kind,), "return PAGE_ALIGNED(a);")
        yield from _value("PAGE_ALIGN", "PAGE_ALIGN(a)", kind)
        yield from _value("upper_16_bits", "upper_16_bits(a)", kind)
        yield from _value("lower_16_bits", "lower_16_bits(a)", kind)
        for name in ("min", "max"):
            yield from _value(name, f"{name}(a, b)", kind, kind)
            yield from _value(f"{name}_t", f"{name}_t({kind}, a, b)", "u64", "int")
            yield from _value(f"{name}_t", f"{name}_t(u8, a, {name}_t(u16, b, 300))", kind, kind)
    for name in ("min", "max"):
        for kind in ("u8", "u16", "u32"):
            yield from _value(name, f"{name}(a, b)", kind, "u64")
            yield from _value(name, f"{name}(a, b)", "u32", kind)
    for first, second in product(INTEGERS, repeat=2):
        both = min(_powers(first), _powers(second), key=len)
        yield Case(("IS_ALIGNED",), (first, second), "return IS_ALIGNED(a, b);", ((), both))
        yield from _value("ALIGN", "ALIGN(a, b)", first, second, limits=((), both))
        yield from _value("DIV_ROUND_UP", "DIV_ROUND_UP(a, b)", first, second, limits=((), both))
        for name in ("ALIGN_DOWN", "round_up", "round_down"):
            yield from _value(name, f"{name}(a, b)", first, second, limits=((), both))
    yield Case(("ARRAY_SIZE",), (), "u32 x[7]; return ARRAY_SIZE(x);")
    yield Case(("ARRAY_SIZE",), (), "struct arm_smccc_res x[3]; return sizeof(ARRAY_SIZE(x)) * 100 + ARRAY_SIZE(x);")
    yield Case(("fallthrough",), ("u32",),
               "u64 r = 0; switch (a) { case 1: r += 1; fallthrough; case 2: r += 2; break; default: r = 9; } return r;")


def _overflow() -> Iterator[Case]:
    for operation, kinds in product(("add", "sub", "mul"), product(INTEGERS, repeat=3)):
        left, right, result = kinds
        yield Case((f"check_{operation}_overflow",), (left, right),
                   f"{result} r; u64 o = check_{operation}_overflow(a, b, &r); return (u64)r * 2 + o;")


def _memory() -> Iterator[Case]:
    for kind in INTEGERS:
        for name, text in (("READ_ONCE", "READ_ONCE(a[1])"), ("smp_load_acquire", "smp_load_acquire(&a[1])")):
            yield Case((name,), (f"{kind} *",), f"return {text};")
            yield Case((name,), (f"{kind} *",), f"return sizeof({text}) + (({text}) * 0 - 1 < 0) * 16;")
        yield Case(("WRITE_ONCE",), (f"{kind} *", "u64"), "WRITE_ONCE(a[1], b); return 0;")
        yield Case(("smp_store_release",), (f"{kind} *", "u64"), "smp_store_release(&a[1], b); return 0;")


def _checks() -> Iterator[Case]:
    for name in ("WARN_ON", "WARN_ON_ONCE"):
        for kind in INTEGERS:
            yield Case((name,), (kind,), f"return {name}(a) + 10;")
    for truth in (0, 1, 8):
        yield Case(("WARN_ONCE",), (), f'return WARN_ONCE({truth}, "text") + 10;')
    yield Case(("BUG_ON",), ("u64",), "BUG_ON(a); return 5;")
    yield Case(("BUG",), ("u32",), "if (a & 1) BUG(); return 5;")
    yield Case(("BUILD_BUG_ON",), (), "BUILD_BUG_ON(sizeof(u64) != 8); return 5;")


def _contexts() -> Iterator[Case]:
    for register, kind in product((0, 1, 7, 17, 30), ("u32", "u64", "phys_addr_t", "bool")):
        yield Case(("DECLARE_REG",), (CONTEXT,), f"DECLARE_REG({kind}, x, a, {register}); return x;")
    for register in (0, 3, 18, 30):
        yield from _value("cpu_reg", f"cpu_reg(a, {register})", CONTEXT)
        yield Case(("cpu_reg",), (CONTEXT, "u64"), f"cpu_reg(a, {register}) = b; return 0;")


def _layouts() -> Iterator[Case]:
    for member in ("regs", "regs.regs[1]", "regs.sp", "regs.pc", "regs.pstate"):
        yield Case(("struct kvm_cpu_context",), (), f"return offsetof(struct kvm_cpu_context, {member});")
    yield Case(("struct user_pt_regs",), (), "return sizeof(struct user_pt_regs);")
    for member in ("a0", "a2", "a3"):
        yield from _value("sizeof_field", f"sizeof_field(struct arm_smccc_res, {member})")
        yield from _value("offsetofend", f"offsetofend(struct arm_smccc_res, {member})")
        yield Case(("container_of",), ("u64",), "struct arm_smccc_res r = { a, a + 1, a + 2, a + 3 }; unsigned long *p = "
                   f"&r.{member}; return container_of(p, struct arm_smccc_res, {member})->a1 + (container_of(p, "
                   f"struct arm_smccc_res, {member}) == &r);")
    members = (
        "version smccc_version function_ids_0_1 psci_0_1_cpu_suspend_implemented psci_0_1_cpu_on_implemented "
        "psci_0_1_cpu_off_implemented psci_0_1_migrate_implemented")
    for name in members.split():
        yield Case(("struct kvm_host_psci_config",), (), f"return offsetof(struct kvm_host_psci_config, {name});")
    yield Case(("struct kvm_host_psci_config",), (), "return sizeof(struct kvm_host_psci_config);")
    for name in ("cpu_suspend", "cpu_on", "cpu_off", "migrate"):
        yield Case(("struct psci_0_1_function_ids",), (), f"return offsetof(struct psci_0_1_function_ids, {name});")
    yield Case(("struct psci_0_1_function_ids",), (), "return sizeof(struct psci_0_1_function_ids);")
    for name in TYPES.split():
        yield Case((f"typedef {name}",), (), f"return sizeof({name}) * 2 + (({name})-1 < 0);")
    yield Case(("struct list_head",), (), "return offsetof(struct list_head, prev) * 64 + sizeof(struct list_head);")
    yield Case(("typedef uuid_t",), (), "return sizeof(uuid_t);")
    yield Case(("typedef hyp_spinlock_t",), (), "return sizeof(hyp_spinlock_t);")


def _addresses() -> Iterator[Case]:
    yield from _value("__hyp_pa", "__hyp_pa(a)", "u64")
    yield from _value("hyp_phys_to_pfn", "hyp_phys_to_pfn(a)", "phys_addr_t")
    yield from _value("hyp_pfn_to_phys", "hyp_pfn_to_phys(a)", "u64")
    yield from _value("hyp_virt_to_pfn", "hyp_virt_to_pfn((void *)a)", "u64")


def _locks() -> Iterator[Case]:
    yield Case(
        ("hyp_spin_lock", "hyp_spin_unlock", "hyp_spin_lock_init", "hyp_assert_lock_held"), ("u64",),
        "hyp_spinlock_t l; hyp_spin_lock_init(&l); hyp_spin_lock(&l); hyp_assert_lock_held(&l); "
        "hyp_spin_unlock(&l); hyp_spin_lock(&l); hyp_spin_unlock(&l); return a + 1;")
    yield Case(("hyp_spin_lock_init",), ("hyp_spinlock_t *",), "hyp_spin_lock_init(a); return 0;")
    yield Case(("DEFINE_HYP_SPINLOCK", "__HYP_SPIN_LOCK_INITIALIZER", "__HYP_SPIN_LOCK_UNLOCKED"), ("u64",),
               "DEFINE_HYP_SPINLOCK(l); hyp_spin_lock(&l); hyp_spin_unlock(&l); return a;")


def _smcs() -> Iterator[Case]:
    for count in range(1, 9):
        arguments = ", ".join("bcdefghi"[:count])
        for kinds in (("u64",) * count, ("u32",) * count, MIXED[:count]):
            limits = ((), *(NOT_NEGATIVE if kind in ("int", "s8") else () for kind in kinds))
            yield Case(("arm_smccc_1_1_smc",), (SMC_MEMORY, *kinds),
                       f"arm_smccc_1_1_smc({arguments}, (struct arm_smccc_res *)a); return 0;", limits, count)
    yield Case(("arm_smccc_1_1_smc",), ("u64", "u64"), "arm_smccc_1_1_smc(a, b, NULL); return 3;",
               registers=2)
    yield Case(("arm_smccc_1_2_smc",), (SMC_MEMORY,),
               "arm_smccc_1_2_smc((struct arm_smccc_1_2_regs *)a, (struct arm_smccc_1_2_regs *)(a + 18)); return 0;",
               registers=REGISTERS)
    yield Case(("arm_smccc_1_2_smc",), (SMC_MEMORY,),
               "arm_smccc_1_2_smc((struct arm_smccc_1_2_regs *)a, (struct arm_smccc_1_2_regs *)a); return 0;",
               registers=REGISTERS)


SMC_ARGUMENTS = {f"__verify_smc_args_{count}": "arm_smccc_1_1_smc" for count in range(2, 10)}
NOT_COMPARED = {
    "asmlinkage": "an attribute", "__init": "an attribute", "__always_inline": "an attribute",
    "noinline": "an attribute", "__maybe_unused": "an attribute", "__must_check": "an attribute",
    "__packed": "an attribute, which is refused", "__aligned": "an attribute, which is refused",
    "__VERIFY_SET_1": "part of IS_ENABLED", "__verify_second": "part of IS_ENABLED",
    "__verify_chosen": "part of IS_ENABLED", "__verify_pasted": "part of IS_ENABLED",
    "__verify_set": "part of IS_ENABLED",
    "hyp_smccc_1_1_smc": "a wrapper of newer kernels: the same SMC, with tracing around it",
    "hyp_smccc_1_2_smc": "a wrapper of newer kernels: the same SMC, with tracing around it",
    "nvhe_arm_smccc_1_2_smc": "a wrapper of Android's kernels: the same SMC",
    "hyp_smp_processor_id": "an assumption that reports name: which CPU this is, is the world's business",
    "kvm_host_psci_handler": "an assumption of every verdict: it takes no FF-A function ID",
    "read_sysreg_el2": "an assumption of every verdict: the host's SMC has immediate 0",
    "SMCCC_FORWARD": "for tracing, which does nothing here",
    "SYS_ESR": "names a register of EL2, for read_sysreg_el2",
    "__kvm_hyp_host_forward_smc": "assembly that changes the exception level",
    "kvm_skip_host_instr": "writes ELR_EL2; nothing the rules speak of",
    "DECLARE_STATIC_KEY_FALSE": "an assumption that reports name: the key is what its declaration says",
    "DECLARE_STATIC_KEY_TRUE": "an assumption that reports name: the key is what its declaration says",
    "static_branch_unlikely": "patched instructions; here the key's value",
    "static_branch_likely": "patched instructions; here the key's value",
    "kvm_nvhe_sym": "the prefix of a name, which EL2's own code is compiled without",
    "scoped_guard": "of newer kernels; compared with a compiler's cleanup in tests/unit/frontend/test_guards.py",
    "LIST_HEAD_INIT": "an initialiser, of two addresses",
    "__VERIFY_NTH": "counts arguments, for arm_smccc_1_1_smc", "__VERIFY_COUNT": "counts arguments, for arm_smccc_1_1_smc",
    "__VERIFY_CAT_": "joins names, for arm_smccc_1_1_smc", "__VERIFY_CAT": "joins names, for arm_smccc_1_1_smc",
    **{name: f"what {user} expands to" for name, user in SMC_ARGUMENTS.items()},
}
"""Macros of the environment headers that have no kernel definition to compare with, and why."""
