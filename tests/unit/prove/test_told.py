"""What EL3 was told since boot: carried from call to call, shared with other CPUs under the locks that calls keep to."""

from __future__ import annotations

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from tests.answers import answers_alone
from verify.engine import told
from verify.interpret.events import Told
from verify.prove.outcome import PartResult, Status
from verify.prove.target import make_target
from verify.rules.rule import registered
from verify.verdict.options import Options
from verify.verdict.run import judge_target

specs.load()
ASKS = ("    result = hyp_ffa_version;\n    smp_store", """    {
        struct arm_smccc_res mine;

        arm_smccc_1_1_smc(FFA_ID_GET, 0, 0, 0, 0, 0, 0, 0, &mine);
        if ((u32)mine.a0 != FFA_SUCCESS) {
            GIVE_UP
            goto out;
        }
    }
    result = hyp_ffa_version;
    smp_store""")
"""Agree only if the SPMC says who EL2 is: it was asked for more than a version then."""
DECLARED = ("static bool has_version_negotiated;\n", "static bool has_version_negotiated;\nstatic bool given_up;\n")
LOOKS = ("    if (wanted < hyp_ffa_version) {\n", "    if (given_up)\n        goto out;\n    if (wanted < hyp_ffa_version) {\n")


def asks(text: str) -> tuple[str, str]:
    return ASKS[0], ASKS[1].replace("GIVE_UP", text)


def judged(*edits: tuple[str, str], trust: str = "L2") -> PartResult:
    options = Options(rules=("VER-13",), functions=("FFA_VERSION",), trusts=(trust,), profile="SEED")
    (result,) = judge_target("mini", "", mini.unit(*edits), PKVM, options.select(registered()), options, reuse=answers_alone()).results
    (part,) = result.parts
    return part


@pytest.mark.parametrize("trust", ["L0", "L2"])
def test_a_mediator_that_asks_for_nothing_else(trust: str) -> None:
    assert judged(trust=trust).status is Status.PROVED


def test_a_version_is_asked_for_again() -> None:
    """The first call fails after the SPMC was asked who EL2 is; the second one asks for a version once more."""
    part = judged(asks(""))
    assert part.status is Status.VIOLATED
    (finding,) = part.findings
    assert len(finding.episode.calls) == 2
    assert finding.cause.function == "negotiate"


@pytest.mark.parametrize("trust", ["L0", "L2"])
def test_a_flag_under_the_versions_lock_mends_it(trust: str) -> None:
    assert judged(DECLARED, LOOKS, asks("given_up = true;"), trust=trust).status is Status.PROVED


def test_a_flag_that_is_looked_at_without_the_lock_does_not() -> None:
    """Another CPU gives up after the look."""
    early = ("    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n\n    hyp_spin_lock(&version_lock);\n",
             "    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n    bool late = given_up;\n\n    hyp_spin_lock(&version_lock);\n")
    looks = (LOOKS[0], LOOKS[1].replace("given_up", "late"))
    assert judged(DECLARED, early, looks, asks("given_up = true;")).status is not Status.PROVED


def test_the_lock_of_another_static_is_seen_from_its_uses() -> None:
    edits = (DECLARED, LOOKS, asks("given_up = true;"))
    known = make_target(mini.unit(*edits), PKVM).shared
    assert known.lock_of["given_up"] == "version_lock"
    assert "given_up" not in known.others
    stray = ("    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint",
             "    refuse(host_ctxt, given_up ? FFA_RET_NOT_SUPPORTED : FFA_RET_NOT_SUPPORTED);\n    return true;\n}\n\nint")
    known = make_target(mini.unit(*edits, stray), PKVM).shared
    assert "given_up" in known.others


def test_what_is_asked_without_the_lock_may_be_asked_at_any_time() -> None:
    """FFA_ID_GET is passed on before a version is agreed."""
    early = ("    if (!smp_load_acquire(&has_version_negotiated)) {\n",
             "    if (func_id == FFA_ID_GET)\n        return false;\n    if (!smp_load_acquire(&has_version_negotiated)) {\n")
    assert make_target(mini.unit(early), PKVM).shared.unruly == {told.ASKED}
    assert make_target(mini.unit(), PKVM).shared.unruly == frozenset()
    part = judged(early)
    assert part.status is Status.VIOLATED
    assert part.findings[0].episode.calls[0].before[0] == 0x84000069


MAP, UNMAP, SUCCESS, ERROR = 0xC4000066, 0x84000067, 0x84000061, 0x84000060


@pytest.mark.parametrize(("smcs", "is_mapped", "is_asked"), [
    ([], False, False),
    ([(0x84000063, 0x10001)], False, False),
    ([(0x84000069, ERROR)], False, True),
    ([(0xC4000001, 0)], False, False),
    ([(MAP, SUCCESS)], True, True),
    ([(MAP | 0x10000, SUCCESS)], True, True),
    ([(MAP, ERROR)], False, True),
    ([(MAP, SUCCESS), (UNMAP, ERROR)], True, True),
    ([(MAP, SUCCESS), (UNMAP, 7 << 32 | SUCCESS)], False, True),
])
def test_the_interpreters_notion(smcs: list[tuple[int, int]], is_mapped: bool, is_asked: bool) -> None:
    known = Told()
    for asked, answer in smcs:
        known = known.after(asked, answer)
    assert known == Told(is_mapped, is_asked)


@pytest.mark.parametrize("trust", ["L0", "L2"])
def test_a_flag_of_the_locks_is_no_secret(trust: str) -> None:
    """The answer to FFA_VERSION depends on it, as it does on the version."""
    options = Options(rules=("SEC-02",), functions=("FFA_VERSION",), trusts=(trust,), profile="SEED")
    unit = mini.unit(DECLARED, LOOKS, asks("given_up = true;"))
    (result,) = judge_target("mini", "", unit, PKVM, options.select(registered()), options, reuse=answers_alone()).results
    assert result.status is Status.PROVED


@pytest.mark.parametrize(("declared", "written"), [
    ("static u64 kept;", "kept = hyp_virt_to_phys(&host_buffers);"), ("static u32 kept;", "kept++;")],
    ids=["an address", "a counter"])
def test_what_else_the_lock_protects_is_one(declared: str, written: str) -> None:
    """Shown by the call after the one that wrote it, both under the version's lock."""
    edits = (("static bool has_version_negotiated;\n", f"static bool has_version_negotiated;\n{declared}\n"),
             ("    if ((wanted >> 16) != 1)\n", f"    shown = kept;\n    {written}\n    if ((wanted >> 16) != 1)\n"),
             ("    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n", "    u64 result = (u32)FFA_RET_NOT_SUPPORTED, shown;\n"),
             ("    answer(ctxt, result, 0, 0);\n", "    answer(ctxt, result, shown, 0);\n"))
    options = Options(rules=("SEC-02",), functions=("FFA_VERSION",), trusts=("L2",), profile="SEED")
    unit = mini.unit(*edits)
    assert make_target(unit, PKVM).shared.lock_of["kept"] == "version_lock"
    (result,) = judge_target("mini", "", unit, PKVM, options.select(registered()), options, reuse=answers_alone()).results
    assert result.status is Status.VIOLATED
