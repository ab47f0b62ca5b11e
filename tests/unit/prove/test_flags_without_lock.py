"""A static that calls write under no lock is anything at each look: what two runs of that show may be no call's."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from verify.prove.outcome import Status
from verify.rules.book import load_rules
from verify.verdict.options import Options
from verify.verdict.run import judge_target

HEAD = "    switch (func_id) {\n    case FFA_ID_GET:\n        return false;\n"
FIRST = "bool kvm_host_ffa_handler"
TELL = """    if (%s) {
        struct arm_smccc_res res;

        arm_smccc_1_1_smc(FFA_FEATURES, 0, 0, 0, 0, 0, 0, 0, &res);
        if (res.a0 != FFA_SUCCESS) {
            refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);
            return true;
        }
        told = %s;
    }
"""


@pytest.mark.parametrize(("kind", "asked", "set_to", "wanted"), [
    ("bool", "!told", "true", {Status.PROVED, Status.NOT_APPLICABLE}),
    ("u32", "told < 3", "5", {Status.VIOLATED, Status.PROVED, Status.UNKNOWN, Status.NOT_APPLICABLE}),
])
def test_secrecy_comes_to_an_end(kind: str, asked: str, set_to: str, wanted: set[Status]) -> None:
    """A flag is no secret; of a number the interpreter shows what is found, or it is not found."""
    options = Options(rules=("FFA-SEC-02",), trusts=("L2",), page_size="4K", functions=("FFA_MSG_SEND_DIRECT_REQ",))
    unit = mini.unit((HEAD, TELL % (asked, set_to) + HEAD), (FIRST, f"static {kind} told;\n\n" + FIRST))
    run = judge_target("mini", "", unit, PKVM, options.select(load_rules()), options, reuse=answers_alone())
    assert {part.status for result in run.results for part in result.parts} <= wanted
