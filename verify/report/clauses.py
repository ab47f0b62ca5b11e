"""The book as an index: clause → rule → function → line and verdict, and from a line back to the clauses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from verify.prove.outcome import RuleResult, Status
from verify.rules.rule import Clause
from verify.verdict.bound import Place, ranges

_VERSIONED = re.compile(r"v(\d\.\d)\s+(.*)")
HOLE = "not encoded"
STATUS_ORDER = tuple(Status)


@dataclass(frozen=True, slots=True)
class Bound:
    """One part of a rule: the function that it is about, the lines that its calls run through, and what was found.

    `verdict` is empty where nothing was judged; `wrong` are the lines of its findings.
    """

    part: str
    function: str
    lines: tuple[Place, ...] = ()
    verdict: str = ""
    wrong: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One section of a document as one rule has it. `how`: encoded, axiom, not encoded; `why` of the latter two.

    `tests`: of Arm's compliance suite.
    """

    document: str
    version: str
    section: str
    via: str
    rule: str
    title: str
    how: str
    why: str
    tests: tuple[str, ...]
    parts: tuple[Bound, ...]

    @property
    def where(self) -> str:
        version = f" {self.version}" if self.version else ""
        return f"{self.document}{version} {self.section}".strip()

    @property
    def verdict(self) -> str:
        """The worst of its parts."""
        found = {part.verdict for part in self.parts if part.verdict}
        return next((status.value for status in reversed(STATUS_ORDER) if status.value in found), "")


def sections(clause: Clause) -> Iterator[tuple[str, str]]:
    """(version, section) of each place that a clause names: `v1.0 8.4, v1.2 13.8` are two."""
    for piece in re.split(r"(?:,| and)\s+(?=v\d)", clause.section):
        match = _VERSIONED.fullmatch(piece)
        yield (match[1], match[2]) if match else ("", piece)


def entries(
    rule: str, title: str, clauses: Sequence[Clause], how: str, why: str, tests: tuple[str, ...],
    parts: tuple[Bound, ...],
) -> Iterator[Entry]:
    """For each place that the clauses name."""
    for clause in clauses or (Clause("", "no clause is known"),):
        for version, section in sections(clause):
            yield Entry(clause.document, version, section, clause.via, rule, title, how, why, tests, parts)


def in_order(found: Iterable[Entry]) -> list[Entry]:
    """By document and section; what any mediator needs comes last."""
    return sorted(found, key=lambda one: (not one.document, one.document, _numbers(one.section), one.version, one.rule))


def _numbers(section: str) -> tuple[bool, list[int], str]:
    numbers = [int(number) for number in re.findall(r"\d+", section)]
    return not section[:1].isdigit(), numbers if section[:1].isdigit() else [], section


def judged(part: Bound, results: Sequence[RuleResult], trust: str) -> Bound:
    """With what a run found at this level."""
    for result in results:
        for one in result.parts:
            if result.trust == trust and one.name == part.part:
                wrong = {(finding.cause.file, finding.cause.line) for finding in one.findings}
                return replace(part, verdict=one.status.value, wrong=tuple(sorted(wrong)))
    return part


def at_line(found: Iterable[Entry], place: Place) -> list[Entry]:
    """Those with a part whose calls run through the line; with these parts, and of their lines this one."""
    kept = []
    for entry in found:
        parts = tuple(replace(part, lines=(place,)) for part in entry.parts if place in part.lines)
        if parts:
            kept.append(replace(entry, parts=parts))
    return kept


# -- as text ---------------------------------------------------------------------------------------------------


def render_text(found: Sequence[Entry], short: Mapping[str, str]) -> str:
    """`short`: how files are called."""
    lines: list[str] = []
    for entry in found:
        verdict = f" [{entry.verdict}]" if entry.verdict else ""
        hole = f" [{entry.how}: {entry.why}]" if entry.why else ""
        lines.append(f"{entry.where or entry.section:<36} {entry.rule:<12} {entry.title}{verdict}{hole}")
        if entry.tests:
            lines.append(f"{'':<37}Arm's suite: {', '.join(entry.tests)}")
        lines += (f"{'':<37}{line}" for line in _parts(entry, short))
    return "\n".join(lines) + "\n" if lines else ""


def _parts(entry: Entry, short: Mapping[str, str]) -> Iterator[str]:
    """By function, those with the same lines and verdict together."""
    if entry.parts and not any(part.lines or part.verdict for part in entry.parts):
        yield ", ".join(dict.fromkeys(part.function for part in entry.parts))
        return
    groups: dict[tuple[str, str, tuple[Place, ...], tuple[Place, ...]], list[str]] = {}
    for part in entry.parts:
        groups.setdefault((part.function, part.verdict, part.lines, part.wrong), []).append(part.part)
    for (function, verdict, lines, wrong), _ in groups.items():
        told = [function, verdict, _places(lines, short), f"wrong at {_places(wrong, short)}" if wrong else ""]
        yield ": ".join(filter(None, told))


def _places(places: Iterable[Place], short: Mapping[str, str]) -> str:
    by_file: dict[str, list[int]] = {}
    for file, line in places:
        by_file.setdefault(file, []).append(line)
    return "; ".join(f"{short.get(file, file)} {ranges(lines)}" for file, lines in sorted(by_file.items()))


def render_json(found: Sequence[Entry], short: Mapping[str, str]) -> str:
    return json.dumps({"format": 1, "clauses": [asdict(entry) for entry in found]}, indent=1, ensure_ascii=False) + "\n"


def render_markdown(found: Sequence[Entry], short: Mapping[str, str]) -> str:
    rows = ["| clause | rule | says | functions | Arm's suite | verdict |", "|---|---|---|---|---|---|"]
    for entry in found:
        functions = ", ".join(dict.fromkeys(part.function for part in entry.parts))
        verdict = entry.verdict or (f"{entry.how}: {entry.why}" if entry.why else "")
        wrong = _places(sorted({place for part in entry.parts for place in part.wrong}), short)
        cells = [entry.where or entry.section, entry.rule, entry.title, functions, ", ".join(entry.tests),
                 f"{verdict} ({wrong})" if wrong else verdict]
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |")
    return "\n".join(rows) + "\n"
