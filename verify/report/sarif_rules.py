"""Rules as SARIF describes them, with the help that a host shows beside a result."""

from __future__ import annotations

import re
from typing import Any

from verify.report.brief import clip
from verify.report.explain import explain
from verify.report.markup import plain
from verify.rules.rule import Rule

LONGEST = 1000
"""Characters of a message or description: GitLab drops results with more than 1,024."""
UNDECIDED = "/undecided"
"""Behind a rule's identity where nothing is violated but something is open, so that both can be told apart."""
_PRECISION = {"high": "high", "medium": "medium", "med": "medium"}


def descriptor(rule: Rule) -> dict[str, Any]:
    """A rule; its level is that of a violation."""
    told = explain(rule)
    founded = f"{rule.force}, confidence {rule.confidence}; {'; '.join(map(str, rule.clauses))}"
    sections = (*told.sections, ("Founded on", founded))
    return {
        "id": rule.identity, "name": _name(rule.title),
        "shortDescription": {"text": clip(rule.title, LONGEST)},
        "fullDescription": {"text": clip(told.sentence, LONGEST)},
        "help": _help(told.sentence, sections),
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": _tags(rule), "precision": _PRECISION.get(rule.confidence, "low"),
                       "problem.severity": "error"},
    }


def undecided(rule: Rule) -> dict[str, Any]:
    """What is open of a rule."""
    sentence = f"{rule.identity} is neither proved nor violated for a function."
    sections = (
        ("unsupported", "something there is not modelled exactly; the result names the lines. Not the tree's fault."),
        ("unknown", "a limit was reached, or the proof needs what is not known of the state."),
        ("vacuous", "no call meets the premise, so that the proof says nothing."),
        ("What to do", "read the reason; review these lines by hand. Gate on it by the exit status, 3."))
    return {
        "id": rule.identity + UNDECIDED, "name": _name(rule.title) + "Undecided",
        "shortDescription": {"text": clip(f"Undecided: {rule.title}", LONGEST)},
        "fullDescription": {"text": clip(f"{sentence} The rule: {explain(rule).sentence}", LONGEST)},
        "help": _help(sentence, sections),
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": [*_tags(rule), "undecided"], "precision": "low", "problem.severity": "warning"},
    }


def _help(sentence: str, sections: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {
        "text": "\n".join([sentence, *(f"{name}: {text}" for name, text in sections)]),
        "markdown": "\n\n".join([plain(sentence), *(f"**{name}:** {plain(text)}" for name, text in sections)]),
    }


def _tags(rule: Rule) -> list[str]:
    """Hosts show ten."""
    chapter = rule.identity.removeprefix("FFA-").partition("-")[0]
    documents = dict.fromkeys(clause.document for clause in rule.clauses if clause.document)
    return list(dict.fromkeys([rule.force, chapter, *documents]))[:9]


def _name(title: str) -> str:
    """`NoEl2MemoryReachesTheHost`."""
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", title))
