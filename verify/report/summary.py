"""Markdown for the page of a CI job: does it pass, which rules fail, the worst findings, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.prove.outcome import Status
from verify.report.brief import again, calls, part_names, reason, where
from verify.report.decode import Names, names_of
from verify.report.found import Found, Open, by_place, found, left_open
from verify.report.markup import code, plain
from verify.report.story import who, wrong
from verify.verdict.baseline import Tolerated
from verify.verdict.exit_status import OK, VIOLATED, exit_status
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

MOST = 10
MOST_LISTED = 4
"""Names, of those that one line of the page lists."""
MOST_BYTES = 1_000_000
"""GitHub refuses a summary of more than 1 MiB."""
FINE = (Status.PROVED, Status.NOT_APPLICABLE)


def render(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, most: int = MOST, most_bytes: int = MOST_BYTES,
) -> str:
    """`most`: places with findings, and reasons why something is open, that are told of each target."""
    lines = [line for run in runs for line in _target(run, options, tolerated, most)]
    return "".join(f"{line}\n" for line in within(lines, most_bytes))


def within(lines: list[str], most_bytes: int = MOST_BYTES) -> list[str]:
    """Whole lines; the last one counts what was left out."""
    room = most_bytes - 100
    for number, line in enumerate(lines):
        room -= len(line.encode(errors="backslashreplace")) + 1
        if room < 0:
            return [*lines[:number], "", f"{len(lines) - number} lines are left out here: the page would be too long."]
    return lines


def _target(run: TargetRun, options: Options, tolerated: Tolerated, most: int) -> Iterator[str]:
    items, opened = found(run, options, tolerated), left_open(run, options)
    yield f"## verify {_verdict(run, options, tolerated)}: {plain(run.name)}"
    yield ""
    yield plain(counts(run, options, items))
    for note in run.notes:
        yield from ("", f"Note: {plain(note)}")
    yield from _table(run, options, items)
    names = names_of(run.constants)
    worst = [item for item in items if item.fails] or [item for item in items if not item.tolerated]
    groups = by_place(worst)[:most]
    yield from _findings(groups, names, options)
    shown = {item.finding.fingerprint for group in groups for item in group}
    if len(shown) < len(items):
        yield from ("", _left_out([item for item in items if item.finding.fingerprint not in shown]))
    yield from _open(opened, most)
    yield from _advice(items, opened, options)
    yield ""


def _verdict(run: TargetRun, options: Options, tolerated: Tolerated) -> str:
    status = exit_status([run], options.strictest, tolerated.at(options.strictest))
    return {OK: "passes", VIOLATED: "fails"}.get(status, "is undecided")


def counts(run: TargetRun, options: Options, items: Sequence[Found]) -> str:
    deciding = [result for result in run.results if result.trust == options.strictest]
    statuses = [result.status for result in deciding]
    known = sum(item.decides and bool(item.tolerated) for item in items)
    parts = [f"{statuses.count(status)} {status.value}" for status in reversed(Status) if status in statuses]
    rules = "1 rule" if len(deciding) == 1 else f"{len(deciding)} rules"
    return (f"{rules} at {options.strictest}, which decides: {', '.join(parts)}. "
            f"Findings that fail the run: {sum(item.fails for item in items)}; tolerated: {known}. "
            f"Profile {options.profile}, pages {' '.join(options.page_sizes)}.")


def _table(run: TargetRun, options: Options, items: Sequence[Found]) -> Iterator[str]:
    """Rules that are not proved at some level; those first that are not at the one that decides."""
    trusts = sorted(options.trusts, reverse=True)
    by_rule = {identity: {result.trust: result.status for result in run.results if result.rule == identity}
               for identity in dict.fromkeys(result.rule for result in run.results)}
    order = list(Status)
    rows = sorted((identity for identity, of in by_rule.items() if any(status not in FINE for status in of.values())),
                  key=lambda identity: ([-order.index(by_rule[identity].get(trust, order[0])) for trust in trusts]))
    if not rows:
        return
    yield from ("", f"| Rule | {' | '.join(trusts)} | New | Tolerated | Title |")
    yield f"|---|{'---|' * len(trusts)}--:|--:|---|"
    for identity in rows:
        mine = [item for item in items if item.rule.identity == identity and item.decides]
        known = sum(bool(item.tolerated) for item in mine)
        cells = (by_rule[identity][trust].value if trust in by_rule[identity] else "" for trust in trusts)
        yield (f"| {identity} | {' | '.join(cells)} | {len(mine) - known or ''} | {known or ''} | "
               f"{plain(run.rules[identity].title)} |")


def _findings(groups: Sequence[Sequence[Found]], names: Names, options: Options) -> Iterator[str]:
    """One of each place with its calls; who can do it is said before those that it is true of."""
    if groups:
        yield from ("", "### Findings, the worst first")
    trust = ""
    for number, group in enumerate(groups, 1):
        item = group[0]
        if item.trust != trust:
            trust = item.trust
            yield from ("", f"At {trust}: {plain(who(trust))}.", "")
        file, line = where(item)
        cause = item.finding.cause
        parts = list(dict.fromkeys(other.part.name for other in group))
        yield (f"{number}. **{item.rule.identity}** {code(f'{file}:{line}')} {code(cause.function)}, "
               f"for {_list(parts)}")
        yield f"    - required: {plain(item.finding.clause)}"
        yield f"    - wrong: {plain(wrong(cause))}"
        yield f"    - from reset: {code(calls(item.finding, names))}"
        prints = [other.finding.fingerprint for other in group]
        yield f"    - in full: {code(again(item, options))}; fingerprint{'s' * (len(prints) > 1)} {_list(prints)}"


def _list(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - MOST_LISTED} more" if len(texts) > MOST_LISTED else ""
    return ", ".join(code(text) for text in texts[:MOST_LISTED]) + more


def _left_out(rest: Sequence[Found]) -> str:
    failing, tolerated = sum(item.fails for item in rest), sum(bool(item.tolerated) for item in rest)
    weaker = len(rest) - failing - tolerated
    kinds = [f"{failing} that fail the run" if failing else "", f"{tolerated} tolerated" if tolerated else "",
             f"{weaker} at a weaker level only" if weaker else ""]
    return f"Not shown: {', '.join(filter(None, kinds))}."


def _open(opened: Sequence[Open], most: int) -> Iterator[str]:
    if opened:
        yield from ("", "### Undecided", "")
    for item in opened[:most]:
        yield f"- **{item.rule.identity}** {plain(part_names(item))}: {plain(reason(item))}"
    if len(opened) > most:
        yield f"- and {len(opened) - most} more"


def _advice(items: Sequence[Found], opened: Sequence[Open], options: Options) -> Iterator[str]:
    """What to do next, where there is something to do."""
    if any(item.fails for item in items):
        yield from ("", "To see a finding's registers, decoded messages and lines, run its command with `--tree`. To "
                        "accept one for a time, add its fingerprint with a reason to `verify.toml`.")
    elif opened:
        yield from ("", "Nothing is known to be wrong, and not all is proved: read the places above, or let exit "
                        "status 3 pass.")
