"""What becomes of failures: EL2's own, and those that EL3 reports to EL2."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Part, Scene, Smc, Truth, Word, all_of, any_of, part, require, rule

from . import ids
from .calls import GROUPS, by_function, serves_req2
from .completions import FRAME, SUCCESS

CODES = ids.clause("status codes", "Arm's compliance suite and public implementations")
REQUESTS = (*ids.MEM_SHARE, *ids.MEM_LEND, ids.MEM_FRAG_TX)
"""They may be answered by a request for more, FFA_MEM_FRAG_RX."""
CLEANING_UP = (ids.RX_RELEASE, ids.RXTX_UNMAP, ids.MEM_RECLAIM)
"""EL2 sends these after another request too; then they decide nothing."""
SERVED = ("FFA_RXTX_MAP", "FFA_RXTX_UNMAP", "FFA_PARTITION_INFO_GET", "FFA_MEM_SHARE", "FFA_MEM_LEND",
          "FFA_MEM_RECLAIM", "FFA_MEM_FRAG_TX")


def _is_code(word: Word, lowest: int) -> Truth:
    """A negative number that is at least `lowest`, which is negative."""
    return word >= (1 << 32) + lowest


def _says(smc: Smc, code: Word) -> Truth:
    """EL3 answers FFA_ERROR with this code."""
    return smc.made & (smc.qw(0) == ids.ERROR) & (smc.qw(2) == code)


def _own_error(scene: Scene, name: str) -> Truth:
    """FFA_ERROR of EL2's making; what ends a REQ2 that was sent is EL3's."""
    error = scene.result.handled & (scene.result.w(0) == ids.ERROR)
    return error & ~scene.emitted if name.endswith("REQ2") else error


@rule("FFA-ERR-03", "Only defined codes", CODES, force="spec", confidence="high")
def defined_codes(scene: Scene) -> Iterator[Part]:
    """An FFA_ERROR of EL2's carries one of the codes −1 to −9.

    Clause: DEN0077A status codes.
    Reading: −10 (NOT_READY), which a public SPMC has, is passed on where EL3 said it and never made by EL2.
    Applies to: every version; errors that EL2 makes.
    Not covered: errors in forwarded answers, which are EL3's; an errno of Linux that happens to be a code (ERR-05);
        REQ2 and RESP2 where REQ2 is served, which MSG-10 judges.
    """
    for name, premise in by_function(scene):
        error = premise & _own_error(scene, name)
        code = scene.result.w(2)
        passed_on = (code == ids.NOT_READY & 0xFFFFFFFF) & any_of(_says(smc, code) for smc in scene.smcs)
        judged_elsewhere = serves_req2(scene) if name.endswith(("REQ2", "RESP2")) else None
        yield part(name, error, [
            require("w2 is one of −1 to −9", _is_code(code, ids.NO_DATA) | passed_on, "x2"),
        ], exists=error, unless=judged_elsewhere)


@rule("FFA-ERR-05", "Which error for which fault", CODES, force="spec", confidence="high")
def codes_of_faults(scene: Scene) -> Iterator[Part]:
    """A function that is served never fails with NOT_SUPPORTED for a reason of its own.

    Clause: DEN0077A status codes; the compliance suite for each function.
    Reading: NOT_SUPPORTED means that the function is not there. It may be passed on where EL3 said it, and it stands
        for an answer that is no FF-A frame (ERR-06).
    Applies to: functions of mailboxes and of memory, after negotiation, where they are served.
    Not covered: which of the other codes: the rules of each function name it (BUF-01 to BUF-07, MEM-01 to MEM-22,
        MSG-01 to MSG-03, DSC-02, VER-10); several may be right, so that a set is all that can be asked for.
    """
    for name, functions in GROUPS:
        if name not in SERVED:
            continue
        asked = scene.call.is_(*functions) & scene.pre.negotiated
        exists = asked & ~scene.result.refused(ids.NOT_SUPPORTED)
        own = scene.silent & (scene.result.w(0) == ids.ERROR)
        yield part(name, asked, [
            require("w2 is not NOT_SUPPORTED", own.implies(~(scene.result.w(2) == ids.REFUSED)), "x2"),
        ], exists=exists)


def _expected(scene: Scene, smc: Smc) -> Truth:
    """EL3's answer to this SMC is one of those that mean success."""
    wanted = smc.w(0).masked(0xFFFEFFFF)
    retrieve, more = wanted.one_of(ids.MEM_RETRIEVE_REQ), wanted == ids.MEM_FRAG_RX
    success = ~retrieve & ~more & (smc.qw(0) == ids.SUCCESS)
    asks_for_more = wanted.one_of(REQUESTS) & (smc.qw(0) == ids.MEM_FRAG_RX)
    return (success | asks_for_more | (retrieve & (smc.qw(0) == ids.MEM_RETRIEVE_RESP))
            | (more & (smc.qw(0) == ids.MEM_FRAG_TX)))


def _decides(scene: Scene, smc: Smc) -> Truth:
    """The SMC carries out the host's request, and is neither a direct message nor FFA_VERSION."""
    wanted = smc.w(0).masked(0xFFFEFFFF)
    others = wanted.one_of((ids.DIRECT_REQ, ids.DIRECT_REQ64, ids.DIRECT_REQ2, ids.VERSION))
    cleaning = wanted.one_of(CLEANING_UP) & ~(wanted == scene.call.function)
    return smc.made & ~others & ~cleaning


@rule("FFA-ERR-06", "A failed SPMC call never looks like success", FRAME, force="security", confidence="high")
def failures_are_shown(scene: Scene) -> Iterator[Part]:
    """If EL3 answers an SMC that EL2 needs with anything but what means success, the host gets an error.

    Clause: derived.
    Reading: of SMCs that carry out the host's request; what EL2 sends to clean up (FFA_RX_RELEASE, FFA_RXTX_UNMAP,
        FFA_MEM_RECLAIM after another request) decides nothing. The host's code is one that EL3 said in an FFA_ERROR,
        if it is one of FF-A's, else ABORTED or NOT_SUPPORTED.
    Applies to: every version.
    Not covered: FFA_VERSION to the SPMC (VER-11); direct messages, whose answers are passed on (MSG-04);
        initialisation.
    """
    for name, premise in by_function(scene):
        failed = premise & scene.result.handled & any_of(
            _decides(scene, smc) & ~_expected(scene, smc) for smc in scene.smcs)
        answer, code = scene.result.w(0), scene.result.w(2)
        is_error = answer.is_negative() if name == "FFA_VERSION" else answer == ids.ERROR
        if name == "FFA_VERSION":
            is_error &= ~answer.one_of((ids.SUCCESS, ids.ERROR))
        claims = [require("the host gets an error", is_error, "x0")]
        if name != "FFA_VERSION":
            said = any_of(_says(smc, code) & _is_code(code, ids.NOT_READY) for smc in scene.smcs)
            own = code.one_of((ids.ABORTED & 0xFFFFFFFF, ids.REFUSED))
            claims.append(require("the code is EL3's, ABORTED or NOT_SUPPORTED", ~is_error | said | own, "x2"))
        yield part(name, failed, claims, exists=failed)


@rule("FFA-ERR-07", "Relayed responses are not mixed with local results", SUCCESS, force="security",
      confidence="high")
def relays_are_whole(scene: Scene) -> Iterator[Part]:
    """A success is that of the request itself, and whole; it is never the answer to a clean-up.

    Clause: derived.
    Reading: FFA_SUCCESS needs an FFA_SUCCESS of EL3 to the same function; FFA_MEM_FRAG_RX an FFA_MEM_FRAG_RX. Where the
        answer carries a handle or an offset (sharing, fragments), w1 to w3 are those of that answer.
    Applies to: every version; functions that EL2 carries out by an SMC of its own.
    Not covered: errors (ERR-01, ERR-06); direct messages (MSG-04, MSG-09); x4–x7 (CC-08).
    """
    for name, functions in GROUPS:
        if name not in SERVED:
            continue
        shown = scene.result.w(0)
        done = scene.call.is_(*functions) & scene.result.handled & shown.one_of((ids.SUCCESS, ids.MEM_FRAG_RX))
        sharing = functions[0] in REQUESTS
        yield part(name, done, [
            require("EL3 says so of the request", any_of(
                smc.made & smc.w(0).masked(0xFFFEFFFF).one_of(functions) & (smc.qw(0) == shown)
                & (all_of(scene.result.w(k) == smc.qw(k) for k in range(1, 4)) if sharing else Scene.truth(True))
                for smc in scene.smcs), "x0"),
        ], exists=done)
