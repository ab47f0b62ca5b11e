"""Instructions and block terminators. Every one keeps the span of the statement that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from verify.ir.expr import Expr, Register
from verify.ir.span import Span


class Order(Enum):
    """Memory order of an access: PLAIN may be split or repeated; ONCE is one access."""

    PLAIN = "plain"
    ONCE = "once"
    ACQUIRE = "acquire"
    RELEASE = "release"


class AssertKind(Enum):
    """What an Assert obliges; the name is printed in verdicts."""

    SHIFT_RANGE = "shift-range"
    DIVISION_BY_ZERO = "division-by-zero"
    BUILD_BUG = "build-bug"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Assign:
    target: Register
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Load:
    """Read `target.bits` bits (8 bytes for a pointer), little endian; widths are multiples of 8."""

    target: Register
    pointer: Expr
    align: int
    order: Order
    span: Span


@dataclass(frozen=True, slots=True)
class Store:
    pointer: Expr
    value: Expr
    align: int
    order: Order
    span: Span


@dataclass(frozen=True, slots=True)
class Copy:
    """memcpy of `size` bytes (64-bit expression); bytes keep their identity, uninitialised ones too."""

    target: Expr
    source: Expr
    size: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Fill:
    """memset: `size` bytes become the 8-bit `value`."""

    target: Expr
    value: Expr
    size: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ScopeBegin:
    """The local object is alive from here on and its bytes are uninitialised."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the unit (inlined by meaning) or an outside one (needs a contract)."""

    target: Register | None
    callee: str
    arguments: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Lock:
    pointer: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Unlock:
    pointer: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Smc:
    """An SMC by EL2: 18 64-bit arguments x0..x17; `results` receive x0..x17 as EL3 leaves them."""

    results: tuple[Register, ...]
    arguments: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Forward:
    """The host's own SMC goes to EL3 with its raw x0..x17, which come back changed; `context` → regs."""

    context: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Warn:
    """WARN_ON with its width-1 condition: an event; the run may stop there (nVHE) or go on."""

    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Assert:
    """A width-1 condition that has to hold; where it does not, behaviour is undefined."""

    kind: AssertKind
    condition: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What follows is not modelled: reaching this is an obligation, never an assumption.

    `names`: what its text names of the unit, as `static`, as `&static` where it may take the address, as `function()`.
    """

    construct: str
    span: Span
    names: tuple[str, ...] = ()

    @property
    def statics(self) -> set[str]:
        return {name.removeprefix("&") for name in self.names if not name.endswith("()")}

    @property
    def exposed(self) -> set[str]:
        """Statics whose address it may take."""
        return {name[1:] for name in self.names if name.startswith("&")}

    @property
    def functions(self) -> set[str]:
        return {name.removesuffix("()") for name in self.names if name.endswith("()")}


Instr: TypeAlias = (
    Assign | Load | Store | Copy | Fill | ScopeBegin | Call | Lock | Unlock | Smc | Forward
    | Warn | Assert | Unsupported
)


@dataclass(frozen=True, slots=True)
class Jump:
    target: str
    span: Span


@dataclass(frozen=True, slots=True)
class Branch:
    """To `then` if the width-1 condition is 1, else to `other`."""

    condition: Expr
    then: str
    other: str
    span: Span


@dataclass(frozen=True, slots=True)
class Switch:
    """Cases hold distinct values of the operand's width, in source order."""

    operand: Expr
    cases: tuple[tuple[int, str], ...]
    default: str
    span: Span


@dataclass(frozen=True, slots=True)
class Return:
    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Stop:
    """Control never gets past this point in this function."""

    span: Span


Terminator: TypeAlias = Jump | Branch | Switch | Return | Stop
