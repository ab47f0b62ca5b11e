"""A tree's ffa.c as one C text for CBMC: our front end's tokens between our own headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from verify.frontend.preprocess import Token, preprocess
from verify.frontend.split import Definition, split

FOLDER = Path(__file__).parent / "c"
PAGE_SHIFT = 12
"""CBMC is asked about pages of 4K alone."""
VOID_CAST = ["(", "void", "*", ")"]
"""Of a variable: GNU C computes with the result as with a char pointer, and CBMC subtracts no char pointer from it."""
ENTRIES = ("handle_host_smc", "hyp_ffa_proxy_pages")


def unit(files: Mapping[str, str]) -> str:
    """Raises InputError for what the front end cannot read."""
    source = preprocess(files)
    constants = {"PAGE_SHIFT_CHECKED": PAGE_SHIFT, "MBOX_PAGES_CHECKED": source.macros["KVM_FFA_MBOX_NR_PAGES"]}
    return "\n".join((
        *(f"#define {name} ({value})" for name, value in constants.items()),
        _header("before.h"), *_lines(_reached(split(source.tokens))), _header("after.h")))


def _reached(items: Sequence[Definition]) -> list[Token]:
    """Without functions that no call comes to: those of the header need more of the kernel than we have."""
    functions = {item.name: item for item in items if item.is_function}
    done, todo = set[str](), list(ENTRIES)
    while todo:
        name = todo.pop()
        if name in functions and name not in done:
            done.add(name)
            todo += [token.text for token in functions[name].tokens]
    return [token for item in items if not item.is_function or item.name in done for token in item.tokens]


def _header(name: str) -> str:
    path = FOLDER / name
    return f'#line 1 "{name}"\n{path.read_text(encoding="utf-8")}'


def _lines(tokens: Sequence[Token]) -> Iterator[str]:
    """A line for each of the source's, under its number, so that CBMC's messages say where."""
    place, words = ("", 0), list[str]()
    for token in tokens:
        here = (token.span.file, token.span.line)
        if here != place:
            yield " ".join(words)
            if here != (place[0], place[1] + 1):
                yield f'#line {here[1]} "{here[0]}"'
            place, words = here, []
        words.append(token.text)
        if words[-5:-1] == VOID_CAST and token.kind == "CPP_ID":
            words[-4] = "char"
    yield " ".join(words)
