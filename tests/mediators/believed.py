"""C that once was believed: valid, and breaking the rule that is named, which must not be called proved."""

from __future__ import annotations

from tests.mediators.faults import Edit

CASES: dict[str, tuple[str, tuple[Edit, ...]]] = {
    "ifdef __aarch64__": ("FFA-ERR-01", (
        ("\tcpu_reg(host, 3) = w3;\n",
         "#ifdef __aarch64__\n\tcpu_reg(host, 3) = 5;\n#else\n\tcpu_reg(host, 3) = w3;\n#endif\n"),
    )),
    "two anonymous structs of one macro": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "#define TWO struct { u32 a; u32 b; } x; struct { u64 a; u64 b; } y;\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tTWO\n\n\tif (sizeof(y) == 16)\n\t\treturn false;\n"),
    )),
    "a byte of the version": ("FFA-VER-12", (
        ("\t\t\treturn (u32)FFA_RET_NOT_SUPPORTED;\n\t\thyp_ffa_version = wanted;",
         "\t\t\t{ ((u8 *)&hyp_ffa_version)[1] = 9; return (u32)FFA_RET_NOT_SUPPORTED; }\n\t\thyp_ffa_version = wanted;"),
    )),
    "ifdef CONFIG_KVM": ("FFA-ERR-01", (
        ("\tcpu_reg(host, 3) = w3;\n",
         "#ifdef CONFIG_KVM\n\tcpu_reg(host, 3) = 5;\n#else\n\tcpu_reg(host, 3) = w3;\n#endif\n"),
    )),
    "a lock taken twice": ("FFA-CC-12", (
        ("\thyp_spin_lock(&host_buffers.lock);\n\tarm",
         "\thyp_spin_lock(&host_buffers.lock);\n\thyp_spin_lock(&host_buffers.lock);\n\tarm"),
    )),
    "an enum with a negative value": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "enum code { BAD = -1, GOOD = 0 };\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tenum code c = BAD;\n\n\tif (c < 0)\n\t\treturn false;\n"),
    )),
    "an enumerator above INT_MAX": ("FFA-VER-10", (
        ("static bool belongs_to_ffa(u32 func_id)",
         "enum { SECRET_FID = 0x84000069 };\nstatic bool belongs_to_ffa(u64 func_id)"),
        ("\tu32 number = func_id & ARM_SMCCC_FUNC_MASK;\n",
         "\tu32 number = func_id & ARM_SMCCC_FUNC_MASK;\n\n\tif (func_id == SECRET_FID)\n\t\treturn false;\n"),
    )),
    "an enumerator of 33 bits": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "enum { BIG = 0x100000000UL };\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tif (BIG)\n\t\treturn false;\n"),
    )),
    "a static of another file": ("FFA-SEC-02", (
        ("static int describe(",
         "extern s64 hyp_physvirt_offset;\nstatic int describe("),
        ("\t\tanswer(host, FFA_SUCCESS, 0, 0, 0);\n\t\treturn ANSWERED;\n\tcase FFA_PART",
         "\t\tanswer(host, FFA_SUCCESS, 0, 0, hyp_physvirt_offset);\n\t\treturn ANSWERED;\n\tcase FFA_PART"),
    )),
    "a flag that is a number": ("FFA-VER-06", (
        ("static bool has_version_negotiated;",
         "static u32 has_version_negotiated;"),
        ("\tif (has_version_negotiated)\n",
         "\tif (has_version_negotiated == 1)\n"),
        ("smp_store_release(&has_version_negotiated, true);",
         "smp_store_release(&has_version_negotiated, 2);"),
    )),
    "a loop into a dead block": ("FFA-CC-08", (
        ("static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n",
         "static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n\tbool again = false;\n\tu32 n = 0;\n\n\tif (again) {\nretry:\n\t\tw3 = 7;\n\t}\n\tif (w0 == FFA_ERROR && !n++)\n\t\tgoto retry;\n"),
    )),
    "a goto into a dead block": ("FFA-ERR-01", (
        ("static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n",
         "static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n\tbool again = false;\n\n\tif (again) {\nretry:\n\t\tw3 = 7;\n\t\tgoto out;\n\t}\n\tif (w0 == FFA_ERROR)\n\t\tgoto retry;\nout:\n"),
    )),
    "assembly in the initialisation": ("FFA-VER-02", (
        ("\tarm_smccc_1_2_smc(&args, &said);\n\toffered = said.a0;\n",
         "\tarm_smccc_1_2_smc(&args, &said);\n\toffered = said.a0;\n\tif (offered == FFA_VERSION_1_1) {\n\t\tasm volatile(\"nop\");\n\t\thyp_ffa_version = 5;\n\t\thas_version_negotiated = true;\n\t\treturn 0;\n\t}\n"),
    )),
    "a loop in the initialisation": ("FFA-VER-02", (
        ("\tarm_smccc_1_2_smc(&args, &said);\n\toffered = said.a0;\n",
         "\tarm_smccc_1_2_smc(&args, &said);\n\toffered = said.a0;\n\tif (offered == FFA_VERSION_1_1) {\n\t\twhile (args.a2 < 3)\n\t\t\targs.a2++;\n\t\thyp_ffa_version = 5;\n\t\thas_version_negotiated = true;\n\t\treturn 0;\n\t}\n"),
    )),
    "IS_ENABLED": ("FFA-ERR-01", (
        ("\tcpu_reg(host, 3) = w3;\n",
         "\tcpu_reg(host, 3) = IS_ENABLED(CONFIG_ARM64) ? 5 : w3;\n"),
    )),
    "enumerators of a function": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "enum { LIM = 0 };\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tif (LIM == 0)\n\t\treturn false;\n"),
        ("\tu32 version;\n\tint verdict;\n",
         "\tenum { LIM = 1 };\n\tu32 version;\n\tint verdict;\n"),
    )),
    "a struct of a function": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "struct pair { u32 a; u32 b; };\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tstruct pair { u64 a; u64 b; };\n\n\tif (sizeof(struct pair) == 16)\n\t\treturn false;\n"),
    )),
    "the version copied without its lock": ("FFA-SEC-04", (
        ("\tDECLARE_REG(u32, wanted, host, 1);\n\tu32 result;\n",
         "\tDECLARE_REG(u32, wanted, host, 1);\n\tu32 result, v;\n\n\tmemcpy(&v, &hyp_ffa_version, sizeof(v));\n\tif (is_version_one(wanted) && wanted > v && v) wanted = v;\n"),
    )),
    "memset of the version": ("FFA-VER-12", (
        ("\t\t\treturn (u32)FFA_RET_NOT_SUPPORTED;\n\t\thyp_ffa_version = wanted;",
         "\t\t\t{ memset(&hyp_ffa_version, 0, sizeof(hyp_ffa_version)); return (u32)FFA_RET_NOT_SUPPORTED; }\n\t\thyp_ffa_version = wanted;"),
    )),
    "a packed struct": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "struct wide { u32 pad; u64 v; } __packed;\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tif (sizeof(struct wide) == 12)\n\t\treturn false;\n"),
    )),
    "an address kept at boot": ("FFA-SEC-02", (
        ("static int describe(",
         "static phys_addr_t pages_pa;\nstatic int describe("),
        ("\t\tanswer(host, FFA_SUCCESS, 0, 0, 0);\n\t\treturn ANSWERED;\n\tcase FFA_PART",
         "\t\tanswer(host, FFA_SUCCESS, 0, 0, pages_pa);\n\t\treturn ANSWERED;\n\tcase FFA_PART"),
        ("\tu32 offered;\n\n",
         "\tu32 offered;\n\n\tpages_pa = hyp_virt_to_phys(pages);\n"),
    )),
    "a static pointer that is turned": ("FFA-VER-08", (
        ("static bool has_version_negotiated;",
         "static bool has_version_negotiated;\nstatic u32 old_version;\nstatic u32 *current_version;"),
        ("wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : hyp_ffa_version;",
         "wanted < hyp_ffa_version ? (u32)FFA_RET_NOT_SUPPORTED : (current_version ? *current_version : hyp_ffa_version);"),
        ("\tsmp_store_release(&has_version_negotiated, true);\n",
         "\tcurrent_version = &old_version;\n\tsmp_store_release(&has_version_negotiated, true);\n"),
        ("\tu32 offered;\n\n",
         "\tu32 offered;\n\n\tcurrent_version = &hyp_ffa_version;\n"),
    )),
    "a lock taken twice on a rare input": ("FFA-CC-12", (
        ("\thyp_spin_lock(&host_buffers.lock);\n\tarm",
         "\thyp_spin_lock(&host_buffers.lock);\n\tif (uuid0 == 0xdeadbeef && uuid1 == 0x12345)\n\t\thyp_spin_lock(&host_buffers.lock);\n\tarm"),
    )),
    "a lock released on a rare input": ("FFA-CC-12", (
        ("\thyp_spin_lock(&host_buffers.lock);\n\tarm",
         "\thyp_spin_lock(&host_buffers.lock);\n\tif (uuid0 == 0xdeadbeef && uuid1 == 0x12345)\n\t\thyp_spin_unlock(&version_lock);\n\tarm"),
    )),
    "a refusal with garbage": ("FFA-ERR-01", (
        ("\tcase FFA_MSG_SEND_DIRECT_REQ2:\n\t\treturn send_request2(host, version);\n",
         "\tcase FFA_MSG_SEND_DIRECT_REQ2:\n\t\tanswer(host, FFA_ERROR, 0x1234, (u32)FFA_RET_NOT_SUPPORTED, 0x5678);\n\t\treturn ANSWERED;\n"),
        ("\t\treturn version >= FFA_VERSION_1_2 ? PASS_ON : FFA_RET_NOT_SUPPORTED;\n\t}\n\treturn FFA_RET_NOT_SUPPORTED;\n}\n\n/* A code",
         "\t\treturn FFA_RET_NOT_SUPPORTED;\n\t}\n\treturn FFA_RET_NOT_SUPPORTED;\n}\n\n/* A code"),
    )),
    "memory that EL3 may write": ("FFA-SEC-02", (
        ("static struct mailbox host_buffers;",
         "static struct mailbox host_buffers;\nstatic u64 *rx_page;"),
        ("\tu32 offered;\n\n",
         "\tu32 offered;\n\n\trx_page = pages;\n"),
        ("\thyp_spin_lock(&host_buffers.lock);\n\tarm_smccc_1_2_smc(&args, &said);\n",
         "\thyp_spin_lock(&host_buffers.lock);\n\tif (rx_page)\n\t\t*rx_page = 0;\n\tarm_smccc_1_2_smc(&args, &said);\n"),
        ("\tanswer(host, FFA_SUCCESS, 0, said.a2, 0);\n",
         "\tanswer(host, FFA_SUCCESS, rx_page ? *rx_page : 0, said.a2, 0);\n"),
    )),
    "a variable named like an enumerator": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n\tu32 number = func_id & ARM_SMCCC_FUNC_MASK;\n",
         "enum { LIMIT = 0x60 };\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tu32 number = func_id & ARM_SMCCC_FUNC_MASK;\n\tu32 LIMIT = 0x70;\n"),
        ("number >= FIRST_NUMBER",
         "number >= LIMIT"),
    )),
    "a function pointer named like a function": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "static bool yes(u32 v)\n{\n\treturn true;\n}\n\nstatic bool belongs_to_ffa(u32 func_id)\n{\n\tbool (*is_version_one)(u32) = yes;\n\n\tif (is_version_one(func_id))\n\t\treturn false;\n\n"),
    )),
    "results in a static without a lock": ("FFA-ERR-01", (
        ("static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n",
         "static u64 frame[4];\nstatic void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n\tframe[0] = w0; frame[1] = w1; frame[2] = w2; frame[3] = w3;\n"),
        ("\tcpu_reg(host, 0) = w0;\n\tcpu_reg(host, 1) = w1;\n\tcpu_reg(host, 2) = w2;\n\tcpu_reg(host, 3) = w3;\n",
         "\tcpu_reg(host, 0) = frame[0];\n\tcpu_reg(host, 1) = frame[1];\n\tcpu_reg(host, 2) = frame[2];\n\tcpu_reg(host, 3) = frame[3];\n"),
    )),
    "a choice between pointer types": ("FFA-CC-06", (
        ("static bool belongs_to_ffa(u32 func_id)\n{\n",
         "static bool belongs_to_ffa(u32 func_id)\n{\n\tu64 buf[2] = { 0, 0 };\n\tvoid *v = buf;\n\tu64 *u = buf;\n\n\tbuf[1] = 1;\n\tif (!*(u8 *)((func_id ? u : v) + 1))\n\t\treturn false;\n"),
    )),
    "half of the version": ("FFA-VER-12", (
        ("\t\t\treturn (u32)FFA_RET_NOT_SUPPORTED;\n\t\thyp_ffa_version = wanted;",
         "\t\t\t{ *(u16 *)&hyp_ffa_version = 0; return (u32)FFA_RET_NOT_SUPPORTED; }\n\t\thyp_ffa_version = wanted;"),
    )),
    "a union": ("FFA-ERR-01", (
        ("static void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n",
         "union both { u64 d; struct { u32 lo; u32 hi; } w; u8 b[8]; };\nstatic void answer(struct kvm_cpu_context *host, u32 w0, u32 w1, u32 w2, u32 w3)\n{\n\tunion both t;\n\tt.b[0] = 0;\n\tw3 = (u8)t.w.lo | (t.w.lo & 0x100);\n"),
    )),
}
