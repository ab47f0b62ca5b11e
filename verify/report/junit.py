"""JUnit XML: a suite for each target and trust level, a case for each part of a rule. Equal runs give equal bytes.

Red where the exit status is: failures and errors are at the strictest level alone, and not for what is tolerated. All
else that is not proved is skipped, and says why. No times: they would differ from run to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from xml.etree import ElementTree as Tree

from verify.prove.outcome import PartResult, RuleResult, Status
from verify.report.brief import again, calls, clip, reason, where
from verify.report.decode import Names, names_of
from verify.report.found import Found, Open, found, left_open
from verify.report.markup import xml
from verify.report.story import who, wrong
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

LONGEST = 300
"""Characters of a message; the text has the rest."""
MOST = 10
"""Findings of a part that are told."""


def render(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated) -> str:
    root = Tree.Element("testsuites", name="verify")
    for run in runs:
        told = {item.finding.fingerprint: item for item in found(run, options, tolerated)}
        opened = {(item.rule.identity, part.name): replace(item, parts=(part,))
                  for item in left_open(run, options) for part in item.parts}
        for trust in sorted(options.trusts):
            root.append(_suite(run, trust, options, told, opened))
    Tree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Tree.tostring(root, encoding="unicode")}\n'


def _suite(
    run: TargetRun, trust: str, options: Options, told: dict[str, Found], opened: dict[tuple[str, str], Open]
) -> Tree.Element:
    cases = [_case(run, result, part, options, told, opened)
             for result in run.results if result.trust == trust for part in result.parts]
    counts = {kind: str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error", "skipped")}
    suite = Tree.Element(
        "testsuite", name=xml(f"{run.name} {trust}"), tests=str(len(cases)), failures=counts["failure"],
        errors=counts["error"], skipped=counts["skipped"])
    properties = Tree.SubElement(suite, "properties")
    for name, value in _properties(run, options):
        Tree.SubElement(properties, "property", name=name, value=xml(value))
    suite.extend(cases)
    return suite


def _properties(run: TargetRun, options: Options) -> Iterator[tuple[str, str]]:
    yield from (("revision", run.revision), ("profile", options.profile), ("decides", options.strictest),
                ("pages", " ".join(options.page_sizes)))
    yield from (("assumption", text) for text in run.assumptions)
    yield from (("note", text) for text in run.notes)


def _case(
    run: TargetRun, result: RuleResult, part: PartResult, options: Options, told: dict[str, Found],
    opened: dict[tuple[str, str], Open],
) -> Tree.Element:
    case = Tree.Element("testcase", classname=result.rule, name=xml(part.name))
    rest = opened.get((result.rule, part.name))
    findings = [told[finding.fingerprint] for finding in part.findings]
    if part.status is Status.NOT_APPLICABLE:
        _add(case, "skipped", "not applicable", part.reason or "no call that can be made meets the rule's condition")
    elif part.status is Status.PROVED:
        pass
    elif result.trust != options.strictest:
        _add(case, "skipped", part.status.value, f"{part.status.value} at {result.trust}; {options.strictest} decides",
             _weaker(findings, names_of(run.constants), options))
    else:
        _decide(case, findings, rest, names_of(run.constants), options)
    return case


def _weaker(findings: list[Found], names: Names, options: Options) -> str:
    """At a level that decides nothing: what that level alone shows."""
    there = sum(item.decides for item in findings)
    lines = [f"findings that {options.strictest} shows, too: {there}"] if there else []
    return "\n".join([*lines, _told([item for item in findings if not item.decides], None, names, options)]).strip()


def _decide(case: Tree.Element, findings: list[Found], rest: Open | None, names: Names, options: Options) -> None:
    """At the level that the exit status follows."""
    failing = [item for item in findings if item.fails]
    body = _told(failing or findings, rest, names, options)
    if failing:
        _add(case, "failure", "violated", _summary(failing), body)
    elif rest is not None:
        _add(case, "error", rest.kind, reason(rest), body)
    else:
        _add(case, "skipped", "tolerated", f"violated, tolerated: {_reasons(findings)}", body)


def _summary(items: list[Found]) -> str:
    worst = items[0].finding
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return f"{worst.cause.file}:{worst.cause.line} {worst.cause.function}: required: {worst.clause}{more}"


def _reasons(items: Iterable[Found]) -> str:
    return "; ".join(dict.fromkeys(item.tolerated for item in items))


def _told(items: Sequence[Found], rest: Open | None, names: Names, options: Options) -> str:
    lines: list[str] = []
    for item in items[:MOST]:
        lines += _finding(item, names)
    if len(items) > MOST:
        lines.append(f"{len(items) - MOST} more findings")
    if rest is not None:
        lines.append(f"open: {reason(rest)}")
    shown = items[0] if items else rest
    return "\n".join([*lines, *([f"in full: {again(shown, options)}"] if shown is not None else [])])


def _finding(item: Found, names: Names) -> Iterator[str]:
    file, line = where(item)
    yield f"{file}:{line} ({item.finding.cause.function})"
    yield f"  required: {item.finding.clause}"
    yield f"  wrong: {wrong(item.finding.cause)}"
    yield f"  {who(item.trust)}"
    yield f"  from reset: {calls(item.finding, names)}"
    if item.tolerated:
        yield f"  tolerated: {item.tolerated}"
    if item.lapsed:
        yield f"  accepted: {item.lapsed}"
    yield f"  fingerprint {item.finding.fingerprint}"


def _add(case: Tree.Element, kind: str, of: str, message: str, text: str = "") -> None:
    child = Tree.SubElement(case, kind, type=of, message=xml(clip(message, LONGEST)))
    child.text = xml(text) or None
