"""Terms as SMT-LIB text: what Z3 reads, and what any other solver can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

from verify.errors import InternalError
from verify.terms.term import BOOL, Term, topological

_NAMES = {
    "add": "bvadd", "sub": "bvsub", "mul": "bvmul", "udiv": "bvudiv", "urem": "bvurem", "sdiv": "bvsdiv",
    "srem": "bvsrem", "and": "bvand", "or": "bvor", "xor": "bvxor", "shl": "bvshl", "lshr": "bvlshr",
    "ashr": "bvashr", "not": "bvnot", "eq": "=", "ult": "bvult", "ule": "bvule", "slt": "bvslt", "sle": "bvsle",
    "concat": "concat", "band": "and", "bor": "or", "bnot": "not", "ite": "ite",
}


def _sort(bits: int) -> str:
    return "Bool" if bits == BOOL else f"(_ BitVec {bits})"


def _constant(node: Term) -> str:
    if node.bits == BOOL:
        return "true" if node.value else "false"
    return f"(_ bv{node.value} {node.bits})"


def _operator(node: Term, called: Mapping[str, str]) -> str:
    if node.op == "read":
        return f"|{called.get(str(node.data), node.data)}|"
    if node.op in ("zext", "sext"):
        extra = node.bits - node.args[0].bits
        return f"(_ {'zero' if node.op == 'zext' else 'sign'}_extend {extra})"
    if node.op == "extract":
        assert isinstance(node.data, tuple)
        return f"(_ extract {node.data[0]} {node.data[1]})"
    if node.op not in _NAMES:
        raise InternalError(f"no SMT-LIB form for operator {node.op}")
    return _NAMES[node.op]


def script(
    assertions: Sequence[Term], named: Mapping[str, str] | None = None, labels: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> str:
    """Declarations, one definition for each shared node, and the assertions; the same terms give the same text.

    `named`: other names for variables and memories. `labels`: names of the assertions; `remarks`: a comment before
    each, or nothing.
    """
    order = topological(list(assertions))
    called = named or {}
    uses = Counter(chain.from_iterable(node.args for node in order))
    lines = [f"(declare-fun |{name}| ((_ BitVec 64)) (_ BitVec 8))" for name in (
        sorted({called.get(name, name) for name in (str(node.data) for node in order if node.op == "read")}))]
    names: dict[Term, str] = {}
    for node in order:
        if node.op == "const":
            names[node] = _constant(node)
        elif node.op == "var":
            name = called.get(str(node.data), node.data)
            names[node] = f"|{name}|"
            lines.append(f"(declare-const |{name}| {_sort(node.bits)})")
        else:
            text = f"({_operator(node, called)} {' '.join([names[argument] for argument in node.args])})"
            if uses[node] > 1:
                name = f"n{len(lines)}"
                lines.append(f"(define-fun {name} () {_sort(node.bits)} {text})")
                text = name
            names[node] = text
    if labels:
        said = [f"; {' '.join(remark.split())}\n" if remark else "" for remark in remarks or [""] * len(labels)]
        lines += [f"{remark}(assert (! {names[assertion]} :named |{label}|))"
                  for remark, assertion, label in zip(said, assertions, labels, strict=True)]
    else:
        lines += [f"(assert {names[assertion]})" for assertion in assertions]
    return "\n".join(lines) + "\n"


def anonymous(assertions: Sequence[Term]) -> dict[str, str]:
    """Names that only the structure decides: terms that differ in names alone get the same script."""
    found: dict[str, str] = {}
    for node in topological(list(assertions)):
        if node.op in ("var", "read"):
            found.setdefault(str(node.data), f"v{len(found)}")
    return found
