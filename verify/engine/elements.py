"""Which scalars of a static an offset that depends on the input may mean: one in each element of an array."""

from __future__ import annotations

from collections.abc import Mapping

from verify.ir.expr import POINTER
from verify.ir.function import Field, Object
from verify.terms.term import Term

MOST = 64
"""Elements that one access may mean."""
WORD = 1 << 64


def stride(offset: Term) -> tuple[int, int]:
    """(rest, modulus): the offset leaves this rest; the modulus is a power of two, so that sums may wrap."""
    if offset.is_const:
        return offset.value, WORD
    if offset.op == "add":
        (a, m), (b, n) = map(stride, offset.args)
        return (a + b) % min(m, n), min(m, n)
    if offset.op in ("mul", "shl") and offset.args[1].is_const:
        number = offset.args[1].value
        factor = number if offset.op == "mul" else 1 << min(number, 64)
        rest, modulus = stride(offset.args[0])
        modulus = min(modulus * (factor & -factor), WORD)
        return rest * factor % modulus, modulus
    return 0, 1


def places(fields: Mapping[tuple[str, int], Field], item: Object, offset: Term, size: int) -> tuple[int, ...]:
    """Where an access of this size may be that stays inside; nothing if it could be anywhere else than at a scalar."""
    rest, modulus = stride(offset)
    found = tuple(range(rest, item.size - size + 1, modulus))
    if modulus < size or len(found) > MOST or "#" in item.name:
        return ()
    members = [fields.get((item.name, at)) for at in found]
    return found if all(x is not None and x.bits != POINTER and x.bits == 8 * size for x in members) else ()
