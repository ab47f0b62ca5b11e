"""A conjunction as an SMT-LIB 2.6 file that any solver reads, and as a digest that no name and no order of files moves.

Nothing of it went through our simplifier.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from verify.solve.simplify import conjuncts
from verify.solve.smtlib import anonymous, script
from verify.terms.term import Term

LOGIC = "QF_UFBV"
_QUOTED = re.compile(r"[|\\]")


@dataclass(frozen=True)
class Piece:
    """A conjunction without a model: `parts` as they were asked, flat."""

    parts: tuple[Term, ...]

    @cached_property
    def canonical(self) -> str:
        """By names that only the structure decides."""
        parts = list(self.parts)
        return _file(parts, anonymous(parts), [f"a{k}" for k in range(len(parts))], "")

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def readable(self, notes: Sequence[Note], comment: str) -> str:
        """By the engine's own names, in the order of the program. `notes`: what each part is, and where it was made;
        `comment`: lines for the head."""
        order = sorted(range(len(self.parts)), key=lambda k: (notes[k].position, k))
        counts: dict[str, int] = {}
        names = []
        for label in (notes[k].label for k in order):
            counts[label] = counts.get(label, 0) + 1
            names.append(_QUOTED.sub("", f"{label} #{counts[label]}"))
        head = "".join(f"; {line}\n" for line in comment.splitlines())
        return _file([self.parts[k] for k in order], {}, names,
                     f"{head}; sha256 of the canonical text: {self.digest}\n", [notes[k].where for k in order])


@dataclass(frozen=True, slots=True)
class Note:
    """Of a part: what it is; when the program made it, 0 for what it did not; and at which lines."""

    label: str
    position: int = 0
    where: str = ""


def piece(terms: Sequence[Term]) -> Piece:
    return Piece(tuple(conjuncts(terms)))


def _file(
    parts: list[Term], called: dict[str, str], labels: Sequence[str], head: str, remarks: Sequence[str] = ()
) -> str:
    return (f"{head}(set-info :smt-lib-version 2.6)\n(set-info :status unsat)\n(set-logic {LOGIC})\n"
            f"{script(parts, called, labels, remarks)}(check-sat)\n")
