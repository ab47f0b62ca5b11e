"""The reference mediator keeps every rule: they can be satisfied together."""

from __future__ import annotations

import pytest

from tests.mediators.memory_faults import serving
from tests.mediators.trees import MEMORY_RULES, REFERENCE, RULES, judge, parts, table
from verify.prove.outcome import Status
from verify.verdict.exit_status import UNDECIDED, exit_status
from verify.verdict.run import TargetRun

LEVELS = ("L0", "L2")
PARTS = 219
"""At least so many parts of these rules are proved at each level."""
NOTHING_TO_JUDGE = {
    "FFA-CC-05": {"FFA_MSG_SEND_DIRECT_REQ2", "FFA_MSG_SEND_DIRECT_RESP2"},
    "FFA-CC-06": {"FFA_RXTX_MAP: x8–x17 of SMC32", "FFA_MSG_SEND_DIRECT_REQ2: x8–x17 of SMC32",
                  "FFA_MSG_SEND_DIRECT_RESP2: x8–x17 of SMC32"},
    "FFA-ERR-01": {"FFA_VERSION", "FFA_MSG_SEND_DIRECT_REQ2", "FFA_MSG_SEND_DIRECT_RESP2"},
    "FFA-ERR-02": {"FFA_VERSION"},
    "FFA-ERR-04": {"FFA_VERSION", "FFA_MSG_SEND_DIRECT_REQ", "FFA_MSG_SEND_DIRECT_REQ2", "FFA_MSG_SEND_DIRECT_RESP2"},
}
"""These functions are SMC64 only; FFA_VERSION is never answered by an error; these never by a success of EL2's."""
SLICES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "map": (("FFA_RXTX_MAP",), ("BUF-01", "BUF-02", "BUF-03", "BUF-04", "BUF-05")),
    "map unmap": (("FFA_RXTX_UNMAP",), ("BUF-06", "BUF-07", "BUF-08")),
    "map release": (("FFA_RX_RELEASE",), ("BUF-09", "POL-08")),
    "map info": (("FFA_PARTITION_INFO_GET",), ("DSC-09", "DSC-10", "DSC-11")),
    "map send": (("FFA_MEM_SHARE", "FFA_MEM_LEND"), tuple(f"MEM-{number:02}" for number in range(1, 19))),
    "map send more": (("FFA_MEM_FRAG_TX",), ("MEM-02", "MEM-11", "MEM-16", "MEM-19", "MEM-20", "MEM-21")),
    "map send reclaim": (("FFA_MEM_RECLAIM",), tuple(f"MEM-{number}" for number in range(22, 28))),
}
"""What a mediator serves besides what needs no memory: the functions that it is judged by then, the rules they keep."""
NEEDS_SENDING = {"FFA-MEM-29"}
"""Vacuous where no page is ever shared with the secure world."""
OPEN = {("FFA-SEC-11", "L2", "FFA_MEM_RECLAIM")}
"""A conforming SPMC lists no page twice, which proofs do not know: they have no ledger. Nothing is found from reset."""
NEEDS_A_LIST = ("FFA-ERR-04", "L2", "FFA_RX_RELEASE: no results")
"""Vacuous where nothing is ever put into the host's RX buffer."""
WILD_AT_L0 = "blocked by invalid-pointer"
"""An EL3 that lists a mailbox's page when memory is taken back makes the host's mailboxes unsafe to use."""
STRAY_AT_L0 = "not inductive: no sequence of calls from reset was found"
"""What is read there then may be anything of EL2's (SEC-01)."""
QUICK = ("map", "map unmap", "map release", "map info")
WHERE_IT_HAPPENS = ("FFA-CC-07", "FFA-CC-10", "FFA-ERR-03", "FFA-ERR-05", "FFA-ERR-06", "FFA-ERR-07", "FFA-MSG-09")
"""Rules about what happens to few functions: passed on, failed, carried out by an SMC."""


def opened(run: TargetRun) -> list[tuple[str, str, str, str]]:
    """Parts that are neither proved nor without anything to judge."""
    bad = [status for status in Status if status not in (Status.PROVED, Status.NOT_APPLICABLE)]
    return [(result.rule, result.trust, part.name, part.reason) for result, part in parts(run, *bad)]


@pytest.mark.parametrize(
    "serves", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SLICES])
def test_a_handler_keeps_every_rule(serves: str) -> None:
    functions, rules = SLICES[serves]
    run = judge(REFERENCE, *serving(*serves.split()), functions=functions, trusts=("L2",))
    allowed, known = set() if "send" in serves else NEEDS_SENDING, OPEN if "info" in serves else {*OPEN, NEEDS_A_LIST}
    assert [item for item in opened(run) if item[0] not in allowed and item[:3] not in known] == []
    proved = parts(run, Status.PROVED)
    assert {result.rule for result, _ in proved} >= {f"FFA-{rule}" for rule in rules}
    for _, part in proved:
        assert part.witness is not None
        assert part.witness.calls


@pytest.fixture(scope="module")
def strict() -> TargetRun:
    return judge(REFERENCE, jobs=2)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("rule", RULES)
def test_keeps(strict: TargetRun, rule: str, level: str) -> None:
    wild = [item for item in opened(strict) if item[:2] == (rule, level)]
    known = {WILD_AT_L0} | ({STRAY_AT_L0} if rule == "FFA-SEC-01" else set())
    assert all(level == "L0" and why in known for _, _, _, why in wild)
    assert table(strict)[rule, level] is (Status.UNKNOWN if wild else Status.PROVED)


@pytest.mark.slow
@pytest.mark.parametrize("rule", MEMORY_RULES)
def test_keeps_what_is_said_of_memory(strict: TargetRun, rule: str) -> None:
    known = {result.rule for result, part in parts(strict, Status.UNKNOWN)
             if (result.rule, result.trust, part.name) in OPEN}
    good = (Status.PROVED, Status.NOT_APPLICABLE, *([Status.UNKNOWN] if rule in known else []))
    assert table(strict)[rule, "L2"] in good


@pytest.mark.slow
def test_nothing_else_is_open_or_vacuous(strict: TargetRun) -> None:
    assert {item[:3] for item in opened(strict) if item[1] == "L2"} == OPEN
    assert exit_status([strict], "L2") == UNDECIDED


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_so_much_is_proved(strict: TargetRun, level: str) -> None:
    proved = [result.rule for result in strict.results if (result.trust, result.status) == (level, Status.PROVED)]
    assert len(proved) >= len(RULES)
    assert len([part for result, part in parts(strict, Status.PROVED) if result.trust == level]) >= PARTS


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_what_does_not_apply_is_known(strict: TargetRun, level: str) -> None:
    absent: dict[str, set[str]] = {}
    for result, part in parts(strict, Status.NOT_APPLICABLE):
        if result.rule in RULES and result.rule not in WHERE_IT_HAPPENS and result.trust == level:
            absent.setdefault(result.rule, set()).add(part.name)
    assert absent == NOTHING_TO_JUDGE


@pytest.mark.slow
def test_every_proof_has_a_call_that_meets_its_premise(strict: TargetRun) -> None:
    for _, part in parts(strict, Status.PROVED):
        assert part.witness is not None
        assert part.witness.calls


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["SEED", "UP618"])
def test_keeps_the_other_readings_too(profile: str) -> None:
    """Not VER-10: STRICT alone accepts the code that the reference refuses with."""
    contested = ("CC-09", "ERR-02", "POL-02", "POL-05", "VER-07")
    run = judge(REFERENCE, rules=contested, trusts=("L2",), profile=profile)
    assert set(table(run).values()) == {Status.PROVED}
