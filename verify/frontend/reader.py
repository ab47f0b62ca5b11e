"""pcpp, kept in check: includes from memory alone, errors with their place, an end to every expansion.

With `preprocess`, the only module that knows pcpp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pcpp

from verify.errors import InputError

MOST_EXPANDED = 500_000
"""Tokens that macros are looked for in, all in all; a kernel's proxy takes some 80,000."""
MOST_NESTED = 60
"""Macros within macros, or within their arguments."""
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]{1,20})[uUlL]*")
_MOST_SHOWN = 60


class Reader(pcpp.Preprocessor):  # type: ignore[misc]
    """Answers includes from memory, turns errors into InputError, leaves nothing to the real file system."""

    evaluator: Any

    def __init__(self, files: Mapping[str, str], names: Mapping[str, str], defined: Mapping[str, str]) -> None:
        """`names` are the paths of headers that are read, by how they are included."""
        super().__init__()
        self.files = files
        self.names = names
        self.line_directive = None
        self.problems: list[str] = []
        self.opened: set[str] = set()
        self._at = "<driver>:1"
        self._expanded = 0
        self._depth = 0
        self._evaluate = self.evaluator
        self.evaluator = self._checked_evaluation
        for name, value in defined.items():
            self.define(f"{name} {value}")

    def tokens(self, text: str) -> Iterator[Any]:
        """All tokens of the text and what it includes. Raises InputError."""
        try:
            self.parse(text, "<driver>")
            while (token := self.token()) is not None:
                yield token
        except (InputError, MemoryError):
            raise
        except RecursionError:
            raise InputError(f"{self._at}: nested too deeply for the preprocessor") from None
        except Exception:  # pcpp takes it for granted that a directive has its operands
            raise InputError(f"{self._at}: malformed directive") from None
        if self.problems:
            raise InputError(self.problems[0])

    def expanded(self, name: str, text: str) -> list[Any]:
        """The tokens of a macro's text, fully expanded."""
        self._at = f"<macro {name}>"
        return list(self.expand_macros(self.tokenize(text)))

    # -- what pcpp calls -------------------------------------------------------------------------------------

    def on_error(self, file: str, line: int, msg: str) -> None:
        text = "#if with what is no expression" if msg.startswith("Could not evaluate") else msg
        self.problems.append(f"{file}:{line}: {_short(text)}")

    def on_directive_handle(self, directive: Any, *rest: Any) -> Any:
        self._at = f"{directive.source}:{directive.lineno}"
        return super().on_directive_handle(directive, *rest)

    def on_directive_unknown(self, directive: Any, tokens: list[Any], *rest: Any) -> Any:
        if directive.value == "warning":
            return True
        if directive.value != "pragma":
            text = "".join(token.value for token in tokens)
            self.problems.append(f"{self._at}: #{_short(f'{directive.value} {text}')}")
        return None

    def on_unknown_macro_function_in_expr(self, ident: str) -> Callable[[Any], int]:
        """The compiler knows some, as __has_attribute, and refuses the others."""
        self.problems.append(f"{self._at}: #if asks {_short(ident)}, which is not modelled")
        return lambda argument: 0

    def include(self, tokens: list[Any], original_line: Any) -> Iterator[Any]:
        """Includes by name from memory; a header that is not of the tree's FF-A headers reads as empty."""
        text = "".join(token.value for token in self.expand_macros(tokens)).strip()
        quoted = re.fullmatch(r'[<"](.+)[>"]', text)
        if quoted is None:
            self.problems.append(f"{self._at}: malformed include: {_short(text)}")
            return
        wanted = self.names.get(quoted[1], quoted[1])
        if wanted in self.files and wanted not in self.opened:
            self.opened.add(wanted)
            yield from self.parsegen(self.files[wanted], wanted, wanted)

    def expand_macros(self, tokens: list[Any], expanding_from: list[str] = []) -> list[Any]:  # noqa: B006 (pcpp's)
        """Raises InputError where macros double themselves, or nest without an end."""
        self._expanded += 1 + len(tokens)
        if self._expanded > MOST_EXPANDED or self._depth > MOST_NESTED:
            raise InputError(f"{self._at}: around here macros expand to more than this program takes")
        self._depth += 1
        try:
            result: list[Any] = super().expand_macros(tokens, expanding_from)
        finally:
            self._depth -= 1
        return result

    def _checked_evaluation(self, tokens: list[Any], **hooks: Any) -> Any:
        """Python's integers have no end, so that a shift has to have one."""
        written = [token for token in tokens if token.value.strip()]
        for token, following in zip(written, [*written[1:], None], strict=True):
            if token.value == "<<" and not (following and _is_small(following.value)):
                raise ValueError("shift")
        return self._evaluate(tokens, **hooks)


def _is_small(text: str) -> bool:
    found = _NUMBER.fullmatch(text)
    return found is not None and int(found[1], 0 if found[1][:2] in ("0x", "0X") else 10) < 64


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."
