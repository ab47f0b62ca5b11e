"""Rules, their parts and their registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from verify.rules.scene import Scene
from verify.rules.words import Truth, Word
from verify.terms import build as t


@dataclass(frozen=True, slots=True)
class Clause:
    """Where the sentence stands; no document: a property that any mediator needs.

    `via` names the public text when the document itself was not seen.
    """

    document: str
    section: str
    via: str = ""

    def __str__(self) -> str:
        return f"{self.document} {self.section}".strip() + (f" (second-hand: {self.via})" if self.via else "")


IDENTIFIER = "identifier"
"""Bits 63:32 of x0 and the SVE hint."""
UPPERS = "uppers"
STACK = "stack"
ADDRESSES = "addresses"
"""Bits 63:32 of x1 to x7, and x8 to x17."""


@dataclass(frozen=True, slots=True)
class Require:
    """One conjunct: `holds` is to be proved; or `independent` is the same in two runs that differ in `secrets`.

    Secrets are STACK (uninitialised memory, and what lies outside objects) or ADDRESSES (EL2's addresses and unrelated
    statics). With IDENTIFIER or UPPERS the two runs are calls of the host that differ in bits that must not matter;
    both meet the premise.
    """

    text: str
    holds: Truth
    output: str
    independent: Word | Truth | None = None
    secrets: str = STACK


@dataclass(frozen=True, slots=True)
class Part:
    """One conjunct of a statement for one function: its own obligation and its own vacuity twin.

    `exists`: the interface condition; if no reachable call meets it, the part is not applicable.
    `unless`: another part judges this; if some call meets it, the part is not applicable.
    `given`: the premise (must be reachable, else vacuous). `then`: what is to hold.
    """

    name: str
    function: str
    given: Truth
    then: tuple[Require, ...]
    exists: Truth
    unless: Truth


def require(text: str, holds: Truth, output: str = "") -> Require:
    """`output` names what is wrong if this fails (x1, version, smc, …); default: the first one in `holds`."""
    return Require(text, holds, output or (holds.outputs[0].name if holds.outputs else "outcome"))


def independent(text: str, value: Word | Truth, output: str = "") -> Require:
    """The value is the same whatever the uninitialised bytes of EL2 are (two-run non-interference)."""
    name = output or (value.outputs[0].name if value.outputs else "outcome")
    return Require(text, Truth(t.TRUE, value.outputs), name, value)


def provenance(text: str, value: Word | Truth, output: str = "") -> Require:
    """The value is the same wherever EL2's objects lie and whatever its unrelated statics hold."""
    found = independent(text, value, output)
    return Require(found.text, found.holds, found.output, value, ADDRESSES)


def unaffected(text: str, value: Word | Truth, by: str, output: str = "") -> Require:
    """The value is the same whatever the host has in the bits that `by` (IDENTIFIER or UPPERS) names."""
    found = independent(text, value, output)
    return Require(found.text, found.holds, found.output, value, by)


def part(
    name: str, given: Truth, then: Require | Iterable[Require], function: str = "", exists: Truth | None = None,
    unless: Truth | None = None,
) -> Part:
    conclusions = (then,) if isinstance(then, Require) else tuple(then)
    return Part(name, function or name, given, conclusions, Truth(t.TRUE) if exists is None else exists,
                Truth(t.FALSE) if unless is None else unless)


Statement = Callable[[Scene], Iterator[Part]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`statement` yields the parts for one scene; its docstring has the headings Clause, Reading, Applies to,
    Not covered. `force`: spec, policy, security or contested. `confidence`: how sure the citation is."""

    identity: str
    title: str
    clauses: tuple[Clause, ...]
    force: str
    confidence: str
    statement: Statement
    profiles: tuple[str, ...]

    @property
    def documentation(self) -> str:
        return self.statement.__doc__ or ""


_REGISTRY: dict[str, Rule] = {}
ALL_PROFILES = ("BASE", "SEED", "UP618", "STRICT")


def rule(
    identity: str, title: str, *clauses: Clause, force: str, confidence: str,
    profiles: tuple[str, ...] = ALL_PROFILES,
) -> Callable[[Statement], Statement]:
    """Register a statement under `FFA-XXX-nn`."""

    def register(statement: Statement) -> Statement:
        _REGISTRY[identity] = Rule(identity, title, clauses, force, confidence, statement, profiles)
        return statement

    return register


def registered() -> tuple[Rule, ...]:
    """All rules that have been imported, by identity."""
    return tuple(_REGISTRY[name] for name in sorted(_REGISTRY))
