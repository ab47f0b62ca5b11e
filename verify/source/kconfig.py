"""A kernel's .config: which build options fill variables that nobody initialised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ZERO, PATTERN = "CONFIG_INIT_STACK_ALL_ZERO", "CONFIG_INIT_STACK_ALL_PATTERN"
SOME = ("CONFIG_GCC_PLUGIN_STRUCTLEAK_USER", "CONFIG_GCC_PLUGIN_STRUCTLEAK_BYREF",
        "CONFIG_GCC_PLUGIN_STRUCTLEAK_BYREF_ALL")
"""They fill variables of some kinds with zeros."""
CLANGS, GCCS = 0xAA, 0xFE
"""What -ftrivial-auto-var-init=pattern repeats, by the manual of each compiler."""
_LINE = re.compile(r"^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Filling:
    """An option that fills variables with `byte`: each one, or (`is_whole` false) those of some kinds."""

    option: str
    byte: int
    is_whole: bool = True


ALL_ZERO = Filling(ZERO, 0)


def is_kconfig(text: str) -> bool:
    """Is this a .config, and no TOML? An empty one says that nothing is set."""
    return _LINE.search(text) is not None or not text.strip()


def read_options(text: str) -> dict[str, str]:
    """Name → value as it stands there; those that are not set are left out."""
    return {found[1]: found[2].strip() for found in _LINE.finditer(text) if found[1]}


def fillings(options: Mapping[str, str]) -> Iterator[Filling]:
    """Those that this build has. A pattern is the compiler's; where it is not named, either may be."""
    if options.get(ZERO) == "y":
        yield ALL_ZERO
    if options.get(PATTERN) == "y":
        is_clang, is_gcc = (options.get(f"CONFIG_CC_IS_{name}") == "y" for name in ("CLANG", "GCC"))
        if is_clang or not is_gcc:
            yield Filling(PATTERN, CLANGS)
        if is_gcc or not is_clang:
            yield Filling(PATTERN, GCCS)
    yield from (Filling(name, 0, is_whole=False) for name in SOME if options.get(name) == "y")
