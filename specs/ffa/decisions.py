"""Which functions reach EL3 at all: the decision table (catalogue T1), and functions that are not the host's."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, all_of, part, require, rule

from . import ids
from .calls import is_ffa

DECISIONS = ids.clause("function tables", "the seed thread and its successors")
INSTANCES = ids.clause("v1.2 table 17.2", "the seed thread, TF-A and Arm's compliance suite")
INDIRECT = ids.clause("v1.1 15.1", "the seed thread")
MAILBOX = ids.clause("v1.1 4.7", "TF-A")

HARMLESS = (
    ids.FEATURES, ids.ID_GET, ids.SPM_ID_GET, ids.RUN, ids.DIRECT_REQ, ids.DIRECT_REQ64, ids.DIRECT_REQ2,
    ids.PARTITION_INFO_GET_REGS,
)
"""They share no memory and use neither EL2's mailboxes nor its identity. Conditions on their arguments and versions are
other rules' (MSG-01 to MSG-03, DSC-07)."""
BEFORE_THE_SERIES = (*ids.NOTIFICATIONS, ids.CONSOLE_LOG, ids.CONSOLE_LOG64)
"""BASE has not decided about these yet (POL-02, POL-05)."""
MAILBOXES = (0x65, 0x66, 0x67, 0x68, 0x6A, 0x6B, 0x6E, 0x84, 0x86)
SHARING = (*range(0x71, 0x7C), 0x88, 0x89)


@rule("FFA-POL-01", "Decision table; unknown means no", DECISIONS, force="policy", confidence="high")
def decision_table(scene: Scene) -> Iterator[Part]:
    """Only functions that were reviewed as harmless are forwarded; what is not known is not.

    Clause: the function tables of DEN0077A, second-hand; the decisions are the catalogue's.
    Reading: after negotiation. FFA_FEATURES may be left to the SPMC. One list for every tree; BASE forwards in addition
        what the series took away. A request may also be sent by EL2 in the host's place: the list binds what is
        forwarded. STRICT besides: what is refused is NOT_SUPPORTED, with nothing on the way.
    Applies to: every version.
    Not covered: functions that EL2 handles, how it does so; codes of refusals where another rule names them.
    """
    listed = HARMLESS + (BEFORE_THE_SERIES if scene.profile == "BASE" else ())
    ours = is_ffa(scene) & scene.pre.negotiated
    number = scene.call.w(0).bits_(7, 0)
    defined = number.one_of(ids.NAMES) & (scene.call.function.bits_(23, 16) == 0)
    mailboxes, sharing = number.one_of(MAILBOXES), number.one_of(SHARING)
    for name, functions in (
        ("functions of mailboxes", defined & mailboxes), ("functions that share memory", defined & sharing),
        ("other functions", defined & ~mailboxes & ~sharing), ("unknown functions", ~defined),
    ):
        yield part(name, ours & functions & ~scene.call.is_(*listed), [
            require("not forwarded", scene.result.handled, "outcome"),
        ])
    if scene.profile == "STRICT":
        yield part("refusals", ours & ~defined, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ], function="unknown functions")


@rule("FFA-POL-06", "Functions of other instances", INSTANCES, force="spec", confidence="high")
def other_instances(scene: Scene) -> Iterator[Part]:
    """Functions of the secure world and of EL3 are not supported for the host, and go nowhere.

    Clause: DEN0077A 1.2 table 17.2; TF-A and the compliance suite for the rest.
    Reading: after negotiation; NOT_SUPPORTED, and for FFA_NORMAL_WORLD_RESUME DENIED as well. FFA_EL3_INTR_HANDLE is
        denied since the series (BASE is exempt) and was allowed again before it was merged (UP618 is exempt).
    Applies to: every version.
    Not covered: FFA_FEATURES of them (DSC-06).
    """
    for name, functions in (
        ("FFA_NORMAL_WORLD_RESUME", (ids.NORMAL_WORLD_RESUME,)),
        ("FFA_SECONDARY_EP_REGISTER", (0x84000087, 0xC4000087)),
        ("FFA_MEM_PERM_GET", (0x84000088, 0xC4000088)), ("FFA_MEM_PERM_SET", (0x84000089, 0xC4000089)),
        ("FFA_EL3_INTR_HANDLE", (ids.EL3_INTR_HANDLE,)), ("FFA_ABORT", (0x84000090, 0xC4000090)),
    ):
        if name == "FFA_EL3_INTR_HANDLE" and scene.profile in ("BASE", "UP618"):
            continue
        refused = scene.result.refused(ids.NOT_SUPPORTED)
        if name == "FFA_NORMAL_WORLD_RESUME":
            refused = refused | scene.result.refused(ids.DENIED)
        yield part(name, scene.call.is_(*functions) & scene.pre.negotiated, [
            require("not supported", refused, "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ])


@rule("FFA-POL-07", "Indirect messaging", INDIRECT, force="policy", confidence="high")
def indirect_messages(scene: Scene) -> Iterator[Part]:
    """Functions of indirect messages are NOT_SUPPORTED: the host's mailbox is not the one that the SPMC knows.

    Clause: DEN0077A v1.1 section 15.1; pKVM does not copy such messages.
    Reading: after negotiation.
    Applies to: every version.
    Not covered: what a mediator has to check that does copy them; none does yet.
    """
    for name, function in (("FFA_MSG_POLL", ids.MSG_POLL), ("FFA_MSG_WAIT", ids.MSG_WAIT),
                           ("FFA_MSG_SEND", ids.MSG_SEND), ("FFA_MSG_SEND2", ids.MSG_SEND2)):
        yield part(name, scene.call.is_(function) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ])


@rule("FFA-POL-08", "Calls that touch the mailbox state EL2 owns", MAILBOX, force="security", confidence="medium")
def mailbox_state(scene: Scene) -> Iterator[Part]:
    """The host does not move the ownership of EL2's RX buffer: RX_ACQUIRE is refused, RX_RELEASE EL2's to decide.

    Clause: derived: the SPMC delivers to EL2's buffer, not to the host's.
    Reading: after negotiation; a refusal is FFA_ERROR with any code and sends nothing. RX_RELEASE is refused, or EL2
        sends its own under the buffers' lock.
    Applies to: every version.
    Not covered: when the host owns what is in RX (BUF-09).
    """
    error = (scene.result.w(0) == ids.ERROR) & (scene.result.w(2).bits_(31, 31) == 1)
    yield part("RX_ACQUIRE", scene.call.is_(ids.RX_ACQUIRE) & scene.pre.negotiated, [
        require("refused", scene.result.handled & error, "outcome"),
        require("nothing goes to EL3", scene.silent, "smc"),
    ], function="FFA_RX_ACQUIRE")
    yield part("RX_RELEASE", scene.call.is_(ids.RX_RELEASE) & scene.pre.negotiated, [
        require("not forwarded", scene.result.handled, "outcome"),
        require("an SMC of EL2's is made under the buffers' lock",
                all_of(~smc.made | smc.locked for smc in scene.smcs), "smc"),
    ], function="FFA_RX_RELEASE")


@rule("FFA-POL-09", "Completion IDs used as calls", DECISIONS, force="policy", confidence="high")
def completions_as_calls(scene: Scene) -> Iterator[Part]:
    """FFA_ERROR, FFA_SUCCESS and FFA_MEM_RETRIEVE_RESP of the host are NOT_SUPPORTED and go nowhere.

    Clause: the function tables of DEN0077A, second-hand: these are answers.
    Reading: after negotiation.
    Applies to: every version.
    Not covered: FFA_INTERRUPT (MSG-12); direct responses (MSG-06).
    """
    for name, functions in (("FFA_ERROR", (ids.ERROR,)), ("FFA_SUCCESS", (ids.SUCCESS, ids.SUCCESS64)),
                            ("FFA_MEM_RETRIEVE_RESP", (ids.MEM_RETRIEVE_RESP,))):
        yield part(name, scene.call.is_(*functions) & scene.pre.negotiated, [
            require("refused with NOT_SUPPORTED", scene.result.refused(ids.NOT_SUPPORTED), "outcome"),
            require("nothing goes to EL3", scene.silent, "smc"),
        ])
