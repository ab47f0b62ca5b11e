"""What each rule adds to the others."""

from __future__ import annotations

from tests import mini
from verify.mutate.campaign import Fate, Tried
from verify.mutate.operators import mutants
from verify.mutate.standing import Standing, standings

MUTANTS = mutants(mini.unit())[:4]


def tried(*breaks: str) -> list[Tried]:
    """One mutant for each text; of rules by letters."""
    return [Tried(mutant, Fate.KILLED if rules else Fate.SURVIVED,
                  tuple(("L2", (rule, "part", "text", "x0")) for rule in rules))
            for mutant, rules in zip(MUTANTS, breaks, strict=False)]


def found(*breaks: str) -> dict[str, Standing]:
    return {one.rule: one for one in standings("ABCD", tried(*breaks))}


def test_a_rule_shows_a_mutant_that_it_alone_breaks() -> None:
    said = found("AB", "A", "A", "")
    assert (said["A"].breaks, said["A"].alone, said["A"].shows) == (3, 2, MUTANTS[1].identity)
    assert said["A"].said == f"alone: {MUTANTS[1].identity}" and not said["A"].within


def test_or_it_says_which_rules_break_all_that_it_breaks() -> None:
    said = found("AB", "ABC", "A")
    assert said["B"].within == ("A",) and said["C"].within == ("B", "A")
    assert said["B"].said == "all of them by A" and said["D"].said == "breaks none"


def test_or_that_no_single_rule_does() -> None:
    said = found("AB", "BC", "A", "C")
    assert said["B"].said == "each by another, all by none"


def test_the_strongest_come_first() -> None:
    assert [one.rule for one in standings("DCBA", tried("AB", "ABC", "A"))] == ["A", "B", "C", "D"]
