"""What FFA_FEATURES says of single functions, and the IDs of endpoints (DEN0077A v1.0 sections 8.2 and 8.7)."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Smc, Truth, Word, any_of, no, part, require, rule

from . import ids
from .calls import GROUPS, asks_version, is_ffa_id, well_formed_request, well_formed_version
from .features import FEATURES
from .mediation import RX_ACQUIRE, SPM_ID_GET, accepted, sends, served

IDS = ids.clause("v1.0 8.7 and v1.1 13.9", "the seed thread, Arm's compliance suite and TF-A")
MEMORY_CALLS = (0x84000072, 0x84000073, 0xC4000072, 0xC4000073)
ABSENT = {
    "NORMAL_WORLD_RESUME": (0x8400007C,), "RX_ACQUIRE": (RX_ACQUIRE,),
    "SECONDARY_EP_REGISTER": (0x84000087, 0xC4000087), "MEM_PERM_GET": (0x84000088, 0xC4000088),
    "MEM_PERM_SET": (0x84000089, 0xC4000089), "CONSOLE_LOG": (ids.CONSOLE_LOG, ids.CONSOLE_LOG64),
    "EL3_INTR_HANDLE": (0x8400008C,),
}
"""Functions of other instances, and of secure endpoints alone."""
SIZES = (4096, 65536, 16384)
"""Of the smallest mailbox, by w2[1:0]; 3 is reserved."""


def _asks_size(smc: Smc) -> Truth:
    return sends(smc, ids.FEATURES) & (smc.w(1) == ids.RXTX_MAP)


def _too_large(scene: Scene, properties: Word) -> Truth:
    """The smallest mailbox of the SPMC is larger than EL2's."""
    size = properties.bits_(1, 0)
    return any_of((size == code) & (scene.mailbox_size < least) for code, least in enumerate(SIZES))


def _too_small(scene: Scene, properties: Word) -> Truth:
    """The largest mailbox of the SPMC, in pages of 4K, is smaller than EL2's; 0: any will do."""
    most = properties.bits_(31, 16)
    return ~(most == 0) & (most.widened(64) * 4096 < scene.mailbox_size)


@rule("FFA-DSC-01", "FEATURES and dispatch agree", FEATURES, force="spec", confidence="high")
def features_and_dispatch(scene: Scene) -> Iterator[Part]:
    """FFA_FEATURES of a function says NOT_SUPPORTED exactly where EL2 would refuse a call of it.

    Clause: DEN0077A v1.0 section 8.2; derived.
    Reading: a second call from the same state, of the function that is asked for: EL2 refuses it if it answers
        NOT_SUPPORTED and asks nobody. What EL2 refuses it may not leave to the SPMC, which knows nothing of EL2's
        decisions; what it says is absent it sends to nobody. No other CPU negotiates in between.
    Applies to: every version, function IDs in both conventions without the SVE hint.
    Not covered: what the SPMC says of functions that EL2 does not refuse; a refusal that shows uninitialised memory
        instead of its code (MSG-10).
    """
    asked, other = scene.call.w(1), scene.asked()
    about = served(scene, ids.FEATURES) & (asked.bits_(31, 31) == 1) & (asked.bits_(16, 16) == 0) & other.calm
    denied = scene.result.refused(ids.NOT_SUPPORTED)
    groups = [(name, asked.one_of(functions)) for name, functions in GROUPS if name != "FFA_VERSION"]
    named = any_of(those for _, those in groups) | (asked == ids.VERSION)
    for name, those in (*groups, ("other functions", is_ffa_id(asked) & ~named)):
        yield part(f"{name}: denied", about & those & other.refused, [
            require("FFA_FEATURES says NOT_SUPPORTED", denied, "outcome")], "FFA_FEATURES",
            exists=about & those & other.refused)
        yield part(f"{name}: there", about & those & denied, [
            require("a call of it goes nowhere", other.decided, "x0")], "FFA_FEATURES", exists=about & those & denied)


@rule("FFA-DSC-04", "FEATURES(RXTX_MAP) properties", FEATURES, force="spec", confidence="high")
def mailbox_properties(scene: Scene) -> Iterator[Part]:
    """EL2 agrees on a version if its mailboxes have a size that the SPMC takes, and only then.

    Clause: DEN0077A v1.0 section 8.2; w2[1:0] is the smallest size, from 1.2 on w2[31:16] the largest, 0 for none.
    Reading: of what EL2 asks for FFA_VERSION, after which the version is the one that was asked for or EL2's. It looks
        at no other bits. The SPMC is willing where its other answers say so in 64-bit registers.
    Applies to: every version; the largest size from 1.2 on.
    Not covered: an SPMC that EL2 does not ask for it; what the SPMC may put into w2; whether a reserved bit that is set
        is a reason to refuse (contested).
    """
    opening = asks_version(scene) & ~scene.pre.negotiated
    modern = scene.pre.at_least(1, 2) & (scene.call.w(1).bits_(15, 0) >= 2)
    answered = [(_asks_size(smc) & accepted(smc), smc.qw(2)) for smc in scene.smcs]
    for name, wrong in (
        ("reserved smallest size", any_of(made & (w2.bits_(1, 0) == 3) for made, w2 in answered)),
        ("mailboxes below the smallest size", any_of(made & _too_large(scene, w2) for made, w2 in answered)),
        ("mailboxes above the largest size", modern & any_of(made & _too_small(scene, w2) for made, w2 in answered)),
    ):
        yield part(name, opening & wrong, [
            require("no version is agreed", ~scene.post.negotiated, "negotiated"),
            require("answered with a negative code", scene.result.w(0).bits_(31, 31) == 1, "x0"),
        ], "FFA_VERSION", exists=opening & wrong)
    fits = any_of(made & ~(w2.bits_(1, 0) == 3) & ~_too_large(scene, w2) & ~_too_small(scene, w2)
                  & (w2.bits_(15, 2) == 0) for made, w2 in answered)
    limited = opening & modern & fits & ~any_of(smc.made & ~_agrees(smc) for smc in scene.smcs)
    yield part("a largest size that fits", limited, [
        require("a version is agreed", scene.result.w(0).bits_(31, 16) == 1, "x0"),
    ], "FFA_VERSION", exists=limited)
    plain = any_of(made & (w2 <= 2) & ~_too_large(scene, w2) for made, w2 in answered)
    welcome = opening & well_formed_request(scene) & well_formed_version(scene) & plain
    yield part("a smallest size that fits", welcome & no(smc.made & ~_agrees(smc) & ~_has(smc) for smc in scene.smcs), [
        require("a version is agreed", scene.result.w(0).bits_(31, 16) == 1, "x0"),
    ], "FFA_VERSION", exists=welcome)


def _has(smc: Smc) -> Truth:
    """The SPMC has the version, too, in a 64-bit register."""
    said = smc.q(0)
    return (smc.w(0) == ids.VERSION) & (said.bits_(63, 16) == 1) & (said.bits_(15, 0) >= smc.w(1).bits_(15, 0))


def _agrees(smc: Smc) -> Truth:
    """The SPMC says yes, in 64-bit registers."""
    identity = (smc.w(0) == ids.ID_GET) & (smc.q(0) == ids.SUCCESS) & (smc.q(2) == 0)
    size = (smc.w(0) == ids.FEATURES) & (smc.q(0) == ids.SUCCESS) & (smc.q(2).bits_(63, 32) == 0)
    return identity | size


@rule("FFA-DSC-05", "FEATURES of memory calls", FEATURES, force="spec", confidence="high")
def memory_features(scene: Scene) -> Iterator[Part]:
    """FFA_FEATURES of FFA_MEM_SHARE and FFA_MEM_LEND is SUCCESS without properties.

    Clause: DEN0077A v1.0 section 8.2; w2 bit 0 would offer dynamic buffers, which a mediator refuses.
    Reading: in both conventions, after negotiation, by EL2 itself.
    Applies to: every version.
    Not covered: FFA_MEM_DONATE and FFA_MEM_RETRIEVE_REQ, which a host may not call (POL-01).
    """
    for function in MEMORY_CALLS:
        asked = served(scene, ids.FEATURES) & (scene.call.w(1) == function)
        yield part(f"{function:#x}", asked, [
            require("answered SUCCESS", scene.result.handled & (scene.result.w(0) == ids.SUCCESS), "x0"),
            require("no properties", scene.result.forwarded | (scene.result.w(2) == 0), "x2"),
            require("w3 is zero", scene.result.forwarded | (scene.result.w(3) == 0), "x3"),
        ], "FFA_FEATURES")


@rule("FFA-DSC-06", "Functions that must be reported absent to a NS endpoint below a hypervisor", FEATURES,
      force="spec", confidence="high")
def absent_functions(scene: Scene) -> Iterator[Part]:
    """FFA_FEATURES of a function that only other instances have shows the host NOT_SUPPORTED.

    Clause: DEN0077A v1.0 section 8.2; the compliance suite asks for most of them.
    Reading: by EL2, or by the SPMC where it knows the function to be absent for EL2 too. An SPMC that serves a
        hypervisor has RX_ACQUIRE, so that EL2 has to say it.
    Applies to: every version.
    Not covered: the calls themselves (POL-06).
    """
    for name, functions in ABSENT.items():
        asked = served(scene, ids.FEATURES) & scene.call.w(1).one_of(functions)
        yield part(name, asked, [
            require("the host sees NOT_SUPPORTED", scene.result.is_error(ids.NOT_SUPPORTED), "outcome"),
        ], "FFA_FEATURES")


@rule("FFA-DSC-08", "ID_GET and SPM_ID_GET", IDS, force="spec", confidence="high")
def endpoint_ids(scene: Scene) -> Iterator[Part]:
    """The host is endpoint 0, the SPMC's ID has bit 15 set; EL2 agrees with no SPMC that gives EL2 another ID.

    Clause: DEN0077A v1.0 section 8.7, v1.1 section 13.9.
    Reading: IDs are w2[15:0], the rest of w2 is zero. Of answers that EL2 makes; a forwarded call is the SPMC's.
    Applies to: every version; FFA_SPM_ID_GET from 1.1 on (DSC-07).
    Not covered: an ID with undefined upper halves that EL2 refuses (VER-04).
    """
    for name, function, right in (
        ("FFA_ID_GET", ids.ID_GET, scene.result.w(2) == 0),
        ("FFA_SPM_ID_GET", SPM_ID_GET, scene.result.w(2).bits_(31, 15) == 1),
    ):
        answered = served(scene, function) & scene.result.handled & (scene.result.w(0) == ids.SUCCESS)
        yield part(name, answered, [
            require("the ID is in w2", right, "x2"),
            *(require("the other registers are zero", scene.result.w(k) == 0, f"x{k}") for k in (1, *range(3, 8))),
        ], exists=answered)
    other = any_of(sends(smc, ids.ID_GET) & (smc.qw(0) == ids.SUCCESS) & ~(smc.qw(2) == 0) for smc in scene.smcs)
    given = asks_version(scene) & ~scene.pre.negotiated & other
    yield part("EL2's own ID", given, [
        require("no version is agreed", ~scene.post.negotiated, "negotiated"),
        require("answered with a negative code", scene.result.w(0).bits_(31, 31) == 1, "x0"),
    ], "FFA_VERSION", exists=given)
