"""What a concrete call does, for reports and for replay."""

from __future__ import annotations

from dataclasses import dataclass, field

from verify.ir.span import Span


@dataclass(frozen=True, slots=True)
class SmcDone:
    """An SMC that EL2 made; `function` is the innermost function of the tree."""

    arguments: tuple[int, ...]
    results: tuple[int, ...]
    is_forward: bool
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class AccessDone:
    """A scalar member of a static was read or written; `held` are the locks held then."""

    path: str
    is_write: bool
    order: str
    value: int
    held: tuple[str, ...]
    span: Span
    function: str


@dataclass(frozen=True, slots=True)
class Step:
    """A source line that ran; `values` are the named scalars that it set."""

    span: Span
    function: str
    values: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Log:
    """Events of one call, in program order."""

    smcs: list[SmcDone] = field(default_factory=list)
    accesses: list[AccessDone] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    warns: list[Span] = field(default_factory=list)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    """(function, block) pairs that were entered."""
    edges: set[tuple[str, str, str]] = field(default_factory=set)
