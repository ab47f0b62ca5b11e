"""What the rules about memory say of Debian's 6.12, judged by reading its C: parts and what is wrong in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.differential.trees import write_patched
from tests.kernel.judged import NAMES, judged
from verify.interpret.events import Log
from verify.prove.outcome import Finding, PartResult

pytestmark = [pytest.mark.kernel, pytest.mark.xdist_group(NAMES[0]), pytest.mark.slow]
HEADER = "include/linux/arm_ffa.h"
FRAGMENT = "FFA_MEM_FRAG_TX"
RECLAIM = "FFA_MEM_RECLAIM"
VIOLATED = (
    ("FFA-BUF-06", f"{RECLAIM}: use", "buffers are used only while a pair is registered"),
    ("FFA-BUF-09", "serialised", "FFA_RX_RELEASE goes to EL3 under the buffers' lock"),
    ("FFA-POL-08", "RX_RELEASE", "not forwarded"),
    ("FFA-DSC-09", "no flags at 1.0", "no flag goes to the SPMC"),
    ("FFA-DSC-10", "descriptors", "the host is told of the descriptors that it got"),
    ("FFA-SEC-09", "FFA_MEM_SHARE", "every access is inside its object"),
    ("FFA-SEC-11", FRAGMENT, "no WARN_ON is true"),
    ("FFA-MEM-07", "FFA_MEM_SHARE, 1.1", "the entries are aligned to 16 bytes"),
    ("FFA-MEM-09", "FFA_MEM_SHARE, 1.1", "the composite is behind the entries"),
    ("FFA-MEM-10", "FFA_MEM_LEND, 1.1", "there is a range"),
    ("FFA-MEM-11", "FFA_MEM_SHARE, 1.1", "ranges are aligned to 4096 bytes"),
    ("FFA-MEM-19", "accepted", "the fragment is not empty"),
    ("FFA-MEM-19", "accepted", "no sender is named"),
    ("FFA-MEM-21", "no warning", "no WARN_ON of EL2's fires"),
    ("FFA-MEM-22", "accepted", "no flag but zero memory and time slicing"),
)
"""(rule, part, what is wrong among other things) at L2: the host alone does it."""
STRICTLY = (
    ("FFA-MEM-14", "FFA_MEM_SHARE", "flags are those of a send"),
    ("FFA-MEM-14", "FFA_MEM_SHARE, zero memory", "a share does not ask for zeroed memory"),
)
PROVED = (
    ("FFA-DSC-09", "parameters"), ("FFA-MEM-16", "other calls send no ranges"), ("FFA-MEM-17", "FFA_MEM_SHARE, not sent"),
)
FAULTY_FIRMWARE = (
    ("FFA-MEM-24", "a response", "the fragment is at most the total"),
    ("FFA-MEM-25", "the copies", "the copy ends within the total"),
    ("FFA-SEC-09", RECLAIM, "every access is inside its object"),
)
"""The same at L0."""


def part_of(tree: Path, rule: str, name: str, level: str = "L2", profile: str = "SEED") -> PartResult:
    (found,) = judged(tree, (), rule, name, level, profile).parts
    return found


def clauses(part: PartResult) -> set[str]:
    return {text for finding in part.findings for text in finding.clause.split("; ")}


@pytest.mark.parametrize(("rule", "name", "clause"), VIOLATED)
def test_violated_by_the_host_alone(tree: Path, rule: str, name: str, clause: str) -> None:
    assert clause in clauses(part_of(tree, rule, name))


@pytest.mark.parametrize(("rule", "name", "clause"), STRICTLY)
def test_violated_where_the_mediator_is_asked_to_check(tree: Path, rule: str, name: str, clause: str) -> None:
    assert clause in clauses(part_of(tree, rule, name, profile="STRICT"))


@pytest.mark.parametrize(("rule", "name"), PROVED)
def test_proved(tree: Path, rule: str, name: str) -> None:
    found = part_of(tree, rule, name)
    assert (found.status.value, found.reason) == ("proved", "")
    assert found.witness is not None


@pytest.mark.parametrize(("rule", "name", "clause"), FAULTY_FIRMWARE)
def test_violated_by_faulty_firmware(tree: Path, rule: str, name: str, clause: str) -> None:
    assert clause in clauses(part_of(tree, rule, name, "L0"))


def test_the_entry_is_read_wherever_the_message_says(tree: Path) -> None:
    """ep_mem_offset is the host's: with 1.1 the entry's composite_off may be read far behind EL2's TX buffer."""
    (finding,) = part_of(tree, "FFA-SEC-09", "FFA_MEM_SHARE").findings
    assert finding.cause.function == "__do_ffa_mem_xfer"
    line = (tree / finding.cause.file).read_text(encoding="utf-8").splitlines()[finding.cause.line - 1]
    assert "composite_off" in line
    last = finding.episode.calls[-1]
    assert last.ended is not None
    beyond = last.log.buffers[-1]
    assert beyond.offset + beyond.length > dict(last.buffers)[beyond.buffer]


def test_reclaim_asks_for_no_mailbox(tree: Path) -> None:
    (finding,) = part_of(tree, "FFA-BUF-06", f"{RECLAIM}: use").findings
    last = finding.episode.calls[-1]
    assert dict(last.state_before)["host_buffers.tx"] == 0
    assert last.log.smcs[0].arguments[0] == 0xC4000074


def _other_header(tree: Path, folder: Path) -> Path:
    """The tree with the entries right behind the header from 1.1 on, whatever the message says, as it was once."""
    header = write_patched(tree, (), folder) / HEADER
    text, count = re.subn(
        r"offset \+= buf->ep_mem_offset;", "offset += sizeof(struct ffa_mem_region);", header.read_text(encoding="utf-8"))
    assert count == 1
    header.write_text(text, encoding="utf-8")
    return folder


def test_an_offset_that_the_mediator_ignores_hides_ranges(tree: Path, tmp_path: Path) -> None:
    """The mediator vets what the entry at 48 names, the SPMC takes what the entry at the message's offset names."""
    other = _other_header(tree, tmp_path)
    part = part_of(other, "FFA-MEM-08", "FFA_MEM_SHARE, 1.1")
    assert part.status.value == "violated"
    for finding in part.findings:
        _check_hidden(finding)


def _check_hidden(finding: Finding) -> None:
    """The message that was sent has its entry elsewhere, and EL2 shared nothing of what that one names."""
    log: Log = finding.episode.calls[-1].log
    (smc,) = (smc for smc in log.smcs if smc.arguments[0] in (0x84000073, 0xC4000073))
    assert smc.tx is not None
    entry = smc.tx.read(32, 4)
    assert entry != 48
    first = smc.tx.read(smc.tx.read(entry + 4, 4) + 16, 8) >> finding.episode.page_shift
    assert not any(one.action == "share-ffa" and one.result == 0 and one.covers(first) for one in log.transfers)
