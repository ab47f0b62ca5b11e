"""What the rules say of Debian's 6.12 and of the seed's patches: found by the rules, written down only here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.judged import REVISIONS, judged
from verify.prove.outcome import Finding, PartResult, RuleResult
from verify.report.story import ranges

pytestmark = [pytest.mark.kernel, pytest.mark.shared, pytest.mark.slow]
RULES = ("FFA-VER-01", "FFA-VER-03", "FFA-VER-07", "FFA-CC-04", "FFA-CC-08", "FFA-SEC-01", "FFA-MSG-01", "FFA-MSG-04",
         "FFA-MSG-07", "FFA-MSG-10")
REGISTER_ONLY = ("FFA_VERSION", "FFA_FEATURES", "FFA_MSG_SEND_DIRECT_REQ", "FFA_MSG_SEND_DIRECT_REQ2",
                 "FFA_MSG_SEND_DIRECT_RESP2")
Ask = Callable[[str], RuleResult]


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count


@pytest.fixture
def ask(revision: int, tree: Path, patches: tuple[Path, ...]) -> Ask:
    """What a rule says at L2."""
    return lambda rule: judged(tree, patches[:revision], rule)


def parts(result: RuleResult, *functions: str) -> dict[str, PartResult]:
    found = {part.name: part for part in result.parts if part.function in functions}
    assert found
    return found


def statuses(result: RuleResult, *functions: str) -> set[str]:
    return {part.status.value for part in parts(result, *functions).values()} - {"not-applicable"}


def findings(result: RuleResult, function: str) -> list[Finding]:
    return [finding for part in parts(result, function).values() for finding in part.findings]


def test_bit_31_of_a_requested_version(ask: Ask) -> None:
    assert ask("FFA-VER-01").status.value == "violated"


def test_an_incompatible_major_is_refused(ask: Ask) -> None:
    assert ask("FFA-VER-03").status.value == "proved"


def test_a_lower_minor_after_negotiation(ask: Ask, revision: int) -> None:
    """6.12 answers the version that was agreed; the first patch refuses."""
    result = ask("FFA-VER-07")
    assert result.status.value == ("violated" if revision == 0 else "proved")
    for finding in (finding for part in result.parts for finding in part.findings):
        last = finding.episode.calls[-1]
        version = dict(last.state_before)["hyp_ffa_version"]
        assert last.registers[0] == version > last.before[1] & 0xFFFFFFFF


def test_the_convention_bit(ask: Ask) -> None:
    assert ask("FFA-CC-04").status.value == "violated"


def test_unused_registers_of_register_only_calls(ask: Ask, revision: int) -> None:
    expected = {0: {"violated"}, 1: {"violated"}, 2: {"proved"}, 3: {"violated", "proved"}}
    assert statuses(ask("FFA-CC-08"), *REGISTER_ONLY) == expected[revision]
    if revision == 3:
        (finding,) = findings(ask("FFA-CC-08"), "FFA_MSG_SEND_DIRECT_RESP2")
        assert finding.cause.kind == "uninitialised"


def test_the_stack_in_the_answer_to_ffa_version(ask: Ask) -> None:
    (finding,) = findings(ask("FFA-SEC-01"), "FFA_VERSION")
    assert ranges(finding.cause.outputs) == "x1–x3"
    assert finding.cause.kind == "uninitialised"


@pytest.mark.parametrize("name", ["REQ2", "RESP2"])
def test_the_stack_in_the_answers_to_the_second_patch_of_calls(
    ask: Ask, revision: int, name: str
) -> None:
    function = f"FFA_MSG_SEND_DIRECT_{name}"
    if revision < 3:
        assert statuses(ask("FFA-SEC-01"), function, "other functions") <= {"proved"}
        return
    (finding,) = findings(ask("FFA-SEC-01"), function)
    assert ranges(finding.cause.outputs) == "x0–x17"
    assert findings(ask("FFA-MSG-10"), function)


def test_the_sender_of_the_second_direct_request(ask: Ask, revision: int) -> None:
    for rule in ("FFA-MSG-01", "FFA-MSG-04", "FFA-MSG-07"):
        found = statuses(ask(rule), "FFA_MSG_SEND_DIRECT_REQ2")
        assert found == ({"proved"} if revision == 3 else set()), rule


def test_a_bad_sender_is_refused_as_it_should(ask: Ask, revision: int) -> None:
    """Among MSG-10's findings none is a refused sender: the paths that go wrong refuse for the version."""
    for finding in findings(ask("FFA-MSG-10"), "FFA_MSG_SEND_DIRECT_REQ2"):
        last = finding.episode.calls[-1]
        state = dict(last.state_before)
        assert revision == 3
        assert state["has_version_negotiated"] == 0 or state["hyp_ffa_version"] < 0x10002
