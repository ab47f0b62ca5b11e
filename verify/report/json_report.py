"""The JSON report, schema 2 (docs/schema/run-2.json). Equal runs give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from verify import __version__
from verify.prove.identity import VERSION
from verify.prove.outcome import PartResult, RuleResult
from verify.report import story
from verify.report.decode import Names, names_of
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

SCHEMA = 2


def _part(part: PartResult, names: Names, accepted: Mapping[str, str]) -> dict[str, Any]:
    findings = []
    for item in part.findings:
        told = dict(story.finding(item, names))
        if item.fingerprint in accepted:
            told["accepted"] = accepted[item.fingerprint]
        if item.native:
            told["native"] = item.native
        findings.append(told)
    return {
        "part": part.name, "function": part.function, "status": part.status.value, "reason": part.reason,
        "places": list(part.places), "assumptions": list(part.assumptions), "findings": findings,
    }


def _result(run: TargetRun, result: RuleResult, options: Options, accepted: Mapping[str, str]) -> dict[str, Any]:
    rule = run.rules[result.rule]
    names = names_of(run.constants)
    return {
        "rule": result.rule, "title": rule.title, "profile": result.profile, "trust": result.trust,
        "page_sizes": list(options.page_sizes), "status": result.status.value, "force": rule.force,
        "confidence": rule.confidence, "clauses": [str(clause) for clause in rule.clauses],
        "parts": [_part(part, names, accepted) for part in result.parts],
        "cost": {"queries": result.cost.queries, "rlimit": result.cost.units, "by_hand": result.cost.by_hand,
                 "refuted": result.cost.refuted, "confirmed": result.cost.confirmed, "cached": result.is_cached},
    }


def report(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated) -> dict[str, Any]:
    """The whole report as plain data."""
    return {
        "schema": SCHEMA, "tool": __version__, "fingerprints": VERSION,
        "runs": [
            {
                "target": run.name, "revision": run.revision, "assumptions": list(run.assumptions),
                "notes": list(run.notes),
                "invariants": {level: list(names) for level, names in sorted(run.invariants.items())},
                "results": [_result(run, result, options, tolerated.reasons(result.trust)) for result in run.results],
            }
            for run in runs
        ],
    }


def render(runs: Sequence[TargetRun], options: Options, tolerated: Tolerated) -> str:
    return json.dumps(report(runs, options, tolerated), indent=1, ensure_ascii=False) + "\n"
