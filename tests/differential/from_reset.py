"""Calls of the host one after another, from reset: every call finds what the ones before left."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.differential.inputs import Inputs, Words
from tests.differential.pools import Pools
from tests.differential.shape import GOES_ON, HOST_RX, HOST_TX, PAGES, Shape

INIT = "hyp_ffa_init"
MOST_CALLS = 40
HOST = ("host_buffers.tx", "host_buffers.rx")
SMCCC_VERSION = 0x10002


class FromReset:
    """Inputs of the entry, each after `hyp_ffa_init` and up to MOST_CALLS others."""

    def __init__(self, shape: Shape, pools: Pools, rng: Random) -> None:
        self._shape = shape
        self._rng = rng
        self._boot = Inputs(shape, INIT, pools, rng)
        self._calls = Inputs(shape, shape.unit.entry, pools, rng)
        self._left = 0

    def restart(self) -> None:
        """What comes next starts at reset."""
        self._left = 0

    def next(self, statics: Sequence[int]) -> Words:
        """`statics`: as the machine has them; not read for the first call."""
        if self._left == 0 or not self._is_mapped(statics):
            self._left = self._rng.randrange(1, MOST_CALLS)
            return self._first()
        self._left -= 1
        words = self._calls.fresh(statics)
        words[0] |= GOES_ON
        return words

    def _is_mapped(self, statics: Sequence[int]) -> bool:
        """No buffer of the host is anywhere but where the native program has memory."""
        mapped = {0, *(self._shape.base(region) for region in (HOST_TX, HOST_RX))}
        return all(now in mapped for (path, _), now in zip(self._shape.statics, statics, strict=True) if path in HOST)

    def _first(self) -> Words:
        """Statics are zero, but for what PSCI found out."""
        shape, rng = self._shape, self._rng
        words = self._boot.fresh([0] * len(shape.statics))
        words[1] = shape.base(PAGES)
        at = shape.static_at("kvm_host_psci_config.smccc_version")
        if at is not None:
            words[at] = SMCCC_VERSION if rng.random() < 0.9 else rng.choice((0x10001, SMCCC_VERSION + 1, 0))
        if rng.random() < 0.8:
            words[shape.answers_at:shape.answers_at + 2] = [1, rng.choice((0x10000, 0x10001, 0x10002, 0x10003))]
        return words
