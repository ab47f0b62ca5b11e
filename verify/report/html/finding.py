"""A section for a finding: what, who can do it, the clause; the calls drawn and told; registers; bytes; lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.prove.outcome import Finding
from verify.report import brief, registers, shown, story
from verify.report.decode import Names
from verify.report.html import layout, source
from verify.report.html.build import Child, Html, code, definitions, details, joined, scroll, tag
from verify.report.html.diagram import sequence
from verify.report.html.told import WHO, Entry, Sources, Told, chapter
from verify.report.lines import lines_text, pairs
from verify.report.sequence import OWN_DESCRIPTOR, OWN_RX, OWN_TX
from verify.report.text import followed

TX, RX = (OWN_TX,), (OWN_RX, OWN_DESCRIPTOR)
"""Where EL2 has what the host sends, and what EL3 answers."""
MOST_SHORT = 3000
MOST_EARLIER = 1500
"""Characters about the lines of a call before the last one."""


def section(page: Told, number: int, entry: Entry, is_open: bool, is_short: bool = False) -> Html:
    """`is_short`: the page is long already, and the lines that ran take little room."""
    run, item = entry.shown[0]
    finding, names = item.finding, page.names[run]
    told = story.told(finding, names)
    return details(
        _headline(page, number, entry),
        _facts(page, entry),
        tag("h4", "Calls from reset"), _reset(told), _figure(sequence(told, finding.cause)), _in_words(told),
        tag("h4", "Registers of the last call"), _registers(told, names, finding), _state(told["calls"][-1]),
        *_layouts(told), _lines(told, finding, page.sources[run], is_short),
        class_="finding", id=anchor(entry), open=is_open, data_c=chapter(item.rule.identity), data_s="v",
        data_t=item.trust, data_f=page.functions.index(item.function))


def anchor(entry: Entry) -> str:
    return anchor_of(entry.first.rule.identity, entry.fingerprint)


def anchor_of(rule: str, fingerprint: str) -> str:
    """The rule is part of it: a fingerprint stands once on a page, whoever made it."""
    return f"finding-{rule}-{fingerprint}"


def who_badge(trust: str) -> Html:
    kind, label = WHO[trust]
    return tag("span", label, class_=f"badge {kind}", title=story.who(trust))


def _headline(page: Told, number: int, entry: Entry) -> Html:
    run, item = entry.shown[0]
    cause = item.finding.cause
    file, line = brief.where(item)
    return joined(
        tag("span", number, class_="number"),
        tag("h3", item.rule.identity, " ", tag("small", item.part.name)),
        who_badge(item.trust), _effect(entry), tag("span", item.finding.clause, class_="clause"),
        tag("span", code(f"{file.rpartition('/')[2]}:{line}"), " ", cause.function, class_="where"),
        tag("code", brief.clip(brief.calls(item.finding, page.names[run]), 240), class_="calls"))


def _effect(entry: Entry) -> Html:
    """Does it fail the run, and why not?"""
    if entry.fails:
        return tag("span", "fails the run", class_="badge fails")
    if entry.first.tolerated:
        return tag("span", "tolerated", class_="badge", title=entry.first.tolerated)
    return tag("span", "at a weaker level only", class_="badge")


def _facts(page: Told, entry: Entry) -> Html:
    item = entry.first
    rule, finding = item.rule, item.finding
    explain, replay = brief.further(item, page.options)
    return definitions([
        ("Wrong", tag("strong", story.wrong(finding.cause), class_="wrong")),
        ("Required", finding.clause),
        ("Rule", joined(tag("a", rule.identity, href=f"#rule-{rule.identity}"), f" {rule.title}")),
        ("Clause", "; ".join(map(str, rule.clauses)) + f" ({rule.force}; confidence {rule.confidence})"),
        ("Who can do it", story.who(item.trust)),
        ("Where", _list(list(_places(page, entry)))),
        ("Part", f"{item.part.name}, of {item.function}" if item.function != item.part.name else item.function),
        ("Tolerated", item.tolerated),
        ("Accepted", item.lapsed),
        ("Also assumed", ", ".join(item.part.assumptions)),
        ("Rests on", "a replay of these calls by the interpreter; no solver is trusted for it"),
        ("Compiled code", finding.native),
        ("Fingerprint", code(finding.fingerprint)),
        ("Command", joined(code(brief.again(item, page.options)), " with --tree or --target")),
        ("Which values matter", joined(code(explain), " with --tree or --target")),
        ("On your C, compiled", joined(code(replay), " with --tree"))])


def _places(page: Told, entry: Entry) -> Iterator[Html]:
    """In each target that has it; only the first one's calls are told."""
    for number, (run, item) in enumerate(entry.shown):
        cause = item.finding.cause
        levels = " ".join(item.trusts)
        note = " (told here)" if len(entry.shown) > 1 and not number else ""
        yield joined(f"{page.runs[run].name}: ", code(f"{cause.file}:{cause.line}"),
                     f" {cause.function}, at {levels}{note}")


def _list(lines: Sequence[Html]) -> Html:
    return lines[0] if len(lines) == 1 else tag("ul", *(tag("li", line) for line in lines))


def _reset(told: Mapping[str, Any]) -> Html:
    boot = f"; boot: {pairs(told['boot'])}" if told["boot"] else ""
    lines = [f"Pages of {told['page_size']}, unused EL2 memory filled with {told['unused_memory']}{boot}.",
             *(f"It fails for this: {line.strip()}." for line in followed(told))]
    return tag("p", " ".join(lines), class_="reset")


def _figure(drawing: Html, caption: str = "") -> Html:
    label = caption or "Sequence diagram"
    return tag("figure", scroll(label, drawing),
               tag("figcaption", caption) if caption else None)


def _in_words(told: Mapping[str, Any]) -> Html:
    calls = told["calls"]
    return details("The same in words, with the bytes decoded", *(
        joined(tag("p", tag("b", f"{number}. {call['call']} → {call['answer']}"), f" {_outcome(call)}"),
               tag("ol", (_event(event) for _, event in shown.numbered(shown.events(call, call is calls[-1])))),
               None if call is calls[-1] else _few_lines(call))
        for number, call in enumerate(calls, 1)))


def _few_lines(call: Mapping[str, Any]) -> Html:
    return tag("p", "Lines: ", code(brief.clip(lines_text(call["lines"]), MOST_EARLIER)), class_="few")


def _outcome(call: Mapping[str, Any]) -> str:
    return str(call["outcome"]) if call["ended"] is None else "(ended)"


def _event(event: Mapping[str, Any] | int) -> Html:
    if isinstance(event, int):
        return tag("li", f"… up to {event}, and so on", value=event)
    where = tag("span", f" {event['function']}:{event['line']}", class_="where") if "line" in event else None
    bytes_ = event.get("details", ())
    return tag("li", event["text"], where, tag("pre", joined(bytes_, by="\n")) if bytes_ else None)


def _registers(told: Mapping[str, Any], names: Names, finding: Finding) -> Html:
    call, wrong = told["calls"][-1], set(finding.cause.outputs)
    has_ended = call["ended"] is not None
    rows = registers.rows(call, names, int(told["unused_memory"], 16))
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", "call", "", "answer", "")))
    body = (tag("tr", tag("th", row.name, scope="row"), tag("td", code(row.before)), tag("td", row.asked),
                *_answer(row, row.name in wrong, has_ended)) for row in rows)
    return _table("Registers of the last call", tag("thead", head), tag("tbody", *body))


def _answer(row: registers.Row, is_wrong: bool, has_ended: bool) -> Sequence[Html]:
    if has_ended:
        return tag("td", "no answer", colspan=2, class_="same"),
    kind = "wrong" if is_wrong else None if row.is_changed else "same"
    meaning = joined(tag("b", "wrong"), f": {row.answered}" if row.answered else "") if is_wrong else row.answered
    return tag("td", code(row.after), class_=kind), tag("td", meaning)


def _table(label: str, *parts: Child) -> Html:
    return scroll(label, tag("table", *parts, class_="registers"))


def _state(call: Mapping[str, Any]) -> Html | None:
    """EL2's statics that the call changed."""
    before, after = call["state"]["before"], call["state"]["after"]
    changed = [path for path in {**before, **after} if before.get(path, "0x0") != after.get(path, "0x0")]
    if not changed:
        return None
    rows = (tag("tr", tag("th", path, scope="row"), tag("td", code(before.get(path, "0x0"))),
                tag("td", code(after.get(path, "0x0")))) for path in changed)
    head = tag("tr", *(tag("th", name, scope="col") for name in ("EL2's state", "before", "after")))
    return _table("EL2's state", tag("thead", head), tag("tbody", *rows))


def _layouts(told: Mapping[str, Any]) -> Iterator[Html]:
    """Of the messages of the last call, each once."""
    seen: list[Mapping[str, Any]] = []
    events = told["calls"][-1]["events"]
    for event in events:
        if "layout" in event and event["layout"] not in seen:
            seen.append(event["layout"])
            writer, copy = ("the host", TX) if event["kind"] == "host-writes" else ("EL3", RX)
            touched = [one for other in events for one in _alone(other) if one["buffer"] in copy]
            inside = "" if layout.is_hostile(event["layout"]) else " Every part lies inside the message."
            yield tag("h4", f"The descriptor that {writer} wrote, where its parts lie")
            caption = f"Not to scale. {layout.describe(event['layout'])}.{inside}"
            yield _figure(layout.drawn(event["layout"], touched), caption)


def _alone(event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The one access that is told for its own sake; a copy has two."""
    accesses: Sequence[Mapping[str, Any]] = event.get("accesses", ())
    return accesses if len(accesses) == 1 else ()


def _lines(told: Mapping[str, Any], finding: Finding, sources: Sources, is_short: bool) -> Html:
    entries = told["calls"][-1]["lines"]
    if is_short:
        return details(f"Lines of the last call ({len(entries)})",
                       tag("p", "In few words, for the page is long; the command above shows this finding alone."),
                       code(brief.clip(lines_text(entries), MOST_SHORT)), class_="lines")
    note = "" if sources else " The target is a snapshot, which holds no source text: run with --tree to see it."
    return details(f"Lines of the last call ({len(entries)})",
                   tag("p", f"In the order in which they ran, with the values that they set.{note}", class_="reset"),
                   source.lines(entries, sources, finding.cause), class_="lines")
