"""Inputs for one function: random ones, scenes that get past the first checks, and changes of earlier inputs."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.differential.pools import Pools
from tests.differential.scenes import Scenes, random_words
from tests.differential.shape import (
    ANSWER_WORDS,
    ANSWERS,
    ARENA_WORDS,
    ARENAS,
    CONTENT_WORDS,
    FIRST_ARENA,
    HOST_RX,
    HOST_TX,
    OUTS,
    PAGES,
    Shape,
    pointers,
)
from verify.ir.expr import POINTER

SCENE = 0.7
STIR = 0.3
"""The share of inputs that come with writes of others to the buffers."""
Words = list[int]


class Inputs:
    """For one function of the unit, from one seed."""

    def __init__(self, shape: Shape, name: str, pools: Pools, rng: Random) -> None:
        self._shape = shape
        self._pools = pools
        self._rng = rng
        self._function = shape.unit.functions[name]
        self._number = shape.functions.index(name)
        self._literals = pools.literals(name)
        self._has_memory = pools.reads_memory(name)
        self._scenes = Scenes(shape, name, pools, rng)
        self._places = self._changeable()

    # -- fresh -----------------------------------------------------------------------------------------------

    def fresh(self, statics: Sequence[int] = ()) -> Words:
        """With these statics, or with some."""
        words = [0] * self._shape.words
        words[0] = self._number
        self._arguments(words)
        self._statics(words)
        self._answers(words)
        self._arenas(words)
        self._outs(words)
        if statics:
            words[self._shape.statics_at:self._shape.answers_at] = statics
        if self._scenes.usable and self._rng.random() < SCENE:
            self._scenes.apply_to(words, statics) if statics else self._scenes.apply(words)
        elif self._has_memory:
            for at in (self._shape.tx_at, self._shape.rx_at):
                words[at:at + CONTENT_WORDS] = random_words(self._rng, CONTENT_WORDS)
        if self._has_memory and self._rng.random() < STIR:
            words[self._shape.stir_at] = self._rng.getrandbits(64)
        return words

    def _outs(self, words: Words) -> None:
        """Outside functions succeed, but for one call or for some."""
        rng, at = self._rng, self._shape.outs_at
        kind = rng.random()
        if kind < 0.3:
            words[at + rng.choice((rng.randrange(6), rng.randrange(OUTS)))] = rng.choice((1, 0xFFFFFFFF))
        elif kind < 0.4:
            first = rng.randrange(OUTS)
            for k in (first, first + rng.randrange(1, 4), rng.randrange(OUTS)):
                words[at + k % OUTS] = rng.choice((1, 0xFFFFFFFF, 0xFFFFFFF0))
        elif kind < 0.5:
            words[at:at + OUTS] = [rng.choice((0, 0, 0, 0, 0, 1, 0xFFFFFFFF)) for _ in range(OUTS)]

    def _word(self) -> int:
        rng = self._rng
        kind = rng.random()
        if kind < 0.3:
            return rng.choice(self._literals)
        if kind < 0.6:
            return rng.choice(self._pools.common)
        if kind < 0.7:
            return rng.choice(self._pools.identifiers) | rng.choice((0, 0, 0x10000, 1 << 32, 1 << 63))
        if kind < 0.8:
            return rng.randrange(64)
        return rng.getrandbits(rng.choice((16, 32, 32, 64, 64)))

    def _arguments(self, words: Words) -> None:
        arenas = pointers(self._function)
        for index, parameter in enumerate(self._function.parameters):
            if index in arenas:
                words[1 + index] = self._shape.base(FIRST_ARENA + arenas.index(index))
            elif parameter.name.startswith("func") and self._rng.random() < 0.8:
                words[1 + index] = self._rng.choice(self._pools.identifiers)
            elif parameter.name == "nranges":
                words[1 + index] = self._rng.randrange(self._rng.choice((6, 12, 30)))
            else:
                words[1 + index] = self._word()

    def _statics(self, words: Words) -> None:
        shape, rng = self._shape, self._rng
        usual = {
            "hyp_buffers.tx": shape.base(PAGES), "hyp_buffers.rx": shape.base(PAGES) + shape.page,
            "ffa_desc_buf.buf": shape.base(PAGES) + 2 * shape.page,
            "ffa_desc_buf.len": (shape.proxy_pages - 2) * shape.page,
            "host_buffers.tx": shape.base(HOST_TX), "host_buffers.rx": shape.base(HOST_RX),
        }
        mapped = rng.random() < 0.8
        for index, (path, size) in enumerate(shape.statics):
            if path in usual:
                is_host = path.startswith("host")
                words[shape.statics_at + index] = usual[path] if mapped or not is_host else 0
            elif path.endswith("version"):
                words[shape.statics_at + index] = rng.choice(self._pools.versions)
            elif size == 1:
                words[shape.statics_at + index] = int(rng.random() < 0.7)
            elif "lock" not in path:
                words[shape.statics_at + index] = self._word() & ((1 << 8 * size) - 1)
        if rng.random() < 0.1:
            self._odd_pointer(words, list(usual))

    def _odd_pointer(self, words: Words, paths: list[str]) -> None:
        at = self._shape.static_at(self._rng.choice(paths))
        if at is not None:
            words[at] = self._rng.choice((0, 16, self._shape.page, words[at] + 16))

    def _answers(self, words: Words) -> None:
        rng, at = self._rng, self._shape.answers_at
        words[at] = rng.choice((0, 1, 2, 2, 3, 3, 4, 8, ANSWERS))
        for row in range(words[at]):
            start = at + 1 + row * ANSWER_WORDS
            words[start:start + ANSWER_WORDS] = random_words(rng, ANSWER_WORDS)
            words[start] = self._answer()
            for k in range(1, 4):
                if rng.random() < 0.7:
                    words[start + k] = rng.choice((0, 1, 2, 3, 8, 24, self._word()))

    def _answer(self) -> int:
        rng, pools = self._rng, self._pools
        kind = rng.random()
        if kind < 0.5:
            return pools.success
        if kind < 0.7:
            return rng.choice(pools.answers)
        return rng.choice(pools.versions) if kind < 0.9 else self._word()

    def _arenas(self, words: Words) -> None:
        rng = self._rng
        for index in range(len(pointers(self._function))):
            at = self._shape.arena_at(index)
            words[at:at + ARENA_WORDS] = random_words(rng, ARENA_WORDS)
            if rng.random() < 0.8:
                words[at] = rng.choice(self._pools.identifiers) | (0x10000 if rng.random() < 0.1 else 0)
            for k in range(1, 6):
                if rng.random() < 0.7:
                    words[at + k] = self._word()

    # -- changes ---------------------------------------------------------------------------------------------

    def _changeable(self) -> list[range]:
        """Where a change may matter; each range is as likely as the others."""
        shape = self._shape
        scalars = [k + 1 for k, p in enumerate(self._function.parameters) if p.bits != POINTER]
        places = [range(k, k + 1) for k in scalars]
        places += [range(shape.statics_at, shape.answers_at)] * 2
        for row in range(ANSWERS):
            start = shape.answers_at + 1 + row * ANSWER_WORDS
            places.append(range(start, start + 4))
        places.append(range(shape.outs_at, shape.outs_at + OUTS))
        for index in range(min(len(pointers(self._function)), ARENAS)):
            places += [range(shape.arena_at(index), shape.arena_at(index) + 6)] * 4
        if self._has_memory:
            places += [range(shape.tx_at, shape.tx_at + CONTENT_WORDS), range(shape.rx_at, shape.rx_at + CONTENT_WORDS)] * 2
        return places

    def changed(self, parent: Words) -> Words:
        words, rng = list(parent), self._rng
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            at = rng.choice(rng.choice(self._places))
            words[at] = self._near(words[at])
        self._within_types(words)
        return words

    def _near(self, value: int) -> int:
        rng = self._rng
        kind = rng.random()
        if kind < 0.4:
            return self._word()
        if kind < 0.6:
            return (value + rng.choice((-1, 1, -16, 16, self._shape.page, -self._shape.page))) & (1 << 64) - 1
        return value ^ 1 << rng.randrange(64) if kind < 0.8 else rng.choice((0, 1, value & 0xFFFFFFFF))

    def _within_types(self, words: Words) -> None:
        """A bool is 0 or 1, a static fits its size, pointers stay where they may point."""
        shape = self._shape
        for index, (path, size) in enumerate(shape.statics):
            at = shape.statics_at + index
            if size == 1:
                words[at] &= 1
            elif path.endswith((".tx", ".rx", ".buf")):
                words[at] = shape.base(PAGES) if words[at] >> 40 else words[at]
            else:
                words[at] &= (1 << 8 * size) - 1
