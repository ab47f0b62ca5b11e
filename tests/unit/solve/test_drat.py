"""The checker takes refutations and nothing else: each way to spoil one is refused."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from verify.errors import InternalError
from verify.solve.certificate import Certificate, certify
from verify.solve.clauses import Formula
from verify.solve.drat import Clause, Refused, check, read_formula, read_refutation

SQUARE = "p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
SHOWN = "2 0\nd 1 2 0\n-2 0\n"


def verdict(formula: str, refutation: str) -> int | str:
    try:
        return check(read_formula(formula), read_refutation(refutation))
    except Refused as problem:
        return str(problem)


def test_a_refutation_is_checked_to_its_end() -> None:
    assert verdict(SQUARE, SHOWN) == 1  # propagation finds the rest
    assert verdict("p cnf 1 2\n1 0\n-1 0\n", "") == 0
    assert verdict("p cnf 0 1\n0\n", "") == 0


@pytest.mark.parametrize("formula, refutation, problem", [
    (SQUARE, "", "ends without a contradiction"),
    (SQUARE, "c nothing\n", "ends without a contradiction"),
    ("p cnf 2 3\n1 2 0\n-1 2 0\n1 -2 0\n", SHOWN, "does not follow"),
    ("p cnf 2 3\n1 2 0\n-1 2 0\n1 -2 0\n", "2 0\n", "ends without a contradiction"),
    ("p cnf 2 1\n1 2 0\n", "0\n", "does not follow"),
    ("p cnf 3 1\n1 2 0\n", "3 0\n0\n", "does not follow"),
    (SQUARE, "2\n", "does not end"),
    (SQUARE, "2 0 1 0\n", "does not end"),
    (SQUARE, "x 0\n", "not a clause"),
    (SQUARE.replace("-1 -2 0", "-1 -2"), SHOWN, "does not end"),
    (SQUARE.replace("-1 -2 0", "-1 b 0"), SHOWN, "not a clause"),
])
def test_what_is_none_is_refused(formula: str, refutation: str, problem: str) -> None:
    assert problem in str(verdict(formula, refutation))


def satisfiable(clauses: Sequence[Clause], variables: int) -> bool:
    return any(all(any((literal > 0) == values[abs(literal) - 1] for literal in clause) for clause in clauses)
               for values in itertools.product((False, True), repeat=variables))


def test_no_list_of_clauses_refutes_what_has_a_model() -> None:
    """Random formulas, and random lists of clauses as their refutation: a list that is taken shows what is so."""
    rng, taken = random.Random(7), {True: 0, False: 0}
    for _ in range(4000):
        variables = rng.randrange(2, 6)

        def clause(most: int, last: int = variables) -> Clause:
            return tuple(rng.choice((1, -1)) * rng.randrange(1, last + 1) for _ in range(rng.randrange(1, most + 1)))

        formula = [clause(3) for _ in range(rng.randrange(3, 22))]
        steps = [clause(2) for _ in range(rng.randrange(0, 6))]
        try:
            check(formula, [*steps, ()])
        except Refused:
            taken[False] += 1
        else:
            taken[True] += 1
            assert not satisfiable(formula, variables), formula
    assert min(taken.values()) > 300, taken


PIECE = """(set-info :status unsat)
(set-logic QF_UFBV)
(declare-fun |m| ((_ BitVec 64)) (_ BitVec 8))
(declare-const |a| (_ BitVec 64))
(declare-const |b| (_ BitVec 64))
(assert (! (= (bvadd |a| |b|) (bvmul |b| (_ bv3 64))) :named |a0|))
(assert (! (= ((_ extract 7 0) |a|) ((_ extract 7 0) |b|)) :named |a1|))
(assert (! (bvult ((_ extract 7 0) |b|) (_ bv64 8)) :named |a2|))
(assert (! (not (= ((_ extract 7 0) |a|) (_ bv0 8))) :named |a3|))
(check-sat)
"""


@pytest.fixture(scope="module")
def made() -> Certificate:
    found = certify(PIECE)
    assert isinstance(found, Certificate), found
    return found


@pytest.mark.compiler
def test_a_certificate_is_made_and_checked(made: Certificate) -> None:
    assert check(read_formula(made.clauses), read_refutation(made.refutation)) == made.steps


@pytest.mark.compiler
def test_what_has_a_model_has_none() -> None:
    """Nothing refuted has a model: it is an error of this program's, and said to be."""
    with pytest.raises(InternalError, match="finds a model"):
        certify("\n".join(line for line in PIECE.splitlines() if "a3" not in line))


@pytest.mark.compiler
def test_a_refutation_of_something_else_is_refused(made: Certificate) -> None:
    other = Formula("\n".join(line for line in PIECE.splitlines() if "a3" not in line)).dimacs()
    with pytest.raises(Refused):
        check(read_formula(other), read_refutation(made.refutation))


@pytest.mark.compiler
def test_a_memory_says_one_thing_at_one_place() -> None:
    reads = PIECE.replace("(= ((_ extract 7 0) |a|) ((_ extract 7 0) |b|))", "(= |a| |b|)").replace(
        "(bvult ((_ extract 7 0) |b|) (_ bv64 8))", "(not (= (|m| |a|) (|m| |b|)))")
    found = certify(reads)
    assert isinstance(found, Certificate)
    with pytest.raises(InternalError):
        certify(reads.replace("(= |a| |b|)", "(= |a| (bvadd |b| (_ bv1 64)))"))


@pytest.mark.compiler
def test_clauses_that_are_missing_are_missed(made: Certificate) -> None:
    """Without what is said outright, the formula has models."""
    rest = [clause for clause in read_formula(made.clauses) if len(clause) > 1]
    with pytest.raises(Refused):
        check(rest, read_refutation(made.refutation))
