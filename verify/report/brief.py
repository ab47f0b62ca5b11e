"""A finding, or what is left open, in a few words: what failed, where, who can do it, by which calls."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from verify.frontend.preprocess import FFA_C
from verify.prove.outcome import Finding, PartResult
from verify.report.decode import Names
from verify.report.found import Found, Open
from verify.report.story import told, who, wrong
from verify.verdict.options import Options

MOST_CALLS = 6
MOST_PARTS = 4


def place(file: str, line: int) -> tuple[str, int]:
    """A line of the tree; what lies in none of its files is shown at the top of the mediator's."""
    return (file, line) if line > 0 and not file.startswith("<") else (FFA_C, 1)


def where(item: Found | Open) -> tuple[str, int]:
    """File and line: of a finding's cause, of the first thing that is not modelled, or the top of the mediator."""
    if isinstance(item, Found):
        return place(item.finding.cause.file, item.finding.cause.line)
    for text in item.places:
        file, _, line = text.rpartition(":")
        if line.isdigit():
            return place(file, int(line))
    return FFA_C, 1


def title(item: Found | Open) -> str:
    return f"{item.rule.identity} {item.rule.title}"


def said(item: Found | Open, names: Names, others: Sequence[Found] = ()) -> str:
    """One paragraph; `others` are of the same rule and place."""
    if isinstance(item, Open):
        return f"Undecided, {part_names(item)}: {reason(item)}."
    parts = _named([item.part, *(other.part for other in others)])
    return (f"Violated in {item.finding.cause.function}, {parts}. Required: {item.finding.clause}. "
            f"Wrong: {wrong(item.finding.cause)}. {_capital(who(item.trust))}. "
            f"From reset: {calls(item.finding, names)}." + (f" Accepted: {item.lapsed}." if item.lapsed else ""))


def reason(item: Open) -> str:
    places = f" ({', '.join(item.places)})" if item.places else ""
    return f"{item.kind}: {item.reason}{places}"


def part_names(item: Open) -> str:
    """`part a`, `parts a, b and 5 more`."""
    return _named(item.parts)


def _named(parts: Sequence[PartResult]) -> str:
    names = list(dict.fromkeys(part.name for part in parts))
    more = f" and {len(names) - MOST_PARTS} more" if len(names) > MOST_PARTS else ""
    return f"part{'s' if len(names) > 1 else ''} {', '.join(names[:MOST_PARTS])}{more}"


def calls(finding: Finding, names: Names) -> str:
    """`FFA_VERSION(1.0) → 1.0; FFA_MEM_RECLAIM(handle 0x0) → FFA_ERROR(…)`; of many the last ones."""
    done = told(finding, names)["calls"]
    texts = [call_line(call) for call in done[-MOST_CALLS:]]
    left_out = [f"{len(done) - MOST_CALLS} calls"] if len(done) > MOST_CALLS else []
    return "; ".join(left_out + texts)


def call_line(call: Mapping[str, Any]) -> str:
    """`FFA_VERSION(1.0) → 1.0`, of a call as a finding tells it."""
    return f"{call['call']} → {_outcome(call)}"


def _outcome(call: Mapping[str, Any]) -> str:
    return str(call["answer"]) if call["ended"] is None else f"no answer: {call['ended']['text']}"


def again(item: Found | Open, options: Options) -> str:
    """The command that shows this alone, with registers and lines; the tree is the reader's to name."""
    return " ".join(["verify run", *_alone(item, options), *([f"--rlimit {options.limit}"] if options.limit else [])])


def further(item: Found, options: Options) -> tuple[str, str]:
    """The commands that explain it and play it to compiled code."""
    words = " ".join([item.finding.fingerprint, *_alone(item, options)])
    return f"verify explain {words}", f"verify replay {words}"


def _alone(item: Found | Open, options: Options) -> list[str]:
    words = [f"--rule {item.rule.identity}"]
    words += [f"--function {shlex.quote(item.function)}"] if item.function else []
    words += [f"--trust {item.trust}"]
    words += [f"--profile {item.profile}"] if item.profile != Options().profile else []
    words += [f"--page-size {options.page_size}"] if options.page_size else []
    return [*words, *map(shlex.quote, options.named)]


def clip(text: str, most: int) -> str:
    """At most so many characters, cut between words."""
    if len(text) <= most:
        return text
    return text[:most - 1].rsplit(" ", 1)[0].rstrip(" ;,.") + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
