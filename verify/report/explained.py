"""`verify explain` as plain data: the finding, what was tried in the place of its inputs, and what came of it.

docs/schema/explain-1.json is its shape. Equal findings give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify import __version__
from verify.prove.outcome import Episode, Finding, PartResult, RuleResult
from verify.prove.rerun import Outcome
from verify.prove.weigh import Change, Explained, Weighed, Weight
from verify.report import registers, story
from verify.report.decode import names_of
from verify.report.explain import explain
from verify.report.places import Namer, gathered
from verify.report.registers import Row
from verify.rules.rule import Rule
from verify.source.kconfig import Filling

SCHEMA = 1
EFFECTS = {(True, True): "masks", (True, False): "does not mask", (False, True): "may mask",
           (False, False): "does not mask"}
"""By: each variable is filled; all of the violation is gone."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`explained`, or `problem`: why nothing was tried. `build`: what options come to; `is_given`: a build's own."""

    rule: Rule
    result: RuleResult
    part: PartResult
    finding: Finding
    explained: Explained | None
    problem: str
    namer: Namer
    build: tuple[tuple[Filling, Outcome], ...]
    is_given: bool


def report(item: Explanation, target: str, constants: Mapping[str, int]) -> dict[str, Any]:
    says = explain(item.rule)
    rows = registers_of(item)
    return {
        "schema": SCHEMA, "tool": __version__, "target": target, "rule": item.rule.identity, "title": item.rule.title,
        "profile": item.result.profile, "trust": item.result.trust, "part": item.part.name,
        "function": item.part.function, "force": item.rule.force, "confidence": item.rule.confidence,
        "clauses": [str(clause) for clause in item.rule.clauses], "sentence": says.sentence,
        "sections": dict(says.sections), "finding": dict(story.finding(item.finding, names_of(constants))),
        "registers": [{"name": row.name, "before": row.before, "asked": row.asked, "after": row.after,
                       "answered": row.answered} for row in rows],
        "problem": item.problem, **(_tried(item.explained, item.namer) if item.explained else {}),
        "build": {"given": item.is_given, "options": [_option(*pair) for pair in item.build]},
    }


def registers_of(item: Explanation) -> list[Row]:
    """Of the last call, decoded."""
    assert isinstance(item.finding.episode, Episode)
    return registers.rows(item.namer.told[-1], item.namer.names, item.finding.episode.pattern)


def render(item: Explanation, target: str, constants: Mapping[str, int]) -> str:
    return json.dumps(report(item, target, constants), indent=1, ensure_ascii=False) + "\n"


def _tried(item: Explained, namer: Namer) -> dict[str, Any]:
    return {
        "values": [_weighed(one, namer) for one in item.weighed],
        "linked": [f"{where}: {what}" for where, what in gathered(namer, item.linked)],
        "calls": [{"call": number, "without": outcome.value} for number, outcome in enumerate(item.without, 1)],
        "smallest": [change(one, namer) for one in item.mends],
        "aside": change(item.aside, namer) if item.aside else None, "tried": item.tried, "runs": item.runs,
    }


def _weighed(one: Weighed, namer: Namer) -> dict[str, Any]:
    first = one.places[0]
    told: dict[str, Any] = {
        "weight": one.weight.value, "where": namer.where(first), "what": namer.what(one.places),
        "host": first.is_hosts, "value": namer.value(first, one.value), "tried": one.tried, "kept": one.kept,
    }
    if len(one.places) == 1:
        told["meaning"] = namer.meaning(first, one.value)
    if one.weight is Weight.FORCED:
        told["proved"] = one.is_proved
    elif one.proved:
        told["proved_bits"] = f"{one.proved:#010x}"
    if one.found is not None:
        told["found"] = namer.value(first, one.found)
    if one.ends:
        told["ends"] = f"{one.ends:#010x}"
    return told


def change(one: Change, namer: Namer) -> dict[str, Any]:
    return {"outcome": one.outcome.value, "bits": one.bits, "changes": [
        {"where": namer.where(place), "what": namer.what([place]), "old": namer.value(place, old),
         "new": namer.value(place, new), "meaning": namer.meaning(place, new)} for place, old, new in one.values]}


def _option(filling: Filling, outcome: Outcome) -> dict[str, Any]:
    return {"option": filling.option, "fill": f"{filling.byte:#04x}", "all": filling.is_whole,
            "outcome": outcome.value, "effect": effect(filling, outcome)}


def effect(filling: Filling, outcome: Outcome) -> str:
    return EFFECTS[filling.is_whole, outcome not in (Outcome.VIOLATED, Outcome.PARTLY)]


def of_weight(item: Explained, weight: Weight) -> Sequence[Weighed]:
    return [one for one in item.weighed if one.weight is weight]
