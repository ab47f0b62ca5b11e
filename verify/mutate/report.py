"""The strength of the rules as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from verify.mutate.campaign import KILLED, LEFT, NOT_COUNTED, Fate, Tried
from verify.mutate.jury import Broken
from verify.mutate.mutant import Mutant
from verify.mutate.proving import Judged
from verify.mutate.situations import Step
from verify.mutate.standing import Standing, standings
from verify.mutate.trial import Shown

SCHEMA = 2
WIDTH = 118


@dataclass(frozen=True, slots=True)
class Strength:
    """Of the rules, on one target; `every`: of the mutants, each so many-th was tried. `sources`: text by file.
    `rules`: all that were asked.

    `proofs`: of those that are left, and of those that were killed, each so many-th was judged again.
    """

    target: str
    revision: str
    profile: str
    trusts: tuple[str, ...]
    every: int
    proofs: int
    tried: Sequence[Tried]
    sources: Mapping[str, str]
    rules: Sequence[str] = ()

    def count(self, fate: Fate) -> int:
        return sum(one.fate is fate for one in self.tried)

    @property
    def rate(self) -> Rate:
        return rate(self.tried)

    @property
    def by_rule(self) -> list[Standing]:
        return standings(self.rules, self.tried)

    def by_line(self) -> list[tuple[str, str, int, Rate]]:
        """(file, function, line, rate), in that order."""
        found: dict[tuple[str, str, int], list[Tried]] = {}
        for one in self.tried:
            span = one.mutant.span
            found.setdefault((span.file, one.mutant.function, span.line), []).append(one)
        return [(*place, rate(there)) for place, there in sorted(found.items())]

    def again(self) -> dict[str, int]:
        """What proofs said of those that they were asked about."""
        asked = [one for one in self.tried if one.judged is not None]
        left = [one for one in asked if one.fate is not Fate.KILLED]
        found = [one.judged for one in left if one.judged is not None and not one.judged.killers]
        return {
            "asked": len(left), "killed": len(left) - len(found), "unknown": sum(bool(x.unknown) for x in found),
            "not judged": sum(bool(x.problem) for x in found), "asked of those that calls kill": len(asked) - len(left)}


@dataclass(frozen=True, slots=True)
class Rate:
    """Killed, of those that somebody could kill and that boot."""

    killed: int
    counted: int

    def __str__(self) -> str:
        return f"{self.killed} of {self.counted}, {100 * self.killed / max(self.counted, 1):.1f} %"


def rate(tried: Sequence[Tried]) -> Rate:
    return Rate(sum(one.fate in KILLED for one in tried), sum(one.fate not in NOT_COUNTED for one in tried))


def summary(found: Strength) -> Iterator[str]:
    yield f"{found.target} ({found.revision}): profile {found.profile}, {' '.join(found.trusts)}"
    part = f", one of {found.every} that can be made" if found.every > 1 else ""
    yield f"{len(found.tried)} mutants{part}"
    for fate, meaning in MEANING.items():
        number = found.count(fate)
        yield f"  {fate.value:<18}{number:>5}  {100 * number / max(len(found.tried), 1):5.1f} %  {meaning}"
    yield f"killed: {found.rate} of those that boot and are not equivalent"
    if near := sum(bool(one.near) for one in found.tried if one.fate is Fate.SURVIVED):
        yield f"survived, though a call breaks what the unit breaks in other calls only: {near}"
    if found.proofs:
        again = found.again()
        yield (f"judged again, one of {found.proofs}: {again['asked']} that were left, of which {again['killed']} are "
               f"killed, {again['unknown']} have parts that are undecided, {again['not judged']} cannot be judged; and "
               f"{again['asked of those that calls kill']} that calls kill, of which no broken part is proved")


OTHERS = (Fate.CONTRADICTED, *LEFT, Fate.UNBOOTED, Fate.EQUIVALENT)
MEANING = {
    Fate.KILLED: "a call breaks what is proved of the unit, or what none of its findings is about",
    Fate.REFUTED: "a part that is proved of the unit has a counterexample, which was replayed",
    Fate.EQUIVALENT: "in all calls it does what the unit does",
    Fate.SURVIVED: "calls differ, and break no such rule",
    Fate.UNBOOTED: "initialisation fails, where the unit's does not; no other call differs",
    Fate.ALIKE: "no call that was tried differs, nor is it proved equivalent",
    Fate.UNREACHED: "no call that was compared runs the line, nor is it proved equivalent",
    Fate.CONTRADICTED: "a check of this program by itself failed: exit status 4",
}


def text(found: Strength) -> str:
    """For a terminal: numbers, the rules, and the mutants that are left with what was done."""
    counted = max(found.rate.counted, 1)
    lines = [*summary(found), "", "rule          breaks   of all  alone  what it adds, by the calls looked at"]
    lines += [f"{one.rule:<14}{one.breaks:>6}  {100 * one.breaks / counted:5.1f} %{one.alone:>7}  {one.said}"[:WIDTH]
              for one in found.by_rule]
    for fate in OTHERS:
        left = [one for one in found.tried if one.fate is fate]
        lines += ["", f"{fate.value}: {len(left)}"] if left else []
        for one in left:
            lines += _told(one, found.sources)
    return "\n".join(lines) + "\n"


def _told(one: Tried, sources: Mapping[str, str]) -> list[str]:
    """The place, the line of the tree if there is one, and the change of the IR."""
    mutant = one.mutant
    said = _source(mutant, sources)
    return [
        f"{_place(mutant)} {mutant.function}: {mutant.kind}   {mutant.identity}",
        *([f"    {said}"[:WIDTH]] if said else []),
        f"  - {mutant.before}"[:WIDTH], f"  + {mutant.after or '(nothing)'}"[:WIDTH],
        *([f"    differs after {'; '.join(map(_registers, one.shown.path))}"[:WIDTH]] if one.shown else []),
        *([f"    near: {'; '.join(_near(one))}"[:WIDTH]] if one.near and not one.killers else []),
        *([f"    contradicted: {one.problem}"] if one.problem else [])]


def _near(one: Tried) -> list[str]:
    """Parts that it breaks in a call in which the unit does not."""
    return sorted({f"{rule} {part}" for _, (rule, part, _, _) in one.near})


def _registers(step: Step) -> str:
    """x0 and what follows, as far as it is not zero; hexadecimal."""
    last = max((k for k, value in enumerate(step.registers) if value), default=0)
    return " ".join(f"{value:x}" for value in step.registers[:last + 1])


def _shown(shown: Shown | None) -> dict[str, Any] | None:
    """All that is needed to make the calls again; numbers are hexadecimal."""
    if shown is None:
        return None
    root = shown.root
    calls = [{
        "registers": _registers(step),
        "writes": {f"{at:x}": content.hex() for at, content in sorted(step.host.before.items())},
        "answers": [{"smc": number, "registers": list(map(_hex, answer))} for number, answer in step.answers],
    } for step in shown.path]
    return {"version": _hex(root.version), "page_shift": root.page_shift, "foreign": list(map(_hex, root.foreign)),
            "boot": [list(map(_hex, answer)) for answer in root.boot], "is_narrow": root.is_narrow,
            "largest": root.largest, "calls": calls}


def _broken(found: Iterable[tuple[str, Broken]]) -> list[dict[str, str]]:
    return [{"trust": level, "rule": rule, "part": part, "text": said, "output": output}
            for level, (rule, part, said, output) in found]


def _judged(judged: Judged | None) -> dict[str, Any] | None:
    if judged is None:
        return None
    return {"proved": list(map(list, sorted(judged.proved))), "unknown": list(map(list, judged.unknown)),
            "problem": judged.problem}


def _hex(value: int) -> str:
    return f"{value:x}"


def _place(mutant: Mutant) -> str:
    return f"{PurePosixPath(mutant.span.file).name}:{mutant.span.line}"


def _source(mutant: Mutant, sources: Mapping[str, str]) -> str:
    lines = sources.get(mutant.span.file, "").splitlines()
    return lines[mutant.span.line - 1].strip() if 0 < mutant.span.line <= len(lines) else ""


def markdown(found: Strength) -> str:
    """Numbers and places, without the text of a tree."""
    lines = [f"### {found.target}", "", *(f"    {line}" for line in summary(found)), "",
             *_table("by fault", _by(found, lambda one: one.mutant.kind)),
             *_table("by function", _by(found, lambda one: one.mutant.function)),
             "| rule | mutants that break it | of all | and no other rule | what it adds |", "|---|---:|---:|---:|---|"]
    lines += [f"| {one.rule} | {one.breaks} | {100 * one.breaks / max(found.rate.counted, 1):.1f} % | {one.alone} "
              f"| {one.said} |" for one in found.by_rule]
    lines += ["", "| line | killed | of |", "|---|---:|---:|"]
    lines += [f"| {function} {PurePosixPath(file).name}:{line} | {here.killed} | {here.counted} |"
              for file, function, line, here in found.by_line()]
    lines += ["", "What is not killed, by line:", ""]
    for fate in OTHERS:
        places: dict[str, Counter[str]] = {}
        for one in found.tried:
            if one.fate is fate:
                name = f"{one.mutant.function} {_place(one.mutant)}"
                places.setdefault(name, Counter())[one.mutant.kind] += 1
        lines += [f"- **{fate.value}**"] if places else []
        lines += [f"  - {name}: {', '.join(_times(kind, number) for kind, number in sorted(kinds.items()))}"
                  for name, kinds in sorted(places.items())]
    return "\n".join(lines) + "\n"


def _times(kind: str, number: int) -> str:
    return kind if number == 1 else f"{number} × {kind}"


def _by(found: Strength, key: Any) -> dict[str, Counter[Fate]]:
    result: dict[str, Counter[Fate]] = {}
    for one in found.tried:
        result.setdefault(key(one), Counter())[one.fate] += 1
    return result


def _table(title: str, rows: Mapping[str, Counter[Fate]]) -> list[str]:
    heads = " | ".join(fate.value for fate in Fate)
    lines = [f"| {title} | {heads} |", "|---|" + "---:|" * len(Fate)]
    for name, counted in sorted(rows.items()):
        lines.append(f"| {name} | {' | '.join(str(counted[fate]) for fate in Fate)} |")
    return [*lines, ""]


def as_json(found: Strength) -> str:
    mutants = [{
        "id": one.mutant.identity, "kind": one.mutant.kind, "function": one.mutant.function,
        "file": one.mutant.span.file, "line": one.mutant.span.line, "before": one.mutant.before,
        "after": one.mutant.after, "fate": one.fate.value, "shown": _shown(one.shown),
        "judged": _judged(one.judged), "problem": one.problem,
        "breaks": _broken(one.killers), "near": _broken(one.near),
    } for one in found.tried]
    data = {
        "schema": SCHEMA, "target": found.target, "revision": found.revision, "profile": found.profile,
        "trusts": list(found.trusts), "every": found.every,
        "proofs": found.proofs, "counts": {fate.value: found.count(fate) for fate in Fate},
        "killed": found.rate.killed, "counted": found.rate.counted, "again": found.again() if found.proofs else None,
        "rules": [{"rule": one.rule, "breaks": one.breaks, "alone": one.alone, "shows": one.shows or None,
                   "within": list(one.within)} for one in found.by_rule],
        "lines": [{"file": file, "function": function, "line": line, "killed": here.killed, "counted": here.counted}
                  for file, function, line, here in found.by_line()],
        "mutants": mutants,
    }
    return json.dumps(data, indent=1) + "\n"
