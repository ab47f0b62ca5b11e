"""Phrases about calls that many rules share."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Scene, Truth, Word

from . import ids

GROUPS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("FFA_VERSION", (ids.VERSION,)),
    ("FFA_FEATURES", (ids.FEATURES,)),
    ("FFA_RXTX_MAP", (ids.RXTX_MAP,)),
    ("FFA_RXTX_UNMAP", (ids.RXTX_UNMAP,)),
    ("FFA_PARTITION_INFO_GET", (ids.PARTITION_INFO_GET,)),
    ("FFA_MEM_SHARE", (0x84000073, 0xC4000073)),
    ("FFA_MEM_LEND", (0x84000072, 0xC4000072)),
    ("FFA_MEM_RECLAIM", (0x84000077,)),
    ("FFA_MEM_FRAG_TX", (0x8400007B,)),
    ("FFA_MSG_SEND_DIRECT_REQ", (ids.DIRECT_REQ, ids.DIRECT_REQ64)),
    ("FFA_MSG_SEND_DIRECT_REQ2", (ids.DIRECT_REQ2,)),
    ("FFA_MSG_SEND_DIRECT_RESP2", (ids.DIRECT_RESP2,)),
)
"""Functions that a rule over all handlers is judged by, one part each; the rest is one more part."""


def is_ffa(scene: Scene) -> Truth:
    """A fast call of the standard secure services with a function number of 0x60 to 0xFF, in either convention."""
    return is_ffa_id(scene.call.function)


def is_ffa_id(function: Word) -> Truth:
    ours = (function.bits_(31, 31) == 1) & (function.bits_(29, 24) == 4)
    return ours & (function.bits_(15, 8) == 0) & (function.bits_(7, 0) >= 0x60)


def by_function(scene: Scene) -> Iterator[tuple[str, Truth]]:
    """(name, premise) for each group, and for all other FF-A functions; of a call that was run, for its own alone."""
    named: list[int] = []
    for name, functions in GROUPS:
        named += functions
        premise = scene.call.is_(*functions)
        if not premise.is_impossible:
            yield name, premise
    others = is_ffa(scene) & ~scene.call.is_(*named)
    if not others.is_impossible:
        yield "other functions", others


def asks_version(scene: Scene) -> Truth:
    return scene.call.is_(ids.VERSION)


def well_formed_request(scene: Scene) -> Truth:
    """FFA_VERSION for some 1.x."""
    return asks_version(scene) & (scene.call.w(1).bits_(31, 16) == 1)


def well_formed_version(scene: Scene) -> Truth:
    """EL2's version is some 1.x (a malformed one is the business of the rule that let it in)."""
    return scene.pre.version.bits_(31, 16) == 1


def below(scene: Scene, minor: int) -> Truth:
    """A well-formed version 1.x with x below `minor` is agreed."""
    return scene.pre.negotiated & well_formed_version(scene) & (scene.pre.minor < minor)


def served(scene: Scene, function: int) -> Truth:
    """A negotiated call of this function that is not answered NOT_SUPPORTED."""
    return scene.call.is_(function) & scene.pre.negotiated & ~scene.result.refused(ids.NOT_SUPPORTED)


def serves_req2(scene: Scene) -> Truth:
    """A negotiated FFA_MSG_SEND_DIRECT_REQ2 at 1.2 or later that is not answered NOT_SUPPORTED."""
    return (
        scene.call.is_(ids.DIRECT_REQ2) & scene.pre.negotiated & scene.pre.at_least(1, 2)
        & ~scene.result.refused(ids.NOT_SUPPORTED)
    )


def denied_quietly(scene: Scene, code: int) -> Truth:
    """FFA_ERROR with this code, and nothing goes to EL3."""
    return scene.result.refused(code) & scene.silent
