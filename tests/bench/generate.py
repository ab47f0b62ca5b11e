"""Larger mediators from one: every handler several times, under other function IDs; mailboxes of several pages.

    python -m tests.bench.generate TREE FOLDER --handlers 4 --pages 2

The copies work on the same statics and do what the originals do; they are there to see how cost grows.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.frontend.preprocess import FFA_C, PKVM_H
from verify.source.tree import read_tree

ENTRY = "kvm_host_ffa_handler"
FIRST_FREE, LAST_FREE = 0x90, 0xFF
"""Function numbers that FF-A has not given out."""
FAST_STANDARD, SMC64 = 0x84000000, 0x40000000
HEAD = re.compile(r"^(?:[a-z][\w* \t]*[ *\n])(\w+)\([^;{}]*?\)\s*\{", re.MULTILINE)
MACRO = re.compile(r"^#[ \t]*define[ \t]+(\w+)\((?:[^\n]*\\\n)*[^\n]*\n", re.MULTILINE)
GROUP = re.compile(r"((?:^[ \t]*case\s+\w+:[^\n]*\n)+)((?:(?!^[ \t]*case\b|^[ \t]*default\b|^[ \t]*/\*)[^\n]*\n)+?)(?=^[ \t]*(?:case\b|default\b|/\*|\}))",
                   re.MULTILINE)
PAGES = re.compile(r"^(#\s*define\s+KVM_FFA_MBOX_NR_PAGES\s+)\S+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, or a macro with parameters, of the file."""

    name: str
    start: int
    text: str

    def calls(self, names: frozenset[str]) -> set[str]:
        return {name for name in re.findall(r"\b(\w+)\(", self.text) if name in names and name != self.name}


def generated(files: Mapping[str, str], handlers: int = 1, pages: int = 0) -> dict[str, str]:
    """The tree with `handlers` of each; with `pages` pages a mailbox, unless that is 0."""
    result = dict(files)
    if handlers > 1:
        result[FFA_C] = _with_copies(files[FFA_C], handlers)
    if pages:
        result[PKVM_H], count = PAGES.subn(rf"\g<1>{pages}", files[PKVM_H])
        assert count == 1, "the tree does not say how many pages a mailbox has"
    return result


def _with_copies(text: str, handlers: int) -> str:
    known = {item.name: item for item in (*definitions(text), *_macros(text))}
    dispatcher = _dispatcher(known)
    groups = [found for found in GROUP.finditer(_switch(dispatcher.text)) if _called(known, found[2])]
    assert groups, "no switch that calls handlers"
    shared = _reached(known, [name for found in groups for name in _called(known, found[2])])
    numbers = iter(range(FIRST_FREE, LAST_FREE + 1))
    copies, cases = [], []
    for copy in range(2, handlers + 1):
        copies += [_renamed(item.text, shared, copy) for item in sorted(
            (known[name] for name in shared), key=lambda item: item.start)]
        cases += [_labels(found[1], next(numbers)) + _renamed(found[2], shared, copy) for found in groups]
    end = groups[-1].end()
    switch = _switch(dispatcher.text)
    larger = dispatcher.text.replace(switch, switch[:end] + "".join(cases) + switch[end:])
    return text[:dispatcher.start] + "\n".join(copies) + "\n" + larger + text[dispatcher.start + len(dispatcher.text):]


def definitions(text: str) -> Iterator[Definition]:
    """Functions in kernel style: the head at the start of a line, and the closing brace too."""
    for found in HEAD.finditer(text):
        end = text.index("\n}\n", found.end()) + 3
        yield Definition(found[1], found.start(), text[found.start():end])


def _macros(text: str) -> Iterator[Definition]:
    return (Definition(found[1], found.start(), found[0]) for found in MACRO.finditer(text))


def _dispatcher(known: Mapping[str, Definition]) -> Definition:
    """The function, reached from the entry, whose switch over the function ID calls the most others."""
    candidates = [known[name] for name in _reached(known, [ENTRY]) if "switch (func_id)" in known[name].text]
    return max(candidates, key=lambda item: (len(_called(known, _switch(item.text))), item.name))


def _switch(text: str) -> str:
    """The whole switch over the function ID."""
    start = text.index("switch (func_id)")
    depth, at = 1, text.index("{", start) + 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[start:at]


def _called(known: Mapping[str, Definition], text: str) -> list[str]:
    return [name for name in dict.fromkeys(re.findall(r"\b(\w+)\(", text)) if name in known]


def _reached(known: Mapping[str, Definition], names: Sequence[str]) -> list[str]:
    done, todo = dict[str, None](), list(names)
    while todo:
        name = todo.pop()
        if name not in done:
            done[name] = None
            todo += known[name].calls(frozenset(known))
    return list(done)


def _renamed(text: str, names: Sequence[str], copy: int) -> str:
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})(?=\()", rf"\g<1>_{copy}", text)


def _labels(text: str, number: int) -> str:
    """Two labels at most: the 32-bit and the 64-bit function of the number."""
    widths = sorted({SMC64 if "64" in label else 0 for label in re.findall(r"case\s+(\w+):", text)})
    return "".join(f"\tcase {FAST_STANDARD | width | number:#x}:\n" for width in widths)


def write(files: Mapping[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("tree", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--handlers", type=int, default=1)
    parser.add_argument("--pages", type=int, default=0)
    given = parser.parse_args()
    write(generated(read_tree(given.tree).files, given.handlers, given.pages), given.folder)


if __name__ == "__main__":
    main()
