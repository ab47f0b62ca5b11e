"""Proofs as they are handed to others: they hold without our simplifier, and say no more than they have to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from verify.ir.function import Unit
from verify.prove.evidence import LEMMAS, Evidence, of_lemma, of_rule
from verify.prove.labels import QUESTION, Labels
from verify.prove.outcome import PartResult, Status
from verify.rules import Part, Scene, part, require
from verify.rules.rule import Rule, registered
from verify.solve.annotated import Note, Piece, piece
from verify.solve.query import Solver
from verify.solve.second import PACKAGES, SOLVERS, Opinion, core_by_bitwuzla
from verify.terms import build as t
from verify.verdict.options import Options
from verify.verdict.run import prepare

specs.load()
RULES = ("VER-01", "VER-07", "CC-08", "MSG-06")
ASKED = [pytest.param(name, marks=() if name in PACKAGES else pytest.mark.compiler) for name in SOLVERS]


def evidence(unit: Unit, *rules: str, trusts: tuple[str, ...] = ("L0", "L2")) -> Iterator[Evidence]:
    options = Options(rules=rules, trusts=trusts)
    _, settings = prepare(unit, PKVM, options)
    for name in LEMMAS:
        for setting in settings:
            yield of_lemma(setting, name, Solver())
    for rule in options.select(registered()):
        yield from of_rule(settings, rule, Solver())


@pytest.fixture(scope="module")
def found() -> list[Evidence]:
    return list(evidence(mini.unit(), *RULES))


def test_each_proof_is_there_at_each_level(found: list[Evidence]) -> None:
    proofs = [one for one in found if one.is_proof]
    assert len(proofs) > 30 and all(one.pieces for one in proofs)
    names = {level: {one.name for one in proofs if one.trust == level} for level in ("L0", "L2")}
    assert names["L0"] and names["L0"] <= names["L2"]


@pytest.mark.parametrize("solver", ASKED)
def test_every_solver_refutes_every_piece(found: list[Evidence], solver: str) -> None:
    pieces = {piece.digest: piece for one in found for piece in one.pieces}
    assert len(pieces) > 30
    wrong = [digest for digest, piece in pieces.items() if SOLVERS[solver](piece.canonical) is not Opinion.AGREES]
    assert wrong == []


@pytest.mark.parametrize("solver", ASKED)
def test_a_piece_without_what_it_needs_has_a_model(found: list[Evidence], solver: str) -> None:
    (proof,) = [one for one in found if one.name == "FFA-VER-07: effects" and one.trust == "L2"]
    piece = max(proof.pieces, key=lambda one: len(one.parts))
    opinion, core = core_by_bitwuzla(piece.canonical)
    assert opinion is Opinion.AGREES and core
    less = Piece(tuple(part for k, part in enumerate(piece.parts) if k != core[-1]))
    assert SOLVERS[solver](less.canonical) is Opinion.DISAGREES


def test_what_is_violated_has_no_proof() -> None:
    fault = ("if (wanted >= hyp_ffa_version)\n            result", "result")
    parts = [one for one in evidence(mini.unit(fault), "VER-07") if one.result.status is Status.VIOLATED]
    assert parts and not any(one.pieces for one in parts)


def test_what_another_part_judges_is_shown_by_a_call_and_has_no_proof() -> None:
    def statement(scene: Scene) -> Iterator[Part]:
        yield part("elsewhere", scene.truth(True), require("nothing", scene.truth(True), "x0"), unless=scene.truth(True))

    _, settings = prepare(mini.unit(), PKVM, Options(trusts=("L2",)))
    rule = Rule("FFA-XYZ-01", "", (), "spec", "high", statement, ("SEED",))
    (one,) = of_rule(settings, rule, Solver())
    assert one.result.status is Status.NOT_APPLICABLE and not one.pieces and not one.is_proof


def test_readable_text_is_what_the_canonical_one_is(found: list[Evidence]) -> None:
    _, (setting,) = prepare(mini.unit(), PKVM, Options(trusts=("L2",)))
    labels = Labels(setting.target, setting.invariants, setting.level)
    piece = max((piece for one in evidence(mini.unit(), "VER-07", trusts=("L2",)) for piece in one.pieces),
                key=lambda one: len(one.parts))
    names = labels.of(piece.parts)
    assert any(name.startswith("invariant: ") for name in names) and QUESTION in names
    text = piece.readable([Note(name) for name in names], "what it is\nof two lines")
    assert text.startswith("; what it is\n; of two lines\n") and piece.digest in text
    for ask in SOLVERS.values():
        assert ask(text) is Opinion.AGREES


def digests(*edits: tuple[str, str]) -> dict[str, list[str]]:
    return {one.name: [piece.digest for piece in one.pieces]
            for one in evidence(mini.unit(*edits), *RULES, trusts=("L2",))}


def test_names_and_comments_move_no_digest() -> None:
    start = mini.SOURCE.index("static void negotiate(")
    old = mini.SOURCE[start:mini.SOURCE.index("\n}\n", start)]
    new = "/* A comment\n * of lines. */\n\n" + old.replace("wanted", "asked").replace("result", "answered")
    assert digests((old, new)) == digests()


def test_an_edit_of_one_handler_moves_what_is_about_it_alone() -> None:
    before = digests()
    after = digests(("DECLARE_REG(u32, wanted, ctxt, 1);\n    u64 result = (u32)FFA_RET_NOT_SUPPORTED;",
                     "DECLARE_REG(u32, wanted, ctxt, 1);\n    u64 result = (u32)FFA_RET_NOT_SUPPORTED;\n\n"
                     "    if (wanted == 0x30000)\n        wanted = 0x20000;"))
    moved = {name for name in before if before[name] != after[name]}
    assert any("VER-07" in name for name in moved)
    assert before.keys() == after.keys() and not any("MSG-06" in name for name in moved)
    assert not any("FFA_MSG_SEND_DIRECT_REQ" in name for name in moved)


@pytest.mark.parametrize(("name", "is_proof"), [("invariants", False), ("other CPUs", False), ("memory safety", True)])
def test_a_lemma_that_is_not_proved_is_no_proof(name: str, is_proof: bool) -> None:
    """What was refuted before it failed is no evidence; of memory safety each access stands for itself."""
    result = PartResult(name, "", Status.UNKNOWN)
    assert Evidence(name, "L2", result, (piece([t.FALSE]),), ()).is_proof is is_proof
