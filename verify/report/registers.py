"""The registers of a call, each with what it means: in the call, and in its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from verify.report import numbers
from verify.report.decode import Names, number_of, version

WORD = 0xFFFFFFFF
_DIRECT = re.compile(r"FFA_(FN64_)?MSG_SEND_DIRECT_")
_SEND = {1: "bytes in all", 2: "bytes of them now", 3: "address of the buffer; 0: TX", 4: "pages of the buffer"}
_HANDLE = {1: "handle, low half", 2: "handle, high half"}
_UUID = {k: f"UUID, word {k - 1}" for k in range(1, 5)}
ARGUMENTS: Mapping[int, Mapping[int, str]] = {
    numbers.RXTX_MAP: {1: "TX", 2: "RX", 3: "size of each in 4K"},
    numbers.DONATE: _SEND, numbers.LEND: _SEND, numbers.SHARE: _SEND, numbers.RETRIEVE_REQ: _SEND,
    numbers.RETRIEVE_RESP: {1: "bytes in all", 2: "bytes of them now"},
    numbers.RECLAIM: {**_HANDLE, 3: "flags"},
    numbers.FRAG_TX: {**_HANDLE, 3: "bytes now", 4: "endpoint, upper half"},
    numbers.FRAG_RX: {**_HANDLE, 3: "from byte", 4: "endpoint, upper half"},
    numbers.PARTITION_INFO_GET: {**_UUID, 5: "flags"},
}
"""By the function's number."""


@dataclass(frozen=True, slots=True)
class Row:
    """A register before and after a call; values as `0x…`."""

    name: str
    before: str
    after: str
    asked: str
    answered: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def rows(call: Mapping[str, Mapping[str, str]], names: Names, filler: int) -> list[Row]:
    """Those that are not zero before or after, and x0. `filler`: the byte that fills unused memory."""
    before, after = _numbers(call["before"]), _numbers(call["after"])
    return [
        Row(f"x{k}", f"{before.get(k, 0):#x}", f"{after.get(k, 0):#x}", asked(before, k, names),
            _filled(after.get(k, 0), filler) or answered(before, after, k, names))
        for k in sorted({0, *before, *after})]


def _numbers(told: Mapping[str, str]) -> dict[int, int]:
    return {int(name[1:]): int(value, 16) for name, value in told.items()}


def _filled(value: int, filler: int) -> str:
    """Eight or four bytes of what nobody wrote."""
    sizes = [size for size in (8, 4) if filler and value == int.from_bytes(bytes([filler]) * size)]
    return "memory that nobody wrote" if sizes else ""


def asked(x: Mapping[int, int], k: int, names: Names) -> str:
    """What register `k` of this call means; empty where that is not known."""
    word, value = x.get(0, 0) & WORD, x.get(k, 0) & WORD
    if k == 0:
        return names.function(word)
    name = names.function(word)
    if k == 1 and name == "FFA_VERSION":
        return f"version {version(value)}"
    if k == 1 and name.startswith("FFA_FEATURES"):
        return names.function(value) if value >> 31 else f"feature {value:#x}"
    return _parties(value) if k == 1 and _DIRECT.match(name) else ARGUMENTS.get(number_of(word), {}).get(k, "")


def _parties(word: int) -> str:
    return f"sender {word >> 16:#x}, receiver {word & 0xFFFF:#x}"


def answered(call: Mapping[int, int], x: Mapping[int, int], k: int, names: Names) -> str:
    """The same of the answer `x`."""
    asked, w0, value = call.get(0, 0) & WORD, x.get(0, 0) & WORD, x.get(k, 0) & WORD
    if k == 0 and names.function(asked) == "FFA_VERSION":
        return names.codes.get(w0, f"version {version(w0)}")
    if k == 0:
        return names.functions.get(w0) or names.codes.get(w0, "")
    name = names.functions.get(w0, "")
    if name == "FFA_ERROR":
        return names.codes.get(value, "status code") if k == 2 else ""
    if k == 1 and _DIRECT.match(name):
        return _parties(value)
    number = number_of(w0)
    return _succeeded(number_of(asked), k) if number == numbers.SUCCESS else ARGUMENTS.get(number, {}).get(k, "")


def _succeeded(asked: int, k: int) -> str:
    match asked:
        case numbers.DONATE | numbers.LEND | numbers.SHARE | numbers.FRAG_TX:
            return {2: "handle, low half", 3: "handle, high half"}.get(k, "")
        case numbers.PARTITION_INFO_GET:
            return {2: "how many", 3: "bytes of each"}.get(k, "")
    return ""
