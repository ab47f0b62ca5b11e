"""What one judged target has that another one has not: findings by fingerprint, and parts that are undecided.

A finding is mended only where its part is decided without it; where the part is not decided, or not judged, it is
`lost`: nobody knows. A finding that comes where a part was undecided may have been there before; that is said.

One that is still there, with more outputs wrong than all that were, is new, too; where its part was undecided, nobody
knows which ones were. Fingerprints are made of all requirements that were seen to fail: where one goes and another one
comes of the same rule, part, function, kind and site, with a requirement in common, it is one violation in another form
(`recast`), not a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from verify.prove.outcome import Status
from verify.report.judged import Judged, JudgedPart, JudgedRule, Shown
from verify.verdict.earlier import growth, members
from verify.verdict.exit_status import OK, UNDECIDED, VIOLATED


@dataclass(frozen=True, slots=True)
class Item:
    """A finding in its place; `said` is what has to be known about how it came or went, or empty."""

    rule: JudgedRule
    part: JudgedPart
    finding: Shown
    said: str = ""

    @property
    def trust(self) -> str:
        return self.rule.trust


@dataclass(frozen=True, slots=True)
class Undecided:
    """A part that is not decided."""

    rule: JudgedRule
    part: JudgedPart

    @property
    def why(self) -> str:
        status = "undecided beyond its findings" if self.part.status is Status.VIOLATED else self.part.status.value
        places = f" ({', '.join(self.part.places)})" if self.part.places else ""
        return f"{status}: {self.part.reason or 'no reason is known'}{places}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """At one trust level, in the order of the rules. `recast`: what it was and what it is.

    `unjudged` are rules that only one side has judged, and that are not compared.
    """

    trust: str
    new: tuple[Item, ...]
    mended: tuple[Item, ...]
    lost: tuple[Item, ...]
    recast: tuple[tuple[Item, Item], ...]
    opened: tuple[Undecided, ...]
    closed: tuple[Undecided, ...]
    unjudged: tuple[str, ...]

    def exit_status(self, tolerated: Collection[str] = ()) -> int:
        """By what is new: 1 for a violation; 3 for a part that is undecided now, or a violation that is lost; 0."""
        if any(item.finding.fingerprint not in tolerated for item in self.new):
            return VIOLATED
        is_lost = any(item.finding.fingerprint not in tolerated for item in self.lost)
        return UNDECIDED if self.opened or is_lost else OK


def compare(old: Judged, new: Judged, trust: str, asked_alike: bool = True) -> Comparison:
    """`asked_alike`: both were asked about the same rules and functions, so that a rule that one does not have has no
    part there. Else only the rules that both have judged are compared.
    """
    before, after = old.at(trust), new.at(trust)
    alone = sorted(set(before) ^ set(after))
    if not asked_alike:
        before, after = ({name: rule for name, rule in rules.items() if name not in alone} for rules in (before, after))
    found, was = _findings(after), _findings(before)
    fresh = [item for name, item in found.items() if name not in was]
    grown = [replace(item, said=f"was there before, with {was[name].finding.output} wrong")
             for name, item in found.items() if name in was and has_grown(was[name], item)]
    gone = [item for name, item in was.items() if name not in found]
    recast = _paired(fresh, gone)
    paired = {item.finding.fingerprint for pair in recast for item in pair}
    fresh, gone = ([item for item in some if item.finding.fingerprint not in paired] for some in (fresh, gone))
    open_now, open_then = _open(after), _open(before)
    return Comparison(
        trust,
        (*(_came(item, _part(before, item)) for item in fresh), *grown),
        tuple(item for item in gone if _is_decided(_part(after, item))),
        tuple(_lost(item, _part(after, item)) for item in gone if not _is_decided(_part(after, item))),
        tuple(recast),
        tuple(item for key, item in open_now.items() if key not in open_then),
        tuple(item for key, item in open_then.items() if key not in open_now),
        () if asked_alike else tuple(alone))


def _findings(rules: dict[str, JudgedRule]) -> dict[str, Item]:
    return {item.finding.fingerprint: item for rule in rules.values() for item in items(rule)}


def items(rule: JudgedRule) -> Iterator[Item]:
    return (Item(rule, part, finding) for part in rule.parts.values() for finding in part.findings)


def _open(rules: dict[str, JudgedRule]) -> dict[tuple[str, str], Undecided]:
    return {(name, part.name): Undecided(rule, part)
            for name, rule in rules.items() for part in rule.parts.values() if part.is_open}


def _part(rules: dict[str, JudgedRule], item: Item) -> JudgedPart | None:
    """The item's part as the other side has it."""
    rule = rules.get(item.rule.rule)
    return rule.parts.get(item.part.name) if rule is not None else None


def _is_decided(part: JudgedPart | None) -> bool:
    return part is not None and not part.is_open


def _came(item: Item, was: JudgedPart | None) -> Item:
    if was is not None and was.is_open:
        return replace(item, said="may be older: this part was undecided before")
    return item


def has_grown(was: Item, item: Item) -> bool:
    """Is more wrong than all that was?"""
    before = None if was.part.is_open else members(was.finding.output)
    return bool(growth(before, sorted(members(item.finding.output))))


def _paired(fresh: Collection[Item], gone: Collection[Item]) -> list[tuple[Item, Item]]:
    """One of each, so that no more is taken for old than there was."""
    left, pairs = list(gone), []
    for item in fresh:
        other = next((other for other in left if _is_alike(item, other)), None)
        if other is not None:
            left.remove(other)
            pairs.append((other, replace(item, said=f"was {other.finding.fingerprint}")))
    return pairs


def _is_alike(one: Item, other: Item) -> bool:
    """Where a report says of no site, none is known to be the same."""
    def key(item: Item) -> tuple[str, ...]:
        return item.rule.rule, item.part.name, item.finding.function, item.finding.kind, item.finding.site

    return bool(one.finding.site) and key(one) == key(other) and bool(
        set(one.finding.clause.split("; ")) & set(other.finding.clause.split("; ")))


def _lost(item: Item, part: JudgedPart | None) -> Item:
    if part is None:
        return replace(item, said="its part is not judged any more")
    status = "undecided beyond its other findings" if part.status is Status.VIOLATED else part.status.value
    return replace(item, said=f"neither shown nor disproved: its part is {status}")
