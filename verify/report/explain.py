"""What a rule's docstring says: the sentence, then Clause, Reading, Applies to, Not covered."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from verify.rules.rule import HEADINGS, Rule

_HEADING = re.compile(rf"^({'|'.join(HEADINGS)}):\s*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Explained:
    """Each text in one line; `sections` are those that the docstring has, in its order."""

    sentence: str
    sections: tuple[tuple[str, str], ...]


def explain(rule: Rule) -> Explained:
    sentence, *rest = _HEADING.split(inspect.cleandoc(rule.documentation))
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return Explained(_flat(sentence) or rule.title, tuple((name, _flat(text)) for name, text in pairs))


def _flat(text: str) -> str:
    return " ".join(text.split())
