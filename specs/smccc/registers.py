"""Registers that a completion may and may not change."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Require, Scene, Truth, any_of, part, require, rule

from ..ffa import ids
from ..ffa.calls import by_function

PRESERVED = Clause("DEN0028", "2.6", "the seed thread")
RESERVED = Clause("DEN0077A", "11.2", "the seed thread and its successors")


@rule("FFA-CC-06", "Registers never touched by a completion", PRESERVED, force="spec", confidence="high")
def preserved_registers(scene: Scene) -> Iterator[Part]:
    """A completion leaves x8 to x30 (SMC32) or x18 to x30 (SMC64) as the host had them.

    Clause: DEN0028 1.6G section 2.6.
    Reading: by the convention of the call; under UP618 x8 to x17 are written back whatever it is (CC-09). A relayed
        response of a call made as SMC64 may use x8 to x17.
    Applies to: completions that EL2 makes.
    Not covered: FFA_RUN resuming a 64-bit request (CC-10).
    """
    for name, premise in by_function(scene):
        handled = premise & scene.result.handled
        yield part(f"{name}: x18–x30", handled, [
            require("x18–x30 are the host's", scene.result.x(k) == scene.call.x(k)) for k in range(18, 31)
        ], function=name)
        if scene.profile != "UP618":
            yield part(f"{name}: x8–x17 of SMC32", handled & ~scene.call.is64, [
                require("x8–x17 are the host's", scene.result.x(k) == scene.call.x(k)) for k in range(8, 18)
            ], function=name, exists=premise & ~scene.call.is64)


def uses_x4_to_x7(scene: Scene) -> Truth:
    """The result's layout has words in x4 to x7."""
    direct = scene.result.w(0).one_of((ids.DIRECT_RESP, ids.DIRECT_RESP64, ids.DIRECT_RESP2))
    success = scene.result.w(0).one_of((ids.SUCCESS, ids.SUCCESS64))
    wide = scene.call.is_(
        ids.NOTIFICATION_GET, ids.NOTIFICATION_INFO_GET, ids.NOTIFICATION_INFO_GET64, ids.PARTITION_INFO_GET_REGS)
    return direct | (success & wide)


def relayed(scene: Scene) -> Truth:
    """EL2 answers with what EL3 said to a request that EL2 passed on."""
    return scene.call.is_(ids.DIRECT_REQ2) & scene.emitted


@rule("FFA-CC-08", "Unused x4–x7 of an FF-A completion are zero", RESERVED, force="spec", confidence="high")
def reserved_result_registers(scene: Scene) -> Iterator[Part]:
    """Registers x4 to x7 that the result's layout does not use are zero.

    Clause: DEN0077A 1.2 section 11.2, the convention for reserved parameters.
    Reading: of every completion that EL2 makes itself; where it hands on what EL3 answered to an SMC of this call,
        these registers may be EL3's too. A caller of SMC32 looks at w4 to w7 alone (DEN0028); their upper halves are
        SEC-01's and SEC-02's.
    Applies to: every version. Contested upstream: one reviewer wants them left alone.
    Not covered: forwarded calls.
    """
    for name, premise in by_function(scene):
        made = premise & scene.result.handled & ~uses_x4_to_x7(scene) & ~relayed(scene)
        yield part(name, made, [
            require("x4–x7 are zero (w4–w7 of SMC32), or EL3's", _zero(scene, k) | _handed_on(scene, k), f"x{k}")
            for k in range(4, 8)
        ])


def _zero(scene: Scene, k: int) -> Truth:
    return (scene.result.w(k) == 0) & (~scene.call.is64 | (scene.result.x(k) == 0))


def _handed_on(scene: Scene, k: int) -> Truth:
    """From an answer of EL3's whose w0 is handed on too."""
    return any_of(
        smc.made & (scene.result.w(0) == smc.qw(0)) & (scene.result.w(k) == smc.qw(k))
        & (~scene.call.is64 | (scene.result.x(k) == smc.q(k))) for smc in scene.smcs)


def _core(scene: Scene, k: int) -> Require:
    relays = any_of(smc.made & (scene.result.x(k) == smc.q(k)) for smc in scene.smcs)
    kept = scene.result.x(k) == scene.call.x(k)
    return require("x8–x17 are the host's, zero or EL3's", kept | (scene.result.x(k) == 0) | relays, f"x{k}")


def _reading(scene: Scene, k: int) -> Require:
    zero, kept = scene.result.x(k) == 0, scene.result.x(k) == scene.call.x(k)
    wide = scene.call.is64 & scene.post.at_least(1, 2)
    if scene.profile == "BASE":
        return require("x8–x17 are the host's", kept)
    if scene.profile == "SEED":
        return require("x8–x17 are zero for SMC64 from 1.2 on, else the host's",
                       (wide & zero) | (~wide & kept), f"x{k}")
    return require("x8–x17 are the host's or zero", kept | zero, f"x{k}")


@rule("FFA-CC-09", "x8–x17 of a completion with FF-A ≥ 1.2", PRESERVED, force="contested", confidence="high")
def wide_result_registers(scene: Scene) -> Iterator[Part]:
    """x8 to x17 of a completion hold the host's value, zero, or EL3's answer, never EL2's data.

    Clause: contested; DEN0028 section 2.6 and DEN0077A 11.2 pull apart.
    Reading: BASE: unchanged. SEED: zero for SMC64 calls once 1.2 is agreed, else unchanged. UP618 and STRICT: the
        common core only.
    Applies to: completions that EL2 makes.
    Not covered: readings that key on the returned function ID; malformed versions (VER-01 keeps them out).
    """
    for name, premise in by_function(scene):
        handled = premise & scene.result.handled
        core = [_core(scene, k) for k in range(8, 18)]
        yield part(f"{name}: common core", handled, core, function=name)
        if scene.profile in ("BASE", "SEED"):
            sane = scene.post.version.bits_(31, 31) == 0
            yield part(f"{name}: reading", handled & ~relayed(scene) & sane,
                       [_reading(scene, k) for k in range(8, 18)], function=name)
