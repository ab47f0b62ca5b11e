"""Structural checks of IR: what every consumer takes for granted. Complaints are text; none is an empty list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.expr import POINTER, CompareOp, Expr, Register
from verify.ir.function import Function, Object, Unit
from verify.ir.nesting import recursive, too_deep

SMC_REGISTERS = 18
MAX_BITS = 130
"""Overflow checks compute in a width that holds every result of two 64-bit integers, signed or not."""
_POINTER_COMPARES = (CompareOp.EQ, CompareOp.NE, CompareOp.ULT, CompareOp.ULE)


def validate(unit: Unit) -> list[str]:
    """Everything that is wrong with a unit, in order of its names."""
    problems = [f"entry: {text}" for text in _entry(unit)]
    for kind, objects in (("static", unit.statics), ("layout", unit.layouts)):
        for name, item in objects.items():
            problems += [f"{kind} {name}: {text}" for text in _object(name, item)]
    for name, (result, parameters) in unit.externs.items():
        if name in unit.functions:
            problems.append(f"extern {name}: defined in the unit")
        widths = parameters if result is None else (result, *parameters)
        problems += [f"extern {name}: width {bits}" for bits in widths if not _is_width(bits)]
    around = recursive(unit.functions)
    problems += [f"{name}: calls itself" for name in sorted(around)]
    problems += [f"{name}: calls too deep" for name in sorted(() if around else too_deep(unit.functions))]
    for name, function in unit.functions.items():
        if name != function.name:
            problems.append(f"{name}: the function calls itself {function.name}")
        problems += validate_function(function, unit)
    return problems


def validate_function(function: Function, unit: Unit) -> list[str]:
    """Everything that is wrong with one function of a unit; each text names the function and the block."""
    return _Checker(function, unit).run()


def _entry(unit: Unit) -> Iterator[str]:
    function = unit.functions.get(unit.entry)
    if function is None:
        yield f"the unit has no function {unit.entry}"
    elif [parameter.bits for parameter in function.parameters] != [POINTER]:
        yield f"{unit.entry} does not take one pointer"


def _is_width(bits: int) -> bool:
    return bits == POINTER or 1 <= bits <= MAX_BITS


def _counted(bits: int) -> int:
    """A width to shift by, whatever it claims to be."""
    return min(max(bits, 0), MAX_BITS)


def _is_alignment(align: int) -> bool:
    return align > 0 and align & (align - 1) == 0


def _object(name: str, item: Object) -> Iterator[str]:
    if name != item.name:
        yield f"the object calls itself {item.name}"
    if item.size < 0:
        yield f"size {item.size}"
    if not _is_alignment(item.align):
        yield f"alignment {item.align} is no power of two"
    if item.initial is not None and len(item.initial) != item.size:
        yield f"{len(item.initial)} bytes of content for {item.size}"
    yield from (f"member {path or '(all)'} twice" for path in _repeated(member.path for member in item.fields))
    for member in item.fields:
        bits = 64 if member.bits == POINTER else member.bits
        if not _is_width(member.bits):
            yield f"member {member.path}: width {member.bits}"
        elif member.offset < 0 or 8 * member.offset + bits > 8 * item.size:
            yield f"member {member.path} is not within the {item.size} bytes"


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


class _Checker:
    """One function. `_at` is the block that complaints name."""

    def __init__(self, function: Function, unit: Unit) -> None:
        self._function = function
        self._unit = unit
        self._at = ""
        self._problems: list[str] = []
        self._widths: dict[str, int] = {}
        self._locals = {local.name for local in function.locals}
        self._labels = {block.label for block in function.blocks}

    def run(self) -> list[str]:
        function = self._function
        for parameter in function.parameters:
            self._expr(parameter)
        for name in _repeated(parameter.name for parameter in function.parameters):
            self._complain(f"parameter {name} twice")
        if function.result_bits is not None:
            self._need(_is_width(function.result_bits), f"result of width {function.result_bits}")
        for local in function.locals:
            for text in _object(local.name, local):
                self._complain(f"local {local.name}: {text}")
        for name in _repeated(local.name for local in function.locals):
            self._complain(f"local {name} twice")
        self._need(bool(function.blocks), "no block")
        for label in _repeated(block.label for block in function.blocks):
            self._complain(f"block {label} twice")
        for block in function.blocks:
            self._at = block.label
            for instruction in block.instructions:
                self._instr(instruction)
            self._terminator(block.terminator)
        return self._problems

    def _complain(self, text: str) -> None:
        place = f"{self._function.name}, {self._at}" if self._at else self._function.name
        self._problems.append(f"{place}: {text}")

    def _need(self, is_right: bool, text: str) -> None:
        if not is_right:
            self._complain(text)

    def _same(self, what: str, found: int, wanted: int) -> None:
        if found != wanted:
            self._complain(f"{what} has {_width(found)}, not {_width(wanted)}")

    # -- expressions -----------------------------------------------------------------------------------------

    def _typed(self, what: str, x: Expr, wanted: int) -> None:
        """An expression that has to have this width."""
        self._expr(x)
        self._same(what, x.bits, wanted)

    def _integer(self, what: str, x: Expr) -> None:
        self._expr(x)
        self._need(x.bits != POINTER, f"{what} is a pointer")

    def _expr(self, x: Expr) -> None:
        match x:
            case e.Const():
                self._need(1 <= x.bits <= MAX_BITS, f"integer of width {x.bits}")
                self._need(0 <= x.value < 1 << _counted(x.bits), f"{x.value} does not fit in {x.bits} bits")
            case e.PageShift():
                self._need(1 <= x.bits <= MAX_BITS, f"page shift of width {x.bits}")
            case e.Register():
                self._register(x)
            case e.Binary():
                self._integer(x.op.value, x.left)
                self._same(f"left operand of {x.op.value}", x.left.bits, x.bits)
                self._typed(f"right operand of {x.op.value}", x.right, x.bits)
            case e.Compare():
                self._compare(x)
            case e.Not():
                self._integer("operand of not", x.operand)
                self._same("operand of not", x.operand.bits, x.bits)
            case e.Extend():
                self._integer("what is extended", x.operand)
                self._need(x.operand.bits < x.bits <= MAX_BITS, f"{x.operand.bits} bits extended to {x.bits}")
            case e.Truncate():
                self._integer("what is truncated", x.operand)
                self._need(1 <= x.bits < x.operand.bits, f"{x.operand.bits} bits truncated to {x.bits}")
            case e.Select():
                self._typed("condition of select", x.condition, 1)
                self._typed("first choice of select", x.then, x.bits)
                self._typed("second choice of select", x.other, x.bits)
            case _:
                self._address(x)

    def _register(self, x: Register) -> None:
        self._need(_is_width(x.bits), f"register {x.name} of width {x.bits}")
        if self._widths.setdefault(x.name, x.bits) != x.bits:
            self._complain(f"register {x.name} has {_width(x.bits)}, elsewhere {_width(self._widths[x.name])}")

    def _compare(self, x: e.Compare) -> None:
        self._expr(x.left)
        self._typed(f"right operand of {x.op.value}", x.right, x.left.bits)
        self._same(x.op.value, x.bits, 1)
        if x.left.bits == POINTER:
            self._need(x.op in _POINTER_COMPARES, f"{x.op.value} of pointers")

    def _address(
        self, x: e.NullPointer | e.AddressOf | e.PointerAdd | e.PointerDiff | e.PointerToInt | e.IntToPointer
    ) -> None:
        match x:
            case e.NullPointer():
                self._same("null pointer", x.bits, POINTER)
            case e.AddressOf():
                known = self._unit.statics if x.is_static else self._locals
                self._need(x.name in known, f"no {'static' if x.is_static else 'local'} {x.name}")
                self._same(f"address of {x.name}", x.bits, POINTER)
            case e.PointerAdd():
                self._typed("base of a pointer sum", x.base, POINTER)
                self._typed("offset of a pointer sum", x.offset, 64)
                self._same("pointer sum", x.bits, POINTER)
            case e.PointerDiff():
                self._typed("left operand of a pointer difference", x.left, POINTER)
                self._typed("right operand of a pointer difference", x.right, POINTER)
                self._same("pointer difference", x.bits, 64)
            case e.PointerToInt():
                self._typed("pointer made an integer", x.operand, POINTER)
                self._same("integer made of a pointer", x.bits, 64)
            case e.IntToPointer():
                self._typed("integer made a pointer", x.operand, 64)
                self._same("pointer made of an integer", x.bits, POINTER)
            case _:
                assert_never(x)

    # -- instructions ----------------------------------------------------------------------------------------

    def _instr(self, x: i.Instr) -> None:
        match x:
            case i.Assign():
                self._expr(x.target)
                self._typed(f"value of {x.target.name}", x.value, x.target.bits)
            case i.Load():
                self._expr(x.target)
                self._access("load", x.pointer, x.target.bits, x.align)
                self._need(x.order is not i.Order.RELEASE, "load with order release")
            case i.Store():
                self._expr(x.value)
                self._access("store", x.pointer, x.value.bits, x.align)
                self._need(x.order is not i.Order.ACQUIRE, "store with order acquire")
            case i.Copy():
                self._typed("target of copy", x.target, POINTER)
                self._typed("source of copy", x.source, POINTER)
                self._typed("size of copy", x.size, 64)
            case i.Fill():
                self._typed("target of fill", x.target, POINTER)
                self._typed("value of fill", x.value, 8)
                self._typed("size of fill", x.size, 64)
            case i.ScopeBegin():
                self._need(x.name in self._locals, f"no local {x.name}")
            case i.Call():
                self._call(x)
            case i.Lock() | i.Unlock():
                self._typed("pointer to a lock", x.pointer, POINTER)
            case i.Smc():
                self._smc(x)
            case i.Forward():
                self._typed("context of forward", x.context, POINTER)
            case i.Warn() | i.Assert():
                self._typed("condition", x.condition, 1)
            case i.Unsupported():
                self._need(bool(x.construct), "unsupported construct without a name")
                for name in x.names:
                    self._need(name.endswith("()") or name.removeprefix("&") in self._unit.statics,
                               f"unsupported construct that names {name}")
            case _:
                assert_never(x)

    def _access(self, what: str, pointer: Expr, bits: int, align: int) -> None:
        self._typed(f"pointer of {what}", pointer, POINTER)
        self._need(bits == POINTER or bits % 8 == 0, f"{what} of {bits} bits")
        self._need(_is_alignment(align), f"{what} with alignment {align}, which is no power of two")

    def _call(self, x: i.Call) -> None:
        for argument in x.arguments:
            self._expr(argument)
        if x.target is not None:
            self._expr(x.target)
        function = self._unit.functions.get(x.callee)
        if function is not None:
            result, wanted = function.result_bits, tuple(item.bits for item in function.parameters)
        elif x.callee in self._unit.externs:
            result, wanted = self._unit.externs[x.callee]
        else:
            self._complain(f"call of {x.callee}, which is neither in the unit nor an extern")
            return
        if len(wanted) != len(x.arguments):
            self._complain(f"call of {x.callee} with {len(x.arguments)} arguments, not {len(wanted)}")
        for number, (argument, bits) in enumerate(zip(x.arguments, wanted, strict=False), 1):
            self._same(f"argument {number} of {x.callee}", argument.bits, bits)
        if x.target is not None and result is None:
            self._complain(f"a result of {x.callee}, which returns nothing")
        elif x.target is not None and result is not None:
            self._same(f"result of {x.callee}", x.target.bits, result)

    def _smc(self, x: i.Smc) -> None:
        for what, registers in (("arguments", x.arguments), ("results", x.results)):
            self._need(len(registers) == SMC_REGISTERS, f"smc with {len(registers)} {what}, not {SMC_REGISTERS}")
            for item in registers:
                self._typed(f"one of smc's {what}", item, 64)

    # -- ends of blocks --------------------------------------------------------------------------------------

    def _terminator(self, x: i.Terminator) -> None:
        match x:
            case i.Jump():
                self._target(x.target)
            case i.Branch():
                self._typed("condition", x.condition, 1)
                self._target(x.then)
                self._target(x.other)
            case i.Switch():
                self._switch(x)
            case i.Return():
                self._return(x)
            case i.Stop():
                pass
            case _:
                assert_never(x)

    def _target(self, label: str) -> None:
        self._need(label in self._labels, f"no block {label}")

    def _switch(self, x: i.Switch) -> None:
        self._integer("operand of switch", x.operand)
        seen: set[int] = set()
        for value, label in x.cases:
            self._target(label)
            self._need(value not in seen, f"case {value} twice")
            fits = 0 <= value < 1 << _counted(x.operand.bits)
            self._need(fits, f"case {value} does not fit in {x.operand.bits} bits")
            seen.add(value)
        self._target(x.default)

    def _return(self, x: i.Return) -> None:
        wanted = self._function.result_bits
        if x.value is None:
            self._need(wanted is None, "return without a value")
        elif wanted is None:
            self._expr(x.value)
            self._complain("return of a value from a function without a result")
        else:
            self._typed("returned value", x.value, wanted)


def _width(bits: int) -> str:
    return "a pointer" if bits == POINTER else f"{bits} bits"
