"""What is called equivalent, and what must never be: each thing that somebody can tell has a planted difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

import specs
from specs.bindings.pkvm import PKVM
from tests import mini
from verify.engine.watched import WATCHED
from verify.frontend.unit import lower_tree
from verify.ir import expr as e
from verify.ir import instr as i
from verify.ir.function import Unit
from verify.ir.show import show_instruction, show_terminator
from verify.ir.span import Span
from verify.literate.bases import base_files
from verify.mutate.equal import Equality, known
from verify.mutate.mutant import Mutant, Place, places
from verify.mutate.operators import mutants
from verify.mutate.situations import grow
from verify.mutate.trial import Walk
from verify.prove.target import make_target
from verify.solve.query import Solver

specs.load()
SMALL, PARTITION, MEMORY = "small", "partition", "memory"


@cache
def unit(name: str) -> Unit:
    return mini.unit() if name == SMALL else lower_tree(base_files(name))


@cache
def equality(name: str) -> Equality:
    target = make_target(unit(name), PKVM, memory=True, kind=WATCHED)
    return Equality(target, known(target, Solver()))


def place(function: str, text: str, of: str = SMALL) -> Place:
    """The first statement of the function whose IR has this in it."""
    def shown(one: Place) -> str:
        is_last = one.index == len(one.block.instructions)
        return show_terminator(one.block.terminator) if is_last else show_instruction(one.block.instructions[one.index])

    return next(one for one in places(unit(of)) if one.function.name == function and text in shown(one))


def register(name: str, bits: int) -> e.Register:
    return e.Register(name, bits)


def test_the_unit_is_equal_to_itself_in_every_block() -> None:
    for name in (SMALL, MEMORY):
        tried = {(one.function, one.block): one for one in mutants(unit(name))}
        assert len(tried) > 20
        for one in tried.values():
            assert equality(name).holds(replace(one, changed=unit(name).functions[one.function])), one


def test_what_calls_tell_apart_is_never_equal() -> None:
    """Of every mutant, not of a sample of what the campaign tries."""
    target = equality(SMALL).target
    trees = grow(target)
    told = 0
    for one in mutants(unit(SMALL))[::3]:
        if any(found.tells for found in Walk(target, trees, one).differences()):
            told += 1
            assert not equality(SMALL).holds(one), one
    assert told > 25


def test_what_no_reachable_call_shows_is_equal() -> None:
    """Each needs something else: an invariant, a check before it, initialisation, that nobody looks at a register."""
    wanted = {
        ("negotiate", "sign", "result:64 = sext64(%8)"), ("negotiate", "dropped check", "jump or.19"),
        ("hyp_ffa_init", "comparison", "if (trunc32(%3) <=u 0x10001) then then.7 else else.8"),
    }
    found = {(one.function, one.kind, one.after) for one in mutants(unit(SMALL)) if equality(SMALL).holds(one)}
    assert wanted <= found and len(found) < 20


def in_place_of(text: str, function: str, make: Callable[[i.Instr], list[i.Instr]], of: str = SMALL) -> Mutant:
    here = place(function, text, of)
    statement = here.statement
    assert not isinstance(statement, i.Jump | i.Branch | i.Switch | i.Return | i.Stop)
    return here.mutant("planted", *make(statement))


def only_for(value: int) -> Callable[[i.Instr], list[i.Instr]]:
    """The version that is answered is another one, where the host asks for this one."""
    def make(one: i.Instr) -> list[i.Instr]:
        assert isinstance(one, i.Assign)
        is_it = e.Compare(e.CompareOp.EQ, register("wanted", 32), e.Const(value, 32))
        return [replace(one, value=e.Select(is_it, e.Const(7, 64), one.value, 64))]
    return make


RARE, UNREACHABLE = 0x1_7ACE, 0x2_7ACE
"""A version that is refused, of those that get there; one whose major number is refused before."""


def test_one_input_of_four_billion_counts() -> None:
    assert not equality(SMALL).holds(in_place_of("result:64 = zext64(%4)", "negotiate", only_for(0x10000)))
    assert not equality(SMALL).holds(in_place_of("result:64 = zext64(%4)", "negotiate", only_for(RARE)))
    assert equality(SMALL).holds(in_place_of("result:64 = zext64(%4)", "negotiate", only_for(UNREACHABLE)))


def after(*more: i.Instr) -> Callable[[i.Instr], list[i.Instr]]:
    return lambda one: [one, *more]


def span_of(text: str, function: str, of: str = SMALL) -> Span:
    return place(function, text, of).statement.span


def static(name: str, offset: int = 0) -> e.Expr:
    return e.PointerAdd(e.AddressOf(name, True), e.Const(offset, 64))


def store(name: str, value: int, bits: int, offset: int = 0) -> i.Store:
    return i.Store(static(name, offset), e.Const(value, bits), bits // 8, i.Order.PLAIN, SPAN)


SPAN = span_of("unlock", "negotiate")
UNSET = e.Compare(e.CompareOp.EQ, register("nobody", 32), e.Const(0, 32))


@pytest.mark.parametrize("made", [
    pytest.param(after(i.Assert(i.AssertKind.BUG, e.Const(0, 1), SPAN)), id="an assertion that fails"),
    pytest.param(after(i.Load(register("%gone", 32), e.NullPointer(), 4, i.Order.PLAIN, SPAN)), id="a read at null"),
    pytest.param(after(i.Warn(e.Const(1, 1), SPAN)), id="a warning"),
    pytest.param(after(store("hyp_ffa_version", 0x10000, 32)), id="a static at the end"),
    pytest.param(after(i.Store(static("hyp_ffa_version"), e.Const(3, 32), 4, i.Order.PLAIN, SPAN),
                       i.Store(static("hyp_ffa_version"), e.Const(0x10000, 32), 4, i.Order.PLAIN, SPAN)),
                 id="a static for a moment"),
    pytest.param(lambda one: [one, i.Lock(e.AddressOf("version_lock", True), SPAN),
                              i.Unlock(e.AddressOf("version_lock", True), SPAN)], id="a lock, once more"),
    pytest.param(lambda one: [], id="a lock that stays"),
    pytest.param(after(i.Load(register("%gone", 8), e.AddressOf("has_version_negotiated", True), 1, i.Order.ACQUIRE,
                              SPAN)), id="a read with an order"),
    pytest.param(after(i.Smc(tuple(register(f"%r{k}", 64) for k in range(18)), tuple([e.Const(0, 64)] * 18), SPAN)),
                 id="an SMC"),
    pytest.param(after(i.Unsupported("asm", SPAN)), id="what is not modelled"),
])
def test_what_happens_besides_is_told(made: Callable[[i.Instr], list[i.Instr]]) -> None:
    assert not equality(SMALL).holds(in_place_of("unlock", "negotiate", made))


def test_the_order_of_a_write_is_told() -> None:
    """Its memory order, and what is written before and after it."""
    def weaker(one: i.Instr) -> list[i.Instr]:
        assert isinstance(one, i.Store) and one.order is i.Order.RELEASE
        return [replace(one, order=i.Order.PLAIN)]

    assert not equality(SMALL).holds(in_place_of("store [@has_version_negotiated]", "negotiate", weaker))
    here = place("negotiate", "store [@has_version_negotiated]")
    assert isinstance(here.statement, i.Store)
    other = store("host_buffers", 0, 64, 8)
    one, two = here.mutant("planted", here.statement, other), here.mutant("planted", other, here.statement)
    assert not equality(SMALL).holds(one) and not equality(SMALL).holds(two)


@cache
def looping() -> Equality:
    """After an answer x7 counts to as many as the low bits of x0 say: at most 7."""
    more = ("    cpu_reg(ctxt, 7) = 0;\n", "    cpu_reg(ctxt, 7) = 0;\n    for (k = 0; k < (int)(a0 & 7); k++)\n"
            "        cpu_reg(ctxt, 7) = k;\n")
    target = make_target(mini.unit(more), PKVM, memory=True, kind=WATCHED)
    return Equality(target, known(target, Solver()))


@pytest.mark.parametrize(("turn", "is_equal"), [(0, False), (5, False), (6, False), (7, True)])
def test_one_iteration_counts_if_there_is_one(turn: int, is_equal: bool) -> None:
    here = next(one for one in places(looping().target.unit) if one.function.name == "answer"
                and isinstance(one.statement, i.Store) and "k" in show_instruction(one.statement).partition("=")[2])
    assert isinstance(here.statement, i.Store)
    is_it = e.Compare(e.CompareOp.EQ, register("k", 32), e.Const(turn, 32))
    other = replace(here.statement, value=e.Select(is_it, e.Const(99, 64), here.statement.value, 64))
    assert looping().holds(here.mutant("planted", other)) is is_equal


def test_faults_of_a_loop_are_told() -> None:
    found = [one for one in mutants(looping().target.unit) if one.function == "answer"
             and ("(k" in one.before or one.before.startswith("k:")) and one.kind not in ("sign", "width")]
    assert len(found) > 2 and not any(looping().holds(one) for one in found)


def test_nothing_is_claimed_of_what_others_may_call() -> None:
    """A function that neither the host's calls nor initialisation run; and one that says how much memory EL2 gets."""
    more = ("bool kvm_host_ffa_handler(", "int elsewhere(int x)\n{\n    return x + 1;\n}\n\nbool kvm_host_ffa_handler(")
    target = make_target(mini.unit(more), PKVM, memory=True, kind=WATCHED)
    of = Equality(target, known(target, Solver()))
    found = [one for one in mutants(target.unit) if one.function == "elsewhere"]
    assert found and not any(of.holds(one) for one in found)
    size = next(one for one in places(unit(MEMORY)) if one.function.name == "hyp_ffa_proxy_pages")
    assert not equality(MEMORY).holds(size.ending("planted", i.Return(e.Const(9, 64), SPAN)))


def test_what_nobody_looks_at_is_equal() -> None:
    """A register that is not read again, and one that the function alone reads."""
    useless = i.Assign(register("%useless", 32), e.Const(5, 32), SPAN)
    assert equality(SMALL).holds(in_place_of("unlock", "negotiate", after(useless)))
    assert not equality(SMALL).holds(in_place_of("unlock", "negotiate", after(
        i.Assign(register("result", 64), e.Const(5, 64), SPAN))))


@pytest.mark.parametrize(("of", "kind", "text"), [
    (PARTITION, "dropped statement", "copy ["), (MEMORY, "dropped statement", "copy ["),
    (MEMORY, "dropped statement", "store [request+8]"), (MEMORY, "missing initialisation", "fill [request]"),
    (MEMORY, "dropped statement", "call __pkvm_host_unshare_ffa"),
])
def test_what_memory_holds_is_told(of: str, kind: str, text: str) -> None:
    found = [one for one in mutants(unit(of)) if one.kind == kind and text in one.before]
    assert found and not any(equality(of).holds(one) for one in found)


def test_what_the_host_is_shown_is_told() -> None:
    """Nothing keeps the bytes of host memory; that other ones are written there is told all the same."""
    host = next(one for one in places(unit(PARTITION)) if isinstance(one.statement, i.Copy))
    assert isinstance(host.statement, i.Copy)
    moved = replace(host.statement, source=e.PointerAdd(host.statement.source, e.Const(0, 64)))
    assert equality(PARTITION).holds(host.mutant("planted", moved))
    filled = i.Fill(host.statement.target, e.Const(0, 8), host.statement.size, host.statement.span)
    other = i.Copy(host.statement.source, host.statement.target, host.statement.size, host.statement.span)
    for planted in (filled, other):
        assert not equality(PARTITION).holds(host.mutant("planted", planted))
        assert not equality(PARTITION).holds(host.mutant("planted", host.statement, planted))


def test_another_number_is_compared_but_no_other_sum() -> None:
    """Whether a sum wraps is asked of its form: one of the same value is another one."""
    found = place("kvm_host_ffa_handler", "<u 0x60")
    branch = found.statement
    assert isinstance(branch, i.Branch) and isinstance(branch.condition, e.Compare)
    number = branch.condition.left
    assert isinstance(number, e.Binary) and isinstance(number.right, e.Const)
    wider = replace(number, right=e.Const(0x1FF, number.bits))
    assert equality(SMALL).holds(found.ending("planted", replace(
        branch, condition=replace(branch.condition, left=wider))))
    more = e.Binary(e.BinaryOp.ADD, number, e.Const(1, number.bits), number.bits)
    assert not equality(SMALL).holds(found.ending("planted", replace(branch, condition=replace(
        branch.condition, left=more, right=e.Const(0x61, number.bits)))))
