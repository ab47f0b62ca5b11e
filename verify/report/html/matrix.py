"""The matrix: a row for each rule, a column for each target and trust level; and what filters it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verify.prove.outcome import RuleResult, Status
from verify.report.html.build import Html, joined, plural, scroll, tag
from verify.report.html.told import LETTERS, SYMBOLS, WHO, Column, Told, chapter

CHAPTERS = {
    "BUF": "mailboxes", "CC": "calling convention", "DSC": "discovery", "ERR": "errors", "MEM": "memory",
    "MSG": "messages", "POL": "policy", "SEC": "security", "SRV": "service", "VER": "version",
}
WORST_FIRST = tuple(reversed(Status))


def filters(page: Told) -> Html:
    """Without its script the page has none, and shows everything."""
    present = [status for status in WORST_FIRST if any(
        result.status is status for column in page.columns for result in column.results.values())]
    statuses = tag("fieldset", tag("legend", "Status"), *(
        tag("label", tag("input", type="checkbox", name="status", value=LETTERS[status]),
            f" {SYMBOLS[status]} {status.value}", class_=status.value) for status in present))
    names = sorted({chapter(rule) for rule in page.rules})
    chapters = [(name, f"{name} {CHAPTERS.get(name, '')}".strip()) for name in names]
    functions = [(number, name) for number, name in enumerate(page.functions)]
    return tag(
        "form", tag("label", "Search ", tag("input", type="search", name="search", placeholder="words (key: /)")),
        _choice("Chapter", "chapter", "all chapters", chapters),
        _choice("Function", "function", "all functions", functions),
        *_trusts(page), statuses, tag("button", "Open all", type="button", name="open"),
        tag("button", "Reset", type="reset"), tag("output", "", aria_live="polite"), id="filters",
        role="search", aria_label="Filter rules and findings")


def _trusts(page: Told) -> Iterator[Html]:
    """Who can do it, where findings differ in that."""
    trusts = sorted({entry.first.trust for entry in page.entries}, reverse=True)
    if len(trusts) > 1:
        yield _choice("Who", "who", "anybody", [(trust, WHO[trust][1]) for trust in trusts])


def _choice(label: str, name: str, everything: str, options: Iterable[tuple[str | int, str]]) -> Html:
    return tag("label", f"{label} ", tag("select", tag("option", everything, value=""), *(
        tag("option", text, value=value) for value, text in options), name=name))


def matrix(page: Told) -> Html:
    first = tag("tr", tag("th", "Rule", scope="col", rowspan=2), *(
        tag("th", run.name, scope="colgroup", colspan=len(page.options.trusts)) for run in page.runs))
    decides = tag("small", " decides")
    strictest = page.options.strictest
    second = tag("tr", *(tag("th", column.trust, decides if column.trust == strictest else None, scope="col")
                         for column in page.columns))
    rows = (_row(page, rule) for rule in page.rules)
    caption = "Rules by target and trust level; with a function chosen, what holds for that function."
    return scroll("Matrix of rules", tag("table", tag("caption", caption, class_="hidden"), tag("thead", first, second),
                                         tag("tbody", *rows), id="matrix"))


def _row(page: Told, rule: str) -> Html:
    name = tag("th", tag("a", rule.removeprefix("FFA-"), href=f"#rule-{rule}"), " ",
               tag("span", page.rules[rule].title, class_="title"), scope="row")
    return tag("tr", name, *(_cell(page, column, rule) for column in page.columns), data_c=chapter(rule))


def _cell(page: Told, column: Column, rule: str) -> Html:
    result = column.results.get(rule)
    if result is None:
        return tag("td", "", class_="none")
    count = sum(entry.is_in(column) for entry in page.of_rule(rule))
    number = tag("small", f" {count}", title=plural(count, "finding")) if count else None
    return tag("td", tag("a", symbol(result.status), number, href=f"#rule-{rule}", tabindex=-1 if not count else None),
               class_=f"s {result.status.value}", data_by=_by_function(page, result))


def symbol(status: Status) -> Html:
    return joined(tag("span", SYMBOLS[status], aria_hidden="true"), " ", tag("span", status.value))


def _by_function(page: Told, result: RuleResult) -> str:
    """`0p 3v`: by a function's number, the worst status of its parts."""
    worst: dict[int, Status] = {}
    order = list(Status)
    for part in result.parts:
        number = page.functions.index(part.function)
        worst[number] = max(part.status, worst.get(number, part.status), key=order.index)
    return " ".join(f"{number}{LETTERS[status]}" for number, status in sorted(worst.items()))


def overview(page: Told) -> Html:
    """A bar for each column: how many rules came to what."""
    return tag("div", *(_bar(page, column) for column in page.columns), class_="bars")


def _bar(page: Told, column: Column) -> Html:
    statuses = [result.status for result in column.results.values()]
    counts = [(status, statuses.count(status)) for status in WORST_FIRST if status in statuses]
    boxes, at, total = [], 0.0, max(len(statuses), 1)
    for status, count in counts:
        width = 100 * count / total
        boxes.append(tag("rect", class_=status.value, x=f"{at:.2f}", y=0, width=f"{width:.2f}", height=10))
        at += width
    told = ", ".join(f"{count} {status.value}" for status, count in counts) or "no rule judged"
    drawing = tag("svg", *boxes, class_="bar", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")
    return tag("div", tag("b", f"{column.name}, {column.trust}"), drawing, tag("span", told))
