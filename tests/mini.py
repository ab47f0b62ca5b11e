"""A mediator of our own, small enough to read in a minute: for tests of the engine, the proofs and the command line."""

from __future__ import annotations

from pathlib import Path

from tests.support import SMCCC
from verify.frontend.preprocess import FFA_C, FFA_H, SMCCC_H
from verify.frontend.unit import lower_tree
from verify.ir.function import Unit

HEADER = """
#define FFA_ERROR 0x84000060
#define FFA_SUCCESS 0x84000061
#define FFA_VERSION 0x84000063
#define FFA_FEATURES 0x84000064
#define FFA_ID_GET 0x84000069
#define FFA_MSG_SEND_DIRECT_REQ 0x8400006F
#define FFA_RET_NOT_SUPPORTED (-1)
#define FFA_RET_INVALID_PARAMETERS (-2)
#define FFA_VERSION_1_0 0x10000
#define FFA_VERSION_1_1 0x10001
"""
SOURCE = """
struct buffers { hyp_spinlock_t lock; void *tx; void *rx; };
static struct buffers host_buffers;
static DEFINE_HYP_SPINLOCK(version_lock);
static u32 hyp_ffa_version;
static bool has_version_negotiated;

static void answer(struct kvm_cpu_context *ctxt, u64 a0, u64 a1, u64 a2)
{
    int k;

    cpu_reg(ctxt, 0) = a0;
    cpu_reg(ctxt, 1) = a1;
    cpu_reg(ctxt, 2) = a2;
    cpu_reg(ctxt, 3) = 0;
    cpu_reg(ctxt, 4) = 0;
    cpu_reg(ctxt, 5) = 0;
    cpu_reg(ctxt, 6) = 0;
    cpu_reg(ctxt, 7) = 0;
}

static void refuse(struct kvm_cpu_context *ctxt, int code)
{
    answer(ctxt, FFA_ERROR, 0, (u32)code);
}

static void negotiate(struct kvm_cpu_context *ctxt)
{
    DECLARE_REG(u32, wanted, ctxt, 1);
    u64 result = (u32)FFA_RET_NOT_SUPPORTED;

    hyp_spin_lock(&version_lock);
    if ((wanted >> 16) != 1)
        goto out;
    if (has_version_negotiated) {
        if (wanted >= hyp_ffa_version)
            result = hyp_ffa_version;
        goto out;
    }
    if (wanted < hyp_ffa_version) {
        struct arm_smccc_res res;

        arm_smccc_1_1_smc(FFA_VERSION, wanted, 0, 0, 0, 0, 0, 0, &res);
        if ((s32)res.a0 < (s32)wanted || ((u32)res.a0 >> 16) != 1)
            goto out;
        hyp_ffa_version = wanted;
    }
    result = hyp_ffa_version;
    smp_store_release(&has_version_negotiated, true);
out:
    hyp_spin_unlock(&version_lock);
    answer(ctxt, result, 0, 0);
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
    if ((func_id & 0xbf00ff00) != 0x84000000 || (func_id & 0xff) < 0x60)
        return false;
    if (func_id == FFA_VERSION) {
        negotiate(host_ctxt);
        return true;
    }
    if (!smp_load_acquire(&has_version_negotiated)) {
        refuse(host_ctxt, FFA_RET_INVALID_PARAMETERS);
        return true;
    }
    switch (func_id) {
    case FFA_ID_GET:
        return false;
    case FFA_MSG_SEND_DIRECT_REQ:
        if (cpu_reg(host_ctxt, 1) & 0xffff0000) {
            refuse(host_ctxt, FFA_RET_INVALID_PARAMETERS);
            return true;
        }
        return false;
    }
    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);
    return true;
}

int hyp_ffa_init(void *pages)
{
    struct arm_smccc_res res;

    arm_smccc_1_1_smc(FFA_VERSION, FFA_VERSION_1_1, 0, 0, 0, 0, 0, 0, &res);
    if ((s32)res.a0 < 0 || ((u32)res.a0 >> 16) != 1)
        return -EOPNOTSUPP;
    hyp_ffa_version = (u32)res.a0 < FFA_VERSION_1_1 ? (u32)res.a0 : FFA_VERSION_1_1;
    return 0;
}
"""


def files(*edits: tuple[str, str]) -> dict[str, str]:
    """The tree's files, with textual edits; each old text must occur exactly once."""
    text = SOURCE
    for old, new in edits:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return {FFA_C: text, FFA_H: HEADER, SMCCC_H: SMCCC}


def unit(*edits: tuple[str, str]) -> Unit:
    return lower_tree(files(*edits))


def write(root: Path, *edits: tuple[str, str]) -> Path:
    """The same as a sparse kernel tree on disk."""
    for name, text in files(*edits).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
