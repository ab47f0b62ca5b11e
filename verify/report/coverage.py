"""Lines that proofs lean on, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from verify.prove.leaning import Line
from verify.report.lines import wrapped
from verify.report.markup import visible
from verify.verdict.bound import ranges
from verify.verdict.coverage import Coverage, Proof

SCHEMA = 1
WIDTH = 118
NOTE = ("A proof leans on a line if its refutation may need what the line computes: more lines than are needed, never "
        "fewer. What no proof leans on may compute anything: no refutation fails, though a premise may no longer be "
        "met, so that a proof becomes vacuous.")


@dataclass(frozen=True, slots=True)
class Told:
    """What was judged, and how; `sources`: texts of the tree by path, for who has it."""

    target: str
    revision: str
    profile: str
    trusts: tuple[str, ...]
    sources: Mapping[str, str]


def text(found: Coverage, told: Told) -> str:
    return "".join(f"{line}\n" for line in _text(found, told))


def _text(found: Coverage, told: Told) -> Iterator[str]:
    yield from _head(found, told)
    yield ""
    width = max([len(name) for name in _functions(found)] + [8])
    yield f"{'function':<{width}}  lines  rules  lemmas alone  no proof"
    for name, lines in _functions(found).items():
        alone, none = len(found.without_rule(name)), len(found.unneeded(name))
        yield f"{name:<{width}}  {len(lines):5}  {len(lines) - alone - none:5}  {alone:12}  {none:8}"
    yield from _listed("no proof leans on", found.unneeded, found)
    yield from _listed("only lemmas lean on", found.without_rule, found)
    yield from ("", "each rule's proofs lean on")
    known = {line for some in found.functions.values() for line in some}
    for rule, needed in _by_rule(found).items():
        yield from wrapped(f"  {rule}: ", places(needed, known), WIDTH, "    ")


def _head(found: Coverage, told: Told) -> Iterator[str]:
    proofs = [proof for proof in found.proofs if proof.lines is not None]
    others = len(found.proofs) - len(proofs)
    verbs = ("result is no proof and leans", "results are no proofs and lean")[others > 1]
    yield (f"{told.target} ({told.revision}): {len(proofs)} proofs at {', '.join(told.trusts)}, profile {told.profile}"
           + (f"; {others} {verbs} on nothing" if others else ""))
    yield from wrapped("", NOTE, WIDTH, "")


def _functions(found: Coverage) -> dict[str, tuple[Line, ...]]:
    """Those that run."""
    return {name: lines for name, lines in found.functions.items() if not found.reached.isdisjoint(lines)}


def _listed(title: str, lines_of: Any, found: Coverage) -> Iterator[str]:
    yield from ("", title)
    some = {name: lines for name in _functions(found) if (lines := lines_of(name))}
    for name, lines in some.items():
        never = [line for line in lines if line not in found.reached]
        said = places(lines) + (f" (never run: {places(never)})" if never else "")
        yield from wrapped(f"  {name}: ", said, WIDTH, "    ")
    if not some:
        yield "  none"


def _by_rule(found: Coverage) -> dict[str, set[Line]]:
    result: dict[str, set[Line]] = {}
    for proof in found.proofs:
        if proof.rule and proof.lines is not None:
            result.setdefault(proof.rule, set()).update(proof.lines)
    return dict(sorted(result.items()))


def places(lines: Iterable[Line], known: Iterable[Line] = ()) -> str:
    """`ffa.c 3, 5–9; arm_ffa.h 20`. Where all lines that compute something are known, others do not interrupt."""
    all_, chosen = _by_file(known), _by_file(lines)
    return "; ".join(f"{file.rpartition('/')[2]} {ranges(_filled(numbers, all_.get(file, ())))}"
                     for file, numbers in chosen.items())


def _filled(numbers: Sequence[int], known: Sequence[int]) -> list[int]:
    """With the lines between two that follow one another among the known ones."""
    after = dict(pairwise(known))
    between = (range(one, other) for one, other in pairwise(numbers) if after.get(one) == other)
    return sorted({*numbers, *chain.from_iterable(between)})


def _by_file(lines: Iterable[Line]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for file, number in sorted(lines):
        found.setdefault(file, []).append(number)
    return found


def at_line(found: Coverage, line: Line) -> str:
    """The proofs that lean on one line."""
    names: dict[str, list[str]] = {}
    for proof in found.leaning_on(line):
        names.setdefault(proof.name, []).append(proof.trust)
    return "".join(f"{name} ({', '.join(trusts)})\n" for name, trusts in names.items()) or (
        f"no proof leans on {line[0]}:{line[1]}\n")


def source(found: Coverage, told: Told) -> str:
    """The functions' text, each line with the number of rules whose proofs lean on it; `-`: no proof does."""
    return "".join(f"{line}\n" for line in (*_head(found, told), *_annotated(found, told.sources)))


def _annotated(found: Coverage, sources: Mapping[str, str]) -> Iterator[str]:
    for name, lines in _functions(found).items():
        file, first, last = lines[0][0], lines[0][1], lines[-1][1]
        texts = sources[file].split("\n")
        yield from ("", f"{name} ({file})")
        for number in range(first, last + 1):
            yield f"{_count(found, (file, number), lines):>6} {number:5}  {visible(texts[number - 1].expandtabs(8))}"


def _count(found: Coverage, line: Line, computing: Sequence[Line]) -> str:
    if line not in computing:
        return ""
    if line in found.rules:
        return str(len(found.rules[line]))
    return "lemma" if line in found.lemmas else "-"


def markdown(found: Coverage, told: Told) -> str:
    """A row for each function, by ranges of lines."""
    rows = [*_head(found, told), "", "| function | file | lines | no proof | lemmas alone |", "|---|---|---|---|---|"]
    for name, lines in _functions(found).items():
        cells = (ranges([number for _, number in some]) for some in (
            lines, found.unneeded(name), found.without_rule(name)))
        rows.append(f"| `{name}` | {lines[0][0]} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def as_json(found: Coverage, told: Told) -> str:
    """Equal runs give equal bytes."""
    return json.dumps({
        "schema": SCHEMA, "target": told.target, "revision": told.revision, "profile": told.profile,
        "trusts": list(told.trusts), "proofs": [_proof(proof) for proof in found.proofs],
        "functions": [
            {"function": name, "lines": _files(lines), "no proof": _files(found.unneeded(name)),
             "lemmas alone": _files(found.without_rule(name)),
             "never run": _files(line for line in lines if line not in found.reached)}
            for name, lines in _functions(found).items()],
    }, indent=1, ensure_ascii=False) + "\n"


def _proof(proof: Proof) -> dict[str, Any]:
    said: dict[str, Any] = {"name": proof.name, "trust": proof.trust, "status": proof.status}
    return said if proof.lines is None else said | {"lines": _files(proof.lines)}


def _files(lines: Iterable[Line]) -> dict[str, list[int]]:
    return _by_file(lines)
