"""A small conforming SPMC: what EL3 answers where nobody says otherwise.

It satisfies every axiom of trust level L2 (`verify.prove.trust`); a test checks that on random calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from verify.interpret.environment import Surroundings

ERROR, SUCCESS, VERSION, FEATURES = 0x84000060, 0x84000061, 0x84000063, 0x84000064
ID_GET, SPM_ID_GET = 0x84000069, 0x84000085
DIRECT_REQ, DIRECT_REQ64, DIRECT_REQ2 = 0x8400006F, 0xC400006F, 0xC400008D
RETRIEVE = (0x84000074, 0xC4000074)
RUN = 0x8400006D
NOT_SUPPORTED, INVALID_PARAMETERS = 0xFFFFFFFF, 0xFFFFFFFE
SECURE = 0x8000
"""Bit of an endpoint's ID."""
ONES = (1 << 64) - 1
SIMPLE = (0x84000065, 0xC4000066, 0x84000067, 0x84000068, 0x84000077, 0x8400007B)
SHARES = (0x84000072, 0xC4000072, 0x84000073, 0xC4000073)


def frame(*values: int) -> list[int]:
    """x0.. as given, the rest zero."""
    return [*values, *[0] * (18 - len(values))]


def error(code: int = NOT_SUPPORTED) -> list[int]:
    return frame(ERROR, 0, code)


@dataclass(slots=True)
class Spmc(Surroundings):
    """`version`: the highest that it has. `script`: answers that come first, in order."""

    version: int = 0x10002
    script: list[Sequence[int]] = field(default_factory=list)

    def smc(self, arguments: Sequence[int], is_forward: bool) -> Sequence[int]:
        """An SMC32 leaves x8 to x17 alone (DEN0028 2.6)."""
        if self.script:
            return self.script.pop(0)
        answer = self._answer(arguments)
        return answer if arguments[0] & 0x40000000 else [*answer[:8], *arguments[8:18]]

    def _answer(self, arguments: Sequence[int]) -> Sequence[int]:
        function = arguments[0] & 0xFFFEFFFF
        if function == VERSION:
            return self._version(arguments[1] & 0xFFFFFFFF)
        if function == FEATURES:
            return self._features(arguments[1] & 0xFFFFFFFF)
        if function in (ID_GET, SPM_ID_GET):
            return frame(SUCCESS, 0, 0 if function == ID_GET else 0x8000)
        if function in (DIRECT_REQ, DIRECT_REQ64, DIRECT_REQ2):
            return self._respond(function, arguments)
        if function == RUN and not arguments[1] & SECURE << 16:
            return error(INVALID_PARAMETERS)
        if function in SIMPLE:
            return frame(SUCCESS)
        if function in SHARES:
            return frame(SUCCESS, 0, 0x1001)
        return error()

    def _version(self, asked: int) -> Sequence[int]:
        """Its own version for a request of the same major, else NOT_SUPPORTED (as 64 bits)."""
        if asked >> 16 != 1:
            return frame(ONES)
        return frame(min(asked, self.version) if asked < self.version else self.version)

    def _features(self, asked: int) -> Sequence[int]:
        known = (VERSION, FEATURES, ID_GET, DIRECT_REQ, DIRECT_REQ64, 0xC4000066, *SIMPLE, *SHARES)
        return frame(SUCCESS) if asked in known else error()

    def _respond(self, function: int, arguments: Sequence[int]) -> Sequence[int]:
        """The partition answers with the payload that it got, IDs exchanged."""
        ids = arguments[1] & 0xFFFFFFFF
        if ids >> 16 == ids & 0xFFFF or not (ids >> 16 or ids & SECURE):
            return error(INVALID_PARAMETERS)
        exchanged = (ids & 0xFFFF) << 16 | ids >> 16
        if function == DIRECT_REQ2:
            return frame(0xC400008E, exchanged, 0, 0, *arguments[4:18])
        return frame(function + 1, exchanged, 0, *arguments[3:8])
