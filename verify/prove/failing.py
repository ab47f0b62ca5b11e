"""Which conjuncts of a finding fail in calls that the interpreter ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verify.prove.concrete_scene import concrete_scene
from verify.prove.outcome import Episode, Finding
from verify.prove.replay import OTHER_INDEX, OTHER_PAGE
from verify.prove.target import FFA_VERSION
from verify.rules.rule import Part, Require, Rule
from verify.rules.scene import Instead, Scene
from verify.terms.term import Term

WORD = 0xFFFFFFFF


def offered(episode: Episode) -> int:
    """The version that EL2 asks for when it boots; 0: none."""
    asked = [smc.arguments[1] for smc in episode.boot_smcs if smc.arguments[0] & WORD == FFA_VERSION]
    return asked[0] & WORD if asked else 0


def answered_version(episode: Episode) -> int:
    """What EL3 answers then, if it is a version 1.x; else 0."""
    said = [smc.results[0] & WORD for smc in episode.boot_smcs if smc.arguments[0] & WORD == FFA_VERSION]
    return said[0] if said and said[0] >> 16 == 1 else 0


def scene_of(
    episode: Episode, profile: str, constants: Mapping[str, int], max_version: int, asked: Callable[[], Instead],
) -> Scene:
    """Of the last call, for a page and an index that the rule fails for."""
    assert episode.names is not None
    page = OTHER_PAGE if episode.page is None else episode.page
    index = OTHER_INDEX if episode.index is None else episode.index
    return concrete_scene(episode.calls[-1], episode.names, profile, constants, max_version, page, index, asked)


def part_of(rule: Rule, name: str, scene: Scene) -> Part:
    return next(part for part in rule.statement(scene) if part.name == name)


def is_met(part: Part) -> bool:
    """Does the call meet the premise?"""
    return part.given.term.is_const and bool(part.given.term.value)


def fails(one: Require) -> bool:
    """Of a conjunct about one run."""
    return one.independent is None and one.holds.term.is_const and not one.holds.term.value


def value(one: Require) -> Term:
    return one.holds.term if one.independent is None else one.independent.term


def mine(part: Part, finding: Finding) -> dict[int, Require]:
    """The conjuncts that the finding is about, by their place in the part; none where the premise is not met."""
    if not is_met(part):
        return {}
    return {k: one for k, one in enumerate(part.then) if f"; {one.text}; " in f"; {finding.clause}; "}


def failing(part: Part, finding: Finding) -> list[int]:
    """Conjuncts of the finding that fail in one run; several may have the same words."""
    return [k for k, one in mine(part, finding).items() if fails(one)]


def differing(first: Part, second: Part, finding: Finding) -> list[int]:
    """Those whose value is another one in the second run."""
    others = {(one.text, one.output): one for one in mine(second, finding).values()}
    return [k for k, one in mine(first, finding).items()
            if one.independent is not None and (one.text, one.output) in others
            and value(one) is not value(others[one.text, one.output])]


def lonely(first: Part, second: Part, finding: Finding) -> list[Require]:
    """Those about two runs that only one of the runs has: it makes an SMC that the other does not make."""
    if not (is_met(first) and is_met(second)):
        return []
    here, there = ({(one.text, one.output): one for one in mine(part, finding).values() if one.independent is not None}
                   for part in (first, second))
    return [one for key, one in {**here, **there}.items() if key not in here or key not in there]
