"""Bit-vectors as lists of literals, the lowest bit first, with SMT-LIB's meaning of each operator (theory
FixedSizeBitVectors, logic QF_BV; what is divided by zero included)."""

from __future__ import annotations

from collections.abc import Callable

from verify.solve.gates import FALSE, TRUE, Gates, Literal

Bits = tuple[Literal, ...]


def constant(value: int, bits: int) -> Bits:
    return tuple(TRUE if value >> k & 1 else FALSE for k in range(bits))


def inverted(a: Bits) -> Bits:
    return tuple(-bit for bit in a)


def _sum(gates: Gates, a: Bits, b: Bits, carry: Literal) -> tuple[Bits, Literal]:
    found = []
    for x, y in zip(a, b, strict=True):
        found.append(gates.differ(gates.differ(x, y), carry))
        carry = gates.most(x, y, carry)
    return tuple(found), carry


def add(gates: Gates, a: Bits, b: Bits) -> Bits:
    return _sum(gates, a, b, FALSE)[0]


def subtract(gates: Gates, a: Bits, b: Bits) -> Bits:
    return _sum(gates, a, inverted(b), TRUE)[0]


def negate(gates: Gates, a: Bits) -> Bits:
    return subtract(gates, constant(0, len(a)), a)


def equal(gates: Gates, a: Bits, b: Bits) -> Literal:
    return gates.all(-gates.differ(x, y) for x, y in zip(a, b, strict=True))


def below(gates: Gates, a: Bits, b: Bits) -> Literal:
    """Unsigned."""
    return -_sum(gates, a, inverted(b), TRUE)[1]


def below_signed(gates: Gates, a: Bits, b: Bits) -> Literal:
    return below(gates, (*a[:-1], -a[-1]), (*b[:-1], -b[-1]))


def choose(gates: Gates, which: Literal, a: Bits, b: Bits) -> Bits:
    return tuple(gates.choose(which, x, y) for x, y in zip(a, b, strict=True))


def multiply(gates: Gates, a: Bits, b: Bits) -> Bits:
    bits = len(a)
    found = constant(0, bits)
    for k, bit in enumerate(a):
        row = tuple(gates.both(bit, other) for other in b[:bits - k])
        found = found[:k] + add(gates, found[k:], row)
    return found


def divide(gates: Gates, a: Bits, b: Bits) -> tuple[Bits, Bits]:
    """Quotient and remainder, as by hand: one bit of `a` after the other. By zero: all ones, and `a`."""
    rest, quotient = constant(0, len(a)), []
    wide = (*b, FALSE)
    for bit in reversed(a):
        taken = (bit, *rest)
        fits = -below(gates, taken, wide)
        quotient.append(fits)
        rest = choose(gates, fits, subtract(gates, taken, wide), taken)[:-1]
    return tuple(reversed(quotient)), rest


def divide_signed(gates: Gates, a: Bits, b: Bits) -> tuple[Bits, Bits]:
    """Rounded to zero; the remainder has the dividend's sign."""
    quotient, rest = divide(gates, _magnitude(gates, a), _magnitude(gates, b))
    return (choose(gates, gates.differ(a[-1], b[-1]), negate(gates, quotient), quotient),
            choose(gates, a[-1], negate(gates, rest), rest))


def _magnitude(gates: Gates, a: Bits) -> Bits:
    return choose(gates, a[-1], negate(gates, a), a)


def shift_right(gates: Gates, a: Bits, by: Bits, fill: Literal) -> Bits:
    """`fill` comes in at the top, everywhere if `by` is no less than the width."""
    bits, found = len(a), a
    stages = (bits - 1).bit_length()
    for k in range(stages):
        moved = found[1 << k:] + (fill,) * (1 << k)
        found = choose(gates, by[k], moved, found)
    far = -gates.all(-bit for bit in by[stages:])
    return choose(gates, far, (fill,) * bits, found)


def shift_left(gates: Gates, a: Bits, by: Bits) -> Bits:
    return tuple(reversed(shift_right(gates, tuple(reversed(a)), by, FALSE)))


def _each(gate: Callable[[Gates, Literal, Literal], Literal]) -> Callable[[Gates, Bits, Bits], Bits]:
    return lambda gates, a, b: tuple(gate(gates, x, y) for x, y in zip(a, b, strict=True))


BINARY: dict[str, Callable[[Gates, Bits, Bits], Bits]] = {
    "bvadd": add, "bvsub": subtract, "bvmul": multiply,
    "bvudiv": lambda gates, a, b: divide(gates, a, b)[0], "bvurem": lambda gates, a, b: divide(gates, a, b)[1],
    "bvsdiv": lambda gates, a, b: divide_signed(gates, a, b)[0],
    "bvsrem": lambda gates, a, b: divide_signed(gates, a, b)[1],
    "bvand": _each(Gates.both), "bvor": _each(Gates.either), "bvxor": _each(Gates.differ),
    "bvshl": shift_left, "bvlshr": lambda gates, a, b: shift_right(gates, a, b, FALSE),
    "bvashr": lambda gates, a, b: shift_right(gates, a, b, a[-1]),
    "concat": lambda gates, a, b: b + a,
}
"""Of two words, a word."""
COMPARE: dict[str, Callable[[Gates, Bits, Bits], Literal]] = {
    "bvult": below, "bvule": lambda gates, a, b: -below(gates, b, a),
    "bvslt": below_signed, "bvsle": lambda gates, a, b: -below_signed(gates, b, a),
}
