"""The executable SPMC satisfies every axiom of trust level L2, on random requests."""

from __future__ import annotations

import random

from verify.engine.record import Record, SmcEvent
from verify.engine.value import Integer
from verify.interpret.spmc import Spmc
from verify.ir.span import NOWHERE
from verify.prove.trust import AXIOMS, axioms
from verify.terms import build as t
from verify.terms.evaluate import substitute


def test_axioms_hold_of_its_answers() -> None:
    rng = random.Random(1)
    functions = [axiom.function for axiom in AXIOMS if axiom.function] + [0x8400006F, 0xC400008D, 0x84000099]
    origin = t.const(0, 16)
    for _ in range(3000):
        spmc = Spmc(version=rng.choice((0x10000, 0x10001, 0x10002)))
        arguments = [rng.choice(functions), rng.choice((0x10000, 0x10001, 0x10002, 0x20000, rng.getrandbits(64))),
                     *(rng.getrandbits(64) for _ in range(16))]
        results = spmc.smc(arguments, False)
        record = Record("t.")
        record.smcs.append(SmcEvent(
            t.TRUE, tuple(Integer(t.const(x, 64), origin) for x in arguments),
            tuple(Integer(t.const(x, 64), origin) for x in results), NOWHERE, False, (), 0))
        own = {"spmc.version": t.const(spmc.version, 32)}
        said = substitute(axioms(record, "L2"), own)
        broken = [axiom for axiom, term in zip(AXIOMS, said, strict=True) if term is not t.TRUE]
        assert not broken, (broken, [hex(x) for x in arguments], [hex(x) for x in results])
