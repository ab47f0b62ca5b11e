"""What some conjuncts say outright is put to use in the others, before the solver sees them.

A conjunct that defines a variable takes it out of the question, so that what reads the same becomes one term; another
that is no alternative holds wherever else it occurs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verify.terms import build as t
from verify.terms.evaluate import assume, evaluate, substitute
from verify.terms.term import Term, variables

ROUNDS = 2
"""What comes out of one may be of use in another."""


@dataclass(frozen=True, slots=True)
class Simplified:
    """`parts` are satisfiable if and only if the conjunction was. `defined`: what went, the first first."""

    parts: list[Term]
    defined: tuple[Mapping[str, Term], ...]

    def restored(self, values: Mapping[str, int]) -> dict[str, int]:
        """The model with the variables that are gone."""
        result = dict(values)
        for found in reversed(self.defined):
            result.update(zip(found, evaluate(list(found.values()), result), strict=True))
        return result


def simplify(terms: Sequence[Term]) -> Simplified:
    parts, gone = conjuncts(terms), list[Mapping[str, Term]]()
    for _ in range(ROUNDS):
        resolved = _resolved(parts)
        if resolved:
            gone.append(resolved)
            parts = conjuncts(substitute(parts, resolved, {}))
        before, parts = parts, conjuncts(_under_what_is_said(parts))
        if not resolved and len(before) == len(parts) and all(map(_is, before, parts)):
            break
    return Simplified(parts, tuple(gone))


def conjuncts(terms: Sequence[Term]) -> list[Term]:
    """Flat, each once; FALSE alone if it is among them."""
    found: dict[Term, Term] = {}
    todo = list(reversed(terms))
    while todo:
        term = todo.pop()
        if term.op == "band":
            todo += reversed(term.args)
        elif term.op == "bnot" and term.args[0].op == "bor":
            todo += [t.not_(part) for part in reversed(term.args[0].args)]
        elif term is t.FALSE:
            return [t.FALSE]
        elif term is not t.TRUE:
            found.setdefault(term, term)
    return list(found.values())


def _is(one: Term, other: Term) -> bool:
    return one is other


# -- variables that are defined --------------------------------------------------------------------------------------


def _resolved(parts: Sequence[Term]) -> dict[str, Term]:
    """What the parts define; a definition speaks of no variable that is defined."""
    found: dict[str, Term] = {}
    for part in parts:
        name, term = _definition(part, found)
        if name:
            found[name] = term
    resolved: dict[str, Term] = {}
    known: dict[Term, Term] = {}
    for name in _acyclic(found):
        resolved[name] = substitute([found[name]], resolved, known)[0]
    return resolved


def _definition(part: Term, found: Mapping[str, Term]) -> tuple[str, Term]:
    """(variable, what it is) or ("", …). A variable that a number is told of is that number."""
    if part.op == "var":
        return str(part.data), t.TRUE
    if part.op == "bnot" and part.args[0].op == "var":
        return str(part.args[0].data), t.FALSE
    if part.op == "eq":
        first, second = part.args
        for one, other in ((first, second), (second, first)):
            if one.op == "var" and (str(one.data) not in found or other.is_const):
                return str(one.data), other
    return "", part


def _acyclic(found: Mapping[str, Term]) -> list[str]:
    """The names in an order in which each speaks only of earlier ones; what would close a circle is left out."""
    order: list[str] = []
    closed: set[str] = set()
    for root in found:
        if root in closed:
            continue
        path = [(root, _needs(found, root))]
        opened = {root}
        while path:
            name, needs = path[-1]
            following = next(needs, None)
            if following is None or following in opened:
                path.pop()
                opened.discard(name)
                closed.add(name)
                order += [name] if following is None else []
            elif following not in closed:
                path.append((following, _needs(found, following)))
                opened.add(following)
    return order


def _needs(found: Mapping[str, Term], name: str) -> Iterator[str]:
    return (other for other in sorted(variables([found[name]])) if other in found)


# -- facts -----------------------------------------------------------------------------------------------------------


def _under_what_is_said(parts: Sequence[Term]) -> list[Term]:
    """The parts that leave a choice, simplified by those that leave none."""
    said: dict[Term, Term] = {}
    outright = [part for part in parts if part.op not in ("bor", "ite")]
    for part in outright:
        said[part] = t.TRUE
        for implied, value in _implied(part):
            said.setdefault(implied, t.truth(value))
    others = [part for part in parts if part.op in ("bor", "ite")]
    return [*outright, *assume(others, said)]


def _implied(part: Term) -> list[tuple[Term, bool]]:
    """Other terms that have a value where the part holds."""
    if part.op == "bnot":
        inner = part.args[0]
        found = [(inner, False)]
        if inner.op in ("ult", "ule"):
            found += _implied(_turned(inner))
        return [*found, (_turned(inner), True)] if inner.op in ("ult", "ule") else found
    if part.op == "ult":
        first, second = part.args
        return [(t.ule(first, second), True), (t.ule(second, first), False), (t.ult(second, first), False),
                (t.eq(first, second), False), (t.eq(second, first), False)]
    if part.op == "ule":
        return [(_turned(part), False)]
    return []


def _turned(part: Term) -> Term:
    """What holds where a comparison does not."""
    first, second = part.args
    return t.ule(second, first) if part.op == "ult" else t.ult(second, first)
