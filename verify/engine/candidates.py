"""What may hold at the head of a loop, whatever number of iterations have run: guesses, to be proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from verify.engine import pages
from verify.engine.content import Content, byte
from verify.engine.record import Retrieval, TransferEvent
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term, memories, topological, variables


@dataclass(frozen=True, slots=True)
class Head:
    """Free variables that stand for what the loop changes. `index`: how many iterations have run.

    `hit`: an earlier iteration changed the state of the followed page, the last time in iteration `last`.
    """

    index: Term
    hit: Term
    last: Term
    entry: Mapping[str, Term]
    """The page's ghost values where the loop begins."""
    page: Mapping[str, Term]
    """The same at the head."""


@dataclass(frozen=True, slots=True)
class Guess:
    """`says` holds at each head; a universal one of every number, given as its argument.

    `content`: the number is an offset in this buffer, which the loop changes.
    """

    says: Callable[[Term], Term]
    is_universal: bool = False
    content: str = ""


def comparisons(conditions: Iterable[Term], changing: set[str]) -> list[tuple[Term, Term]]:
    """(x, n): x is compared with n, the loop changes x and not n."""
    found: dict[tuple[int, int], tuple[Term, Term]] = {}
    for node in topological(list(conditions)):
        if node.op in ("ult", "ule"):
            for x, n in (node.args, node.args[::-1]):
                if _changes(x, changing) and not _changes(n, changing):
                    found.setdefault((id(x), id(n)), (x, n))
    return list(found.values())


def _changes(term: Term, changing: set[str]) -> bool:
    return not changing.isdisjoint(variables([term])) or not changing.isdisjoint(memories([term]))


def bounds(pairs: list[tuple[Term, Term]], head: Head) -> list[Guess]:
    result = []
    for x, n in pairs:
        result.append(Guess(_constant(t.ule(x, n))))
        result.append(Guess(_constant(t.ule(n, x))))
        result.append(Guess(_constant(t.ule(head.index, t.zext(n, 64)))))
    return result


def sums(head: Head, steps: Iterable[tuple[Term, Term, Term]]) -> list[Guess]:
    """(at the head, at the beginning, after one more iteration): what each iteration adds is bounded by its width."""
    result = []
    for here, before, after in steps:
        added = _added(here, after)
        if added is not None:
            width = t.const(added, here.bits)
            index = t.extract(head.index, here.bits - 1, 0)
            most = t.binary("sub", t.binary("shl", index, width), index)
            result.append(Guess(_constant(t.ule(t.binary("sub", here, before), most))))
    return result


def _added(here: Term, after: Term) -> int | None:
    """Bits of the number that is added in an iteration, if it is a narrower one."""
    if after.op != "add" or here not in after.args:
        return None
    other = after.args[1] if after.args[0] is here else after.args[0]
    return other.args[0].bits if other.op == "zext" else None


def of_contents(
    pairs: list[tuple[Term, Term]], contents: Mapping[str, Content], retrievals: Sequence[Retrieval]
) -> list[Guess]:
    """So far a buffer holds what the SPMC gives: `contents` are those at the head that the loop changes."""
    ends = {id(x): t.zext(x, 64) for x, _ in pairs}
    return [Guess(partial(_gathered, content, end, retrieval), True, name)
            for name, content in contents.items() for end in ends.values() for retrieval in retrievals]


def _gathered(content: Content, end: Term, retrieval: Retrieval, offset: Term) -> Term:
    return t.implies(t.and_(retrieval.answered, t.ult(offset, end)),
                     t.eq(byte(content, offset), byte(retrieval.whole, offset)))


def _constant(term: Term) -> Callable[[Term], Term]:
    return lambda k: term


def of_pages(head: Head, event: TransferEvent, index: Term, condition: Term) -> list[Guess]:
    """`event` is the page-table call in iteration `index`, which goes on under `condition`."""
    covers = at(event.covers, index)
    goes_on = at(condition, index)
    page, entry, hit = head.page, head.entry, head.hit

    def below(k: Term) -> Term:
        return t.ult(k, head.index)

    is_shared = t.eq(page["state"], pages.SHARED_FFA)
    was_shared = t.eq(entry["state"], pages.SHARED_FFA)
    calm = t.not_(page["disturbed"])
    is_free = t.eq(entry["pins"], t.const(0, pages.PIN_BITS))
    plain = [
        t.implies(hit, t.and_(t.ult(head.last, head.index), covers(head.last))),
        t.implies(hit, is_shared), t.implies(hit, t.not_(is_shared)),
        t.or_(hit, t.eq(is_shared, was_shared)),
        t.or_(hit, is_free, t.eq(page["state"], entry["state"])),
        t.or_(t.not_(hit), is_free, t.eq(entry["state"], pages.OWN)),
        t.or_(t.not_(hit), is_free, t.not_(t.eq(entry["state"], pages.OWN))),
        t.implies(hit, t.not_(was_shared)),
        t.implies(entry["disturbed"], page["disturbed"]),
        t.implies(calm, t.or_(hit, t.eq(page["state"], entry["state"]))),
        t.implies(t.and_(calm, hit), t.eq(entry["state"], pages.OWN)),
        t.implies(t.and_(calm, hit), t.eq(page["state"], pages.OWN)),
        t.or_(t.not_(hit), t.not_(pages.LISTS_SHARED), entry["touched"], was_shared),
        t.implies(hit, t.and_(page["ours"], page["touched"])),
        t.or_(hit, t.and_(t.eq(page["ours"], entry["ours"]), t.eq(page["touched"], entry["touched"]),
                          t.eq(page["found"], entry["found"]))),
        t.implies(t.and_(hit, t.not_(entry["touched"])), t.eq(page["found"], pages.OWN)),
        t.implies(entry["touched"], t.and_(page["touched"], t.eq(page["found"], entry["found"]))),
    ]
    universal: list[Callable[[Term], Term]] = [
        lambda k: t.implies(t.and_(below(k), covers(k)), t.and_(hit, t.eq(k, head.last))),
        lambda k: t.implies(t.and_(below(k), covers(k)), hit),
        lambda k: t.implies(t.and_(below(k), covers(k)), is_shared),
        lambda k: t.implies(t.and_(below(k), covers(k)), t.not_(is_shared)),
        lambda k: t.implies(below(k), goes_on(k)),
    ]
    return [*(Guess(_constant(term)) for term in plain), *(Guess(says, True) for says in universal)]


def at(term: Term, index: Term) -> Callable[[Term], Term]:
    """The same for another iteration."""
    return lambda k: substitute([term], {str(index.data): k})[0]
