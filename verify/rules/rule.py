"""Rules, their parts and their registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from inspect import unwrap
from types import CodeType

from verify.rules.mistakes import LocatedError, is_own, located, place
from verify.rules.scene import Scene
from verify.rules.words import RuleError, Truth, Word
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


OUTCOME = "outcome"
"""The output of a conjunct that speaks of none."""
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
    both meet the premise. Two runs that differ in STACK and send something else fail, too, unless only those that send
    `alike` count.
    """

    text: str
    holds: Truth
    output: str
    independent: Word | Truth | None = None
    secrets: str = STACK
    alike: bool = False


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
    _check(isinstance(holds, Truth), f"require({text!r:.60}, …) needs a truth value, not {type(holds).__name__}")
    return Require(text, holds, output or (holds.outputs[0].name if holds.outputs else OUTCOME))


def independent(text: str, value: Word | Truth, output: str = "", alike: bool = False) -> Require:
    """The value is the same whatever the uninitialised bytes of EL2 are (two-run non-interference).

    EL3 may answer otherwise what is asked otherwise: that fails, too, unless only runs that are `alike` in what they
    send are to be compared, since another part is about the rest.
    """
    _check(isinstance(value, (Word, Truth)), f"{text!r:.60} needs a word or a truth value, not {type(value).__name__}")
    name = output or (value.outputs[0].name if value.outputs else OUTCOME)
    return Require(text, Truth(t.TRUE, value.outputs), name, value, STACK, alike)


def provenance(text: str, value: Word | Truth, output: str = "") -> Require:
    """The value is the same wherever EL2's objects lie and whatever its unrelated statics hold."""
    found = independent(text, value, output)
    return Require(found.text, found.holds, found.output, value, ADDRESSES)


def unaffected(text: str, value: Word | Truth, by: str, output: str = "") -> Require:
    """The value is the same whatever the host has in the bits that `by` (IDENTIFIER or UPPERS) names."""
    _check(by in (IDENTIFIER, UPPERS), f"unaffected(…, by={by!r}): IDENTIFIER or UPPERS is expected")
    found = independent(text, value, output)
    return Require(found.text, found.holds, found.output, value, by)


def part(
    name: str, given: Truth, then: Require | Iterable[Require], function: str = "", exists: Truth | None = None,
    unless: Truth | None = None,
) -> Part:
    conclusions = (then,) if isinstance(then, Require) else tuple(then)
    for what, truth in (("given", given), ("exists", exists), ("unless", unless)):
        _check(truth is None or isinstance(truth, Truth),
               f"part {name}: {what} is a truth value of a call, not {type(truth).__name__}")
    for item in conclusions:
        _check(isinstance(item, Require), f"part {name}: what is required is require(…), not {type(item).__name__}")
    return Part(name, function or name, given, conclusions, Truth(t.TRUE) if exists is None else exists,
                Truth(t.FALSE) if unless is None else unless)


def _check(is_right: bool, message: str) -> None:
    if not is_right:
        raise RuleError(message)


Statement = Callable[[Scene], Iterator[Part]]
HEADINGS = ("Clause", "Reading", "Applies to", "Not covered")
"""Of a docstring, behind the sentence."""
FORCES = ("security", "spec", "contested", "policy")
"""What a rule is founded on; the worst to break first."""


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
    def code(self) -> CodeType:
        """Of the statement as it was written."""
        code: CodeType = unwrap(self.statement).__code__
        return code

    @property
    def documentation(self) -> str:
        return self.statement.__doc__ or ""

    @property
    def is_own(self) -> bool:
        """A user's, not one that comes with the program."""
        return is_own(self.statement.__module__)

    @property
    def place(self) -> str:
        """file:line of the statement."""
        return place(self.code)


_REGISTRY: dict[str, Rule] = {}
ALL_PROFILES = ("BASE", "SEED", "UP618", "STRICT")


def rule(
    identity: str, title: str, *clauses: Clause, force: str, confidence: str,
    profiles: tuple[str, ...] = ALL_PROFILES,
) -> Callable[[Statement], Statement]:
    """Register a statement under `FFA-XXX-nn`."""

    def register(statement: Statement) -> Statement:
        code = statement.__code__
        known = _REGISTRY.get(identity)
        if known and (known.code.co_filename, known.code.co_firstlineno) != (code.co_filename, code.co_firstlineno):
            raise LocatedError(f"{place(code)}: rule {identity}: the name is taken, by {known.place}; choose another")
        checked = _checked(identity, statement)
        _REGISTRY[identity] = Rule(identity, title, clauses, force, confidence, checked, profiles)
        return statement

    return register


def _checked(identity: str, statement: Statement) -> Statement:
    """Mistakes are told with their line. Parts are known by their names: two of one name would be one proof."""

    @wraps(statement)
    def parts(scene: Scene) -> Iterator[Part]:
        names: set[str] = set()
        found: Iterator[Part] | None = None
        try:
            found = statement(scene)
            _check(isinstance(found, Iterable), f"returns {_called(found)}; write yield before part(…)")
            for item in found:
                _check(isinstance(item, Part), f"yields {type(item).__name__}; yield part(…)")
                _check(item.name not in names, f"a second part by the name {item.name!r}; give each its own")
                names.add(item.name)
                yield item
        except (Exception, SystemExit) as problem:
            told = located(problem, identity, statement.__code__, statement.__module__, _line(found))
            if told is None:
                raise
            raise told from None

    return parts


def _called(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def _line(parts: object) -> int | None:
    """Where a statement waits that has just yielded a part."""
    frame = getattr(parts, "gi_frame", None)
    return frame.f_lineno if frame is not None else None


def registered() -> tuple[Rule, ...]:
    """All rules that have been imported, by identity."""
    return tuple(_REGISTRY[name] for name in sorted(_REGISTRY))


def forget_own() -> None:
    """Take back what a user's files registered."""
    for rule in registered():
        if rule.is_own:
            del _REGISTRY[rule.identity]
