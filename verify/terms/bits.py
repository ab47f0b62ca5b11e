"""Bits of terms that are known without asking anybody."""

from __future__ import annotations

from verify.terms.term import Term


def is_never(term: Term, value: int, mask: int) -> bool:
    """Of all values of its variables: some of the term's bits under the mask differ from the value's."""
    match term.op:
        case "const":
            return (term.value ^ value) & mask != 0
        case "zext":
            inner = term.args[0]
            return (value & mask) >> inner.bits != 0 or is_never(inner, value, mask)
        case "concat":
            high, low = term.args
            return is_never(high, value >> low.bits, mask >> low.bits) or is_never(
                low, value, mask & ((1 << low.bits) - 1))
        case "and" if term.args[1].is_const:
            kept = term.args[1].value
            return value & mask & ~kept != 0 or is_never(term.args[0], value, mask & kept)
        case "extract":
            assert isinstance(term.data, tuple)
            low_bit = term.data[1]
            return is_never(term.args[0], value << low_bit, (mask & ((1 << term.bits) - 1)) << low_bit)
    return False
