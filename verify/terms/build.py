"""Constructors. They fold constants and apply rewrites that are identities, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from verify.terms.bits import is_never
from verify.terms.concrete import apply
from verify.terms.term import BOOL, Term, make

TRUE = make("const", (), BOOL, 1)
FALSE = make("const", (), BOOL, 0)


def const(value: int, bits: int) -> Term:
    return make("const", (), bits, value & ((1 << bits) - 1))


def truth(value: bool) -> Term:
    return TRUE if value else FALSE


def var(name: str, bits: int) -> Term:
    """A free variable; `bits` 0 makes a truth value. One name must be used with one width."""
    return make("var", (), bits, name)


def select(name: str, offset: Term) -> Term:
    """The byte at a 64-bit offset of the unknown memory `name` (an uninterpreted function)."""
    assert offset.bits == 64, offset
    return make("read", (offset,), 8, name)


def _folded(op: str, args: tuple[Term, ...], bits: int, data: tuple[int, int] | None = None) -> Term:
    if args[0].op == "const" and args[-1].op == "const":  # no operator of more than two operands comes here
        values = tuple(argument.value for argument in args)
        result = apply(op, bits, values, tuple(argument.bits for argument in args), data)
        return make("const", (), bits, result)
    return make(op, args, bits, data)


def not_(term: Term) -> Term:
    if term.op == "bnot":
        return term.args[0]
    return _folded("bnot", (term,), BOOL)


def _flatten(op: str, parts: tuple[Term, ...], neutral: Term, absorbing: Term) -> Term:
    seen: dict[Term, None] = {}
    for part in parts:
        if part.op == op:
            seen.update(dict.fromkeys(part.args))
        else:
            seen[part] = None
    if absorbing in seen:
        return absorbing
    seen.pop(neutral, None)
    for item in seen:
        if item.op == "bnot" and item.args[0] in seen:
            return absorbing
    items = tuple(seen)
    if not items:
        return neutral
    return items[0] if len(items) == 1 else make(op, items, BOOL)


def and_(*parts: Term) -> Term:
    return _flatten("band", parts, TRUE, FALSE)


def or_(*parts: Term) -> Term:
    return _flatten("bor", parts, FALSE, TRUE)


def implies(premise: Term, conclusion: Term) -> Term:
    return or_(not_(premise), conclusion)


def ite(condition: Term, then: Term, other: Term) -> Term:
    assert then.bits == other.bits, (then, other)
    if condition is TRUE or then is other:
        return then
    if condition is FALSE:
        return other
    if condition.op == "bnot":
        return ite(condition.args[0], other, then)
    if then.bits == BOOL:
        return _bool_ite(condition, then, other)
    if then.op == "ite" and then.args[0] is condition:
        then = then.args[1]
    if other.op == "ite" and other.args[0] is condition:
        other = other.args[2]
    if then is other:
        return then
    if other.op == "ite" and other.args[1] is then:
        return ite(or_(condition, other.args[0]), then, other.args[2])
    return make("ite", (condition, then, other), then.bits)


def _bool_ite(condition: Term, then: Term, other: Term) -> Term:
    if then is TRUE or then is condition:
        return or_(condition, other)
    if then is FALSE:
        return and_(not_(condition), other)
    if other is FALSE or other is condition:
        return and_(condition, then)
    if other is TRUE:
        return or_(not_(condition), then)
    return make("ite", (condition, then, other), BOOL)


def eq(left: Term, right: Term) -> Term:
    assert left.bits == right.bits, (left, right)
    if left is right:
        return TRUE
    if left.op == "const":
        left, right = right, left
    if left.bits == BOOL:
        return ite(left, right, not_(right))
    if right.op == "const" and left.op != "const":
        return _eq_const(left, right)
    return _folded("eq", (left, right), BOOL)


def _eq_const(left: Term, right: Term) -> Term:
    if left.op == "ite" and (left.args[1].op == "const" or left.args[2].op == "const"):
        return ite(left.args[0], eq(left.args[1], right), eq(left.args[2], right))
    if (sides := _choice(left)) is not None:
        return _eq_choice(left, sides, right)
    if left.op == "zext":
        inner = left.args[0]
        if right.value >> inner.bits:
            return FALSE
        return eq(inner, const(right.value, inner.bits))
    if left.op == "sext":
        inner = left.args[0]
        low = const(right.value, inner.bits)
        return eq(inner, low) if sext(low, left.bits) is right else FALSE
    if left.op == "concat":
        high, low = left.args
        return and_(eq(high, const(right.value >> low.bits, high.bits)), eq(low, const(right.value, low.bits)))
    return make("eq", (left, right), BOOL)


def _choice(term: Term) -> tuple[Term, Term, Term] | None:
    """(condition, where it holds, elsewhere) of a choice, of bits of one, or of one under a mask."""
    if term.op == "ite":
        where, first, second = term.args
        return where, first, second
    if term.op not in ("extract", "and") or (term.op == "and" and not term.args[1].is_const):
        return None
    sides = _choice(term.args[0])
    if sides is None:
        return None
    where, first, second = sides
    return where, rebuild(term, (first, *term.args[1:])), rebuild(term, (second, *term.args[1:]))


def _eq_choice(left: Term, sides: tuple[Term, Term, Term], right: Term) -> Term:
    """Only one side counts where the other is surely something else."""
    where, first, second = sides
    everything = (1 << right.bits) - 1
    if is_never(first, right.value, everything):
        return and_(not_(where), eq(second, right))
    if is_never(second, right.value, everything):
        return and_(where, eq(first, right))
    return make("eq", (left, right), BOOL)


def ne(left: Term, right: Term) -> Term:
    return not_(eq(left, right))


def _compare(op: str, left: Term, right: Term, reflexive: Term) -> Term:
    assert left.bits == right.bits, (left, right)
    if left is right:
        return reflexive
    if left.is_const and _is_choice(right):
        where, *both = right.args
        return ite(where, *(_compare(op, left, one, reflexive) for one in both))
    if right.is_const and _is_choice(left):
        where, *both = left.args
        return ite(where, *(_compare(op, one, right, reflexive) for one in both))
    return _folded(op, (left, right), BOOL)


def ult(left: Term, right: Term) -> Term:
    if right.op == "const" and right.value == 0:
        return FALSE
    return _compare("ult", left, right, FALSE)


def ule(left: Term, right: Term) -> Term:
    if left.op == "const" and left.value == 0:
        return TRUE
    return _compare("ule", left, right, TRUE)


def slt(left: Term, right: Term) -> Term:
    return _compare("slt", left, right, FALSE)


def sle(left: Term, right: Term) -> Term:
    return _compare("sle", left, right, TRUE)


def zext(term: Term, bits: int) -> Term:
    if term.bits == bits:
        return term
    assert bits > term.bits > 0, (term, bits)
    if term.op == "zext":
        term = term.args[0]
    if _is_choice(term):
        return ite(term.args[0], zext(term.args[1], bits), zext(term.args[2], bits))
    return _folded("zext", (term,), bits)


def sext(term: Term, bits: int) -> Term:
    if term.bits == bits:
        return term
    assert bits > term.bits > 0, (term, bits)
    return _folded("sext", (term,), bits)


def extract(term: Term, high: int, low: int) -> Term:
    """Bits `high` down to `low`, both included."""
    bits = high - low + 1
    assert 0 <= low <= high < term.bits, (term, high, low)
    if bits == term.bits:
        return term
    inner = term.args[0] if term.args else term
    match term.op:
        case "extract":
            assert isinstance(term.data, tuple)
            return extract(inner, high + term.data[1], low + term.data[1])
        case "zext" | "sext" if high < inner.bits:
            return extract(inner, high, low)
        case "zext" if low >= inner.bits:
            return const(0, bits)
        case "concat":
            return _extract_concat(term, high, low)
        case "ite" if term.args[1].op == "const" or term.args[2].op == "const":
            return ite(inner, extract(term.args[1], high, low), extract(term.args[2], high, low))
    return _folded("extract", (term,), bits, (high, low))


def _extract_concat(term: Term, high: int, low: int) -> Term:
    upper, lower = term.args
    if high < lower.bits:
        return extract(lower, high, low)
    if low >= lower.bits:
        return extract(upper, high - lower.bits, low - lower.bits)
    return concat(extract(upper, high - lower.bits, 0), extract(lower, lower.bits - 1, low))


def concat(upper: Term, lower: Term) -> Term:
    """`upper` in the high bits."""
    if upper.op == "const" and upper.value == 0:
        return zext(lower, upper.bits + lower.bits)
    if upper.op == lower.op == "extract" and upper.args[0] is lower.args[0]:
        assert isinstance(upper.data, tuple) and isinstance(lower.data, tuple)
        if upper.data[1] == lower.data[0] + 1:
            return extract(upper.args[0], upper.data[0], lower.data[1])
    return _folded("concat", (upper, lower), upper.bits + lower.bits)


_ZERO_RIGHT = {"add", "sub", "or", "xor", "shl", "lshr", "ashr"}


_SPREAD = {"mul", "udiv", "urem", "and", "shl", "lshr", "sub", "add"}


def _is_choice(term: Term) -> bool:
    """A choice between numbers, as the page size makes: dividing by each is cheaper than by what is chosen."""
    while term.op == "ite" and term.args[1].op == "const":
        term = term.args[2]
        if term.op == "const":
            return True
    return False


def binary(op: str, left: Term, right: Term) -> Term:
    """add sub mul udiv urem sdiv srem and or xor shl lshr ashr, on equal widths."""
    assert left.bits == right.bits > 0, (op, left, right)
    if left.op == "const" and right.op != "const" and op in {"add", "mul", "and", "or", "xor"}:
        left, right = right, left
    if right.op == "const" and left.op != "const":
        simpler = _with_const(op, left, right)
        if simpler is not None:
            return simpler
    if left is right and op in {"and", "or"}:
        return left
    if left is right and op in {"sub", "xor"}:
        return const(0, left.bits)
    if op == "sub" and left.op == "add" and right in left.args:
        return left.args[1] if left.args[0] is right else left.args[0]
    if op in _SPREAD and _is_choice(right):
        return ite(right.args[0], binary(op, left, right.args[1]), binary(op, left, right.args[2]))
    if op in _SPREAD and right.is_const and _is_choice(left):
        return ite(left.args[0], binary(op, left.args[1], right), binary(op, left.args[2], right))
    return _folded(op, (left, right), left.bits)


def _with_const(op: str, left: Term, right: Term) -> Term | None:
    value, bits = right.value, left.bits
    if value == 0 and op in _ZERO_RIGHT:
        return left
    if op == "sub":
        return binary("add", left, const(-value, bits))
    if op == "add" and left.op == "add" and left.args[1].op == "const":
        return binary("add", left.args[0], const(left.args[1].value + value, bits))
    if value == 0 and op in {"and", "mul"}:
        return right
    if op in {"mul", "udiv"} and value == 1:
        return left
    if op == "and":
        return _mask(left, value)
    if op == "lshr" and 0 < value < bits:
        return zext(extract(left, bits - 1, value), bits)
    if op == "udiv" and value & (value - 1) == 0 and value:
        return binary("lshr", left, const(value.bit_length() - 1, bits))
    if op == "urem" and value & (value - 1) == 0 and value:
        return _mask(left, value - 1)
    if left.op == "ite" and left.args[1].op == "const" and left.args[2].op == "const":
        return ite(left.args[0], binary(op, left.args[1], right), binary(op, left.args[2], right))
    return None


def _mask(left: Term, mask: int) -> Term | None:
    bits = left.bits
    if mask == (1 << bits) - 1:
        return left
    if mask == 0:
        return const(0, bits)
    if left.op == "concat":
        upper, lower = left.args
        kept = binary("and", upper, const(mask >> lower.bits, upper.bits))
        return concat(kept, binary("and", lower, const(mask, lower.bits)))
    low = (mask & -mask).bit_length() - 1
    run = mask >> low
    if run & (run + 1):
        return None
    high = low + run.bit_length() - 1
    field = extract(left, high, low)
    if low:
        field = concat(field, const(0, low))
    return zext(field, bits)


def complement(term: Term) -> Term:
    return _folded("not", (term,), term.bits)


def rebuild(node: Term, args: tuple[Term, ...]) -> Term:
    """The node's operator on other operands, simplified again."""
    if args == node.args:
        return node
    again = _AGAIN.get(node.op)
    return binary(node.op, *args) if again is None else again(node, args)


def _extract_again(node: Term, args: tuple[Term, ...]) -> Term:
    assert isinstance(node.data, tuple)
    return extract(args[0], *node.data)


_AGAIN: dict[str, Callable[[Term, tuple[Term, ...]], Term]] = {
    "band": lambda node, args: and_(*args),
    "bor": lambda node, args: or_(*args),
    "bnot": lambda node, args: not_(args[0]),
    "ite": lambda node, args: ite(*args),
    "eq": lambda node, args: eq(*args),
    "ult": lambda node, args: ult(*args),
    "ule": lambda node, args: ule(*args),
    "slt": lambda node, args: slt(*args),
    "sle": lambda node, args: sle(*args),
    "not": lambda node, args: complement(args[0]),
    "zext": lambda node, args: zext(args[0], node.bits),
    "sext": lambda node, args: sext(args[0], node.bits),
    "concat": lambda node, args: concat(*args),
    "extract": _extract_again,
    "read": lambda node, args: select(str(node.data), args[0]),
}
"""Each operator but those of `binary`, by what makes it."""
