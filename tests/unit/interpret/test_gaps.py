"""An access that misses its buffer by gigabytes is still an access to that buffer."""

from __future__ import annotations

import pytest

from verify.interpret.memory import Fault, Memory

FAR = 0xFFFF_FFFF + 4


@pytest.mark.parametrize("offset", [0, 4095, 4096, FAR])
def test_what_lies_between_parts_is_behind_the_first(offset: int) -> None:
    memory = Memory(lambda name, at: at & 0xFF, lenient=True)
    first, second = memory.split(memory.allocate("pages", 8192, b""), (("tx", 0, 4096), ("rx", 4096, 4096)))
    for base, name in ((first, "tx"), (second, "rx")):
        found = memory.home(base + offset)
        assert found is not None and (found[0].name, found[1]) == (name, offset)
        assert memory.load(base + offset, 1) == (offset & 0xFF if offset >= 4096 else 0)
        if offset >= 4096:
            with pytest.raises(Fault, match=name):
                memory.store(base + offset, 0, 1)
