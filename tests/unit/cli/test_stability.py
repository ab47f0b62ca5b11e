"""`verify stability` on a small tree: each piece by many seeds, and what happens if one of them is unlucky."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import mini
from tests.support import has_schema
from tests.unit.cli.conftest import Command
from verify.solve import second
from verify.solve.annotated import piece
from verify.solve.second import EFFORT, SEEDED, Opinion, Tried, by_z3, shuffled
from verify.terms import build as t
from verify.verdict.stability import Asked

ASK = ("--rule", "VER-07", "--trust", "L2", "--jobs", 1)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "good")


def unlucky(monkeypatch: pytest.MonkeyPatch, tried: Tried) -> None:
    """Seed 2 of Bitwuzla's comes to that, whatever is asked."""
    honest = SEEDED["bitwuzla"]
    monkeypatch.setitem(
        second.SEEDED, "bitwuzla", lambda text, seed: tried if seed == 2 else honest(text, seed))  # type: ignore[misc]


def test_what_is_stable_is_refuted_by_each_seed_and_each_text_is_asked_once(verify: Command, good: Path) -> None:
    done = verify("stability", "--tree", good, *ASK, "--format", "json", "--seeds", 3)
    assert done.status == 0
    report = json.loads(done.out)
    has_schema(report, "stability-1")
    proofs, pieces = report["proofs"], report["pieces"]
    assert {"rule": "FFA-VER-07", "part": "answer", "trust": "L2"} in [
        {key: proof[key] for key in ("rule", "part", "trust")} for proof in proofs]
    needed = {digest for proof in proofs for digest in proof["pieces"]}
    assert sorted(needed) == [one["digest"] for one in pieces]
    assert sum(len(proof["pieces"]) for proof in proofs) > len(pieces)
    assert all([tried["result"] for tried in one["tried"]] == ["refuted"] * 3 for one in pieces)
    assert any(len({tried["cost"] for tried in one["tried"]}) > 1 for one in pieces)
    assert verify("stability", "--tree", good, *ASK, "--format", "json", "--seeds", 3).out == done.out


def test_what_a_seed_is_unlucky_with_is_listed(verify: Command, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlucky(monkeypatch, Tried(Opinion.GAVE_UP, EFFORT["bitwuzla"] + 1))
    done = verify("stability", "--tree", good, *ASK, "--seeds", 2)
    assert done.status == 3
    first, second_, *rest = done.out.splitlines()
    assert first.startswith("5 proofs in") and second_.endswith("10 pieces, 0 refuted by each seed, 10 brittle")
    assert " to 6,000,001 steps (100.0% of the limit): piece " in rest[0]
    assert "    FFA-VER-07: answer (L2)" in rest
    assert "  not refuted by 1 of 2 seeds within 6,000,000 steps: piece " in done.out


@pytest.mark.parametrize(("costs", "is_brittle"), [
    ((1_000, 10_000), False), ((1_000, 10_001), True), ((0, 6_000), False), ((0, 6_001), True)])
def test_brittle_is_a_factor_over_what_costs_something(costs: tuple[int, ...], is_brittle: bool) -> None:
    tried = tuple(Tried(Opinion.AGREES, cost) for cost in costs)
    assert Asked("d", "bitwuzla", tried).is_brittle is is_brittle


def test_a_seed_that_finds_a_model_is_a_defect_and_the_question_is_kept(
    verify: Command, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlucky(monkeypatch, Tried(Opinion.DISAGREES, 1))
    done = verify("stability", "--tree", good, *ASK, "--seeds", 2, "--keep", tmp_path)
    assert done.status == 4 and "bitwuzla (seed 2) has a model of" in done.err and not done.out
    kept = list(tmp_path.glob("disagreement-*.smt2"))
    assert len(kept) == 10 and by_z3(kept[0].read_text()) is Opinion.AGREES


@pytest.mark.parametrize("solver", sorted(SEEDED))
def test_another_order_is_the_same_question(solver: str) -> None:
    x, y = t.var("x", 32), t.var("y", 32)
    parts = [t.ult(x, y), t.ult(y, t.const(7, 32)), t.ne(x, t.const(3, 32))]
    refuted, open_ = piece([*parts, t.ult(t.const(9, 32), x)]).canonical, piece(parts).canonical
    orders = {shuffled(open_, seed) for seed in range(8)}
    assert len(orders) > 1 and len({tuple(sorted(text.splitlines())) for text in orders}) == 1
    assert {SEEDED[solver](shuffled(refuted, seed), seed).opinion for seed in range(4)} == {Opinion.AGREES}
    assert {SEEDED[solver](shuffled(open_, seed), seed).opinion for seed in range(4)} == {Opinion.DISAGREES}

