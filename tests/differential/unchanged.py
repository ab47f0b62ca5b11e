"""Functions that are the same in two trees: in the C that the compiler gets, in the IR, and so are those they call."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from tests.differential.build import AARCH64, definition, preprocessing
from tests.differential.pools import reached
from tests.differential.shape import Shape
from tests.differential.trees import Tree

SPAN = re.compile(r"Span\([^()]*\)")


def digests(tree: Tree, shape: Shape, folder: Path) -> Mapping[str, str]:
    """By function. `folder` is where the tree was built; all that is no function of the tree counts for each of them."""
    functions = shape.unit.functions
    rest = _preprocessed(tree, shape, folder)
    bodies = dict.fromkeys(functions, "")
    for name in shape.functions:
        bodies[name] = definition(rest, name) or ""
        rest = rest.replace(bodies[name], "", 1) if bodies[name] else rest
    own = {name: _digest((_squeezed(body), _plain(functions[name]))) for name, body in bodies.items()}
    common = (_squeezed(rest), _plain(shape.unit.statics), _plain(shape.unit.layouts))
    return {name: _digest((*common, *(own[called] for called in sorted(reached(shape.unit, name))))) for name in shape.functions}


def _preprocessed(tree: Tree, shape: Shape, folder: Path) -> str:
    """With the tree's own SMC macros, which the other builds replace."""
    command = preprocessing(tree, shape, folder, AARCH64)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _plain(item: object) -> str:
    """IR without its places."""
    return SPAN.sub("", repr(item))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _digest(texts: Iterable[str]) -> str:
    return sha256("\0".join(texts).encode()).hexdigest()
