"""The same work on many items, side by side in processes that inherit what they need."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from verify.solve import interrupt

T = TypeVar("T")
_WORK: list[Callable[[int], Any]] = []
"""What the worker processes inherit by fork: nothing but an item's number has to travel there."""


def side_by_side(work: Callable[[int], T], order: Sequence[int], jobs: int) -> Generator[T]:
    """The results in the order given, begun in that order; never in this process, for Ctrl-C is this one's."""
    if not order:
        return
    context = multiprocessing.get_context("fork")
    _WORK[:] = [work]
    pool: Any = None
    try:
        with interrupt.deferred():  # half a pool would leave its processes behind
            pool = context.Pool(min(jobs, len(order)), initializer=interrupt.block)
        interrupt.ask()
        yield from pool.imap(_one, order)
        pool.close()
    finally:
        with interrupt.deferred():
            if pool is not None:
                pool.terminate()
                pool.join()
        _WORK.clear()


def _one(number: int) -> Any:
    return _WORK[0](number)
