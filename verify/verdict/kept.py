"""Results as JSON text and back, for a later run on the same unit. Malformed text raises Malformed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from verify.ir.decode import Malformed, each, integer, string
from verify.prove.outcome import Cause, Finding, PartResult, Retold, RuleResult, Status
from verify.solve.query import Cost

Teller = Callable[[Finding], Mapping[str, Any]]
"""A finding's episode as reports tell it."""
_STATUS = {status.value: status for status in Status}
_COSTS = ("queries", "rlimit", "by_hand", "steps", "refuted", "confirmed")


def retold(results: list[RuleResult], tell: Teller) -> list[RuleResult]:
    """With their findings as reports tell them."""
    return [replace(result, parts=tuple(_retold(part, tell) for part in result.parts)) for result in results]


def _retold(part: PartResult, tell: Teller) -> PartResult:
    return replace(part, findings=tuple(replace(one, episode=Retold(tell(one))) for one in part.findings))


def encode(results: list[RuleResult]) -> str:
    """Of results that are retold."""
    return json.dumps([_result(result) for result in results], ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> list[RuleResult]:
    return list(each(parse(text), _read_result))


def parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Malformed(str(problem)) from None


def table(value: Any, *keys: str) -> dict[str, Any]:
    """With exactly these keys."""
    if type(value) is not dict or set(value) != set(keys):
        raise Malformed(f"not a table of {', '.join(keys)}")
    return value


def _result(result: RuleResult) -> dict[str, Any]:
    return {
        "rule": result.rule, "profile": result.profile, "trust": result.trust,
        "parts": [_part(part) for part in result.parts],
        "cost": {name: getattr(result.cost, name) for name in _COSTS},
    }


def _part(part: PartResult) -> dict[str, Any]:
    return {
        "name": part.name, "function": part.function, "status": part.status.value, "reason": part.reason,
        "places": part.places, "assumptions": part.assumptions,
        "findings": [_finding(finding) for finding in part.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    assert isinstance(finding.episode, Retold)
    cause = finding.cause
    return {
        "cause": [cause.function, cause.file, cause.line, cause.outputs, cause.kind, cause.text, cause.place],
        "clause": finding.clause, "fingerprint": finding.fingerprint, "told": finding.episode.told,
    }


def _read_result(value: Any) -> RuleResult:
    data = table(value, "rule", "profile", "trust", "parts", "cost")
    cost = table(data["cost"], *_COSTS)
    return RuleResult(
        string(data["rule"]), string(data["profile"]), string(data["trust"]), each(data["parts"], _read_part),
        Cost(**{name: integer(cost[name]) for name in _COSTS}), is_cached=True)


def _read_part(value: Any) -> PartResult:
    data = table(value, "name", "function", "status", "reason", "places", "assumptions", "findings")
    if data["status"] not in _STATUS:
        raise Malformed("no such status")
    return PartResult(
        string(data["name"]), string(data["function"]), _STATUS[data["status"]], string(data["reason"]),
        each(data["places"], string), each(data["assumptions"], string), each(data["findings"], _read_finding))


def _read_finding(value: Any) -> Finding:
    data = table(value, "cause", "clause", "fingerprint", "told")
    if type(data["told"]) is not dict:
        raise Malformed("no episode")
    cause, clause = _read_cause(data["cause"]), string(data["clause"])
    return Finding(cause, clause, Retold(data["told"]), string(data["fingerprint"]))


def _read_cause(value: Any) -> Cause:
    match value:
        case [function, file, number, outputs, kind, text, place]:
            return Cause(string(function), string(file), integer(number), each(outputs, string), string(kind),
                         string(text), string(place))
    raise Malformed("no cause")
