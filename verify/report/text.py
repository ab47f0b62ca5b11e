"""The report that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from verify.prove.outcome import Finding, PartResult, RuleResult, Status
from verify.report import shown, story
from verify.report.basis import TRUSTED, assumed
from verify.report.brief import clip, part_names, reason, where
from verify.report.decode import Names, names_of
from verify.report.found import Open, found, worst_first
from verify.report.lines import lines_text, pairs, wrapped
from verify.report.summary import counts
from verify.rules.rule import Rule
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

WIDTH = 118


class Detail(Enum):
    """How much is told: counts and a line a finding; findings with their last call in full; all parts and calls."""

    BRIEF = 0
    NORMAL = 1
    FULL = 2


@dataclass(frozen=True, slots=True)
class Style:
    detail: Detail = Detail.NORMAL
    width: int = WIDTH

    @property
    def is_full(self) -> bool:
        return self.detail is Detail.FULL

    def wrap(self, lead: str, text: str, following: str | None = None) -> list[str]:
        return wrapped(lead, text, self.width, " " * min(len(lead), 12) if following is None else following)


NEXT = ("verify explain FINGERPRINT says which values matter, verify replay FINGERPRINT plays it to the tree's C, "
        "compiled; both with --tree, and --rule and --trust as above")
PLAIN = Style()


def render(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, detail: Detail = Detail.NORMAL,
    width: int = WIDTH,
) -> str:
    """Per target: a table by rule, then the findings, then what is open."""
    if detail is Detail.BRIEF:
        return "".join(f"{line}\n" for run in runs for line in _brief(run, options, tolerated))
    style = Style(detail, width)
    return "\n".join(line for run in runs for line in _target(run, options, tolerated, style)) + "\n"


def _brief(run: TargetRun, options: Options, tolerated: Tolerated) -> Iterator[str]:
    """What fails the run, and what is open, in the order of the other short reports."""
    yield f"{run.name}: {counts(run, options, found(run, options, tolerated))}"
    for item in worst_first(run, options, tolerated):
        file, line = where(item)
        if isinstance(item, Open):
            yield f"{file}:{line}: {item.rule.identity} {part_names(item)}: {reason(item)}"
        elif item.fails:
            yield (f"{file}:{line}: {item.rule.identity} {item.part.name}: {item.finding.clause}; wrong: "
                   f"{story.wrong(item.finding.cause)}")


def _target(run: TargetRun, options: Options, tolerated: Tolerated, style: Style) -> Iterator[str]:
    title = f"{run.name}{f' ({run.revision})' if run.revision else ''}"
    yield f"{title}: profile {options.profile}, pages {' '.join(options.page_sizes)}"
    yield "─" * len(title)
    yield from (f"note: {note}" for note in run.notes)
    yield from _table(run, options, style)
    names = names_of(run.constants)
    for result in run.results:
        accepted = tolerated.reasons(result.trust)
        for part in result.parts:
            for finding in part.findings:
                if result.trust == options.strictest or not _is_in(run, options.strictest, finding):
                    yield ""
                    yield from finding_lines(run.rules[result.rule], result, part, finding, names, accepted, style)
    yield from _open(run, options, style)
    yield ""
    yield from style.wrap("assumed: ", "; ".join(run.assumptions) or "nothing about the tree")
    for level, names_there in assumed(run).items():
        yield from style.wrap(f"assumed by proofs at {level}: ", ", ".join(names_there))
    yield from style.wrap("trusted: ", TRUSTED)
    if any(part.findings for result in run.results for part in result.parts):
        yield from style.wrap("next: ", NEXT)
    yield ""


def _is_in(run: TargetRun, trust: str, finding: Finding) -> bool:
    """The strictest level shows it already."""
    return any(
        other.fingerprint == finding.fingerprint
        for result in run.results if result.trust == trust for part in result.parts for other in part.findings)


def _table(run: TargetRun, options: Options, style: Style) -> Iterator[str]:
    trusts = sorted(options.trusts)
    width = 24 if any(result.is_cached for result in run.results) else 16
    heading = "".join(f"{trust:<{width}}" for trust in trusts)
    yield f"{'rule':<12}{heading}{'queries':>8}  title"
    for identity in dict.fromkeys(result.rule for result in run.results):
        mine = {result.trust: result for result in run.results if result.rule == identity}
        cells = "".join(f"{_cell(mine[trust]) if trust in mine else '':<{width}}" for trust in trusts)
        queries = sum(result.cost.queries for result in mine.values())
        row = f"{identity:<12}{cells}{queries:>8}  "
        title = run.rules[identity].title
        yield row + (title if style.width >= WIDTH else clip(title, max(style.width - len(row), 24)))
        if style.is_full:
            yield from _parts(mine, style)


def _parts(results: Mapping[str, RuleResult], style: Style) -> Iterator[str]:
    """What came of each part, at each level."""
    for trust, result in results.items():
        groups: dict[str, list[str]] = {}
        for part in result.parts:
            groups.setdefault(part.status.value, []).append(part.name)
        for status, names in groups.items():
            yield from style.wrap(f"    {trust} {status}: ", ", ".join(names))


def _cell(result: RuleResult) -> str:
    return f"{result.status.value}{' (cached)' if result.is_cached else ''}"


def finding_lines(
    rule: Rule, result: RuleResult, part: PartResult, finding: Finding, names: Names, accepted: Mapping[str, str],
    style: Style,
) -> Iterator[str]:
    where = f"{finding.cause.file}:{finding.cause.line}"
    yield f"{rule.identity} {result.trust} {result.profile}, part {part.name}: violated"
    yield f"  {story.who(result.trust)}"
    if finding.fingerprint in accepted:
        yield f"  accepted: {accepted[finding.fingerprint]}"
    yield f"  at {where} ({finding.cause.function})"
    yield from style.wrap("  rule: ", f"{finding.clause} ({rule.force}; {'; '.join(map(str, rule.clauses))}; "
                                 f"confidence {rule.confidence})")
    yield f"  wrong: {story.wrong(finding.cause)}"
    told = story.told(finding, names)
    yield f"  from reset, pages of {told['page_size']}, unused EL2 memory filled with {told['unused_memory']}:"
    if told["boot"]:
        yield from style.wrap("  boot: ", pairs(told["boot"]))
    for asked in told["boot_smcs"]:
        yield f"  boot: EL2 asks: {asked['call']} → {asked['answer']}   ({asked['function']}:{asked['line']})"
    for number, call in enumerate(told["calls"], 1):
        yield from call_lines(number, call, number == len(told["calls"]) or style.is_full, style)
    yield from followed(told)
    if finding.native:
        yield from style.wrap("  ", finding.native)
    yield f"  fingerprint {finding.fingerprint}"


def followed(told: Mapping[str, Any]) -> Iterator[str]:
    """What the rule fails for, where it fails for that alone."""
    page = told["page"]
    if page is not None:
        then = page["before"] if page["before"] == page["after"] else f"{page['before']} → {page['after']}"
        yield f"  page {page['page']}: {then}"
    if told["index"] is not None:
        yield f"  for the index {told['index']:#x}"


def call_lines(number: int, call: Mapping[str, Any], last: bool, style: Style = PLAIN) -> Iterator[str]:
    """One call of a sequence: of the last one everything, of the others what they tell EL2 and EL3."""
    outcome = f", {call['outcome']}" if call["ended"] is None else ""
    yield f"  {number}. {call['call']} → {call['answer']}{outcome}"
    if last:
        yield from style.wrap("     before: ", pairs(call["before"]))
        yield from style.wrap("     after:  ", pairs(call["after"]))
    yield from _events(f"     {number}.", shown.events(call, last), style)
    if last:
        changed = {k: v for k, v in call["state"]["after"].items() if call["state"]["before"].get(k) != v}
        if changed:
            yield from style.wrap("     EL2 then: ", pairs(changed))
        yield from style.wrap("     lines: ", lines_text(call["lines"]))


def _events(lead: str, events: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    for number, event in shown.numbered(events):
        if isinstance(event, int):
            yield f"{lead}{number}–{event} and so on"
            continue
        where = f"   ({event['function']}:{event['line']})" if "line" in event else ""
        details = event.get("details", ())
        yield from style.wrap(f"{lead}{number} ", f"{event['text']}{where}{':' if details else ''}")
        for line in details:
            indent = " " * (11 + len(line) - len(line.lstrip()))
            yield from style.wrap(indent, line.lstrip(), f"{indent}  ")


def _open(run: TargetRun, options: Options, style: Style) -> Iterator[str]:
    """What is neither proved nor violated, at the level that decides the exit status."""
    rows = [
        (result.rule, part) for result in run.results if result.trust == options.strictest for part in result.parts
        if part.reason and part.status is not Status.PROVED
    ]
    if rows:
        yield ""
        yield f"open at {options.strictest}:"
    for rule, part in rows:
        places = f" ({', '.join(part.places)})" if part.places else ""
        yield from style.wrap(f"  {rule} {part.name}: ", f"{part.status.value}: {part.reason}{places}")

