"""Terms as one Python function: for the many evaluations that make a counterexample readable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from verify.terms.concrete import apply, signed
from verify.terms.term import Term, topological

Condition = Callable[[Mapping[str, int]], bool]

_INFIX = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_COMPARE = {"eq": "==", "ult": "<", "ule": "<="}


SCOPE: Mapping[str, object] = {"apply": apply, "signed": signed}
"""What the text of a node refers to besides its operands."""


def text_of(node: Term, args: Sequence[str]) -> str:
    """A node as a Python expression over its operands' names; `get` looks up variables and bytes of memory."""
    mask = (1 << node.bits) - 1 if node.bits else 1
    match node.op:
        case "const":
            return str(node.value)
        case "var":
            return f"get({str(node.data)!r}, 0) & {mask}"
        case "read":
            return f"get({str(node.data)!r} + '@' + str({args[0]}), 0) & 255"
        case "add" | "sub" | "mul" | "and" | "or" | "xor":
            return f"({args[0]} {_INFIX[node.op]} {args[1]}) & {mask}"
        case "eq" | "ult" | "ule":
            return f"int({args[0]} {_COMPARE[node.op]} {args[1]})"
        case "slt" | "sle":
            bits = node.args[0].bits
            return f"int(signed({args[0]}, {bits}) {'<' if node.op == 'slt' else '<='} signed({args[1]}, {bits}))"
        case "band":
            return f"int({' and '.join(args)} and 1)" if args else "1"
        case "bor":
            return f"int(bool({' or '.join(args)}))" if args else "0"
        case "bnot":
            return f"1 - {args[0]}"
        case "ite":
            return f"{args[1]} if {args[0]} else {args[2]}"
        case "extract":
            assert isinstance(node.data, tuple)
            return f"({args[0]} >> {node.data[1]}) & {mask}"
        case "zext":
            return args[0]
        case "concat":
            return f"({args[0]} << {node.args[1].bits}) | {args[1]}"
    widths = tuple(argument.bits for argument in node.args)
    return f"apply({node.op!r}, {node.bits}, ({', '.join(args)},), {widths}, {node.data!r})"


def compile_conjunction(roots: Sequence[Term]) -> Condition:
    """A function from values by name (missing ones are 0): do all the roots hold?

    What comes after the first root that does not is not looked at.
    """
    names: dict[Term, str] = {}
    needed = set(roots)
    lines = ["def condition(values):", "    get = values.get"]
    for number, node in enumerate(topological(list(roots))):
        text = text_of(node, [names[argument] for argument in node.args])
        names[node] = f"n{number}"
        lines.append(f"    n{number} = {text}")
        if node in needed:
            lines.append(f"    if not n{number}: return False")
    scope = dict(SCOPE)
    exec(compile("\n".join([*lines, "    return True"]), "<terms>", "exec"), scope)
    condition = scope["condition"]
    assert callable(condition)
    return condition
