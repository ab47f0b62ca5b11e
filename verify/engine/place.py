"""Where the program is: for spans, origins and call stacks."""

from __future__ import annotations

from dataclasses import dataclass

from verify.ir.span import Span


@dataclass(frozen=True, slots=True)
class Place:
    span: Span
    function: str
    text: str
