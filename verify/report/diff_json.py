"""A difference as JSON, schema 1 (docs/schema/diff-1.json). Equal runs give equal bytes."""

from __future__ import annotations

import json
from typing import Any

from verify import __version__
from verify.report.compare import Comparison
from verify.report.difference import Difference, Moved, costs
from verify.report.judged import Judged
from verify.report.series_json import finding_json, undecided_json

SCHEMA = 1


def render(item: Difference) -> str:
    moved, total = costs(item.old, item.new, [level.trust for level in item.levels])
    data = {
        "schema": SCHEMA, "tool": __version__, "old": _side(item.old), "new": _side(item.new),
        "notes": list(item.notes), "exit_status": item.exit_status(), "trust": item.levels[0].trust,
        "levels": [_level_json(level) for level in item.levels],
        "cost": {"all": _cost_json(total), "moved": [_cost_json(one) for one in moved]},
        "ir": None if item.changes is None else [
            {"kind": change.kind, "name": change.name, "what": change.what.value, "diff": list(change.diff)}
            for change in item.changes],
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _side(side: Judged) -> dict[str, Any]:
    return {"target": side.name, "revision": side.revision}


def _level_json(level: Comparison) -> dict[str, Any]:
    return {
        "trust": level.trust, "new": [finding_json(item) for item in level.new],
        "mended": [finding_json(item) for item in level.mended], "lost": [finding_json(item) for item in level.lost],
        "recast": [{"was": old.finding.fingerprint, **finding_json(new)} for old, new in level.recast],
        "undecided": [undecided_json(item) for item in level.opened],
        "decided": [undecided_json(item) for item in level.closed], "unjudged": list(level.unjudged),
    }


def _cost_json(one: Moved) -> dict[str, Any]:
    return {"rule": one.rule, "queries": list(one.queries), "units": list(one.units)}
