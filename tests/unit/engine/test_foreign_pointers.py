"""Static pointers whose value is not in the code that is read: what they lead to is not modelled, and no finding."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.prove.target import Target, make_target

FIRST = "static void answer(struct kvm_cpu_context *ctxt, u64 a0, u64 a1, u64 a2)\n"
LAST = "    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint hyp_ffa_init"
DECLARED = ["static struct buffers *const other = &host_buffers;\n", "extern struct buffers *other;\n"]


def target(declared: str, code: str) -> Target:
    last = LAST.replace("FFA_RET_NOT_SUPPORTED", code)
    return make_target(mini.unit((FIRST, declared + FIRST), (LAST, last)), PKVM)


@pytest.mark.parametrize("declared", DECLARED)
def test_what_they_lead_to_is_not_modelled(declared: str) -> None:
    made = target(declared, "other->tx ? FFA_RET_NOT_SUPPORTED : FFA_RET_INVALID_PARAMETERS")
    assert [item.construct for item in made.step.record.boundaries] == [
        "what a static pointer leads to that is set outside of the code that is read"]
    assert not [item for item in made.step.record.obligations if item.kind == "invalid-pointer"]


@pytest.mark.parametrize("declared", DECLARED)
def test_they_may_be_looked_at(declared: str) -> None:
    made = target(declared, "other ? FFA_RET_NOT_SUPPORTED : FFA_RET_INVALID_PARAMETERS")
    assert made.step.record.boundaries == []
