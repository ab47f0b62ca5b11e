"""A symbolic call as one Python function of a concrete run.

The formulas of a call leave open what EL3 answers, what memory holds and what others did; each is worked out in the
order in which it came to be, from what was worked out before: an SMC of the engine that happens takes the run's next
answer, and so on. Nothing is expanded, so that the function is as long as the formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from verify.engine.content import Unknown
from verify.engine.record import Record
from verify.terms import build as t
from verify.terms.compiled import SCOPE, text_of
from verify.terms.term import Term

Bytes = Mapping[int, int]
Answer = tuple[Sequence[int], Bytes]
"""EL3's x0 to x17, and what EL2's RX buffer holds afterwards."""
NEVER: Answer = ((0,) * 18, {})
SMC, TRANSFER, LOOK = "smc", "transfer", "look"
FREE = ("spmc.conforms", "spmc.lists-what-was-shared")
"""Assumptions about EL3 that are not made."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a run tells: variables and memories at its beginning, and what it got from outside, in order."""

    values: Mapping[str, int]
    memories: Mapping[str, Bytes]
    smcs: Sequence[Answer]
    transfers: Sequence[int]
    looks: Sequence[Bytes]
    """What was there when EL2 read the host's memory, from where it read on."""
    unused: int
    """64 bits of memory that was never written."""


@dataclass(frozen=True, slots=True)
class Happening:
    """The engine's n-th event of a kind: if it happens, it takes the run's next one."""

    kind: str
    number: int


Item = Term | Happening
Formulas = Mapping[str, Sequence[Term]]
Schedule = Callable[[Given], dict[str, tuple[int, ...]]]


def schedule(record: Record, formulas: Formulas) -> Schedule:
    """The values of the formulas, by name, in a run. A KeyError names a variable of a kind that is not known here."""
    writer = _Writer(record)
    rows = [f"{name!r}: ({''.join(writer.name(term) + ', ' for term in terms)})" for name, terms in formulas.items()]
    lines = ["def evaluator(given):", "    values, memories = given.values, given.memories",
             *(f"    {kind} = iter(given.{field})" for kind, field in
               ((SMC, "smcs"), (TRANSFER, "transfers"), (LOOK, "looks"))),
             *writer.lines, f"    return {{{', '.join(rows)}}}"]
    scope = {**SCOPE, "NEVER": NEVER}
    exec(compile("\n".join(lines), "<call>", "exec"), scope)
    evaluator = scope["evaluator"]
    assert callable(evaluator)
    return evaluator


class _Writer:
    def __init__(self, record: Record) -> None:
        self.lines: list[str] = []
        self._names: dict[Item, str] = {}
        self._meanings = {**record.exact.meanings, **undisturbed(record.quiet)}
        self._guards: dict[Happening, Term] = {}
        self._made: dict[str, tuple[Happening, int]] = {}
        """Variables and memories that an event brings, and which of its results they are."""
        for number, smc in enumerate(record.smcs):
            event = self._event(SMC, number, smc.guard)
            self._made |= {str(result.term.data): (event, k) for k, result in enumerate(smc.results)}
            if isinstance(smc.rx, Unknown):
                self._made[smc.rx.name] = (event, -1)
        for number, transfer in enumerate(record.transfers):
            self._made[str(transfer.result.data)] = (self._event(TRANSFER, number, transfer.guard), 0)
        for number, fetch in enumerate(record.fetches):
            self._made[fetch.name] = (self._event(LOOK, number, fetch.guard), 0)

    def _event(self, kind: str, number: int, guard: Term) -> Happening:
        event = Happening(kind, number)
        self._guards[event] = guard
        return event

    def name(self, root: Term) -> str:
        """Where its value is, once all that it needs has been written."""
        stack: list[Item] = [root]
        while stack:
            item = stack[-1]
            pending = [] if item in self._names else [x for x in self._needs(item) if x not in self._names]
            if pending:
                stack += reversed(pending)
                continue
            stack.pop()
            if item not in self._names:
                self._names[item] = f"n{len(self._names)}"
                self.lines.append(f"    {self._names[item]} = {self._text(item)}")
        return self._names[root]

    def _needs(self, item: Item) -> list[Item]:
        if isinstance(item, Happening):
            earlier = [Happening(item.kind, item.number - 1)] if item.number else []
            return [*earlier, self._guards[item]]
        name = str(item.data)
        if item.op == "var" and name in self._meanings:
            return [self._meanings[name]]
        made = [self._made[name][0]] if item.op in ("var", "read") and name in self._made else []
        return [*item.args, *made]

    def _text(self, item: Item) -> str:
        if isinstance(item, Happening):
            missing = {SMC: "NEVER", TRANSFER: "0", LOOK: "{}"}[item.kind]
            return f"next({item.kind}, {missing}) if {self._names[self._guards[item]]} else {missing}"
        if item.op == "var":
            return f"{self._variable(item)} & {(1 << item.bits) - 1 if item.bits else 1}"
        if item.op == "read":
            return self._byte(item)
        return text_of(item, [self._names[argument] for argument in item.args])

    def _variable(self, item: Term) -> str:
        name = str(item.data)
        if name in self._meanings:
            return self._names[self._meanings[name]]
        if name in self._made:
            event, which = self._made[name]
            return self._names[event] + (f"[0][{which}]" if event.kind == SMC else "")
        if "!" in name:
            return "given.unused"
        return "0" if name in FREE or name.endswith(".blamed") else f"values[{name!r}]"

    def _byte(self, item: Term) -> str:
        name, at = str(item.data), self._names[item.args[0]]
        if name in self._made:
            event, _ = self._made[name]
            return f"{self._names[event]}{'[1]' if event.kind == SMC else ''}.get({at}, 0)"
        if "!" in name:
            return "given.unused & 255"
        return "0" if "other." in name else f"memories[{name!r}].get({at}, 0)"


def undisturbed(quiet: Sequence[Term]) -> dict[str, Term]:
    """What the variables of interference are where nobody interferes; the equations are checked in each run, too."""
    result: dict[str, Term] = {}
    for equation in quiet:
        for name, value in _solved(equation):
            result.setdefault(name, value)
    return result


def _solved(equation: Term) -> Iterator[tuple[str, Term]]:
    match equation.op:
        case "band" | "bor":
            for part in equation.args:
                if equation.op == "band" or part.op == "eq":
                    yield from _solved(part)
        case "bnot" if (name := _base(equation.args[0])):
            yield name, t.FALSE
        case "eq" | "ite":  # of truths, an equation is written `ite(one, other, not other)`
            old, new = sorted(equation.args[:2], key=lambda side: _age(_base(side)))
            if name := _base(new):
                yield name, old
        case "var" if name := _base(equation):
            yield name, t.TRUE


def _base(term: Term) -> str:
    """The variable of interference that the term is a width, or the truth, of."""
    while term.op in ("zext", "extract") or (term.op == "eq" and term.args[1] is t.const(1, 1)):
        term = term.args[0]
    name = str(term.data)
    return name if term.op == "var" and ("other." in name or "page." in name) and "?" in name else ""


def _age(name: str) -> int:
    return int(name.rpartition("?")[2]) if name else -1
