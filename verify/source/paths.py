"""Which files of a kernel tree the front end reads."""

from __future__ import annotations

FFA_C = "arch/arm64/kvm/hyp/nvhe/ffa.c"
ARM_FFA_H = "include/linux/arm_ffa.h"
ARM_SMCCC_H = "include/linux/arm-smccc.h"

NEEDED: tuple[str, ...] = (FFA_C, ARM_FFA_H, ARM_SMCCC_H)
"""A tree with these alone is enough."""

OPTIONAL: tuple[str, ...] = (
    "arch/arm64/include/asm/kvm_pkvm.h", "arch/arm64/kvm/hyp/nvhe/hyp-main.c", "arch/arm64/kvm/hyp/nvhe/pkvm.c")
"""Used where present."""

HEADER_FOLDER = "arch/arm64/kvm/hyp/include/nvhe"
"""Every `*.h` directly in this folder is used where present."""


def is_read(path: str) -> bool:
    """Does the front end read this kernel-relative path?"""
    folder, _, name = path.rpartition("/")
    return path in NEEDED or path in OPTIONAL or (folder == HEADER_FOLDER and name.endswith(".h"))
