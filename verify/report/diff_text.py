"""A difference for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.report import course_words as words
from verify.report.compare import Comparison, Item
from verify.report.difference import Difference, Moved, costs, grouped, summary
from verify.report.judged import Judged
from verify.report.lines import wrapped
from verify.report.story import who
from verify.snapshot.drift import Change

WIDTH = 118
MENDED, LOST = "newly mended", "lost sight of"
GONE = (MENDED, LOST)
MOST_DIFF = 60
"""Lines of IR that are shown of a function."""


def render(item: Difference) -> str:
    return "\n".join(line.rstrip() for line in _text(item)) + "\n"


def _text(item: Difference) -> Iterator[str]:
    yield f"A  {side_name(item.old)}"
    yield f"B  {side_name(item.new)}"
    yield from (line for note in item.notes for line in _wrap("note: ", note))
    yield from ("", *_wrap("", summary(item)))
    seen: set[str] = set()
    for level in item.levels:
        lines = list(_level_text(level, seen))
        if lines:
            yield from ("", f"at {level.trust} ({who(level.trust)}):", *lines)
    moved, total = costs(item.old, item.new, [level.trust for level in item.levels])
    yield from ("", f"cost: {cost_words(total)}")
    yield from (f"  {one.rule:<12} {cost_words(one)}" for one in moved)
    yield ""
    if item.changes is None:
        yield "IR: left out, since a report has none; give a tree, a snapshot or REPO@REVISION for it"
    else:
        yield from _ir_text(item.changes)


def _level_text(level: Comparison, seen: set[str]) -> Iterator[str]:
    """`seen`: fingerprints that a stricter level has told of; added to."""
    for verb, some in kinds(level, seen):
        for group in words.groups(some):
            one = group[0]
            yield from _wrap(f"  {verb}: ", f"{one.rule.rule} {one.rule.title}, {words.parts(group)}", "      ")
            was = "was " if verb in GONE else ""
            yield from _wrap("      ", f"{was}at {words.place(one)}")
            yield from _wrap("      ", f"required: {one.finding.clause}; wrong: {words.wrong(one)}")
            yield from _wrap("      ", f"from reset: {words.calls(one)}")
            yield from (line for said in words.sayings(group) for line in _wrap("      ", said))
            yield from _wrap("      ", words.fingerprints(group))
    for verb, opened in (("newly undecided", level.opened), ("decided now", level.closed)):
        for open_ in opened:
            yield from _wrap(f"  {verb}: ", f"{open_.rule.rule} {open_.part.name}: {open_.why}", "      ")
    if level.unjudged:
        yield from _wrap("  not compared, since only one side judged them: ", ", ".join(level.unjudged), "      ")


def kinds(level: Comparison, seen: set[str]) -> list[tuple[str, list[Item]]]:
    kinds: list[tuple[str, Sequence[Item]]] = [
        ("newly violated", level.new), (MENDED, level.mended), (LOST, level.lost),
        ("violated in another form", [new for _, new in level.recast])]
    told = [(verb, [item for item in some if item.finding.fingerprint not in seen]) for verb, some in kinds]
    seen |= {item.finding.fingerprint for _, some in kinds for item in some}
    return told


def _ir_text(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield "IR: the same, but for lines that moved"
        return
    yield "IR:"
    for kind, what, names in grouped(changes):
        yield from _wrap(f"  {what} {kind}{'s' * (len(names) > 1)}: ", ", ".join(names), "      ")
    for change in changes:
        if change.kind == "function" and change.diff:
            yield from ("", *(f"  {line}" for line in [str(change).split("\n")[0], *change.diff[:MOST_DIFF]]))
            if len(change.diff) > MOST_DIFF:
                yield f"  and {len(change.diff) - MOST_DIFF} more lines"


def cost_words(one: Moved) -> str:
    before, after = one.units
    ratio = f" (×{after / before:.2f})" if before else ""
    return f"{one.queries[0]} → {one.queries[1]} queries, {before} → {after} units{ratio}"


def side_name(side: Judged) -> str:
    return f"{side.name}{f' ({side.revision})' if side.revision else ''}"


def _wrap(lead: str, text: str, following: str | None = None) -> list[str]:
    return wrapped(lead, text, WIDTH, following)
