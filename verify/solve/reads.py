"""Reads of unknown memory as plain variables: equal offsets, equal bytes (W. Ackermann, 1954).

What is left is a question about bit-vectors alone, which can be asked in bits and has models there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from verify.terms import build as t
from verify.terms.evaluate import cell, evaluate
from verify.terms.term import Term, topological

Place = tuple[str, Term, Term]
"""Memory, offset, and the variable for the byte there."""


@dataclass(frozen=True, slots=True)
class NamedReads:
    """`goal` reads no memory; `called` also has the solver's names of the new variables."""

    goal: Term
    called: Mapping[str, str]
    places: tuple[Place, ...] = ()

    def values(self, model: Mapping[str, int]) -> dict[str, int]:
        """The model with its bytes of memory under `name@offset`, instead of the new variables."""
        new = {str(variable.data) for _, _, variable in self.places}
        result = {name: value for name, value in model.items() if name not in new}
        offsets = evaluate([offset for _, offset, _ in self.places], model)
        for (memory, _, variable), offset in zip(self.places, offsets, strict=True):
            result[f"{memory}@{offset}"] = model.get(str(variable.data), 0)
        return result

    def broken(self, model: Mapping[str, int]) -> list[Term]:
        """Equal offsets, equal bytes: what the model does not keep of that."""
        terms = [term for _, offset, variable in self.places for term in (offset, variable)]
        numbers = evaluate(terms, model)
        first: dict[tuple[str, int], int] = {}
        facts = []
        for k, (memory, offset, variable) in enumerate(self.places):
            at, byte = numbers[2 * k: 2 * k + 2]
            other = first.setdefault((memory, at), k)
            if byte != numbers[2 * other + 1]:
                _, there, value = self.places[other]
                facts.append(t.implies(_same(offset, there), t.eq(variable, value)))
        return facts


def name_reads(goal: Term, called: Mapping[str, str]) -> NamedReads:
    """The goal with a variable for each read and what these have to do with each other."""
    order = topological([goal])
    if not any(node.op == "read" for node in order):
        return NamedReads(goal, called)
    known: dict[Term, Term] = {}
    places: list[Place] = []
    names = dict(called)
    for node in order:
        args = tuple(known[argument] for argument in node.args)
        if node.op == "read":
            memory, number = str(node.data), len(places)
            variable = t.var(f"{memory}!{number}", node.bits)
            names[f"{memory}!{number}"] = f"{called.get(memory, memory)}!{number}"
            places.append((memory, args[0], variable))
            known[node] = variable
        else:
            known[node] = t.rebuild(node, args)
    return NamedReads(known[goal], names, tuple(places))


Reader = Callable[[str, int], int]
"""(memory, offset) → byte, as a solver's model has it"""


def bytes_read(goal: Term, values: Mapping[str, int], read: Reader) -> dict[str, int]:
    """The bytes of unknown memory that the goal looks at where variables have these values, as name@offset."""
    found: dict[str, int] = {}

    def byte(node: Term, offset: int) -> int:
        key = cell(node, offset)
        if key not in found:
            found[key] = read(str(node.data), offset)
        return found[key]

    evaluate([goal], values, byte)
    return found


def _same(one: Term, other: Term) -> Term:
    """Offsets that differ by a number are told apart here."""
    (base, first), (other_base, second) = _distance(one), _distance(other)
    return t.truth(first == second) if base is other_base else t.eq(one, other)


def _distance(offset: Term) -> tuple[Term, int]:
    """What a number is added to, and the number."""
    if offset.is_const:
        return t.const(0, offset.bits), offset.value
    if offset.op == "add" and offset.args[1].is_const:
        return offset.args[0], offset.args[1].value
    return offset, 0
