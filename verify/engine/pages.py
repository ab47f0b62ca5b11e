"""The followed page: one arbitrary physical page, and what outside functions do to its state.

What is proved of it is proved of every page. Its state is OWN, SHARED_FFA, SHARED_HYP or FOREIGN (numbers as in
`verify.rules.memory`), and `pins` counts how often EL2 holds it in place. The contracts of the page-table functions
are read from mem_protect.c and trusted:

* share-ffa succeeds only if every page of the range is the host's own, which then is shared; else nothing changes;
* unshare-ffa succeeds only if every page of the range is shared, which then is the host's own; else nothing changes;
* share-hyp, unshare-hyp and pin do what they say of their pages, and fail only where they must;
* a range does not wrap; nobody else pins a page that is a mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass

from verify.engine.record import Obligation, Record, TransferEvent, in_range
from verify.engine.state import State
from verify.engine.value import Integer
from verify.ir.span import Span
from verify.terms import build as t
from verify.terms.term import Term

OWN, SHARED_FFA, SHARED_HYP, FOREIGN = (t.const(k, 2) for k in range(4))
PAGE = t.var("ghost.page", 64)
"""Its page frame number, in every call of a sequence."""
PIN_BITS = 8
LISTS_SHARED = t.var("spmc.lists-what-was-shared", 0)
"""What EL2 gives back without having shared it in the same call was shared with the secure world: an assumption."""
LAST_PAGE = t.const((1 << 40) - 1, 64)
"""Memory lies below 2^52, in pages of 4096 bytes at least."""
SHARE_HYP, UNSHARE_HYP, SHARE_FFA, UNSHARE_FFA, PIN, UNPIN = (
    "share-hyp", "unshare-hyp", "share-ffa", "unshare-ffa", "pin", "unpin")


@dataclass(frozen=True, slots=True)
class Request:
    """`count` pages from `first` on (page frame numbers, 64 bits)."""

    action: str
    first: Term
    count: Term

    @property
    def covers(self) -> Term:
        if self.count is t.const(1, 64):
            return t.eq(self.first, PAGE)
        return in_range(PAGE, self.first, self.count)


def unfollowed() -> dict[str, Term]:
    """At the beginning of a call: this call has not changed it yet."""
    return {"ours": t.FALSE, "touched": t.FALSE, "found": t.const(0, 2), "disturbed": t.FALSE}


def pinned(state: State) -> Term:
    return t.ne(state.ghost["pins"], t.const(0, PIN_BITS))


def others(record: Record, state: State, locked: Term, origin: Term) -> None:
    """The host and other CPUs may change the page's state, unless EL2 pins it; FF-A's sharing needs the lock."""
    old = state.ghost["state"]
    new = record.unknown("page.state", 2, origin).term
    record.quiet.append(t.eq(new, old))
    stays = t.eq(t.eq(old, SHARED_FFA), t.eq(new, SHARED_FFA))
    record.rely(state.guard, t.and_(
        t.implies(t.and_(locked, pinned(state)), t.eq(new, old)), t.implies(locked, stays)))
    state.ghost["state"] = new
    state.ghost["disturbed"] = t.or_(state.ghost["disturbed"], t.not_(t.eq(old, new)))


def transfer(record: Record, state: State, request: Request, locked: Term, where: tuple[Span, str, str]) -> Integer:
    """Call a page-table function; its result is 0 or a negative errno."""
    span, function, text = where
    origin = record.site(span, function, "computed", text)
    others(record, state, locked, origin)
    found, covers = state.ghost["state"], record.abstract(request.covers)
    is_empty = record.abstract(t.eq(request.count, t.const(0, 64)))
    inside = record.abstract(t.and_(t.ule(request.first, LAST_PAGE), t.ule(request.count, LAST_PAGE)))
    result = record.unknown(f"result.{request.action}", 32, origin)
    success = t.eq(result.term, t.const(0, 32))
    blamed = t.var(f"{result.term.data}.blamed", 0)
    record.rely(state.guard, t.and_(
        t.or_(success, t.ule(t.const(-4095, 32), result.term)),
        _contract(request.action, state, (success, blamed), (covers, is_empty, inside),
                  t.eq(request.count, t.const(1, 64)))))
    record.transfers.append(TransferEvent(
        state.guard, request.action, request.first, request.count, result.term, covers, found,
        tuple(sorted(state.held.items())), span, origin.value, blamed))
    if request.action == UNSHARE_FFA:
        listed = t.and_(LISTS_SHARED, covers, t.not_(state.ghost["touched"]))
        record.rely(state.guard, t.implies(listed, t.eq(found, SHARED_FFA)))
    if request.action == UNPIN:
        record.obligations.append(Obligation(
            "unpin-of-a-page-that-is-not-pinned", t.and_(state.guard, covers), pinned(state), span, function))
    _change(state, request.action, t.and_(success, covers))
    return result


def _contract(
    action: str, state: State, outcome: tuple[Term, Term], range_: tuple[Term, Term, Term], is_one: Term
) -> Term:
    """What success and failure say of the page. `range_`: covers it, is empty, lies in memory. `is_one`: one page."""
    (success, blamed), (covers, is_empty, inside) = outcome, range_
    found = state.ghost["state"]
    fits = _fits(action, found, pinned(state))
    facts = [t.implies(t.and_(success, covers), fits), t.implies(is_empty, success)]
    if action in (SHARE_HYP, SHARE_FFA):
        facts.append(t.implies(success, t.or_(is_empty, inside)))
    if action == UNPIN:
        return success
    if action in (SHARE_HYP, UNSHARE_HYP, PIN):
        facts.append(t.implies(t.and_(t.not_(success), covers, is_one), t.not_(fits)))
    facts.append(t.implies(t.and_(t.not_(success), blamed), t.and_(covers, t.not_(fits))))
    return t.and_(*facts)


def _fits(action: str, found: Term, is_pinned: Term) -> Term:
    match action:
        case "share-hyp" | "share-ffa":
            return t.eq(found, OWN)
        case "unshare-hyp":
            return t.and_(t.eq(found, SHARED_HYP), t.not_(is_pinned))
        case "unshare-ffa":
            return t.or_(t.eq(found, SHARED_FFA), t.eq(found, SHARED_HYP))
        case "pin":
            return t.eq(found, SHARED_HYP)
    return t.TRUE


def _change(state: State, action: str, happens: Term) -> None:
    ghost = state.ghost
    if action in (PIN, UNPIN):
        step = t.const(1 if action == PIN else -1, PIN_BITS)
        ghost["pins"] = t.ite(happens, t.binary("add", ghost["pins"], step), ghost["pins"])
        return
    new = {SHARE_HYP: SHARED_HYP, SHARE_FFA: SHARED_FFA}.get(action, OWN)
    ghost["found"] = t.ite(t.or_(ghost["touched"], t.not_(happens)), ghost["found"], ghost["state"])
    ghost["touched"] = t.or_(ghost["touched"], happens)
    ghost["ours"] = t.or_(ghost["ours"], happens)
    ghost["state"] = t.ite(happens, new, ghost["state"])
