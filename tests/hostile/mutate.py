"""Small damage to texts and to JSON values, from a seed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

_TOKEN = re.compile(rb"\w+|[^\w\s]|\s+")
_WORDS = (
    b"0x" + b"f" * 40, b"9" * 5000, b"0" * 5000 + b"7", b"1e99", b"'", b'"', b"/*", b"*/", b"//", b"\\\n", b"#", b"##", b"...",
    b"(", b")", b"{", b"}", b"[", b"]", b";", b",", b"?", b":", b"=", b"^=", b"->", b".", b"&", b"*", b"&&", b"goto", b"asm",
    b"asm(", b"typeof", b"struct", b"union", b"enum", b"switch", b"case", b"default:", b"break;", b"continue;", b"return",
    b"sizeof", b"offsetof(", b"memcpy(", b"memset(x)", b"static", b"extern", b"volatile", b"inline", b"void", b"long long",
    b"__int128", b"_Bool", b"float", b"_Generic", b"__attribute__", b"__attribute__((x))", b"__builtin_memcpy(",
    b"__verify_smc(", b"__verify_owner()", b"\n#if 1\n", b"\n#endif\n", b"\n#else\n", b"\n#elif 1\n", b"\n#define x(\n",
    b"\n#define return\n", b"\n#undef FFA_VERSION\n", b"\n#include <a\n", b"\n#error\n", b"\n#pragma x\n", b"\n#line 7\n",
    b"\n#ifdef\n", b"\n#ifndef\n", b"\n#if\n", b"\n#define\n", b"\n#undef\n", b"\n#pragma\n", b"\n#include\n", b"\n#elif\n",
    b"\0", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\x0c", b"\xe2\x80\xa8", b"\xc2\x85", b"-1", b"0", b"<<",
    b"/ 0", b"[-1]", b"[1 << 40]", b":3", b"x:", b"%", b"!", b"~", b"L'x'", b"'ab'", b'"text"', b"0.5", b"08", b"0b12",
)


def _flip(data: bytearray, rng: Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _cut(data: bytearray, rng: Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _tokens(data: bytearray, rng: Random) -> bytes:
    parts = _TOKEN.findall(bytes(data))
    for _ in range(rng.choice((1, 1, 2, 5))):
        at, other = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.randrange(5):
            case 0:
                del parts[at]
            case 1:
                parts.insert(at, parts[other])
            case 2:
                parts[at] = parts[other]
            case 3:
                parts.insert(at, rng.choice(_WORDS))
            case 4:
                parts[at] = rng.choice(_WORDS)
    return b"".join(parts)


def _lines(data: bytearray, rng: Random) -> bytes:
    lines = bytes(data).splitlines(keepends=True)
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[other])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[min(at, other) : max(at, other)] = []
    return b"".join(lines)


_DAMAGE: tuple[Callable[[bytearray, Random], bytes], ...] = (_flip, _cut, _lines, _tokens, _tokens, _tokens)


def damaged(data: bytes, rng: Random) -> bytes:
    """The text with a little changed."""
    return rng.choice(_DAMAGE)(bytearray(data), rng)


# -- JSON ----------------------------------------------------------------------------------------------------------


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def _deep_expression(levels: int) -> Any:
    value: Any = ["const", 64, 1]
    for _ in range(levels):
        value = ["not", 64, value]
    return value


def _values(rng: Random) -> Any:
    return rng.choice((
        None, True, False, 0, -1, 1, 2, 7, 1 << 31, 1 << 63, 1 << 64, -(1 << 200), 10 ** 4000, 0.5, float("nan"), float("inf"),
        "", "x", "\ud800", "\0", "entry.1", "..", "../../x", "a" * 5000, [], {}, [[]], {"": 0}, [None], _deep(300),
        _deep_expression(150), _deep_expression(260), ["stop", [0, 1]], ["reg", 64, "%1"], ["reg", 32, "%1"],
        ["const", 64, 1 << 64], ["null", -1], ["page-shift", 0], ["static", -1, "no"], ["jump", "entry.1", [0, 1]]))


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        _places(inner, found)
    return found


def damaged_json(text: str, rng: Random) -> str:
    """The document with one or two values changed, moved, doubled or left out; it stays JSON, mostly."""
    value = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2))):
        places = _places(value, [])
        (owner, key), (other, second) = rng.choice(places), rng.choice(places)
        match rng.randrange(6):
            case 0:
                del owner[key]
            case 1 | 2:
                owner[key] = _values(rng)
            case 3:
                owner[key] = json.loads(json.dumps(other[second]))
            case 4 if isinstance(owner[key], int):
                owner[key] += rng.choice((1, -1, 8, 1 << 32))
            case _ if isinstance(owner, list):
                owner.insert(key, json.loads(json.dumps(owner[key])))
    result = json.dumps(value)
    if rng.random() < 0.05:
        result = result.replace(",", f',"{rng.choice(("schema", "name", "entry"))}":1,', 1)
    return result
