"""What happened in a run, in a word: which calls went out, which failed, what EL3 answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from tests.differential.shape import FORWARD, KINDS, SMC

LETTERS = dict(zip(KINDS.values(), "HhSsPp", strict=True))
"""Capitals share or pin, small letters undo it."""


def situation(told: Iterable[tuple[int, int, int]]) -> str:
    """(kind, function ID of an SMC, result) of each event; a repeated one is followed by +, however often."""
    return "".join(f"{token}{'+' * (len(list(same)) > 1)}" for token, same in groupby(_tokens(told)))


def _tokens(told: Iterable[tuple[int, int, int]]) -> Iterator[str]:
    for kind, function, result in told:
        if kind in (SMC, FORWARD):
            yield f"{'<' if kind == SMC else '<<'}{function & 0xFF:02x}:{result & 0xFF:02x}>"
        else:
            yield LETTERS[kind] + "!" * bool(result & 0xFFFFFFFF)


XFER = "<7[23]:.."
NEEDED = {
    "do_ffa_rxtx_map": (
        r"^<66:61>H\+P\+$", "^<66:61>H!<67:..>$", "^<66:61>HH!h<67:..>$", r"^<66:61>H\+P!h\+<67:..>$",
        r"^<66:61>H\+PP!ph\+<67:..>$", "HH!h!<", "P!h!h<", "P!hh!<", "^<66:60>$"),
    "do_ffa_rxtx_unmap": ("^phph<67:61>$", "^ph!ph<67", "^phph!<67", "^phph<67:60>$"),
    "__do_ffa_mem_xfer": (
        "^$", r"^S\+S!s\+$", r"^S\+S!s\+s!", rf"^S\+{XFER}", r"^S\+<7[23]:60>s\+$", r"^S\+<7[23]:60>s\+s!S\+$",
        r"^S\+<7[23]:60>.*s!S.*S!", r"^S\+<7[23]:7a>$", r"^S\+<7[23]:7a>s\+$", "^<7[23]:61>$"),
    "do_ffa_mem_frag_tx": (
        "^$", r"^S\+S!s\+<77:61>$", r"^S\+S!s\+<77:60>$", r"^S\+S!s\+s!", r"^S\+<7b:61>$", r"^S\+<7b:7a>$",
        r"^S\+<7b:60>s\+$", r"^S\+<7b:60>s\+s!S\+$", r"^S\+<7b:60>.*s!S.*S!", "^<7b:61>$"),
    "do_ffa_mem_reclaim": (
        "^<74:60>$", "^<74:75><65:..>$", r"^<74:75><65:..><77:61>s\+$", r"^<74:75><65:..><77:60>$",
        r"^<74:75><65:..><7a:7b><65:..><77:61>s", r"^<74:75><65:..>(<7a:7b><65:..>){2,}<77:61>s",
        r"^<74:75><65:..>(<7a:7b><65:..>){3,}<77:61>s", r"^<74:75><65:..>(<7a:7b><65:..>)+<7a:60>$",
        r"<77:61>s\+s!S\+$", r"<77:61>.*s!S.*S!", r"<77:61>$"),
    "do_ffa_part_get": ("^$", "^<68:61>$", "^<68:60>$"),
}
"""What each memory handler of 6.12 has to have gone through, as patterns: each step failing, and each undoing too."""
FROM_RESET = (
    r"^S\+<7[23]:61>$", r"^S\+<7[23]:60>s\+$", r"^S\+<7b:61>$", r"<77:61>s\+$", r"^<66:61>H\+P\+$", "^phph<67:61>$",
    "^<68:61>$")
"""What happens to a host that starts at reset: share, refusal, fragment, reclaim, map, unmap, partitions."""


def missing(found: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The patterns that nothing matches."""
    seen = list(found)
    return [pattern for pattern in patterns if not any(re.search(pattern, text) for text in seen)]
