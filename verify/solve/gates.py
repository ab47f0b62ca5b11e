"""Truths as clauses: each gate is a variable that its clauses tie to its inputs, in both directions (Tseitin).

A literal is a variable's number, negative where it is denied. Equal gates are one; with a constant input they are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from verify.solve.drat import Clause

Literal = int
TRUE: Literal = 1
FALSE: Literal = -1


class Gates:
    """`clauses`: of all gates so far, and what was said to hold."""

    def __init__(self) -> None:
        self.clauses: list[Clause] = [(TRUE,)]
        self.variables = 1
        self._known: dict[tuple[str, Literal, Literal, Literal], Literal] = {}

    def fresh(self) -> Literal:
        self.variables += 1
        return self.variables

    def say(self, *literals: Literal) -> None:
        """One of them holds."""
        self.clauses.append(literals)

    def both(self, a: Literal, b: Literal) -> Literal:
        if FALSE in (a, b) or a == -b:
            return FALSE
        if a in (TRUE, b):
            return b
        if b == TRUE:
            return a
        a, b = sorted((a, b))
        return self._gate(("both", a, b, 0), lambda out: ((-out, a), (-out, b), (out, -a, -b)))

    def either(self, a: Literal, b: Literal) -> Literal:
        return -self.both(-a, -b)

    def all(self, literals: Iterable[Literal]) -> Literal:
        found = TRUE
        for literal in literals:
            found = self.both(found, literal)
        return found

    def differ(self, a: Literal, b: Literal) -> Literal:
        if abs(a) == abs(b):
            return FALSE if a == b else TRUE
        if abs(a) == TRUE:
            return b if a == FALSE else -b
        if abs(b) == TRUE:
            return a if b == FALSE else -a
        x, y = sorted((abs(a), abs(b)))
        out = self._gate(("differ", x, y, 0),
                         lambda out: ((-out, x, y), (-out, -x, -y), (out, -x, y), (out, x, -y)))
        return out if (a < 0) == (b < 0) else -out

    def choose(self, which: Literal, a: Literal, b: Literal) -> Literal:
        """a where `which` holds, b elsewhere."""
        if a == b or which == TRUE:
            return a
        if which == FALSE:
            return b
        if a == -b:
            return -self.differ(which, a)
        if TRUE in (abs(a), abs(b)) or abs(which) in (abs(a), abs(b)):
            return self.both(self.either(-which, a), self.either(which, b))
        return self._gate(("choose", which, a, b), lambda out: (
            (-which, -a, out), (-which, a, -out), (which, -b, out), (which, b, -out)))

    def most(self, a: Literal, b: Literal, c: Literal) -> Literal:
        """At least two of three."""
        x, y, z = sorted((a, b, c), key=abs)
        if abs(x) == TRUE:
            return self.either(y, z) if x == TRUE else self.both(y, z)
        if abs(x) == abs(y):
            return x if x == y else z
        if abs(y) == abs(z):
            return y if y == z else x
        return self._gate(("most", x, y, z), lambda out: (
            (-x, -y, out), (-x, -z, out), (-y, -z, out), (x, y, -out), (x, z, -out), (y, z, -out)))

    def _gate(
        self, key: tuple[str, Literal, Literal, Literal], clauses: Callable[[Literal], tuple[Clause, ...]]
    ) -> Literal:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.fresh()
            self.clauses += clauses(found)
        return found
