"""By what a finding is known again in another tree: what it says and where, not what a search happened to come upon.

Rule, part, the requirements that fail, and the place: the function, what the statement there does and which of several
that do the same it is. Not in it: lines, files, names of local variables, values, and the registers that are wrong. How
many of these are found depends on how long a search looks; `cause.outputs` has them, and a comparison says where a
finding has grown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from verify.engine.record import Site
from verify.ir.function import Unit
from verify.ir.statement import Statements
from verify.prove.outcome import Cause

VERSION = 2
"""Of what fingerprints are made of: those of different versions have nothing to do with each other."""
UNINITIALISED = "uninitialised"


@dataclass(slots=True)
class Places:
    """Of one unit."""

    unit: Unit
    _statements: Statements = field(init=False)

    def __post_init__(self) -> None:
        self._statements = Statements(self.unit)

    def of(self, site: Site) -> str:
        """The text of such a site is the name of a variable; else it says what kind of step it is.

        Of a place that is no statement of its function, one that other CPUs take say, it counts which one it is.
        """
        here = self._statements.shape(site.function, site.span) or f"number {site.ordinal}"
        if site.kind == UNINITIALISED:
            return _digest(here, self._statements.variable(site.function, site.text))
        return _digest(here, site.text)


def fingerprint(rule: str, part: str, requirements: str, cause: Cause) -> str:
    return _digest(str(VERSION), rule, part, requirements, cause.function, cause.kind, cause.place)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
