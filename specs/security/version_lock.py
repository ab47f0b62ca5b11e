"""EL2's version is written and read so that no other CPU sees half of a negotiation."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, all_of, part, require, rule

LOCK = Clause("", "a property of any mediator", "the seed thread")


@rule("FFA-SEC-04", "Version lock", LOCK, force="security", confidence="high")
def version_lock(scene: Scene) -> Iterator[Part]:
    """The version is written under its lock, published by a release, and read under the lock or after an acquire.

    Clause: none; the memory model of Linux.
    Reading: reads of the version are safe under version_lock, or after an acquire-read of the negotiated flag gave
        true in the same call. The flag is written with release order, after the version. No write once agreed.
    Applies to: every version.
    Not covered: accesses in handlers that are not executed (named unsupported there).
    """
    writes = [access for access in scene.accesses if access.is_write]
    reads = [access for access in scene.accesses if not access.is_write and access.bound == "version"]
    yield part("writes", all_of([]), [
        require(f"{access.bound} is written under the lock", ~access.happens | access.locked, f"{access.bound} write")
        for access in writes])
    yield part("reads", all_of([]), [
        require("the version is read under the lock or after an acquire of the negotiated flag",
                ~access.happens | access.locked | access.after_negotiated, "version read")
        for access in reads])
    yield part("publication", all_of([]), [
        require("the negotiated flag is written with release order",
                ~access.happens | scene.truth(access.order == "release"), "negotiated write")
        for access in writes if access.bound == "negotiated"])
    yield part("no write once agreed", scene.pre.negotiated, [
        require("the version is not written", ~access.happens, "version write")
        for access in writes if access.bound == "version"])
