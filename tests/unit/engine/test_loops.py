"""Loops of other shapes than the kernel's: proved, open, or refused by name and place; never passed over."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Never

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.cache.store import Store
from verify.ir.function import Unit
from verify.prove.invariants import find_invariants, known
from verify.prove.safety import Safety, check_safety
from verify.prove.target import Target, make_target
from verify.solve import query
from verify.solve.query import Solver
from verify.solve.remembered import Remembered
from verify.terms import build as t

HANDLER = """
static struct buffers hyp_buffers;
struct range { u64 address; u32 pages; u32 reserved; };

unsigned long hyp_ffa_proxy_pages(void)
{
    return 1;
}

static void fragment(struct kvm_cpu_context *ctxt)
{
    DECLARE_REG(u32, count, ctxt, 3);
    DECLARE_REG(u32, step, ctxt, 4);
    struct range *ranges = hyp_buffers.tx, *range = ranges;
    u64 wide = 0;
    u32 i = 0, j;

    if (count > PAGE_SIZE / sizeof(*ranges) || !ranges) {
        refuse(ctxt, FFA_RET_INVALID_PARAMETERS);
        return;
    }
    hyp_spin_lock(&host_buffers.lock);
    LOOP
    hyp_spin_unlock(&host_buffers.lock);
    answer(ctxt, FFA_SUCCESS, wide + step + (range ? 1 : 0), i + j);
}

bool kvm_host_ffa_handler("""
SHARE = "__pkvm_host_share_ffa(hyp_phys_to_pfn(ranges[i].address), ranges[i].pages)"
PLAIN = f"for (i = 0; i < count; i++) if ({SHARE}) break; j = 0;"
BACK = PLAIN + """ if (i != count) for (j = 0; j < BOUND; j++)
    if (__pkvm_host_unshare_ffa(hyp_phys_to_pfn(ranges[j].address), ranges[j].pages)) break;"""
FOLLOWED = {
    "for": PLAIN,
    "while": f"j = 0; while (i < count) {{ if ({SHARE}) break; i++; }}",
    "continue": f"j = 0; for (; i < count; i++) {{ if (!ranges[i].pages) continue; if ({SHARE}) break; }}",
    "u64 counter": "j = 0; for (wide = 0; wide < count; wide++) "
                   "if (__pkvm_host_share_ffa(hyp_phys_to_pfn(ranges[wide].address), 1)) break;",
    "pointer": "j = 0; for (; i < count; i++, range++) "
               "if (__pkvm_host_share_ffa(hyp_phys_to_pfn(range->address), range->pages)) break;",
    "a sum of counts": "j = 0; for (; i < count; i++) wide += ranges[i].pages; if (wide > PAGE_SIZE) i = 0;",
    "small steps": "j = 0; if (step && step < 16) for (; i < count; i += step) wide += ranges[i].pages;",
}
UNSAFE = {
    "one too many": (PLAIN.replace("i < count", "i <= count"), "invalid-pointer"),
    "a sum of anything": (
        "j = 0; for (; i < count; i++) wide += ranges[i].address; if (wide > PAGE_SIZE) i = 0;", "wrap"),
    "no step": ("j = 0; for (; i < count; i += step) wide += 1;", "endless-loop"),
    "a step that wraps": ("j = 0; if (step) for (; i < count; i += step) wide += 1;", "endless-loop"),
    "never left": ("j = 0; while (count) wide += 1;", "endless-loop"),
}


def _unit(loop: str) -> Unit:
    return mini.unit(
        ("\nbool kvm_host_ffa_handler(", HANDLER.replace("LOOP", loop)),
        ("    case FFA_ID_GET:\n", "    case 0x8400007b:\n        fragment(host_ctxt);\n        return true;\n"
                                   "    case FFA_ID_GET:\n"),
        ("    return 0;\n}\n", "    hyp_buffers.tx = pages;\n    return 0;\n}\n"))


@cache
def _target(loop: str) -> Target:
    return make_target(_unit(loop), PKVM, memory=True)


def _safety(loop: str) -> Safety:
    return check_safety(_target(loop), "L0", Solver())


@pytest.mark.parametrize("shape", FOLLOWED)
def test_is_proved(shape: str) -> None:
    safety = _safety(FOLLOWED[shape])
    assert safety.lost == ()
    assert [item for item in safety.checked if not item.is_proved] == []
    assert any(item.function == "fragment" for item in safety.checked)


def test_counting_down_is_not_passed_over() -> None:
    loop = f"j = 0; for (i = count; i-- > 0;) if ({SHARE}) break;"
    safety = _safety(loop)
    assert safety.lost or {item.kind for item in safety.checked if item.function == "fragment"} >= {"invalid-pointer"}


@pytest.mark.parametrize("what", UNSAFE)
def test_stays_open(what: str) -> None:
    loop, kind = UNSAFE[what]
    assert kind in {item.kind for item in _safety(loop).checked if not item.is_proved}


@pytest.mark.parametrize(("bound", "is_kept"), [("i", True), ("i + 1", False)])
def test_only_what_was_shared_here_is_taken_back(bound: str, is_kept: bool) -> None:
    """A rollback that takes one range too many takes pages that an earlier call shared."""
    target, solver = _target(BACK.replace("BOUND", bound)), Solver()
    assert target.step.record.boundaries == []
    found = find_invariants(target, "L0", solver)
    was, is_now = (t.eq(page["state"], t.const(1, 2)) for page in (target.step.found, target.step.page))
    case = t.and_(target.step.alive, t.eq(t.var("c.x0.lo", 16), t.const(0x7B, 16)))
    claims = [t.implies(was, is_now)]
    given = known(target, "L0", case, found, claims)
    assert solver.implied(given, claims) == [is_kept]
    assert solver.implied(given, [t.FALSE]) == [False]


def test_what_a_solver_said_of_a_loop_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit elsewhere leaves the loop as it was: executing the unit again asks no solver."""
    unit, answers = _unit(BACK.replace("BOUND", "i")), Remembered(Store(tmp_path))
    first = make_target(unit, PKVM, memory=True, remembered=answers)

    def unavailable(*_: object) -> Never:
        raise AssertionError("a solver was asked")

    monkeypatch.setattr(query, "_find", unavailable)
    monkeypatch.setattr(query, "_refute", unavailable)
    again = make_target(unit, PKVM, memory=True, remembered=answers)
    assert again.answers == first.answers and any(any(given) for given in again.answers)
    with pytest.raises(AssertionError, match="a solver was asked"):
        make_target(unit, PKVM, memory=True)
