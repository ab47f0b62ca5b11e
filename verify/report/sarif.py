"""SARIF 2.1.0 for code scanning: one run a target, one result a finding or part left open. Equal runs, equal bytes.

Within what hosts take: GitHub 25,000 results a run, of which it shows 5,000, and 10 MB compressed; GitLab 5,000 results
and 10 MB as it is. Paths are relative to the kernel tree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from verify import __version__
from verify.report import sarif_flow, sarif_rules
from verify.report.brief import again, clip, said, where
from verify.report.decode import Names, names_of
from verify.report.found import Found, Open, worst_first
from verify.report.sarif_rules import LONGEST, UNDECIDED
from verify.verdict.baseline import Tolerated
from verify.verdict.exit_status import exit_status
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5000
MOST_STEPS = 20_000
"""Steps of all code flows of a run, some 300 bytes each; results behind that go without."""


def render(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, most: int = MOST_RESULTS,
    most_steps: int = MOST_STEPS,
) -> str:
    log = {"$schema": SCHEMA, "version": "2.1.0",
           "runs": [_run(run, options, tolerated, most, most_steps) for run in runs]}
    return json.dumps(log, ensure_ascii=False, separators=(",", ":")) + "\n"


def _run(run: TargetRun, options: Options, tolerated: Tolerated, most: int, most_steps: int) -> dict[str, Any]:
    names = names_of(run.constants)
    items = worst_first(run, options, tolerated)
    kept = items[:most]
    rules = _rules(run, kept)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    has_tolerated = any(isinstance(item, Found) and item.tolerated for item in kept)
    results = [_result(run, item, index, names, options, has_tolerated) for item in kept]
    without_flow = _add_flows(kept, results, names, most_steps)
    return {
        "tool": {"driver": {"name": "verify", "version": __version__, "semanticVersion": __version__, "rules": rules}},
        "automationDetails": {"id": f"verify/{run.name}/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The kernel tree."}}},
        "invocations": [{
            "executionSuccessful": True,
            "exitCode": exit_status([run], options.strictest, tolerated.at(options.strictest)),
            "toolExecutionNotifications": _notes(run, len(items) - len(kept), without_flow)}],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "revision": run.revision, "profile": options.profile, "trust": options.strictest,
            "trusts": sorted(options.trusts), "pageSizes": list(options.page_sizes),
            "assumptions": list(run.assumptions)},
        "results": results,
    }


def _rules(run: TargetRun, items: Sequence[Found | Open]) -> list[dict[str, Any]]:
    """All that were judged, whatever came of it."""
    opened = {item.rule.identity for item in items if isinstance(item, Open)}
    judged = [run.rules[identity] for identity in dict.fromkeys(result.rule for result in run.results)]
    return [*map(sarif_rules.descriptor, judged),
            *(sarif_rules.undecided(rule) for rule in judged if rule.identity in opened)]


def _result(
    run: TargetRun, item: Found | Open, index: dict[str, int], names: Names, options: Options, has_tolerated: bool
) -> dict[str, Any]:
    identity = item.rule.identity + (UNDECIDED if isinstance(item, Open) else "")
    function = item.finding.cause.function if isinstance(item, Found) else ""
    fingerprint = item.finding.fingerprint if isinstance(item, Found) else _open_fingerprint(item)
    parts = item.parts if isinstance(item, Open) else (item.part,)
    assumed = [name for part in parts for name in part.assumptions]
    told: dict[str, Any] = {
        "ruleId": identity, "ruleIndex": index[identity], "level": _level(item),
        "message": {"text": clip(said(item, names), LONGEST)},
        "locations": [sarif_flow.location(*where(item), function)],
        # The second name is the only one that GitHub goes by; its upload would otherwise hash the line's text, which
        # is the same for all findings there.
        "partialFingerprints": {"verify/v2": fingerprint, "primaryLocationLineHash": f"{fingerprint}:1"},
        "properties": {
            "trust": item.trust, "profile": item.profile, "parts": [part.name for part in parts],
            "function": item.function,
            "assumptions": list(dict.fromkeys([*run.assumptions, *assumed])),
            "again": again(item, options)},
    }
    if isinstance(item, Found):
        told["properties"]["trusts"] = list(item.trusts)
    else:
        told["properties"]["status"] = item.kind
    if has_tolerated:  # all results have it or none
        told["suppressions"] = _suppressions(item)
    return told


def _level(item: Found | Open) -> str:
    """A finding at a weaker level than the one that decides needs faulty firmware."""
    if isinstance(item, Open):
        return "warning"
    return "error" if item.decides else "note"


def _suppressions(item: Found | Open) -> list[dict[str, str]]:
    if isinstance(item, Open) or not item.tolerated:
        return []
    return [{"kind": "external", "status": "accepted", "justification": item.tolerated}]


def _open_fingerprint(item: Open) -> str:
    """Without lines, as a finding's has none."""
    parts = (item.rule.identity, item.kind, item.reason, str(item.ordinal))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _add_flows(
    items: Sequence[Found | Open], results: Sequence[dict[str, Any]], names: Names, most_steps: int
) -> int:
    """The worst first, as long as there is room; how many findings go without."""
    rows = ((item, told) for item, told in zip(items, results, strict=True) if isinstance(item, Found))
    for item, told in rows:
        flow = sarif_flow.flow(item.finding, names)
        most_steps -= sum(len(thread["locations"]) for thread in flow["threadFlows"])
        if most_steps < 0:
                return 1 + sum(1 for _ in rows)
        told["codeFlows"] = [flow]
    return 0


def _notes(run: TargetRun, left_out: int, without_flow: int) -> list[dict[str, Any]]:
    texts = [("note", note) for note in run.notes]
    if left_out:
        texts.append(("warning", f"{left_out} results are left out, the least bad ones; --format json has all."))
    if without_flow:
        texts.append(("note", f"{without_flow} findings are here without their calls; --format json has them."))
    return [{"level": level, "message": {"text": clip(text, LONGEST)}} for level, text in texts]
