"""What changed between two units: names that came and went, and the IR of what is not the same any more."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from verify.ir import show
from verify.ir.function import Block, Function, Object, Unit
from verify.ir.span import NOWHERE, Span

_Item = TypeVar("_Item")


class What(Enum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is function, static, extern, constant, layout, not lowered, assumption or entry.

    `diff` are the lines of a unified diff of the IR's text; those of anything but a function have no headers.
    """

    kind: str
    name: str
    what: What
    diff: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join((f"{self.kind} {self.name}: {self.what.value}", *self.diff))


def compare(old: Unit, new: Unit, spans: bool = False) -> list[Change]:
    """What is different. Without `spans` a line that moved is no change, and the diffs give no lines of source."""
    changes = _compare("function", old.functions, new.functions, _bare_function, _function_text, spans)
    changes += _compare("static", old.statics, new.statics, _bare_object, _static_text, spans)
    changes += _compare("extern", old.externs, new.externs, _same, _extern_text, spans)
    changes += _compare("constant", old.constants, new.constants, _same, _constant_text, spans)
    changes += _compare("layout", old.layouts, new.layouts, _bare_object, _layout_text, spans)
    changes += _compare("not lowered", old.unparsed, new.unparsed, _bare_refused, _refused_text, spans)
    changes += [Change("assumption", text, What.REMOVED) for text in old.assumptions if text not in new.assumptions]
    changes += [Change("assumption", text, What.ADDED) for text in new.assumptions if text not in old.assumptions]
    if old.entry != new.entry:
        changes.append(Change("entry", new.entry, What.CHANGED, (f"-{old.entry}", f"+{new.entry}")))
    return changes


def _compare(
    kind: str, old: Mapping[str, _Item], new: Mapping[str, _Item], bare: Callable[[_Item], _Item],
    text: Callable[[str, _Item, bool], list[str]], spans: bool,
) -> list[Change]:
    changes = []
    for name in sorted({*old, *new}):
        if name not in new:
            changes.append(Change(kind, name, What.REMOVED, _diff(kind, text(name, old[name], spans), [])))
        elif name not in old:
            changes.append(Change(kind, name, What.ADDED, _diff(kind, [], text(name, new[name], spans))))
        else:
            before, after = (item if spans else bare(item) for item in (old[name], new[name]))
            if before != after:
                diff = _diff(kind, text(name, before, spans), text(name, after, spans))
                changes.append(Change(kind, name, What.CHANGED, diff or ("(in what the text leaves out)",)))
    return changes


def _diff(kind: str, old: list[str], new: list[str]) -> tuple[str, ...]:
    if kind == "function":
        return tuple(difflib.unified_diff(old, new, "old", "new", lineterm=""))
    lines: Iterable[str] = difflib.unified_diff(old, new, lineterm="", n=0)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


# -- without spans -----------------------------------------------------------------------------------------------


def _same(item: _Item) -> _Item:
    return item


def _bare_object(item: Object) -> Object:
    return replace(item, span=NOWHERE)


def _bare_refused(item: tuple[str, Span]) -> tuple[str, Span]:
    return item[0], NOWHERE


def _bare_function(function: Function) -> Function:
    return replace(
        function, span=NOWHERE, locals=tuple(_bare_object(local) for local in function.locals),
        blocks=tuple(_bare_block(block) for block in function.blocks))


def _bare_block(block: Block) -> Block:
    return Block(
        block.label, tuple(replace(instruction, span=NOWHERE) for instruction in block.instructions),
        replace(block.terminator, span=NOWHERE))


# -- text --------------------------------------------------------------------------------------------------------


def _function_text(name: str, function: Function, spans: bool) -> list[str]:
    return show.show_function(function, spans).splitlines()


def _static_text(name: str, item: Object, spans: bool) -> list[str]:
    return show.show_object("static", item, spans)


def _layout_text(name: str, item: Object, spans: bool) -> list[str]:
    return show.show_object("layout", item, False)


def _extern_text(name: str, item: tuple[int | None, tuple[int, ...]], spans: bool) -> list[str]:
    return [show.show_extern(name, *item)]


def _constant_text(name: str, value: int, spans: bool) -> list[str]:
    return [show.show_constant(name, value)]


def _refused_text(name: str, item: tuple[str, Span], spans: bool) -> list[str]:
    return [show.show_refused(name, *item, spans)]
