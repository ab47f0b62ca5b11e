"""An exported question (SMT-LIB, QF_UFBV as `smtlib.script` writes it) as clauses, read from its text alone.

What an unknown memory says at equal places is equal: that is said of two reads when a model is found that breaks it
(`disagreeing`), since most refutations do without. Fewer clauses refute no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from verify.errors import InputError
from verify.solve.gates import FALSE, TRUE, Gates, Literal
from verify.solve.words import BINARY, COMPARE, Bits, choose, constant, equal, inverted

Value = Literal | Bits
"""A truth, or a word."""
_TOKEN = re.compile(r"[()]|\|[^|]*\||[^\s()|]+")
_COMMENT = re.compile(r"^;.*$", re.MULTILINE)
Read = tuple[Bits, Bits]
"""(place, byte)"""


class Formula:
    """`gates.clauses` has no model: then the question has none."""

    def __init__(self, text: str) -> None:
        """Raises InputError for what is not such a question."""
        self.gates = Gates()
        self._named: dict[str, Value] = {"true": TRUE, "false": FALSE}
        self._reads: dict[str, list[Read]] = {}
        try:
            self._read(text)
        except (KeyError, ValueError, TypeError, IndexError) as problem:
            raise InputError(f"not a question that certificates are made of: {problem}") from None

    def dimacs(self) -> str:
        body = "".join(f"{' '.join(map(str, clause))} 0\n" for clause in self.gates.clauses)
        return f"p cnf {self.gates.variables} {len(self.gates.clauses)}\n{body}"

    def disagreeing(self, true: frozenset[Literal]) -> list[tuple[Read, Read]]:
        """Pairs of reads that have equal places and unequal bytes where these literals hold."""
        return [pair for reads in self._reads.values() for pair in _disagreeing(reads, true)]

    def tie(self, one: Read, other: Read) -> None:
        """Equal places have equal bytes."""
        apart = -equal(self.gates, one[0], other[0])
        for x, y in zip(one[1], other[1], strict=True):
            self.gates.say(apart, -x, y)
            self.gates.say(apart, x, -y)

    def _read(self, text: str) -> None:
        """Each list is worked at where it ends, so that nesting has no limit."""
        open_lists: list[list[Any]] = [[]]
        for token in _TOKEN.findall(_COMMENT.sub("", text)):
            if token == "(":
                open_lists.append([])
            elif token == ")":
                done = open_lists.pop()
                open_lists[-1].append(self._list(done))
                if len(open_lists) == 1:
                    open_lists[0].clear()
            else:
                open_lists[-1].append(token)
        if len(open_lists) != 1 or open_lists[0]:
            raise ValueError("it does not end")

    def _list(self, items: list[Any]) -> Any:
        match items:
            case ["set-info" | "set-logic" | "check-sat", *_]:
                return None
            case ["declare-fun", name, [("BitVec", 64)], ("BitVec", 8)]:
                self._reads[name] = []
            case ["declare-const", name, sort]:
                self._named[name] = self.gates.fresh() if sort == "Bool" else self._fresh(sort[1])
            case ["define-fun", name, [], _, value]:
                self._named[name] = self._value(value)
            case ["assert", value]:
                self.gates.say(self._truth(value))
            case ["!", value, ":named", _]:
                return self._value(value)
            case ["_", "BitVec", bits]:
                return "BitVec", int(bits)
            case ["_", name, *numbers]:
                return _indexed(name, [int(number) for number in numbers])
            case [] | [("BitVec", _)]:
                return items
            case [head, *operands]:
                return self._applied(head, [self._value(operand) for operand in operands])
        return None

    def _applied(self, head: Any, operands: list[Any]) -> Value:
        gates = self.gates
        match head, operands:
            case "and", _:
                return gates.all(operands)
            case "or", _:
                return -gates.all(-one for one in operands)
            case "not", [value]:
                return -int(value)
            case "bvnot", [value]:
                return inverted(value)
            case "=", [a, b]:
                return -gates.differ(a, b) if isinstance(a, int) else equal(gates, a, b)
            case "ite", [which, a, b]:
                return gates.choose(which, a, b) if isinstance(a, int) else choose(gates, which, a, b)
            case ("zero_extend" | "sign_extend" as kind, extra), [value]:
                return tuple(value) + (FALSE if kind == "zero_extend" else value[-1],) * int(extra)
            case ("extract", high, low), [value]:
                return tuple(value[low:high + 1])
            case str(), [place] if head in self._reads:
                return self._byte(head, place)
            case str(), [a, b] if head in BINARY:
                return BINARY[head](gates, a, b)
            case str(), [a, b]:
                compare = COMPARE[head]
                return compare(gates, a, b)
        raise ValueError(f"not an operator: {head}")

    def _byte(self, memory: str, place: Bits) -> Bits:
        for known, byte in self._reads[memory]:
            if known == place:
                return byte
        byte = self._fresh(8)
        self._reads[memory].append((place, byte))
        return byte

    def _fresh(self, bits: int) -> Bits:
        return tuple(self.gates.fresh() for _ in range(bits))

    def _value(self, item: Any) -> Value:
        value = self._named[item] if isinstance(item, str) else item
        if not isinstance(value, int | tuple):
            raise ValueError("a value is missing")
        return value

    def _truth(self, item: Any) -> Literal:
        value = self._value(item)
        if not isinstance(value, int):
            raise ValueError("a word is asserted")
        return value


def _indexed(name: str, numbers: list[int]) -> Any:
    """A number, or an operator with its numbers."""
    if name[:2] == "bv":
        return constant(int(name[2:]), numbers[0])
    return name, *numbers


def _disagreeing(reads: list[Read], true: frozenset[Literal]) -> Iterator[tuple[Read, Read]]:
    first: dict[tuple[bool, ...], Read] = {}
    for read in reads:
        place = tuple(bit in true for bit in read[0])
        other = first.setdefault(place, read)
        if any((x in true) != (y in true) for x, y in zip(read[1], other[1], strict=True)):
            yield other, read
