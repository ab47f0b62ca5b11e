"""EL2's buffers: the memory that initialisation gets, cut where it hands out pointers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from verify.engine.value import Pointer
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term, variables

PAGES = "$pages"
"""The memory that hyp_ffa_init gets: mailboxes that EL2 shares with EL3, and buffers."""
HOST = "$host"
"""The host's memory, as EL2 sees it: offsets are physical addresses."""
CONTEXT = "$context"
"""The host's saved registers."""
PAGE_SIZES = ({"page.64K": 0, "page.16K": 0}, {"page.64K": 0, "page.16K": 1}, {"page.64K": 1, "page.16K": 0})


@dataclass(frozen=True, slots=True)
class Region:
    """`start` and `size` in bytes, 64 bits, by page size; `name` after the first static that points to it."""

    name: str
    start: Term
    size: Term


def physical(region: Region) -> Term:
    """Where it lies: initialisation may get any memory."""
    return t.binary("add", t.var(f"phys.{PAGES}", 64), region.start)


def find_regions(pointers: Mapping[str, Pointer], total: Term) -> dict[int, Region]:
    """By the identity of their start. A layout whose order changes with the page size has none."""
    starts: dict[int, tuple[str, Term]] = {}
    for path, pointer in sorted(pointers.items()):
        for target in pointer.targets:
            if target.object == PAGES and set(variables([target.offset])) <= set(PAGE_SIZES[0]):
                starts.setdefault(id(target.offset), (path, target.offset))
    placed = [(tuple(evaluate([start], size)[0] for size in PAGE_SIZES), path, start)
              for path, start in starts.values()]
    placed.sort(key=lambda item: item[0])
    if any(low > high for (a, _, _), (b, _, _) in pairwise(placed)
           for low, high in zip(a, b, strict=True)):
        return {}
    ends = [*(start for _, _, start in placed[1:]), total][: len(placed)]
    return {id(start): Region(f"${path}", start, _distance(start, end))
            for (_, path, start), end in zip(placed, ends, strict=True)}


def _distance(start: Term, end: Term) -> Term:
    """As a choice between numbers by page size."""
    result = None
    for size in PAGE_SIZES:
        low, high = evaluate([start, end], size)
        value = t.const(max(high - low, 0), 64)
        if result is None:
            result = value
        elif size["page.64K"]:
            result = t.ite(t.var("page.64K", 0), value, result)
        else:
            result = t.ite(t.var("page.16K", 0), value, result)
    assert result is not None
    return result


def set_at_boot(path: str) -> Term:
    """Did initialisation make this static pointer lead somewhere?"""
    return t.var(f"init.{path}.set", 0)


def built(names: Iterable[str]) -> Term:
    """Did it make any of these regions?"""
    return t.or_(*(set_at_boot(name.removeprefix("$")) for name in sorted(names)))
