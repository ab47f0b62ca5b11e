"""Our terms as Z3 terms; the only module that calls Z3's term constructors."""

from __future__ import annotations

from typing import Any

import z3

from verify.errors import InternalError
from verify.terms.term import BOOL, Term, topological

_BINARY: dict[str, Any] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "udiv": z3.UDiv, "urem": z3.URem, "sdiv": lambda a, b: a / b, "srem": z3.SRem,
    "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b, "lshr": z3.LShR, "ashr": lambda a, b: a >> b,
    "eq": lambda a, b: a == b, "ult": z3.ULT, "ule": z3.ULE,
    "slt": lambda a, b: a < b, "sle": lambda a, b: a <= b, "concat": z3.Concat,
}


def _leaf(node: Term, context: Any) -> Any:
    if node.op == "var":
        name = str(node.data)
        return z3.Bool(name, context) if node.bits == BOOL else z3.BitVec(name, node.bits, context)
    return z3.BoolVal(bool(node.value), context) if node.bits == BOOL else z3.BitVecVal(node.value, node.bits, context)


def _inner(node: Term, args: list[Any]) -> Any:
    match node.op:
        case "band":
            return z3.And(*args)
        case "bor":
            return z3.Or(*args)
        case "bnot":
            return z3.Not(args[0])
        case "ite":
            return z3.If(*args)
        case "not":
            return ~args[0]
        case "zext":
            return z3.ZeroExt(node.bits - node.args[0].bits, args[0])
        case "sext":
            return z3.SignExt(node.bits - node.args[0].bits, args[0])
        case "extract":
            assert isinstance(node.data, tuple)
            return z3.Extract(node.data[0], node.data[1], args[0])
    if node.op not in _BINARY:
        raise InternalError(f"no Z3 form for operator {node.op}")
    return _BINARY[node.op](*args)


class Translator:
    """Translates into one Z3 context; shared nodes are translated once."""

    def __init__(self, context: Any = None) -> None:
        self.context = context
        self._known: dict[int, Any] = {}

    def __call__(self, root: Term) -> Any:
        found = self._known.get(id(root))
        if found is not None:
            return found
        for node in topological([root]):
            if id(node) not in self._known:
                args = [self._known[id(argument)] for argument in node.args]
                self._known[id(node)] = _inner(node, args) if args else _leaf(node, self.context)
        return self._known[id(root)]


def to_z3(root: Term) -> Any:
    """The term in Z3's main context (for tests)."""
    return Translator()(root)
