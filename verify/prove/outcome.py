"""What proving one part of a rule comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from verify.interpret.events import SmcDone
from verify.interpret.session import CallDone
from verify.rules.binding import Binding
from verify.solve.query import Cost


class Status(Enum):
    """In the order from best to worst."""

    NOT_APPLICABLE = "not-applicable"
    PROVED = "proved"
    VACUOUS = "vacuous"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"
    VIOLATED = "violated"


@dataclass(frozen=True, slots=True)
class Cause:
    """Where a wrong output was made. `outputs` as x1, x2, version, smc, …; `kind` as the engine's sites have it.

    `place` tells it from what else its function does, by what is done there: not by lines, nor by names of variables.
    """

    function: str
    file: str
    line: int
    outputs: tuple[str, ...]
    kind: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Episode:
    """A run from reset, replayed: the calls in order, the last one is the one that matters.

    `answers` are EL3's results, SMC by SMC, boot included; `pattern` fills EL2's unused memory. `page` and `index` are
    those for which the rule fails, where it does not fail for another one just as well. `names`: the target's own.
    `physical`: the address of the memory that initialisation gets. `outside`: what reads outside of an object find
    there, by offset; `is_chosen`: particular bytes of unused memory matter, too, which are `chosen`, by object and
    offset. `second`: the run that this one is compared with, where the rule is about two.
    """

    page_shift: int
    pattern: int
    boot: tuple[tuple[str, int], ...]
    answers: tuple[tuple[int, ...], ...]
    calls: tuple[CallDone, ...]
    boot_smcs: tuple[SmcDone, ...] = ()
    page: int | None = None
    index: int | None = None
    names: Binding | None = None
    physical: int = 0
    outside: tuple[tuple[int, int], ...] = ()
    is_chosen: bool = False
    chosen: tuple[tuple[tuple[str, int], int], ...] = ()
    second: Episode | None = None


@dataclass(frozen=True, slots=True)
class Retold:
    """An episode of an earlier run of this program on the same unit, as reports tell it."""

    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause of a violation, with the calls that show it. `clause` is the conjunct that fails.

    `native`: what the compiled code said to it, if it was asked.
    """

    cause: Cause
    clause: str
    episode: Episode | Retold
    fingerprint: str = ""
    native: str = ""


@dataclass(frozen=True, slots=True)
class PartResult:
    """`reason` says why a status is not `proved`; `places` are file:line of what is not modelled."""

    name: str
    function: str
    status: Status
    reason: str = ""
    places: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    witness: Episode | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule at one trust level under one profile; its status is the worst of its parts."""

    rule: str
    profile: str
    trust: str
    parts: tuple[PartResult, ...]
    cost: Cost = field(default_factory=Cost)
    is_cached: bool = False
    """Found by an earlier run."""

    @property
    def status(self) -> Status:
        order = list(Status)
        applicable = [part.status for part in self.parts if part.status is not Status.NOT_APPLICABLE]
        return max(applicable, key=order.index) if applicable else Status.NOT_APPLICABLE
