"""Terms as C expressions over what was seen of a call."""

from __future__ import annotations

from collections.abc import Mapping

from verify.terms.term import Term, topological

MOST_BITS = 127
_COMPARED = {"eq": "==", "ult": "<", "ule": "<="}
_SIGNED = {"slt": "<", "sle": "<="}
_COMPUTED = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}


class NotInC(Exception):
    """A term that has no C expression here; the text says why."""


def function(name: str, kind: str, term: Term, variables: Mapping[str, str]) -> str:
    """`static kind name(const struct seen *seen)`, which gives the term's value; `variables` are expressions by name.

    Every node is one line: what is shared is worked out once.
    """
    known: dict[int, str] = {}
    lines: list[str] = []
    for node in topological([term]):
        text = _expression(node, [known[id(argument)] for argument in node.args], variables)
        if node.args:
            lines.append(f"\tconst wide t{len(lines)} = {text};")
            text = f"t{len(lines) - 1}"
        known[id(node)] = text
    body = "".join(f"{line}\n" for line in lines)
    return (f"static {kind} {name}(const struct seen *seen)\n{{\n{body}{chr(10) if lines else ''}"
            f"\t(void)seen;\n\treturn {known[id(term)]};\n}}\n")


def number(value: int) -> str:
    if value >> 64:
        return f"((wide){value >> 64:#x}ULL << 64 | {value & (1 << 64) - 1:#x}ULL)"
    return f"{value:#x}ULL" if value > 9 else f"{value}ULL"


def _expression(node: Term, of: list[str], variables: Mapping[str, str]) -> str:
    widths = [argument.bits for argument in node.args]
    if max(node.bits, *widths, 0) > MOST_BITS:
        raise NotInC("a number of more than 127 bits")
    match node.op:
        case "const":
            return number(node.value)
        case "var":
            return variables[str(node.data)]
        case "band":
            return " && ".join(of)
        case "bor":
            return " || ".join(of)
        case "bnot":
            return f"!{of[0]}"
        case "ite":
            return f"{of[0]} ? {of[1]} : {of[2]}"
        case "extract":
            assert isinstance(node.data, tuple)
            return _cut(f"(wide){of[0]} >> {node.data[1]}", node.bits)
        case "concat":
            return f"(wide){of[0]} << {widths[1]} | {of[1]}"
        case "zext":
            return of[0]
        case "sext":
            return _cut(f"(wide)as_signed({of[0]}, {widths[0]})", node.bits)
        case op if op in _COMPARED:
            return f"{of[0]} {_COMPARED[op]} {of[1]}"
        case op if op in _SIGNED:
            return f"as_signed({of[0]}, {widths[0]}) {_SIGNED[op]} as_signed({of[1]}, {widths[0]})"
        case op if op in _COMPUTED:
            return _cut(f"(wide){of[0]} {_COMPUTED[op]} {of[1]}", node.bits)
        case "not":
            return _cut(f"~(wide){of[0]}", node.bits)
    return _partial(node, of)


def _partial(node: Term, of: list[str]) -> str:
    """What C leaves open for some operands."""
    match node.op:
        case "udiv":
            return f"{of[1]} ? {of[0]} / {of[1]} : {number((1 << node.bits) - 1)}"
        case "urem":
            return f"{of[1]} ? {of[0]} % {of[1]} : {of[0]}"
        case "shl":
            return f"{of[1]} < {node.bits} ? {_cut(f'(wide){of[0]} << {of[1]}', node.bits)} : 0"
        case "lshr":
            return f"{of[1]} < {node.bits} ? (wide){of[0]} >> {of[1]} : 0"
    raise NotInC(f"the operator {node.op}")


def _cut(text: str, bits: int) -> str:
    return f"({text}) & {number((1 << bits) - 1)}"
