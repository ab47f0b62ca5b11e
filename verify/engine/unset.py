"""When does a value depend on uninitialised bytes? Choices are followed: what is not chosen does not count."""

from __future__ import annotations

from collections.abc import Mapping

from verify.engine.buffers import OUTSIDE
from verify.terms import build as t
from verify.terms.term import Term


class Unset:
    """Remembers its answers. `meanings`: of unknowns that stand for what was read from a buffer."""

    def __init__(self, meanings: Mapping[str, Term]) -> None:
        self._meanings = meanings
        self._known: dict[int, tuple[Term, Term]] = {}

    def of(self, term: Term) -> Term:
        """Where the term's value depends on them. Bytes outside an object are their read's business."""
        todo = [term]
        while todo:
            node = todo[-1]
            below = [part for part in self._below(node) if id(part) not in self._known]
            if id(node) in self._known or below:
                todo += below
                if not below:
                    todo.pop()
                continue
            todo.pop()
            self._known[id(node)] = (node, self._answer(node))
        return self._get(term)

    def _below(self, node: Term) -> tuple[Term, ...]:
        meaning = self._meanings.get(str(node.data)) if node.op == "var" else None
        return node.args if meaning is None else (meaning,)

    def _get(self, node: Term) -> Term:
        return self._known[id(node)][1]

    def _answer(self, node: Term) -> Term:
        parts = [self._get(part) for part in self._below(node)]
        match node.op:
            case "var" if not parts:
                return t.truth(_is_unset(node))
            case "read" if _is_unset(node):
                return t.TRUE
            case "ite":
                where, then, other = parts
                chosen = node.args[0]
                return t.or_(where, t.and_(chosen, then), t.and_(t.not_(chosen), other))
            case "band":
                return _unless_decided(node, parts, [t.not_(part) for part in node.args])
            case "bor":
                return _unless_decided(node, parts, list(node.args))
        return t.or_(*parts)


def _unless_decided(node: Term, parts: list[Term], decides: list[Term]) -> Term:
    """One operand depends, and none that does not decides the whole."""
    if all(part is t.FALSE for part in parts):
        return t.FALSE
    free = (t.or_(part, t.not_(decided)) for part, decided in zip(parts, decides, strict=True))
    return t.and_(t.or_(*parts), *free)


def _is_unset(node: Term) -> bool:
    name = str(node.data)
    return "!" in name and OUTSIDE not in name
