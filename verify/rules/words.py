"""Numbers and truth values of a call, as a rule's author sees them.

Comparisons are unsigned unless the name says otherwise. `&`, `|`, `~` combine truth values; Python's
`and`, `or`, `not`, `if` cannot, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from verify.errors import InputError
from verify.terms import build as t
from verify.terms.term import Term


class RuleError(InputError):
    """A mistake in a rule's text."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something the mediator decides, with the origin of its value (a term that names a program site)."""

    name: str
    origin: Term


def _merge(left: tuple[Output, ...], right: tuple[Output, ...]) -> tuple[Output, ...]:
    if not left or not right:
        return left or right
    return left + tuple(output for output in right if output not in left)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A symbolic yes or no."""

    term: Term
    outputs: tuple[Output, ...] = ()

    def __and__(self, other: Truth) -> Truth:
        _check_truth(other, "&")
        return Truth(t.and_(self.term, other.term), self._blamed(other))

    def _blamed(self, other: Truth) -> tuple[Output, ...]:
        """Of two outputs with one name (x1 of two SMCs, say), the one on the side that is false."""
        mine = {output.name: output for output in self.outputs}
        result = list(self.outputs)
        for output in other.outputs:
            old = mine.get(output.name)
            if old is None:
                result.append(output)
            elif old.origin is not output.origin:
                both = Output(output.name, t.ite(self.term, output.origin, old.origin))
                result[result.index(old)] = mine[output.name] = both
        return tuple(result)

    def __or__(self, other: Truth) -> Truth:
        _check_truth(other, "|")
        return Truth(t.or_(self.term, other.term), _merge(self.outputs, other.outputs))

    def __rand__(self, other: object) -> NoReturn:
        raise _no_truth(other, "&")

    def __ror__(self, other: object) -> NoReturn:
        raise _no_truth(other, "|")

    def __invert__(self) -> Truth:
        return Truth(t.not_(self.term), self.outputs)

    @property
    def is_impossible(self) -> bool:
        """False already as it was written: no solver is asked."""
        return self.term is t.FALSE

    def implies(self, other: Truth) -> Truth:
        _check_truth(other, ".implies()")
        return ~self | other

    def iff(self, other: Truth) -> Truth:
        _check_truth(other, ".iff()")
        return Truth(t.eq(self.term, other.term), _merge(self.outputs, other.outputs))

    def __bool__(self) -> bool:
        raise RuleError("a symbolic truth value in Python's if/and/or/not: use &, |, ~ or .implies()")

    def __eq__(self, other: object) -> bool:
        raise RuleError("truth values are not compared with == or !=: use a.iff(b), or ~a.iff(b)")

    def __hash__(self) -> int:
        raise RuleError("a symbolic truth value in a set or as a key of a table: use &, |, ~ or .iff()")


PARENTHESES = "& and | bind more tightly than ==: write (a == b) & (c == d)"


def _check_truth(value: object, where: str) -> None:
    if not isinstance(value, Truth):
        raise _no_truth(value, where)


def _no_truth(value: object, where: str) -> RuleError:
    if isinstance(value, Word) or type(value) is int:
        what = f"a number: compare it first; {PARENTHESES}"
    else:
        what = f"{type(value).__name__} {value!r:.40}"
    return RuleError(f"{where} joins truth values of a call, and one side is {what}")


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A symbolic number of fixed width."""

    term: Term
    outputs: tuple[Output, ...] = ()

    @property
    def bits(self) -> int:
        return self.term.bits

    def _other(self, other: Word | int) -> Word:
        if isinstance(other, int) and not isinstance(other, bool):
            return self._number(other)
        if not isinstance(other, Word):
            raise RuleError(f"a number of a call and {type(other).__name__} {other!r:.40}: give a word or a number")
        if other.bits != self.bits:
            raise RuleError(f"widths differ: {self.bits} and {other.bits} bits; use .low32, .bits_(high, low) or "
                            ".widened(bits)")
        return other

    def _number(self, value: int) -> Word:
        """Two's complement of a negative one. What does not fit would be cut off and mean another number."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise RuleError(f"a number is needed, not {type(value).__name__}")
        if not -(1 << self.bits - 1) <= value < 1 << self.bits:
            raise RuleError(f"{value:#x} does not fit into the {self.bits} bits of the other side")
        return Word(t.const(value, self.bits))

    def _compare(self, relation: Term, other: Word) -> Truth:
        return Truth(relation, _merge(self.outputs, other.outputs))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if not isinstance(other, (Word, int)):
            raise RuleError(f"a word is compared with a word or a number, not with {type(other).__name__}")
        right = self._other(other)
        return self._compare(t.eq(self.term, right.term), right)

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return ~(self == other)

    def __hash__(self) -> int:
        raise RuleError("a symbolic number in a set or as a key of a table: compare it first")

    def __lt__(self, other: Word | int) -> Truth:
        right = self._other(other)
        return self._compare(t.ult(self.term, right.term), right)

    def __le__(self, other: Word | int) -> Truth:
        right = self._other(other)
        return self._compare(t.ule(self.term, right.term), right)

    def __gt__(self, other: Word | int) -> Truth:
        right = self._other(other)
        return self._compare(t.ult(right.term, self.term), right)

    def __ge__(self, other: Word | int) -> Truth:
        right = self._other(other)
        return self._compare(t.ule(right.term, self.term), right)

    def __add__(self, other: Word | int) -> Word:
        """Wraps at the width, as C's unsigned addition does: widen first where it must not."""
        return self._computed("add", other)

    def __sub__(self, other: Word | int) -> Word:
        return self._computed("sub", other)

    def __mul__(self, other: Word | int) -> Word:
        return self._computed("mul", other)

    def __floordiv__(self, other: Word | int) -> Word:
        return self._computed("udiv", other)

    def __mod__(self, other: Word | int) -> Word:
        return self._computed("urem", other)

    def _computed(self, operator: str, other: Word | int) -> Word:
        right = self._other(other)
        return Word(t.binary(operator, self.term, right.term), _merge(self.outputs, right.outputs))

    def only_if(self, truth: Truth) -> Word:
        """The number where this is true, else 0."""
        _check_condition(truth, ".only_if()")
        return Word(t.ite(truth.term, self.term, t.const(0, self.bits)), _merge(self.outputs, truth.outputs))

    def widened(self, bits: int) -> Word:
        """With zeros above."""
        if bits < self.bits:
            raise RuleError(f".widened({bits}) of {self.bits} bits: use .bits_({bits - 1}, 0) for the low ones")
        return Word(t.zext(self.term, bits), self.outputs)

    def is_negative(self) -> Truth:
        return self.bits_(self.bits - 1, self.bits - 1) == 1

    def one_of(self, values: Iterable[int]) -> Truth:
        return any_of(self == value for value in values)

    def bits_(self, high: int, low: int) -> Word:
        """Bits `high` down to `low`, both included."""
        if not self.bits > high >= low >= 0:
            raise RuleError(f".bits_({high}, {low}) of {self.bits} bits: {self.bits - 1} ≥ high ≥ low ≥ 0 is needed")
        return Word(t.extract(self.term, high, low), self.outputs)

    @property
    def low32(self) -> Word:
        return self.bits_(31, 0)

    def masked(self, mask: int) -> Word:
        return Word(t.binary("and", self.term, self._number(mask).term), self.outputs)

    def __bool__(self) -> bool:
        raise RuleError("a symbolic number in Python's if/and/or/not: compare it first")

    def __and__(self, other: object) -> NoReturn:
        raise _of_bits("&")

    def __or__(self, other: object) -> NoReturn:
        raise _of_bits("|")

    def __invert__(self) -> NoReturn:
        raise _of_bits("~")

    __rand__, __ror__ = __and__, __or__


def _of_bits(sign: str) -> RuleError:
    return RuleError(f"{sign} joins truth values and takes no number's bits (.bits_(high, low) and .masked(mask) do); "
                     f"{PARENTHESES}")


def number(value: int, bits: int) -> Word:
    """Raises RuleError for one that does not fit: it would be cut off and mean another number."""
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise RuleError(f"number({value:#x}, {bits}): it does not fit into {bits} bits")
    return Word(t.const(value, bits))


def all_of(truths: Iterable[Truth]) -> Truth:
    result = Truth(t.TRUE)
    for truth in truths:
        result = result & truth
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    terms, outputs = list[Term](), tuple[Output, ...]()
    for truth in truths:
        _check_truth(truth, "|")
        terms.append(truth.term)
        outputs = _merge(outputs, truth.outputs)
    return Truth(t.or_(*terms), outputs)


def _check_condition(value: object, where: str) -> None:
    if not isinstance(value, Truth):
        raise RuleError(f"{where}: its condition is a truth value of a call, not {type(value).__name__}")


def either(condition: Truth, then: Word, other: Word) -> Word:
    """`then` where the condition holds, else `other`."""
    _check_condition(condition, "either()")
    for value in (then, other):
        if not isinstance(value, Word):
            raise RuleError(f"either() chooses between two words, and one is {type(value).__name__} {value!r:.40}; "
                            "number(value, bits) makes one")
    if then.bits != other.bits:
        raise RuleError(f"either() of {then.bits} and {other.bits} bits; use .low32, .bits_(high, low) or "
                        ".widened(bits)")
    return Word(t.ite(condition.term, then.term, other.term), _merge(then.outputs, other.outputs))


def blame(truth: Truth, name: str, suspects: Iterable[Truth]) -> Truth:
    """`truth` with one output `name`: made where the first of the suspects that is true was made."""
    origin = t.const(0, 16)
    for suspect in reversed(list(suspects)):
        if suspect.outputs:
            origin = t.ite(suspect.term, suspect.outputs[0].origin, origin)
    return Truth(truth.term, (Output(name, origin),))


def no(truths: Iterable[Truth]) -> Truth:
    return ~any_of(truths)
