"""What a run's JSON report says, as comparisons need it: of a file of an earlier run, and of a run just made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from verify.errors import InputError
from verify.ir.decode import Malformed, each, integer, short, string
from verify.prove.outcome import Status
from verify.prove.trust import LEVELS
from verify.report.brief import call_line
from verify.report.json_report import SCHEMA, report
from verify.source.tree import read_text
from verify.verdict.baseline import Tolerated
from verify.verdict.earlier import check_version
from verify.verdict.exit_status import leaves_open
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

_STATUS = {status.value: status for status in Status}
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding. `calls` are its calls from reset, one text each; `told` is all that the report has of it. `site` tells
    the places of one function and kind apart; "" in a report of an earlier version.
    """

    fingerprint: str
    clause: str
    function: str
    file: str
    line: int
    output: str
    kind: str
    site: str
    calls: tuple[str, ...]
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """A part of a rule at one trust level."""

    name: str
    function: str
    status: Status
    reason: str
    places: tuple[str, ...]
    findings: tuple[Shown, ...]

    @property
    def is_open(self) -> bool:
        """Is anything left undecided, whatever was found?"""
        return leaves_open(self.status, self.reason)


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """A rule at one trust level; parts by name. Cost in queries and the solvers' resource units."""

    rule: str
    title: str
    force: str
    clauses: tuple[str, ...]
    trust: str
    profile: str
    page_sizes: tuple[str, ...]
    status: Status
    parts: Mapping[str, JudgedPart]
    queries: int
    units: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One target's results, by rule and trust level."""

    name: str
    revision: str
    assumptions: tuple[str, ...]
    rules: Mapping[tuple[str, str], JudgedRule]
    run: TargetRun | None = field(default=None, compare=False, repr=False)
    """Where it was made just now."""

    @property
    def trusts(self) -> tuple[str, ...]:
        """The strictest first."""
        return tuple(sorted({trust for _, trust in self.rules}, key=LEVELS.index, reverse=True))

    def at(self, trust: str) -> dict[str, JudgedRule]:
        return {rule: result for (rule, level), result in self.rules.items() if level == trust}


def judged(run: TargetRun, options: Options) -> Judged:
    return replace(_read_run(report([run], options, Tolerated())["runs"][0]), run=run)


def read_judged(path: Path) -> Judged:
    """Of a file that `verify run --format json` wrote. Raises InputError."""
    text = read_text(path)
    try:
        data = json.loads(text)
        if type(data) is not dict or type(data.get("runs")) is not list:
            raise Malformed("it has no runs")
        if data.get("schema") != SCHEMA:
            raise Malformed(f"has schema {short(data.get('schema'))}, and this program reads {SCHEMA}")
        check_version(str(path), data.get("fingerprints"))
        if len(data["runs"]) != 1:
            raise Malformed(f"it has {len(data['runs'])} targets; give a report of one")
        return _read_run(data["runs"][0])
    except (ValueError, RecursionError):
        raise InputError(f"{path}: not JSON, or cut off; give a report of verify run --format json") from None
    except Malformed as problem:
        raise InputError(f"{path}: not a report of verify run --format json: {problem}") from None


def _get(data: Any, key: str, read: Callable[[Any], _Item]) -> _Item:
    if type(data) is not dict or key not in data:
        raise Malformed(f"{key} is missing")
    return read(data[key])


def _words(value: Any) -> tuple[str, ...]:
    return each(value, string)


def _status(value: Any) -> Status:
    if type(value) is not str or value not in _STATUS:
        raise Malformed(f"{short(value)} is no status")
    return _STATUS[value]


def _level(value: Any) -> str:
    if value not in LEVELS:
        raise Malformed(f"{short(value)} is no trust level")
    return string(value)


def _read_run(data: Any) -> Judged:
    results = _get(data, "results", lambda value: each(value, _read_rule))
    rules = {(result.rule, result.trust): result for result in results}
    if len(rules) != len(results):
        raise Malformed("a rule is there twice")
    return Judged(_get(data, "target", string), _get(data, "revision", string),
                  _get(data, "assumptions", _words), rules)


def _read_rule(data: Any) -> JudgedRule:
    parts = _get(data, "parts", lambda value: each(value, _read_part))
    by_name = {part.name: part for part in parts}
    if len(by_name) != len(parts):
        raise Malformed("a part is there twice")
    cost: Any = _get(data, "cost", lambda value: value)
    return JudgedRule(
        _get(data, "rule", string), _get(data, "title", string), _get(data, "force", string),
        _get(data, "clauses", _words), _get(data, "trust", _level), _get(data, "profile", string),
        _get(data, "page_sizes", _words), _get(data, "status", _status), by_name,
        _get(cost, "queries", integer), _get(cost, "rlimit", integer))


def _read_part(data: Any) -> JudgedPart:
    return JudgedPart(
        _get(data, "part", string), _get(data, "function", string), _get(data, "status", _status),
        _get(data, "reason", string), _get(data, "places", _words),
        _get(data, "findings", lambda value: each(value, _read_finding)))


def _read_finding(data: Any) -> Shown:
    cause: Any = _get(data, "cause", lambda value: value)
    return Shown(
        _get(data, "fingerprint", string), _get(data, "clause", string), _get(cause, "function", string),
        _get(cause, "file", string), _get(cause, "line", integer), _get(cause, "output", string),
        _get(cause, "kind", string), _get(cause, "site", string) if "site" in cause else "",
        tuple(_get(data, "calls", lambda value: each(value, _call))), data)


def _call(data: Any) -> str:
    ended = _get(data, "ended", lambda value: value)
    for key in ("call", "answer"):
        _get(data, key, string)
    if ended is not None:
        _get(ended, "text", string)
    return call_line(data)

