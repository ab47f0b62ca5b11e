"""A loop as one step, for any number of iterations.

The head's state is anything that keeps the proved invariants. The body runs twice from there: once for an arbitrary
iteration that another one follows, and once for the last, partial one, from which the loop is left; together their
events stand for those of every iteration. Guesses at invariants are weeded out by induction (Houdini); what holds of
every iteration below the index is kept for any index that matters later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from verify.engine import content
from verify.engine.candidates import Guess, Head, bounds, comparisons, of_contents, of_pages, sums
from verify.engine.content import byte
from verify.engine.control import Side, Ways
from verify.engine.loops import Body, Key, Loop
from verify.engine.place import Place
from verify.engine.record import Carried, Flow, Obligation, Record, TransferEvent
from verify.engine.relevance import RAN, contradict
from verify.engine.value import Integer
from verify.terms import build as t
from verify.terms.evaluate import Memory, substitute
from verify.terms.term import Term, memories, variables


class Decide(Protocol):
    def __call__(self, given: Sequence[Term], claims: Sequence[Term]) -> list[bool]:
        """Which of the claims surely follow from what is given?"""


PAGE_ACTIONS = ("share-ffa", "unshare-ffa", "share-hyp", "unshare-hyp")


@dataclass(frozen=True, slots=True)
class _Trial:
    """One run of the body from a head with free variables."""

    head: Head
    start: Side
    made: Mapping[Key, Term]
    ways: Ways
    transfers: tuple[TransferEvent, ...]


class Induction:
    """`decide` asks the solver; nothing of the trust in EL3 is used."""

    def __init__(self, record: Record, entry: Side, body: Body, decide: Decide, place: Place) -> None:
        self._record = record
        self._entry = entry
        self._body = body
        self._decide = decide
        self._place = place
        self._loop = Loop(record, entry, body)
        self._guesses: list[Guess] = []
        self._measure: tuple[Term, Term] | None = None

    def run(self) -> Ways:
        """The ways out. What is in the record afterwards holds of every iteration."""
        self._loop.settle()
        mark = self._record.mark()
        before = {**mark, "unknowns": self._record.unknowns, "words": self._record.exact.count}
        trial = self._trial(self._loop.head())
        self._guesses = self._weeded(trial, self._guess(trial, before))
        is_measured = self._is_measured(trial)
        self._record.rewind(mark)
        return self._final(trial, is_measured)

    def _trial(self, headed: tuple[Side, Head, dict[Key, Term]]) -> _Trial:
        start, head, made = headed
        before, outer = len(self._record.transfers), self._record.index
        self._record.index = made[("index",)]
        try:
            ways = self._body(start)
        finally:
            self._record.index = outer
        return _Trial(head, start, made, ways, tuple(self._record.transfers[before:]))

    # -- guesses ---------------------------------------------------------------------------------------------

    def _guess(self, trial: _Trial, before: Mapping[str, int]) -> list[Guess]:
        changing = {str(term.data) for term in trial.made.values()}
        leaving = [side for many in trial.ways.out.values() for side in many]
        conditions = [side[0].guard for side in (*trial.ways.back, *leaving)]
        pairs = comparisons(conditions, changing)
        self._measure = self._find_measure(trial, pairs)
        guesses = [*bounds(pairs, trial.head), *sums(trial.head, self._steps(trial))]
        contents = {key[1]: trial.start[0].content(key[1]) for key in trial.made if key[0] == "content"}
        guesses += of_contents(pairs, contents, [
            item for item in self._record.retrievals if not contradict(item.guard, self._entry[0].guard)])
        events = [event for event in trial.transfers if event.action in PAGE_ACTIONS]
        if len(events) == 1 and trial.ways.back and self._is_plain(events[0].covers, trial, before):
            guesses += of_pages(trial.head, events[0], trial.made[("index",)], self._goes_on(trial, before))
        return guesses

    def _steps(self, trial: _Trial) -> list[tuple[Term, Term, Term]]:
        """Of each number that the loop carries on: at the head, at the loop's beginning, after one more iteration."""
        begin, found = self._at_entry(trial), []
        for side in trial.ways.back:
            left = self._at_back(trial, side).variables
            for key, made in trial.made.items():
                here = trial.start[1][key[1]] if key[0] == "register" else None
                here = trial.start[0].cells(key[1])[int(key[2])].value if key[0] == "cell" else here
                if isinstance(here, Integer) and here.term.bits > 1:
                    found.append((here.term, _replace(begin, here.term), left[str(made.data)]))
        return found

    def _is_plain(self, term: Term, trial: _Trial, before: Mapping[str, int]) -> bool:
        """It says of another iteration what it says of this one, with the index replaced."""
        index = str(trial.made[("index",)].data)
        meant = self._record.exact.behind(term)
        names = (set(variables(meant)) | memories(meant)) - {index}
        own = {str(made.data) for made in trial.made.values()}
        return names.isdisjoint(own) and all(_is_older(name, before) for name in names)

    def _goes_on(self, trial: _Trial, before: Mapping[str, int]) -> Term:
        """What holds of every iteration that is not the last."""
        parts = [term for side in trial.ways.back for term in _conjuncts(side[0].guard)]
        shared = [part for part in parts if all(part in _conjuncts(side[0].guard) for side in trial.ways.back)]
        entry = set(map(id, _conjuncts(self._entry[0].guard)))
        return t.and_(*(part for part in shared if id(part) not in entry and self._is_plain(part, trial, before)))

    def _weeded(self, trial: _Trial, guesses: list[Guess]) -> list[Guess]:
        """Those that hold at the entry and that an iteration keeps, given that all of them hold before it."""
        some = self._record.unknown("loop.some", 64, t.const(0, 16)).term
        facts = self._record.relevant(self._entry[0].guard)
        begin = self._at_entry(trial)
        kept = self._implied(guesses, [*facts, self._entry[0].guard], begin, some)
        indices = [some, trial.head.last, trial.made[("index",)]]
        while True:
            before = len(kept)
            for side in trial.ways.back:
                new = self._at_back(trial, side)
                kept = self._implied(
                    kept, [*facts, *self._instances(kept, indices), side[0].guard], new, some)
            if len(kept) == before:
                return kept

    def _implied(self, guesses: list[Guess], given: list[Term], values: _Values, some: Term) -> list[Guess]:
        """The guesses that follow."""
        claims = [_replace(values, guess.says(some)) for guess in guesses]
        meanings = self._record.exact.definitions([*given, *claims]) if any(x.content for x in guesses) else []
        answers = self._decide([*given, *meanings], claims)
        return [guess for guess, holds in zip(guesses, answers, strict=True) if holds]

    def _instances(self, guesses: Sequence[Guess], indices: Sequence[Term]) -> list[Term]:
        return [guess.says(k) for guess in guesses
                for k in (indices if guess.is_universal and not guess.content else indices[:1])]

    def _at_entry(self, trial: _Trial) -> _Values:
        """Before the first iteration."""
        made = trial.made
        return _Values({str(made[("index",)].data): t.const(0, 64), str(made[("hit",)].data): t.FALSE}, {})

    def _at_back(self, trial: _Trial, side: Side) -> _Values:
        """After one more iteration."""
        index, values, functions = trial.made[("index",)], {}, {}
        for key, term in trial.made.items():
            name = str(term.data)
            match key:
                case ("register", register):
                    values[name] = _term(side[1][register])
                case ("cell", thing, offset):
                    values[name] = _term(side[0].cells(thing)[int(offset)].value)
                case ("ghost", ghost):
                    values[name] = side[0].ghost[ghost]
                case ("content", thing):
                    functions[name] = partial(byte, side[0].content(thing))
        happened = t.or_(*(t.and_(event.guard, event.succeeds, event.covers)
                           for event in trial.transfers if event.action in PAGE_ACTIONS))
        values[str(index.data)] = t.binary("add", index, t.const(1, 64))
        values[str(trial.made[("hit",)].data)] = t.or_(trial.head.hit, happened)
        values[str(trial.made[("last",)].data)] = t.ite(happened, index, trial.head.last)
        return _Values(values, functions)

    # -- termination -----------------------------------------------------------------------------------------

    def _find_measure(self, trial: _Trial, pairs: list[tuple[Term, Term]]) -> tuple[Term, Term] | None:
        """(x, n) with x < n in every iteration that is not the last, as far as one can see: n - x has to shrink."""
        guards = [part for side in trial.ways.back for part in _conjuncts(side[0].guard)]
        return next(((x, n) for x, n in pairs if t.ult(x, n) in guards), None)

    def _shrinks(self, trial: _Trial, side: Side) -> Term:
        if self._measure is None:
            return t.FALSE
        x, n = self._measure
        return t.and_(t.ult(x, n), t.ult(x, _replace(self._at_back(trial, side), x)))

    def _is_measured(self, trial: _Trial) -> bool:
        given = [*self._record.relevant(self._entry[0].guard),
                 *self._instances(self._guesses, [trial.made[("index",)]])]
        return all(self._decide([*given, side[0].guard], [self._shrinks(trial, side)])[0] for side in trial.ways.back)

    # -- for good --------------------------------------------------------------------------------------------

    def _final(self, trial: _Trial, is_measured: bool) -> Ways:
        record = self._record
        ran = record.unknown(RAN, 0, t.const(0, 16)).term
        first = self._again(trial, ran)
        for side in first.ways.back if not is_measured else ():
            holds = self._shrinks_again(trial, first, side)
            record.obligations.append(
                Obligation("endless-loop", side[0].guard, holds, self._place.span, self._place.function))
        last = self._again(trial, t.TRUE)
        guard = self._entry[0].guard
        self._carry(first, last)
        record.rely(t.and_(guard, ran), t.ult(first.made[("index",)], last.made[("index",)]))
        record.rely(t.and_(guard, ran), t.or_(*(side[0].guard for side in first.ways.back)))
        return Ways(last.ways.out, [], last.ways.returns)

    def _carry(self, first: _Trial, last: _Trial) -> None:
        """What an iteration leaves behind, as the next one, or the end of the loop, finds it."""
        for side in first.ways.back:
            left = self._at_back(first, side).variables
            for key, made in first.made.items():
                names = (str(made.data), str(last.made[key].data))
                if key[0] == "content":
                    self._record.flows.append(Flow(names, (side[0].guard, *content.terms(side[0].content(key[1])))))
                    continue
                self._record.flows.append(Flow(names, (side[0].guard, left[names[0]])))
                if key[0] in ("register", "cell"):
                    self._record.carried.append(Carried(names, side[0].guard, left[names[0]], self._place))

    def _again(self, trial: _Trial, ran: Term) -> _Trial:
        """Run the body from a new head that keeps the invariants."""
        record, (start, head, made) = self._record, self._loop.head()
        renamed = _renaming(trial.made, made)
        guard = t.and_(self._entry[0].guard, ran)
        start[0].guard = guard
        for guess in self._guesses:
            if guess.content:
                says = _renamed(guess, renamed)
                record.byte_facts.append((str(made["content", guess.content].data), partial(_under, guard, says)))
            elif guess.is_universal:
                record.of_every(guard, _renamed(guess, renamed))
            else:
                record.rely(guard, _replace(renamed, guess.says(made[("index",)])))
        record.matters(guard, made[("index",)])
        record.matters(guard, made[("last",)])
        return self._trial((start, head, made))

    def _shrinks_again(self, trial: _Trial, first: _Trial, side: Side) -> Term:
        if self._measure is None:
            return t.FALSE
        renamed = _renaming(trial.made, first.made)
        x, n = (_replace(renamed, term) for term in self._measure)
        return t.and_(t.ult(x, n), t.ult(x, _replace(self._at_back(first, side), x)))


@dataclass(frozen=True, slots=True)
class _Values:
    """What stands for the variables of a head at another point."""

    variables: Mapping[str, Term]
    memories: Mapping[str, Memory]


def _renaming(old: Mapping[Key, Term], new: Mapping[Key, Term]) -> _Values:
    """From the variables of one head to those of another."""
    contents = {str(term.data): partial(t.select, str(new[key].data)) for key, term in old.items()
                if key[0] == "content"}
    return _Values({str(term.data): new[key] for key, term in old.items() if key[0] != "content"}, contents)


def _replace(values: _Values, term: Term) -> Term:
    return substitute([term], values.variables, None, values.memories)[0]


def _renamed(guess: Guess, values: _Values) -> Callable[[Term], Term]:
    return lambda k: _replace(values, guess.says(k))


def _under(guard: Term, says: Callable[[Term], Term], offset: Term) -> Term:
    return t.implies(guard, says(offset))


def _term(value: object) -> Term:
    assert isinstance(value, Integer), value
    return value.term


def _conjuncts(term: Term) -> tuple[Term, ...]:
    return term.args if term.op == "band" else (term,)


_NUMBERED = re.compile(r"(?:[!?]|\.(smc|host|rx|word))(\d+)(?:\.q\d+)?$")
_COUNTS = {None: "unknowns", "smc": "smcs", "host": "fetches", "rx": "smcs", "word": "words"}


def _is_older(name: str, before: Mapping[str, int]) -> bool:
    """Was this variable or memory there when so much was recorded?"""
    found = _NUMBERED.search(name)
    if found is None:
        return True
    limit = before[_COUNTS[found[1]]]
    return int(found[2]) <= limit if found[1] is None else int(found[2]) < limit
