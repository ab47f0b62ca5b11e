"""A machine's second life: everything that a run may change is copied, the rest is shared.

Runs are forked by the ten thousand, which the standard library's deep copy makes dearer than the calls in between.
"""

from __future__ import annotations

from collections import deque
from dataclasses import fields, is_dataclass
from types import FunctionType, MethodType, NoneType
from typing import Any, TypeVar, cast

from verify.interpret.intervals import Intervals
from verify.interpret.memory import Slot

T = TypeVar("T")
ATOMS = frozenset({int, bool, str, bytes, NoneType, tuple, frozenset, FunctionType})
"""Never changed; nor is what is in a tuple."""
_ATTRIBUTES: dict[type, tuple[str, ...]] = {}
"""Of classes that were met before, by name."""


def forked(item: T, memo: dict[int, Any]) -> T:
    """`memo`: copies that there are already, by the identity of what they are of; what is to be shared is its own.

    Raises TypeError for what it does not know how to copy.
    """
    return cast(T, _forked(item, memo))


def _forked(item: Any, memo: dict[int, Any]) -> Any:
    kind = type(item)
    if kind in ATOMS:
        return item
    if id(item) in memo:
        return memo[id(item)]
    if kind is dict:
        result: Any = {key: value if type(value) in ATOMS else _forked(value, memo) for key, value in item.items()}
    elif kind in (list, set, deque):
        result = kind([value if type(value) in ATOMS else _forked(value, memo) for value in item])
    elif kind in (Slot, Intervals, bytearray):
        result = item.copy()
    elif kind is MethodType:
        return MethodType(item.__func__, _forked(item.__self__, memo))
    else:
        return _by_attribute(item, kind, memo)
    memo[id(item)] = result
    return result


def _by_attribute(item: Any, kind: type, memo: dict[int, Any]) -> Any:
    """Entered into `memo` first: parts may refer to the whole."""
    if kind not in _ATTRIBUTES:
        _ATTRIBUTES[kind] = _attributes(item, kind)
    result: Any = object.__new__(kind)
    set_ = object.__setattr__
    memo[id(item)] = result
    for name in _ATTRIBUTES[kind]:
        value = getattr(item, name)
        set_(result, name, value if type(value) in ATOMS else _forked(value, memo))
    return result


def _attributes(item: Any, kind: type) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    if not kind.__module__.startswith("verify."):
        raise TypeError(f"nobody knows how to fork a {kind.__qualname__}")
    return tuple(vars(item))
