"""`verify export`, `verify recheck`, `verify ledger` on a small tree."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import mini
from tests.unit.cli.conftest import Command
from verify.cli import selection
from verify.rules.book import Book, load_rules
from verify.solve import cadical, second
from verify.solve.drat import check, read_formula, read_refutation
from verify.solve.second import Opinion, by_z3

ONE = ("--rule", "VER-07")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "good")


@pytest.fixture
def one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book of one rule."""
    kept = tuple(r for r in load_rules() if r.identity == "FFA-VER-07")
    monkeypatch.setattr(selection, "load_book", lambda own, config: Book(kept))


def test_exported_files_are_what_the_index_says_and_have_no_model(verify: Command, good: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = verify("export", "--tree", good, *ONE, "--trust", "L2", "--out", out)
    assert done.status == 0 and "proofs in" in done.out
    index = json.loads((out / "index.json").read_text())
    listed = {name for proof in index for name in proof["files"]}
    assert listed == {str(path.relative_to(out)) for path in out.glob("**/*.smt2")}
    assert {"invariants", "FFA-VER-07: answer"} <= {proof["name"] for proof in index}
    texts = [(out / name).read_text() for name in sorted(listed)]
    assert all("(set-info :status unsat)" in text and text.endswith("(check-sat)\n") for text in texts)
    assert any("; holds: " in text for text in texts) and any(":named |invariant: " in text for text in texts)
    assert {by_z3(text) for text in texts} == {Opinion.AGREES}


def test_nothing_is_exported_over_something(verify: Command, good: Path, tmp_path: Path) -> None:
    done = verify("export", "--tree", good, *ONE, "--out", tmp_path)
    assert done.status == 2 and "is there already" in done.err


def test_all_solvers_confirm(verify: Command, good: Path) -> None:
    done = verify("recheck", "--tree", good, *ONE, "--trust", "L2")
    assert done.status == 0
    proofs = int(done.out.split()[0])
    assert proofs > 3
    for name in ("bitwuzla", "z3", "cvc5"):
        assert f"{second.named(name)} confirms {proofs}\n" in done.out
    assert f"all of them confirm {proofs}\n" in done.out


def test_a_solver_that_gives_up_has_not_confirmed(
    verify: Command, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(second.SOLVERS, "z3", lambda text: Opinion.GAVE_UP)  # type: ignore[misc]
    done = verify("recheck", "--tree", good, *ONE, "--trust", "L2", "--solver", "z3")
    assert done.status == 3
    assert "confirms 0" in done.out and "nobody confirms FFA-VER-07: answer (L2)" in done.out


@pytest.fixture
def one_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others give up."""
    for name in ("z3", "cvc5"):
        monkeypatch.setitem(second.SOLVERS, name, lambda text: Opinion.GAVE_UP)  # type: ignore[misc]


@pytest.mark.compiler
@pytest.mark.usefixtures("one_solver")
def test_what_one_solver_alone_confirms_is_put_to_cadical(verify: Command, good: Path) -> None:
    done = verify("recheck", "--tree", good, *ONE, "--trust", "L2")
    pieces = int(done.out.split(" pieces\n")[0].split()[-1])
    assert done.status == 0
    asked = re.search(r"cadical \S+, asked about (\d+) pieces that fewer than two confirm, confirms (\d+)\n", done.out)
    assert asked and int(asked[1]) == int(asked[2]) == pieces
    assert "alone confirms" not in done.out


@pytest.mark.usefixtures("one_solver")
def test_without_cadical_one_solver_alone_has_confirmed(
    verify: Command, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cadical, "is_there", lambda: False)
    done = verify("recheck", "--tree", good, *ONE, "--trust", "L2")
    assert done.status == 0 and "bitwuzla alone confirms FFA-VER-07: answer (L2)" in done.out


def test_a_solver_that_contradicts_is_a_defect_and_the_question_is_kept(
    verify: Command, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(second.SOLVERS, "z3", lambda text: Opinion.DISAGREES)  # type: ignore[misc]
    done = verify("recheck", "--tree", good, *ONE, "--trust", "L2", "--solver", "z3", "--keep", tmp_path)
    assert done.status == 4 and "z3 has a model of" in done.err
    kept = list(tmp_path.glob("disagreement-*.smt2"))
    assert kept and all(by_z3(path.read_text()) is Opinion.AGREES for path in kept)


@pytest.mark.usefixtures("one_rule")
def test_a_ledger_is_the_same_bytes_and_agrees_with_itself(verify: Command, good: Path, tmp_path: Path) -> None:
    for out, jobs in (("a", 1), ("b", 2)):
        assert verify("ledger", "--tree", good, "--name", "x", "--out", tmp_path / out, "--jobs", jobs).status == 0
    text = (tmp_path / "a" / "x.jsonl").read_text()
    assert text == (tmp_path / "b" / "x.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["name"], line["trust"]) for line in lines] == sorted((line["name"], line["trust"]) for line in lines)
    (answer,) = [line for line in lines if line["name"] == "FFA-VER-07: answer" and line["trust"] == "L2"]
    assert answer["status"] == "proved" and answer["invariants"] and answer["witness"] and len(answer["digest"]) == 64
    done = verify("ledger", "--tree", good, "--name", "x", "--out", tmp_path / "a", "--check")
    assert done.status == 0 and "results agree" in done.out
    one = verify("ledger", "--tree", good, "--name", "x", "--out", tmp_path / "a", "--check", "--function",
                 "FFA_VERSION")
    assert one.status == 0


def test_a_ledger_is_about_both_levels(verify: Command, good: Path, tmp_path: Path) -> None:
    done = verify("ledger", "--tree", good, "--check", "--trust", "L2", "--out", tmp_path)
    assert done.status == 2 and "L0 and L2" in done.err


@pytest.mark.usefixtures("one_rule")
def test_a_change_shows(verify: Command, good: Path, tmp_path: Path) -> None:
    verify("ledger", "--tree", good, "--name", "x", "--out", tmp_path)
    bad = mini.write(tmp_path / "bad", ("if (wanted >= hyp_ffa_version)\n            result", "result"))
    done = verify("ledger", "--tree", bad, "--name", "x", "--out", tmp_path, "--check")
    assert done.status == 1
    assert "FFA-VER-07: answer (L2): proved in the ledger, violated now" in done.out


def test_a_ledger_of_some_rules_is_none(verify: Command, good: Path, tmp_path: Path) -> None:
    done = verify("ledger", "--tree", good, *ONE, "--out", tmp_path)
    assert done.status == 2 and "a ledger holds all rules" in done.err


@pytest.mark.parametrize("text", [None, "{}\n", "[\n", "\xff"])
def test_a_ledger_that_is_none_is_wrong_input(verify: Command, good: Path, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "x.jsonl").write_bytes(text.encode("latin-1"))
    done = verify("ledger", "--tree", good, *ONE, "--name", "x", "--out", tmp_path, "--check")
    assert done.status == 2 and "verify ledger" in done.err


@pytest.mark.compiler
def test_proofs_are_certified_and_certificates_kept(verify: Command, good: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = verify("certify", "--tree", good, *ONE, "--trust", "L2", "--no-lemmas", "--out", out)
    assert done.status == 0 and done.out.startswith("2 of 2 proofs are certified"), done
    kept = sorted(out.glob("*/*.drat"))
    assert kept
    for path in kept:
        assert check(read_formula(path.with_suffix(".cnf").read_text()), read_refutation(path.read_text())) >= 0
        assert by_z3(path.with_suffix(".smt2").read_text()) is Opinion.AGREES


@pytest.mark.compiler
def test_what_is_violated_is_said_to_be_no_proof(verify: Command, tmp_path: Path) -> None:
    tree = mini.write(tmp_path / "bad", ("if (wanted >= hyp_ffa_version)\n            result", "result"))
    done = verify("certify", "--tree", tree, *ONE, "--trust", "L2", "--no-lemmas", "--all")
    assert done.status == 0 and done.out.startswith("1 of 1 proofs") and "FFA-VER-07: answer (L2): violated" in done.out


def test_without_cadical_it_says_what_to_install(
    verify: Command, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = verify("certify", "--tree", good, *ONE)
    assert done.status == 2 and "apt-get install cadical" in done.err
