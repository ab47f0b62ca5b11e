"""Lines that proofs lean on, as they are told."""

from __future__ import annotations

import json

import pytest

from tests.support import has_schema
from verify.report import coverage as report
from verify.report.coverage import Told, places
from verify.verdict.coverage import Coverage, Proof

FILE = "a/ffa.c"


def lines(*numbers: int) -> frozenset[tuple[str, int]]:
    return frozenset((FILE, number) for number in numbers)


FOUND = Coverage(
    (Proof("invariants", "L2", "proved", lines(3, 5)), Proof("FFA-VER-01: one", "L0", "proved", lines(3)),
     Proof("FFA-VER-01: one", "L2", "proved", lines(3)), Proof("FFA-VER-02: two", "L2", "violated", None)),
    {"f": tuple(sorted(lines(3, 5, 6, 8))), "never": ((FILE, 20),)}, lines(3, 5, 6))
TOLD = Told("t", "r", "SEED", ("L0", "L2"), {FILE: "\n".join(f"text {k}" for k in range(1, 10))})


def test_text_says_what_no_proof_leans_on_and_what_no_path_reaches() -> None:
    text = report.text(FOUND, TOLD)
    assert "3 proofs at L0, L2" in text and "; 1 result is no proof and leans on nothing\n" in text
    assert "f             4      1             1         2\n" in text
    assert "no proof leans on\n  f: ffa.c 6, 8 (never run: ffa.c 8)\n" in text
    assert "only lemmas lean on\n  f: ffa.c 5\n" in text and "  FFA-VER-01: ffa.c 3\n" in text
    assert "never\n" not in text and "VER-02" not in text


def test_nothing_is_said_to_be_nothing() -> None:
    everything = Coverage((Proof("invariants", "L2", "proved", lines(3)),), {"f": ((FILE, 3),)}, lines(3))
    assert "no proof leans on\n  none\n" in report.text(everything, TOLD)


def test_json_has_all_of_it() -> None:
    said = json.loads(report.as_json(FOUND, TOLD))
    has_schema(said, "coverage-1")
    assert said["proofs"][1] == {"name": "FFA-VER-01: one", "trust": "L0", "status": "proved", "lines": {FILE: [3]}}
    assert "lines" not in said["proofs"][3]
    assert said["functions"] == [{"function": "f", "lines": {FILE: [3, 5, 6, 8]}, "no proof": {FILE: [6, 8]},
                                  "lemmas alone": {FILE: [5]}, "never run": {FILE: [8]}}]


def test_a_table_has_ranges() -> None:
    assert "| `f` | a/ffa.c | 3, 5–6, 8 | 6, 8 | 5 |\n" in report.markdown(FOUND, TOLD)


def test_each_line_has_its_count() -> None:
    shown = report.source(FOUND, TOLD)
    for line in ("     1     3  text 3", "           4  text 4", " lemma     5  text 5", "     -     6  text 6"):
        assert f"{line}\n" in shown


def test_a_line_has_its_proofs() -> None:
    assert report.at_line(FOUND, (FILE, 3)) == "invariants (L2)\nFFA-VER-01: one (L0, L2)\n"
    assert report.at_line(FOUND, (FILE, 6)) == "no proof leans on a/ffa.c:6\n"


@pytest.mark.parametrize(("known", "said"), [((), "ffa.c 3, 5"), (lines(3, 5), "ffa.c 3–5"),
                                             (lines(3, 4, 5), "ffa.c 3, 5")])
def test_lines_that_compute_nothing_do_not_interrupt(known: frozenset[tuple[str, int]], said: str) -> None:
    assert places(lines(3, 5), known) == said
