"""Buffers, host memory and faults, in a mediator whose calls do one thing each."""

from __future__ import annotations

from collections import deque

import pytest

from tests.support import unit_of
from verify.interpret.environment import Scripted
from verify.interpret.memory import Fault
from verify.interpret.session import CallDone, HostWrites, Session
from verify.interpret.world import FOREIGN, OWN, SHARED_FFA, SHARED_HYP, World
from verify.ir.function import Unit

SOURCE = """
struct buffers { hyp_spinlock_t lock; void *tx; void *rx; };
struct descriptor { void *buf; size_t len; };
static struct buffers hyp_buffers;
static struct buffers host_buffers;
static struct descriptor ffa_desc_buf;

static u64 hyp_ffa_proxy_pages(void)
{
    return 3;
}

int hyp_ffa_init(void *pages)
{
    hyp_buffers.tx = pages;
    hyp_buffers.rx = pages + PAGE_SIZE;
    ffa_desc_buf.buf = pages + 2 * PAGE_SIZE;
    ffa_desc_buf.len = PAGE_SIZE * hyp_ffa_proxy_pages() - 2 * PAGE_SIZE;
    return 0;
}

static void map(struct kvm_cpu_context *ctxt)
{
    host_buffers.tx = hyp_phys_to_virt(cpu_reg(ctxt, 1));
    cpu_reg(ctxt, 0) = __pkvm_host_share_hyp(hyp_phys_to_pfn(cpu_reg(ctxt, 1)));
    cpu_reg(ctxt, 1) = hyp_pin_shared_mem(host_buffers.tx, host_buffers.tx + 1);
}

static void serve(struct kvm_cpu_context *ctxt, u32 number)
{
    struct arm_smccc_res res;
    u64 at = cpu_reg(ctxt, 1);
    u64 length = cpu_reg(ctxt, 2);
    u64 *words = hyp_buffers.rx;

    switch (number) {
    case 0x60:
        map(ctxt);
        break;
    case 0x61:
        memcpy(hyp_buffers.tx + at, host_buffers.tx, length);
        arm_smccc_1_1_smc(0x84000073, length, 0, 0, 0, 0, 0, 0, &res);
        cpu_reg(ctxt, 0) = words[0];
        break;
    case 0x62:
        cpu_reg(ctxt, 0) = *(u64 *)(hyp_buffers.rx + at);
        break;
    case 0x63:
        cpu_reg(ctxt, 0) = *(u64 *)hyp_phys_to_virt(at) + *(u64 *)hyp_phys_to_virt(at);
        break;
    case 0x64:
        hyp_spin_lock(&host_buffers.lock);
        if (at)
            hyp_spin_lock(&host_buffers.lock);
        cpu_reg(ctxt, 0) = __pkvm_host_share_ffa(at, length);
        hyp_spin_unlock(&host_buffers.lock);
        if (length == 7)
            hyp_spin_unlock(&host_buffers.lock);
        break;
    case 0x65:
        cpu_reg(ctxt, 0) = (1UL << at) / length;
        break;
    case 0x66:
        while (at)
            length++;
        break;
    case 0x69:
        do {
            arm_smccc_1_1_smc(0x8400007A, 0, 0, 0, 0, 0, 0, 0, &res);
        } while (res.a0 == at);
        break;
    case 0x67:
        hyp_unpin_shared_mem(host_buffers.tx, host_buffers.tx + 1);
        break;
    case 0x68:
        memset(ffa_desc_buf.buf + at, 1, length);
        cpu_reg(ctxt, 0) = hyp_virt_to_phys(ffa_desc_buf.buf) - hyp_virt_to_phys(hyp_buffers.tx);
        break;
    }
}

bool kvm_host_ffa_handler(struct kvm_cpu_context *host_ctxt, u32 func_id)
{
    serve(host_ctxt, func_id & 0xff);
    return true;
}
"""
MAP, SEND, LOOK, TWICE, SHARE, COMPUTE, LOOP, UNPIN, FILL, ASK = range(0x84000060, 0x8400006A)
PAGE = 0x80000000


@pytest.fixture(scope="module")
def unit() -> Unit:
    return unit_of(SOURCE)


def booted(unit: Unit, environment: Scripted | None = None, lenient: bool = False) -> Session:
    session = Session(unit, environment or Scripted(), lenient=lenient, most_steps=50_000)
    assert session.initialise() == 0
    return session


def mapped(unit: Unit, environment: Scripted | None = None) -> Session:
    session = booted(unit, environment)
    assert session.call([MAP, PAGE]).registers[:2] == (0, 0)
    return session


def ended(done: CallDone) -> str:
    assert done.ended is not None
    return done.ended.kind


def test_buffers_are_objects_of_their_own(unit: Unit) -> None:
    session = booted(unit)
    assert session.buffers == {"hyp_buffers.tx": 4096, "hyp_buffers.rx": 4096, "ffa_desc_buf.buf": 4096}
    assert session.call([FILL, 0, 4096]).registers[0] == 0x2000
    assert ended(session.call([FILL, 1, 4096])) == "invalid-pointer"


@pytest.mark.parametrize("pages", ["-9UL", "1UL << 20"])
def test_a_count_of_pages_that_no_machine_has(pages: str) -> None:
    """Initialisation is not given what there is not: nothing lies where other objects do, or beyond 64 bits."""
    start = SOURCE.index("static u64 hyp_ffa_proxy_pages(void)")
    end = SOURCE.index("}", start) + 1
    text = f"{SOURCE[:start]}static u64 hyp_ffa_proxy_pages(void)\n{{\n    return {pages};\n}}{SOURCE[end:]}"
    session = Session(unit_of(text), Scripted(), most_steps=50_000)
    with pytest.raises(Fault, match="and no machine has so many"):
        session.initialise()


def test_a_message_reaches_el3_and_its_answer_comes_back(unit: Unit) -> None:
    environment = Scripted(answers=[[0] * 18], left={0: {0: 0x34, 1: 0x12}})
    session = mapped(unit, environment)
    done = session.call([SEND, 8, 24], HostWrites({PAGE: b"message to the secure world"}))
    assert done.registers[0] == 0x1234
    (smc,) = done.log.smcs
    assert smc.tx is not None and smc.rx is not None and smc.pages is not None
    assert smc.tx.bytes(8, 24) == b"message to the secure wo"
    assert smc.tx.bytes(0, 8) == bytes(8)
    assert smc.rx.read(0, 2) == 0x1234
    assert (smc.pages.state(PAGE >> 12), smc.pages.state(7)) == (SHARED_HYP, OWN)
    assert [(x.buffer, x.is_write, x.is_copy, x.offset, x.length) for x in done.log.buffers] == [
        ("host memory", False, True, PAGE, 24), ("hyp_buffers.tx", True, True, 8, 24),
        ("hyp_buffers.rx", False, False, 0, 8)]


def test_the_host_writes_while_el2_looks(unit: Unit) -> None:
    session = mapped(unit)
    done = session.call([TWICE, PAGE], HostWrites({PAGE: b"\x01"}, ({0: 5}, {0: 7, 1: 1})))
    assert done.registers[0] == 5 + 0x107
    assert session.call([TWICE, PAGE]).registers[0] == 2 * 0x107


def test_host_memory_is_out_of_reach_until_its_page_is_held(unit: Unit) -> None:
    assert ended(booted(unit).call([TWICE, PAGE])) == "invalid-pointer"
    session = mapped(unit)
    assert session.call([TWICE, PAGE + 4088]).ended is None
    assert ended(session.call([TWICE, PAGE + 4089])) == "invalid-pointer"
    assert session.call([UNPIN]).ended is None
    assert ended(session.call([TWICE, PAGE])) == "invalid-pointer"


def test_reads_outside_a_buffer(unit: Unit) -> None:
    done = booted(unit).call([LOOK, 4090])
    assert ended(done) == "invalid-pointer"
    assert done.ended is not None and done.ended.function == "serve" and done.ended.span.line > 1
    seen = {booted(unit, Scripted(pattern=byte), lenient=True).call([LOOK, 4090]).registers[0] for byte in (1, 2)}
    assert seen == {0x0101 << 48, 0x0202 << 48}


def test_pages_that_are_shared(unit: Unit) -> None:
    done = booted(unit).call([SHARE, 0, 1 << 39])
    assert done.registers[0] == 0
    (transfer,) = done.log.transfers
    assert (transfer.action, transfer.first, transfer.count, transfer.result) == ("share-ffa", 0, 1 << 39, 0)
    assert transfer.held == ("host_buffers.lock",)
    assert (done.pages[0].state(77), done.pages[1].state(77)) == (OWN, SHARED_FFA)


def test_a_script_decides_what_pages_are(unit: Unit) -> None:
    environment = Scripted(world=World(deque([0, -12, 0])))
    environment.world.begin({5: SHARED_FFA})
    session = booted(unit, environment)
    assert session.call([SHARE, 0, 3]).registers[0] == 0
    done = session.call([SHARE, 0, 4])
    assert done.registers[0] == (1 << 64) - 12
    assert [done.pages[0].state(page) for page in (2, 3)] == [SHARED_FFA, OWN]
    assert ended(session.call([SHARE, 0, 9])) == "impossible"


def test_a_script_finds_a_page_to_blame(unit: Unit) -> None:
    done = booted(unit, Scripted(world=World(deque([-1])))).call([SHARE, 0, 2])
    assert (done.registers[0], done.pages[0].state(0), done.pages[1].state(1)) == ((1 << 64) - 1, FOREIGN, OWN)


@pytest.mark.parametrize(("registers", "kind"), [
    ([COMPUTE, 64, 1], "shift-range"),
    ([COMPUTE, 1, 0], "division-by-zero"),
    ([SHARE, 1, 1], "lock-held-already"),
    ([SHARE, 0, 7], "unlock-of-a-free-lock"),
    ([UNPIN], "invalid-pointer"),
    ([LOOP, 1], "endless-loop"),
])
def test_faults_have_a_kind(unit: Unit, registers: list[int], kind: str) -> None:
    assert ended(booted(unit).call(registers)) == kind


def test_el3_that_says_the_same_for_ever(unit: Unit) -> None:
    answers = [[7, *[0] * 17], [8, *[0] * 17], [8, *[0] * 17]]
    assert len(booted(unit, Scripted(answers=answers)).call([ASK, 7]).log.smcs) == 2
    session = booted(unit, Scripted(answers=answers, again=1))
    assert session.call([ASK, 7]).ended is None
    assert ended(session.call([ASK, 8])) == "endless-loop"


def test_what_el3_read_stays_what_it_was(unit: Unit) -> None:
    session = mapped(unit)
    sent = []
    for text in (b"first", b"later"):
        (smc,) = session.call([SEND, 0, 5], HostWrites({PAGE: text})).log.smcs
        assert smc.tx is not None
        sent.append(smc.tx)
    assert [tx.bytes(0, 5) for tx in sent] == [b"first", b"later"]


def test_a_second_unpin(unit: Unit) -> None:
    session = mapped(unit)
    session.call([UNPIN])
    assert ended(session.call([UNPIN])) == "unpin-of-a-page-that-is-not-pinned"


def test_a_fork_goes_on_by_itself(unit: Unit) -> None:
    session = mapped(unit, Scripted(answers=[[0] * 18], left={0: {0: 0x34, 1: 0x12}}))
    fork = session.fork()
    assert fork.call([SEND, 8, 24], HostWrites({PAGE: b"message"})).registers[0] == 0x1234
    assert fork.call([SHARE, 0, 1]).pages[1].state(0) == SHARED_FFA
    done = session.call([SHARE, 0, 1])
    assert (done.pages[0].state(0), done.pages[1].state(0)) == (OWN, SHARED_FFA)
    done = session.call([SEND, 8, 24])
    (smc,) = done.log.smcs
    assert smc.tx is not None and smc.tx.bytes(8, 24) == bytes(24)
    assert done.registers[0] == 0x1234
