"""The engine's merged transition and the interpreter agree on every register, static and SMC, on random calls."""

from __future__ import annotations

import random

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.interpret.environment import Scripted
from verify.interpret.session import CallDone, Session
from verify.prove.target import Target, make_target
from verify.terms.evaluate import evaluate

FUNCTIONS = (0x84000063, 0x84000063, 0x84000064, 0x84000069, 0x8400006F, 0xC400006F, 0xC4000063, 0x84000080, 0x12345678)
VERSIONS = (0x10000, 0x10001, 0x10002, 0x80010000, 0, 0x20000, 0xFFFFFFFF)
ANSWERS = (0x10000, 0x10001, 0x10002, 0xFFFFFFFF, (1 << 64) - 1, 0x7FFF0001, 0xABCD00010001)


@pytest.fixture(scope="module")
def target() -> Target:
    return make_target(mini.unit(), PKVM)


def random_call(rng: random.Random) -> list[int]:
    function = rng.choice(FUNCTIONS) | rng.choice((0, 0x10000)) | rng.choice((0, 0, rng.getrandbits(32) << 32))
    return [function, rng.choice(VERSIONS) | rng.choice((0, rng.getrandbits(32) << 32)),
            *(rng.getrandbits(64) for _ in range(29))]


def model(registers: list[int], state: dict[str, int], answers: list[list[int]]) -> dict[str, int]:
    """Values of the symbolic call's variables."""
    x0 = registers[0]
    values = {f"c.x{k}": value for k, value in enumerate(registers)}
    values |= {"c.x0.up": x0 >> 32, "c.x0.hi": x0 >> 17 & 0x7FFF, "c.x0.hint": x0 >> 16 & 1, "c.x0.lo": x0 & 0xFFFF}
    values |= {f"c.s.{path}": value for path, value in state.items()}
    for number, answer in enumerate(answers):
        values |= {f"c.smc{number}.q{k}": value for k, value in enumerate(answer)}
    return values


def compare(target: Target, done: CallDone, values: dict[str, int]) -> None:
    step = target.step
    outputs = evaluate([value.term for value in step.outputs], values)
    assert outputs == list(done.registers)
    paths = sorted(step.after)
    after = dict(done.state_after)
    scalars = dict(zip(paths, evaluate([step.after[path].term for path in paths], values), strict=True))
    assert {path: scalars[path] for path in ("hyp_ffa_version", "has_version_negotiated")} == {
        path: after[path] for path in ("hyp_ffa_version", "has_version_negotiated")}
    made = [event for event in step.record.smcs if evaluate([event.guard], values)[0]]
    assert [event.is_forward for event in made] == [smc.is_forward for smc in done.log.smcs]
    for event, smc in zip(made, done.log.smcs, strict=True):
        assert tuple(evaluate([a.term for a in event.arguments], values)) == smc.arguments


@pytest.mark.parametrize("seed", range(200))
def test_one_call(target: Target, seed: int) -> None:
    rng = random.Random(seed)
    state = {"hyp_ffa_version": rng.choice(VERSIONS[:4]), "has_version_negotiated": rng.getrandbits(1)}
    registers = random_call(rng)
    answers = [[rng.choice(ANSWERS), *(rng.getrandbits(64) for _ in range(17))] for _ in target.step.record.smcs]
    values = model(registers, state, answers)
    script = [answer for event, answer in zip(target.step.record.smcs, answers, strict=True)
              if evaluate([event.guard], values)[0]]
    session = Session(target.unit, Scripted(answers=script))
    for path, value in state.items():
        session.machine.set_static(path, value)
    done = session.call(registers)
    assert done.fault is None
    assert not evaluate([boundary.guard for boundary in target.step.record.boundaries], values)
    compare(target, done, quiet(target, values))


def quiet(target: Target, values: dict[str, int]) -> dict[str, int]:
    """Other CPUs leave everything as it is: each interference variable has the value that was there."""
    result = dict(values)
    for equation in target.step.record.quiet:
        if equation.op == "eq" and not evaluate([equation], result)[0]:
            new, old = equation.args
            base = new
            while base.args:
                base = base.args[0]
            result[str(base.data)] = evaluate([old], result)[0]
        assert evaluate([equation], result)[0] or equation.op != "eq"
    return result
