"""What a run is asked to do, with the project's defaults in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from verify.errors import InputError
from verify.prove.outcome import PartResult
from verify.prove.trust import LEVELS
from verify.rules.rule import ALL_PROFILES, Part, Rule
from verify.terms import build as t
from verify.terms.term import Term

PAGE_SIZES = ("4K", "16K", "64K")


@dataclass(frozen=True, slots=True)
class Options:
    """`rules` and `functions` are globs or names; empty: all. The exit status follows the strictest trust level."""

    rules: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    profile: str = "SEED"
    trusts: tuple[str, ...] = ("L0", "L2")
    page_size: str = ""
    jobs: int = 1
    limit: int = 0
    """Resource units per query; 0: the default."""
    own: str = ""
    """The digest of the texts of rules that a user brought."""
    named: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """What else somebody has to give who asks the same, as option and value in turn; results do not depend on it."""

    def __post_init__(self) -> None:
        """Raises InputError for a name that does not exist."""
        _check("profile", (self.profile,), ALL_PROFILES)
        _check("trust level", self.trusts, LEVELS)
        if self.page_size:
            _check("page size", (self.page_size,), PAGE_SIZES)

    @property
    def strictest(self) -> str:
        """The level at which EL3 may do the least."""
        return max(self.trusts, key=LEVELS.index)

    @property
    def page_sizes(self) -> tuple[str, ...]:
        return (self.page_size,) if self.page_size else PAGE_SIZES

    @property
    def pages(self) -> tuple[Term, ...]:
        if not self.page_size:
            return ()
        wide, middle = t.var("page.64K", 0), t.var("page.16K", 0)
        if self.page_size == "64K":
            return (wide,)
        return (t.not_(wide), middle if self.page_size == "16K" else t.not_(middle))

    def select(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Rules that the globs name and the profile knows; raises InputError for a glob that names none."""
        for glob in self.rules:
            if not any(_matches(rule.identity, glob) for rule in rules):
                raise InputError(f"no rule matches {glob}; `verify rules` lists them")
        return tuple(
            rule for rule in rules
            if self.profile in rule.profiles
            and (not self.rules or any(_matches(rule.identity, glob) for glob in self.rules)))

    def reports(self, part: Part | PartResult) -> bool:
        """Does --function select the part, by the FF-A function that it is about?"""
        return not self.functions or any(fnmatchcase(part.function, glob) for glob in self.functions)

    def check_functions(self, known: Iterable[str]) -> None:
        """Raises InputError for a glob that names no function of the selected rules' parts."""
        names = sorted(set(known))
        for glob in self.functions:
            if not any(fnmatchcase(name, glob) for name in names):
                raise InputError(f"the selected rules have no part for function {glob}; they have {', '.join(names)}")


def _matches(identity: str, glob: str) -> bool:
    return fnmatchcase(identity, glob) or fnmatchcase(identity, f"FFA-{glob}")


def _check(what: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise InputError(f"no {what} {name}; there are {', '.join(known)}")
