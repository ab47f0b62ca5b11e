"""A small typed tree of C, and its text. What is generated is valid C; nothing here knows what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """An integer type under one of its names."""

    name: str
    bits: int
    signed: bool
    is_bool: bool = False


@dataclass(frozen=True, slots=True)
class Pointer:
    """To the first of `room` elements."""

    target: Type
    room: int = 1


@dataclass(frozen=True, slots=True)
class Array:
    element: Type
    count: int


@dataclass(frozen=True, slots=True)
class Record:
    """A struct or union; all members of a union have one size."""

    tag: str
    members: tuple[tuple[str, Type], ...]

    @property
    def is_union(self) -> bool:
        return self.tag.startswith("union")


Type: TypeAlias = Scalar | Pointer | Array | Record

S8, U8 = Scalar("s8", 8, True), Scalar("u8", 8, False)
S16, U16 = Scalar("s16", 16, True), Scalar("u16", 16, False)
S32, U32 = Scalar("s32", 32, True), Scalar("u32", 32, False)
S64, U64 = Scalar("s64", 64, True), Scalar("u64", 64, False)
BOOL = Scalar("bool", 8, False, True)
SCALARS = (
    S8, U8, S16, U16, S32, U32, S64, U64, S8, U8, S16, U16, S32, U32, S64, U64, BOOL, Scalar("char", 8, False),
    Scalar("long", 64, True), Scalar("unsigned long", 64, False), Scalar("size_t", 64, False),
    Scalar("signed char", 8, True), Scalar("unsigned", 32, False), Scalar("short int", 16, True),
)


def promoted(kind: Scalar) -> Scalar:
    return S32 if kind.bits < 32 else kind


def common(a: Scalar, b: Scalar) -> Scalar:
    """The usual arithmetic conversions."""
    a, b = promoted(a), promoted(b)
    if a.bits != b.bits:
        return a if a.bits > b.bits else b
    return b if a.signed else a


ATOM, UNARY, COMMA = 15, 13, 0
"""How strongly an expression binds; what is weaker than its place allows is put into brackets."""


@dataclass(frozen=True, slots=True)
class Expr:
    """`form` has {0}, {1}, … where the parts go, which must bind at least as strongly as `needs` says."""

    form: str
    type: Type
    parts: tuple[Expr, ...] = ()
    strength: int = ATOM
    needs: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        return self.form.format(*(
            part.text if part.strength >= need else f"({part.text})"
            for part, need in zip(self.parts, self.needs, strict=True)))

    @property
    def scalar(self) -> Scalar:
        assert isinstance(self.type, Scalar), self
        return self.type


def atom(text: str, kind: Type) -> Expr:
    return Expr(text.replace("{", "{{").replace("}", "}}"), kind)


@dataclass(frozen=True, slots=True)
class Stmt:
    """`form` has {0}, … where the expressions go and <0>, … where the bodies go."""

    form: str
    exprs: tuple[Expr, ...] = ()
    bodies: tuple[tuple[Stmt, ...], ...] = ()

    def text(self, indent: str = "\t") -> str:
        result = self.form.format(*(expr.text for expr in self.exprs))
        for number, body in enumerate(self.bodies):
            inner = "".join(item.text(indent + "\t") for item in body)
            result = result.replace(f"<{number}>", f"{{\n{inner}{indent}}}")
        return f"{indent}{result}\n"


@dataclass(frozen=True, slots=True)
class Function:
    head: str
    body: tuple[Stmt, ...]

    @property
    def text(self) -> str:
        return f"{self.head}\n{{\n{''.join(item.text() for item in self.body)}}}\n"


@dataclass(frozen=True, slots=True)
class Program:
    """`name` is the function that is called, with numbers for `parameters`."""

    seed: int
    name: str
    parameters: tuple[Scalar, ...]
    declarations: tuple[str, ...]
    statics: tuple[str, ...]
    functions: tuple[Function, ...]
    is_undefined: bool = False
    """It may run into undefined behaviour, by intention."""

    @property
    def text(self) -> str:
        return "".join((*self.declarations, *(function.text for function in self.functions)))


def declaration(kind: Type, name: str) -> str:
    """`u32 *name`, `u8 name[4]`."""
    match kind:
        case Pointer(target=target):
            return declaration(target, f"*{name}")
        case Array(element=element, count=count):
            return declaration(element, f"{name}[{count}]")
        case Record(tag=tag):
            return f"{tag} {name}"
        case Scalar():
            return f"{kind.name} {name}"
