"""What is read from buffers, as unknown numbers with a meaning that is looked at only where it matters.

Most proofs need no more than that the same place of the same content reads the same: what is proved of the unknowns
holds of their meanings. A model of the unknowns is only a candidate; `definitions` makes the question exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from verify.engine import content as c
from verify.engine.relevance import Trace, joined, trace
from verify.errors import InternalError
from verify.terms import build as t
from verify.terms.digest import digest
from verify.terms.evaluate import substitute
from verify.terms.term import Term, topological, variables

ANY_INDEX = t.var("any.index", 64)
ONE = t.const(1, 1)


class Abstractions:
    """Of one run; `prefix` makes names unique."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._words: dict[tuple[int, int, int], Term] = {}
        self._predicates: dict[int, str] = {}
        self._contents: list[c.Content] = []
        self.meanings: dict[str, Term] = {}
        """Of a word by its name, and of a predicate at the index ANY_INDEX."""
        self._traces: dict[str, Trace] = {}
        self._is_closed = False
        self.facts: list[tuple[str, Callable[[Term], Term]]] = []
        """About each byte of an unknown memory, given its offset: they are used for the bytes that are read."""

    @property
    def count(self) -> int:
        return len(self._words)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How much is known, for `until`."""
        return (len(self._words), len(self._predicates), len(self.meanings), len(self._traces), len(self._contents))

    def until(self, sizes: tuple[int, ...]) -> Abstractions:
        """What was known then, without the facts about bytes."""
        old = Abstractions(self._prefix)
        words, predicates, meanings, traces, contents = sizes
        old._words = dict(islice(self._words.items(), words))
        old._predicates = dict(islice(self._predicates.items(), predicates))
        old.meanings = dict(islice(self.meanings.items(), meanings))
        old._traces = dict(islice(self._traces.items(), traces))
        old._contents = self._contents[:contents]
        return old

    def word(self, content: c.Content, offset: Term, size: int, index: Term | None) -> Term:
        """`size` bytes of a content; exact where the place depends on a loop's index."""
        meaning = c.read(content, offset, size)
        if meaning.is_const or (index is not None and str(index.data) in variables([meaning])):
            return meaning
        key = (id(content), id(offset), size)
        if key not in self._words:
            name = self._name(meaning)
            self._words[key] = t.var(name, meaning.bits)
            self._contents.append(content)
            self.meanings[name] = meaning
            self._traces[name] = self.traced([meaning])
        return self._words[key]

    def close(self) -> None:
        """The run has ended. Whoever reads now does so in any order: the names of new words tell what they mean."""
        self._is_closed = True

    def _name(self, meaning: Term) -> str:
        if not self._is_closed:
            return f"{self._prefix}word{len(self._words)}"
        name = f"{self._prefix}word.{digest(meaning)}"
        if self.meanings.get(name, meaning) is not meaning:
            raise InternalError("two words of memory with one name")
        return name

    def traced(self, terms: Sequence[Term]) -> Trace:
        """Of the terms and of what their words mean."""
        words = (self._traces[name] for name in variables(list(terms)) if name in self._traces)
        return joined(*map(trace, terms), *words)

    def predicate(self, truth: Term, index: Term | None) -> Term:
        """What depends on memory at the loop's index, as an unknown predicate of that index."""
        if index is None or not _reads_at(truth, str(index.data)):
            return truth
        meaning = substitute([truth], {str(index.data): ANY_INDEX})[0]
        name = self._predicates.setdefault(id(meaning), f"{self._prefix}is{len(self._predicates)}")
        self.meanings[name] = meaning
        return t.eq(t.extract(t.select(name, index), 0, 0), ONE)

    def definitions(self, terms: Sequence[Term]) -> list[Term]:
        """What the unknowns in the terms mean, and those in their meanings; and what is known of the bytes there."""
        facts: dict[str, list[Callable[[Term], Term]]] = {}
        for memory, fact in self.facts:
            facts.setdefault(memory, []).append(fact)
        return self._closure(terms, facts)

    def behind(self, term: Term) -> list[Term]:
        """The term and what it means, all the way down."""
        return [term, *self._closure([term], {})]

    def meant(self, terms: Sequence[Term]) -> dict[str, Term]:
        """The meanings that the terms rest on, all the way down, by name."""
        result: dict[str, Term] = {}
        todo = list(terms)
        while todo:
            names = {str(node.data) for node in topological(todo) if node.op in ("var", "read")}
            new = sorted((names & self.meanings.keys()) - result.keys())
            found = {name: self.meanings[name] for name in new}
            result.update(found)
            todo = list(found.values())
        return result

    def _closure(self, terms: Sequence[Term], facts: Mapping[str, list[Callable[[Term], Term]]]) -> list[Term]:
        result: dict[int, Term] = {}
        todo, done = list(terms), set[tuple[str, int]]()
        while todo:
            found = []
            for node in topological(todo):
                name = str(node.data) if node.op in ("var", "read") else ""
                key = (name, id(node.args[0]) if node.args else 0)
                if (name in self.meanings or name in facts) and key not in done:
                    done.add(key)
                    found += [*self._definition(node, name), *(fact(node.args[0]) for fact in facts.get(name, ()))]
            todo = [fact for fact in found if id(fact) not in result and fact is not t.TRUE]
            result.update({id(fact): fact for fact in todo})
        return list(result.values())

    def _definition(self, node: Term, name: str) -> list[Term]:
        meaning = self.meanings.get(name)
        if meaning is None:
            return []
        if node.op == "var":
            return [t.eq(node, meaning)]
        here = substitute([meaning], {str(ANY_INDEX.data): node.args[0]})[0]
        return [t.eq(t.eq(t.extract(node, 0, 0), ONE), here)]


def _reads_at(truth: Term, index: str) -> bool:
    """Is memory read at a place that depends on the index?"""
    places = [node.args[0] for node in topological([truth]) if node.op == "read"]
    return index in variables(places)

