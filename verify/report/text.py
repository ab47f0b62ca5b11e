"""The report that a person reads."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.prove.outcome import Finding, PartResult, RuleResult, Status
from verify.report import story
from verify.report.decode import Names, names_of
from verify.report.lines import lines_text, pairs
from verify.report.sequence import LOCK
from verify.rules.rule import Rule
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

WIDTH = 118
MOST = 16
"""Events of a call that are shown from its start and from its end."""
TRUSTED = (
    "environment headers, binding, contracts of outside functions, front end, engine, solvers; each violation and each "
    "premise was reproduced by the interpreter"
)


def render(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated) -> str:
    """Per target: a table by rule, then the findings, then what is open."""
    return "\n".join(line for run in runs for line in _target(run, options, tolerated.reasons)) + "\n"


def _target(run: TargetRun, options: Options, accepted: Mapping[str, str]) -> Iterator[str]:
    title = f"{run.name}{f' ({run.revision})' if run.revision else ''}"
    yield f"{title}: profile {options.profile}, pages {' '.join(options.page_sizes)}"
    yield "─" * len(title)
    yield from (f"note: {note}" for note in run.notes)
    yield from _table(run, options)
    names = names_of(run.constants)
    for result in run.results:
        for part in result.parts:
            for finding in part.findings:
                if result.trust == options.strictest or not _is_in(run, options.strictest, finding):
                    yield ""
                    yield from _finding(run.rules[result.rule], result, part, finding, names, accepted)
    yield from _open(run, options)
    yield ""
    yield from _wrap("assumed: ", "; ".join(run.assumptions) or "nothing about the tree")
    for level, assumed in _assumed(run).items():
        yield from _wrap(f"assumed by proofs at {level}: ", ", ".join(assumed))
    yield from _wrap("trusted: ", TRUSTED)
    yield ""


def _assumed(run: TargetRun) -> dict[str, list[str]]:
    """By trust level, what some proof there assumes of handlers that are not modelled to their end."""
    found: dict[str, set[str]] = {}
    for result in run.results:
        for part in result.parts:
            if part.status in (Status.PROVED, Status.NOT_APPLICABLE) and part.assumptions:
                found.setdefault(result.trust, set()).update(part.assumptions)
    return {level: sorted(names) for level, names in sorted(found.items())}


def _is_in(run: TargetRun, trust: str, finding: Finding) -> bool:
    """The strictest level shows it already."""
    return any(
        other.fingerprint == finding.fingerprint
        for result in run.results if result.trust == trust for part in result.parts for other in part.findings)


def _table(run: TargetRun, options: Options) -> Iterator[str]:
    trusts = sorted(options.trusts)
    width = 24 if any(result.is_cached for result in run.results) else 16
    heading = "".join(f"{trust:<{width}}" for trust in trusts)
    yield f"{'rule':<12}{heading}{'queries':>8}  title"
    for identity in dict.fromkeys(result.rule for result in run.results):
        mine = {result.trust: result for result in run.results if result.rule == identity}
        cells = "".join(f"{_cell(mine[trust]) if trust in mine else '':<{width}}" for trust in trusts)
        queries = sum(result.cost.queries for result in mine.values())
        yield f"{identity:<12}{cells}{queries:>8}  {run.rules[identity].title}"


def _cell(result: RuleResult) -> str:
    return f"{result.status.value}{' (cached)' if result.is_cached else ''}"


def _finding(
    rule: Rule, result: RuleResult, part: PartResult, finding: Finding, names: Names, accepted: Mapping[str, str]
) -> Iterator[str]:
    where = f"{finding.cause.file}:{finding.cause.line}"
    yield f"{rule.identity} {result.trust} {result.profile}, part {part.name}: violated"
    yield f"  {story.who(result.trust)}"
    if finding.fingerprint in accepted:
        yield f"  accepted: {accepted[finding.fingerprint]}"
    yield f"  at {where} ({finding.cause.function})"
    yield from _wrap("  rule: ", f"{finding.clause} ({rule.force}; {'; '.join(map(str, rule.clauses))}; "
                                 f"confidence {rule.confidence})")
    yield f"  wrong: {story.wrong(finding.cause)}"
    told = story.told(finding, names)
    yield f"  from reset, pages of {told['page_size']}, unused EL2 memory filled with {told['unused_memory']}:"
    if told["boot"]:
        yield from _wrap("  boot: ", pairs(told["boot"]))
    for asked in told["boot_smcs"]:
        yield f"  boot: EL2 asks: {asked['call']} → {asked['answer']}   ({asked['function']}:{asked['line']})"
    for number, call in enumerate(told["calls"], 1):
        yield from call_lines(number, call, last=number == len(told["calls"]))
    yield from followed(told)
    if finding.native:
        yield from _wrap("  ", finding.native)
    yield f"  fingerprint {finding.fingerprint}"


def followed(told: Mapping[str, Any]) -> Iterator[str]:
    """What the rule fails for, where it fails for that alone."""
    page = told["page"]
    if page is not None:
        then = page["before"] if page["before"] == page["after"] else f"{page['before']} → {page['after']}"
        yield f"  page {page['page']}: {then}"
    if told["index"] is not None:
        yield f"  for the index {told['index']:#x}"


def call_lines(number: int, call: Mapping[str, Any], last: bool) -> Iterator[str]:
    """One call of a sequence: of the last one everything, of the others what they tell EL2 and EL3."""
    outcome = f", {call['outcome']}" if call["ended"] is None else ""
    yield f"  {number}. {call['call']} → {call['answer']}{outcome}"
    if last:
        yield from _wrap("     before: ", pairs(call["before"]))
        yield from _wrap("     after:  ", pairs(call["after"]))
    with_locks = bool(call["locks_held"]) or (call["ended"] is not None and LOCK in call["ended"]["kind"])
    kinds = {event["kind"] for event in call["events"]} if last else {"host-writes", "page-tables", "smc"}
    shown = [event for event in call["events"] if event["kind"] in kinds - ({LOCK} if not with_locks else set())]
    yield from _events(f"     {number}.", shown)
    if last:
        changed = {k: v for k, v in call["state"]["after"].items() if call["state"]["before"].get(k) != v}
        if changed:
            yield from _wrap("     EL2 then: ", pairs(changed))
        yield from _wrap("     lines: ", lines_text(call["lines"]))


def _events(lead: str, events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Numbered; of those that repeat without an end the first and the last ones."""
    for number, event in enumerate(events, 1):
        if MOST <= number <= len(events) - MOST:
            if number == MOST:
                yield f"{lead}{number}–{len(events) - MOST} and so on"
            continue
        where = f"   ({event['function']}:{event['line']})" if "line" in event else ""
        details = event.get("details", ())
        yield from _wrap(f"{lead}{number} ", f"{event['text']}{where}{':' if details else ''}")
        for line in details:
            indent = " " * (11 + len(line) - len(line.lstrip()))
            yield from _wrap(indent, line.lstrip(), f"{indent}  ")


def _open(run: TargetRun, options: Options) -> Iterator[str]:
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
        yield from _wrap(f"  {rule} {part.name}: ", f"{part.status.value}: {part.reason}{places}")


def _wrap(lead: str, text: str, following: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, break_long_words=False, break_on_hyphens=False,
        subsequent_indent=" " * min(len(lead), 12) if following is None else following) or [lead.rstrip()]
