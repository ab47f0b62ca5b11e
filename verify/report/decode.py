"""Numbers as FF-A's own words: function IDs, versions, endpoint IDs, status codes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verify.report import numbers
from verify.report.content import count_of, many

_VERSION, _FEATURES = "FFA_VERSION", "FFA_FEATURES"
_MESSAGE = re.compile(r"FFA_(FN64_)?MSG_SEND_DIRECT_")
_NO_FUNCTION = re.compile(r"FFA_(RET|MIN_|MAX_|FEAT_|PAGE_|MEM_\w*FLAG|VERSION_|HOST)")


@dataclass(frozen=True, slots=True)
class Names:
    """By value: function IDs (without the SVE hint) and status codes (32 bits), as the tree under test calls them."""

    functions: Mapping[int, str]
    codes: Mapping[int, str]

    def function(self, word: int) -> str:
        plain = word & 0xFFFEFFFF
        if plain in self.functions:
            return self.functions[plain]
        other = plain ^ 0x40000000
        if other in self.functions:
            return f"{self.functions[other]} ({'SMC64' if plain & 0x40000000 else 'SMC32'} form)"
        return f"{plain:#010x}"

    def call(self, registers: Sequence[int]) -> str:
        """`FFA_VERSION(1.0)`, `FFA_MEM_RECLAIM(handle 0x1001)`."""
        name = self.function(registers[0] & 0xFFFFFFFF)
        w1 = registers[1] & 0xFFFFFFFF
        if name == _VERSION:
            return f"{name}({version(w1)})"
        if name.startswith(_FEATURES):
            return f"{name}({self.function(w1) if w1 >> 31 else f'feature {w1:#x}'})"
        if _MESSAGE.match(name):
            return f"{name}(sender {w1 >> 16:#x}, receiver {w1 & 0xFFFF:#x})"
        said = _arguments(registers)
        return f"{name}({said})" if said else name

    def answer(self, call: Sequence[int], result: Sequence[int]) -> str:
        """What the result registers say, as far as they say something; with the upper half where it is not zero."""
        upper = "" if not result[0] >> 32 or result[0] >> 31 == (1 << 33) - 1 else f" (x0={result[0]:#x})"
        return self._answer(call, result) + upper

    def _answer(self, call: Sequence[int], result: Sequence[int]) -> str:
        w0, w2 = result[0] & 0xFFFFFFFF, result[2] & 0xFFFFFFFF
        if self.function(call[0] & 0xFFFFFFFF) == _VERSION:
            return self.codes.get(w0, version(w0))
        name = self.functions.get(w0, "")
        if name == "FFA_ERROR":
            return f"FFA_ERROR({self.codes.get(w2, f'code {w2:#x}')})"
        said = _results(call, result)
        return (f"{name}({said})" if name and said else name) or self.codes.get(w0, f"w0 = {w0:#x}")


def number_of(word: int) -> int:
    """The function's number, in both conventions."""
    return word & 0xFF if word >> 24 & 0xBF == 0x84 and not word >> 8 & 0xFEFF else -1


def _pair(low: int, high: int) -> int:
    return low & 0xFFFFFFFF | (high & 0xFFFFFFFF) << 32


def _arguments(x: Sequence[int]) -> str:
    """What the registers of a call with memory or mailboxes mean."""
    w = [value & 0xFFFFFFFF for value in x]
    match number_of(w[0]):
        case numbers.RXTX_MAP:
            wide = x if w[0] >> 30 & 1 else w
            return f"TX {wide[1]:#x}, RX {wide[2]:#x}, {count_of(w[3])} × 4K"
        case numbers.DONATE | numbers.LEND | numbers.SHARE | numbers.RETRIEVE_REQ:
            return f"{w[1]:#x} bytes" + (f", {w[2]:#x} of them now" if w[2] != w[1] else "")
        case numbers.RECLAIM:
            return f"handle {_pair(x[1], x[2]):#x}" + (f", flags {w[3]:#x}" if w[3] else "")
        case numbers.FRAG_TX:
            return f"handle {_pair(x[1], x[2]):#x}, {w[3]:#x} bytes"
        case numbers.FRAG_RX:
            return f"handle {_pair(x[1], x[2]):#x}, from byte {w[3]:#x}"
        case numbers.PARTITION_INFO_GET:
            return "count only" if w[5] & 1 else ""
    return ""


def _results(call: Sequence[int], x: Sequence[int]) -> str:
    w = [value & 0xFFFFFFFF for value in x]
    match number_of(w[0]):
        case numbers.RETRIEVE_RESP | numbers.FRAG_TX | numbers.FRAG_RX:
            return _arguments((0x84000074, *x[1:])) if number_of(w[0]) == numbers.RETRIEVE_RESP else _arguments(x)
        case numbers.SUCCESS:
            match number_of(call[0] & 0xFFFFFFFF):
                case numbers.DONATE | numbers.LEND | numbers.SHARE | numbers.FRAG_TX:
                    return f"handle {_pair(x[2], x[3]):#x}"
                case numbers.PARTITION_INFO_GET:
                    return many(w[2], "partition") + (f" of {w[3]:#x} bytes" if w[3] else "")
    return ""


def version(word: int) -> str:
    major, minor = word >> 16 & 0x7FFF, word & 0xFFFF
    text = f"{major}.{minor}"
    return f"bit 31 set, {text}" if word >> 31 else text


def names_of(constants: Mapping[str, int]) -> Names:
    """From the macros of the tree; the shortest name wins where two have one value."""
    functions: dict[int, str] = {}
    codes: dict[int, str] = {}
    for name, value in sorted(constants.items(), key=lambda item: (len(item[0]), item[0])):
        word = value & 0xFFFFFFFF
        if name.startswith("FFA_RET_") and word >> 31:
            codes.setdefault(word, name.removeprefix("FFA_RET_"))
        elif word >> 24 in (0x84, 0xC4) and not _NO_FUNCTION.match(name):
            functions.setdefault(word, name)
    return Names(dict(sorted(functions.items())), dict(sorted(codes.items())))
