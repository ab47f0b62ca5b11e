"""The ledger: a line for each result, so that a change of what is proved shows in a diff.

A line says what was proved of which questions (`digest`, over the canonical texts of its pieces), by which solver, and
which invariants and assumptions its refutations needed (unsat cores). Cost is not in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.errors import InputError, InternalError
from verify.prove.evidence import Evidence
from verify.prove.labels import ANSWER, ASSUMED, INVARIANT, RELY, Labels
from verify.prove.outcome import Episode
from verify.solve.second import Opinion, core_by_bitwuzla, named

SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Line:
    """`key` decides where it stands."""

    name: str
    trust: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.trust


def line(evidence: Evidence, labels: Labels, profile: str) -> Line:
    """Raises InternalError where Bitwuzla finds a model of what was refuted."""
    said: dict[str, Any] = {"name": evidence.name, "profile": profile, "status": evidence.result.status.value,
                            "trust": evidence.trust}
    if evidence.pieces:
        said |= _proof(evidence, labels)
    if evidence.result.findings:
        said["findings"] = sorted(finding.fingerprint for finding in evidence.result.findings)
    if evidence.result.reason:
        said["reason"] = evidence.result.reason
    if isinstance(evidence.result.witness, Episode):
        said["witness"] = _calls(evidence.result.witness)
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return Line(evidence.name, evidence.trust, text)


def _proof(evidence: Evidence, labels: Labels) -> dict[str, Any]:
    needed: set[str] = set()
    gave_up = 0
    for piece in evidence.pieces:
        opinion, core = core_by_bitwuzla(piece.canonical)
        if opinion is Opinion.DISAGREES:
            raise InternalError(f"{evidence.name}, {evidence.trust}: Bitwuzla finds a model of {piece.digest[:16]}")
        gave_up += opinion is Opinion.GAVE_UP
        names = labels.of(piece.parts)
        needed.update(names if opinion is Opinion.GAVE_UP else (names[k] for k in core))
    digests = "\n".join(piece.digest for piece in evidence.pieces)
    said: dict[str, Any] = {
        "digest": hashlib.sha256(digests.encode()).hexdigest(), "pieces": len(evidence.pieces),
        "solver": named("bitwuzla"), "invariants": _of(needed, INVARIANT),
        "assumptions": sorted({*_of(needed, ANSWER), *_of(needed, ASSUMED), *([RELY] if RELY in needed else [])}),
    }
    return said | ({"not refuted before simplification": gave_up} if gave_up else {})


def _of(needed: set[str], kind: str) -> list[str]:
    return sorted(label.removeprefix(f"{kind}: ") for label in needed if label.startswith(f"{kind}: "))


def _calls(episode: Episode) -> str:
    """A digest of the calls that meet the premise."""
    calls = [list(done.before) for done in episode.calls]
    told = json.dumps([episode.page_shift, calls, [list(answer) for answer in episode.answers]])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def render(lines: Sequence[Line]) -> str:
    return "".join(f"{line.text}\n" for line in sorted(lines, key=lambda line: line.key))


def differences(committed: str, found: Sequence[Line], is_whole: bool) -> list[str]:
    """What a committed ledger says otherwise; if these lines are not the whole, of them alone."""
    before = dict(_read(committed))
    now = {line.key: line.text for line in found}
    gone = [f"{_name(key)}: no longer there" for key in before if key not in now] if is_whole else []
    return sorted([*gone, *(_difference(key, before.get(key), text) for key, text in now.items()
                            if before.get(key) != text)])


def _difference(key: tuple[str, str], before: str | None, now: str) -> str:
    if before is None:
        return f"{_name(key)}: not in the ledger"
    old, new = json.loads(before), json.loads(now)
    changed = sorted(k for k in {*old, *new} if old.get(k) != new.get(k))
    if "status" in changed:
        return f"{_name(key)}: {old['status']} in the ledger, {new['status']} now"
    return f"{_name(key)}: {', '.join(changed)} changed"


def _read(text: str) -> list[tuple[tuple[str, str], str]]:
    result = []
    for number, one in enumerate(text.splitlines(), 1):
        try:
            said = json.loads(one)
            result.append(((str(said["name"]), str(said["trust"])), one))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(f"line {number} of the ledger is none; `verify ledger` writes a new one") from None
    return result


def _name(key: tuple[str, str]) -> str:
    return f"{key[0]} ({key[1]})"


def read_ledger(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}; `verify ledger` writes it") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text; `verify ledger` writes it") from None
