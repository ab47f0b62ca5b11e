"""The mediators that come with the program for literate tests to build on.

Each is the one before it and a file of C, whose definitions take the place of its own, as an example's do.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from verify.frontend.preprocess import FFA_C
from verify.literate.document import Line
from verify.literate.splice import splice
from verify.source.tree import frozen, read_text, read_tree

SMALL = "small"
LAYERS: Mapping[str, tuple[str, ...]] = {
    SMALL: (), "mailbox": ("mailbox",), "partition": ("mailbox", "partition"), "memory": ("mailbox", "memory"),
}
"""Name → the files on top of the small mediator, the lowest first."""


@cache
def base_files(name: str) -> Mapping[str, str]:
    """The texts of one of LAYERS, by path in a kernel tree."""
    folder = Path(str(importlib.resources.files("verify.literate"))) / "base"
    files = dict(read_tree(folder / SMALL).files)
    for layer in LAYERS[name]:
        path = folder / f"{layer}.c"
        code = [Line(text, number) for number, text in enumerate(read_text(path).splitlines(), 1)]
        files[FFA_C] = "".join(f"{line.text}\n" for line in splice(files[FFA_C], code, path))
    return frozen(files)
