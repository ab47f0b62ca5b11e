"""Inputs of a counterexample as a reader finds them: `call 2`, `w1`, `version 1.0`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from verify.interpret.world import FOREIGN, OWN, SHARED_FFA, SHARED_HYP
from verify.prove.inputs import SIZE, WORD, CallInputs, Inputs, Kind, Place
from verify.report import registers
from verify.report.decode import Names
from verify.report.story import ranges

STATES = {OWN: "the host's own", SHARED_FFA: "shared with the secure world", SHARED_HYP: "shared with EL2",
          FOREIGN: "somebody else's"}


@dataclass(frozen=True, slots=True)
class Namer:
    """`told`: the calls as reports tell them."""

    inputs: Inputs
    names: Names
    told: Sequence[Mapping[str, Any]]

    def where(self, place: Place) -> str:
        """`call 2`, `call 2, EL3's answer 1`, `boot`."""
        of = f"call {place.call}" if place.call else "boot"
        match place.kind:
            case Kind.ANSWER | Kind.LEFT:
                return f"{of}, EL3's answer {place.item + 1}"
            case Kind.LOOK:
                return f"{of}, EL2's look {place.item + 1}"
            case Kind.MEMORY:
                return f"{of}, host memory"
            case Kind.PAGES:
                return "page tables"
            case Kind.BOOT | Kind.REGISTER:
                return of

    def what(self, places: Sequence[Place]) -> str:
        """Of places of one `where`: `w1`; `x2–x30, bits 63:32 of x0, x1`; `bytes 0x0–0x1b, 0x20–0x23`."""
        match places[0].kind:
            case Kind.ANSWER | Kind.REGISTER:
                return _registers([place.at for place in places])
            case Kind.LOOK | Kind.MEMORY:
                return _stretches([place.at for place in places])
            case Kind.LEFT:
                return f"{_stretches([place.at for place in places])} of EL2's RX buffer"
            case Kind.BOOT:
                return ", ".join(place.name for place in places)
            case Kind.PAGES:
                return ", ".join(_pages(place.item, place.at) for place in places)

    def value(self, place: Place, value: int) -> str:
        return STATES[value] if place.kind is Kind.PAGES else f"{value:#x}"

    def meaning(self, place: Place, value: int) -> str:
        """Of this value there; empty where nothing is known of it."""
        call = self.inputs.calls[place.call]
        match place.kind:
            case Kind.REGISTER if not place.at % 2:
                k = place.at // 2
                return registers.asked({**dict(enumerate(call.registers)), k: value}, k, self.names)
            case Kind.ANSWER if not place.at % 2:
                return self._answered(call, place, value)
            case Kind.LOOK:
                return self._part(place)
            case _:
                return ""

    def _answered(self, call: CallInputs, place: Place, value: int) -> str:
        k = place.at // 2
        asked = self._smc(place)
        return registers.answered(asked, {**dict(enumerate(call.answers[place.item])), k: value}, k, self.names)

    def _smc(self, place: Place) -> dict[int, int]:
        """What EL3 is asked: only x0 counts for what an answer means. Boot asks for a version."""
        if not place.call:
            version = next(word for word, name in self.names.functions.items() if name == "FFA_VERSION")
            return {0: version}
        parameters = self.told[place.call - 1]["smcs"][place.item]["parameters"]
        return {int(name[1:]): int(text, 16) for name, text in parameters.items()}

    def _part(self, place: Place) -> str:
        """Of the message that the host puts there: `EMAD 0, byte 4`."""
        layouts = [event["layout"] for event in self.told[place.call - 1]["events"] if "layout" in event]
        for part in layouts[0]["parts"] if layouts and not place.item else ():
            at, size = int(part["at"], 16), int(part["size"], 16)
            if at <= place.at < at + size:
                return f"{part['name']}, byte {place.at - at:#x}"
        return ""


def gathered(namer: Namer, places: Iterable[Place]) -> list[tuple[str, str]]:
    """`where` and `what` of many, each `where` once."""
    return [(where, namer.what(list(group))) for where, group in groupby(sorted(places), key=namer.where)]


def _registers(halves: Sequence[int]) -> str:
    known = set(halves)
    numbers = sorted({at // 2 for at in known})
    whole = [f"x{k}" for k in numbers if {2 * k, 2 * k + 1} <= known]
    low = [f"w{k}" for k in numbers if 2 * k in known and 2 * k + 1 not in known]
    high = [f"x{k}" for k in numbers if 2 * k not in known]
    texts = [ranges(whole), *low, f"bits 63:32 of {ranges(high)}" if high else ""]
    return ", ".join(filter(None, texts))


def _stretches(starts: Iterable[int]) -> str:
    """`bytes 0x0–0x1b, 0x20–0x23`."""
    runs: list[list[int]] = []
    for start in sorted(starts):
        if runs and runs[-1][1] == start:
            runs[-1][1] = start + SIZE
        else:
            runs.append([start, start + SIZE])
    return "bytes " + ", ".join(f"{first:#x}–{end - 1:#x}" for first, end in runs)


def _pages(first: int, end: int) -> str:
    return f"page {first:#x}" if end == first + 1 else f"pages {first:#x}–{end - 1:#x}"


def bits(mask: int) -> str:
    """`one of bits 31:17, 15:0`, `bit 16`; empty where there are none, or all 32."""
    if not mask or mask == WORD:
        return ""
    runs: list[list[int]] = []
    for bit in (k for k in reversed(range(32)) if mask >> k & 1):
        if runs and runs[-1][1] == bit + 1:
            runs[-1][1] = bit
        else:
            runs.append([bit, bit])
    texts = [f"{high}:{low}" if high != low else f"{high}" for high, low in runs]
    return f"one of bits {', '.join(texts)}" if mask & mask - 1 else f"bit {texts[0]}"
