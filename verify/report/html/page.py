"""The HTML report: one file that needs nothing else. Equal runs give equal bytes."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
from collections.abc import Iterator, Sequence
from operator import attrgetter

from verify import __version__
from verify.prove.outcome import Status
from verify.report import basis, brief, story
from verify.report.found import left_open
from verify.report.html import finding, matrix, rules
from verify.report.html.build import Html, definitions, details, joined, plural, scroll, tag
from verify.report.html.told import Column, Sources, Told, told
from verify.verdict.baseline import Tolerated
from verify.verdict.exit_status import OK, VIOLATED, exit_status
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

OPENED = 3
"""Up to so many findings are open from the start."""
MOST_IN_FULL = 1_400_000
"""Characters of findings, after which the others' lines take less room."""
COSTS = ("Target", "Level", "Rules", "Found by an earlier run", "Queries", "Resource units", "By simplification",
         "Refuted", "By both solvers")


def render(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, sources: Sequence[Sources] = (),
    first: Html | None = None, command: str = "verify run",
) -> str:
    """`sources`: the files of each run's own tree, whose lines are shown; a snapshot has none. `first`: a section ahead
    of all."""
    page = told(runs, options, tolerated, sources)
    style, script = _asset("style.css"), _asset("script.js")
    head = tag(
        "head", tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"), tag("link", rel="icon", href="data:,"),
        tag("title", f"verify: {', '.join(run.name for run in runs)}"), tag("style", style))
    body = tag("body", tag("a", "Skip to the findings", href="#findings", class_="skip"), _header(page, command),
               tag("main", first, *_main(page)), _footer(), tag("script", script))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _asset(name: str) -> Html:
    return Html(importlib.resources.files("verify.report.html").joinpath(name).read_text(encoding="utf-8"))


def _policy(style: Html, script: Html) -> str:
    """Nothing is fetched or sent, and no text of the report can become style or script."""
    style_hash, script_hash = (base64.b64encode(hashlib.sha256(asset.encode()).digest()).decode()
                               for asset in (style, script))
    return (f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; img-src data:; "
            "base-uri 'none'; form-action 'none'")


def _header(page: Told, command: str) -> Html:
    links = [("Matrix", "matrix-heading"), ("Findings", "findings"), ("Rules", "rules"), ("Basis and cost", "basis")]
    return tag("header", tag("h1", "FF-A proxy of pKVM ", tag("small", command)),
               tag("nav", *(tag("a", name, href=f"#{place}") for name, place in links), aria_label="Sections"))


def _main(page: Told) -> Iterator[Html]:
    yield tag("section", *(_target(page, number) for number in range(len(page.runs))), matrix.overview(page),
              class_="top")
    yield matrix.filters(page)
    yield tag("section", tag("h2", "Rules and verdicts", id="matrix-heading"), matrix.matrix(page))
    count = len(page.entries)
    heading = plural(count, "finding") if count else "No finding"
    yield tag("section", tag("h2", heading, id="findings", tabindex=-1), _legend(page),
              *_findings(page))
    yield from _undecided(page)
    yield tag("section", tag("h2", "The rules", id="rules"),
              *(rules.section(page, rule) for rule in page.rules.values()))
    yield tag("section", tag("h2", "Basis and cost", id="basis"), *_basis(page))


def _findings(page: Told) -> Iterator[Html]:
    """In full until the page is long."""
    size = 0
    for number, entry in enumerate(page.entries, 1):
        made = finding.section(page, number, entry, len(page.entries) <= OPENED, size > MOST_IN_FULL)
        size += len(made)
        yield made


def _undecided(page: Told) -> Iterator[Html]:
    """At the level that decides, for what reason and at which places."""
    for run in page.runs:
        items = left_open(run, page.options)
        if items:
            yield tag("section", tag("h2", f"Undecided in {run.name} at {page.options.strictest}"), tag("ul", *(
                tag("li", tag("a", item.rule.identity, href=f"#rule-{item.rule.identity}"),
                    f" {brief.part_names(item)}: {brief.reason(item)}") for item in items)))


def _target(page: Told, number: int) -> Html:
    """Does it pass, and what is there at the level that decides."""
    run, options = page.runs[number], page.options
    status = exit_status([run], options.strictest, page.tolerated.at(options.strictest))
    kind, verdict = {OK: ("proved", "passes"), VIOLATED: ("violated", "fails")}.get(status, ("unknown", "is undecided"))
    mine = [item for entry in page.entries for at, item in entry.shown if at == number]
    alone, others = sum(item.trust == "L2" for item in mine), sum(item.trust != "L2" for item in mine)
    counts = [f"{alone} by the host alone", f"{others} by faulty firmware" if others or len(options.trusts) > 1 else ""]
    profile = f"profile {options.profile}, pages {' '.join(options.page_sizes)}; {options.strictest} decides"
    told = f"{plural(len(mine), 'finding')}: {', '.join(filter(None, counts))}." if mine else "No finding."
    return tag("div", tag("h2", run.name, " ", tag("strong", verdict, class_=f"s {kind}")), tag("p", told),
               tag("p", f"{run.revision + '; ' if run.revision else ''}{profile}", class_="reset"),
               *(tag("p", f"Note: {note}") for note in run.notes))


def _legend(page: Told) -> Html | None:
    if not page.entries:
        return None
    trusts = [trust for trust in ("L2", "L1", "L0") if trust in page.options.trusts]
    return tag("ul", *(tag("li", finding.who_badge(trust), f" {story.who(trust)} ({trust})") for trust in trusts),
               class_="legend")


def _basis(page: Told) -> Iterator[Html]:
    yield definitions([("Trusted", basis.TRUSTED)])
    for run in page.runs:
        levels = [(f"Proofs at {level} assume", ", ".join(names)) for level, names in basis.assumed(run).items()]
        invariants = [(f"Invariants at {level}", ", ".join(names)) for level, names in sorted(run.invariants.items())]
        yield tag("h3", run.name)
        yield definitions([("Assumed", "; ".join(run.assumptions) or "nothing about the tree"), *levels])
        yield details("Invariants that proofs use", definitions(invariants)) if invariants else Html("")
    yield tag("h3", "Cost")
    head = tag("tr", *(tag("th", name, scope="col") for name in COSTS))
    yield scroll("Cost", tag("table", tag("thead", head), tag("tbody", *map(_cost, page.columns)), class_="registers"))


def _cost(column: Column) -> Html:
    results = list(column.results.values())
    costs = [result.cost for result in results]
    numbers = (len(results), sum(result.is_cached for result in results), *(
        sum(map(attrgetter(name), costs)) for name in ("queries", "units", "by_hand", "refuted", "confirmed")))
    return tag("tr", tag("th", column.name, scope="row"), tag("td", column.trust),
               *(tag("td", f"{number:,}") for number in numbers))


def _footer() -> Html:
    symbols = joined((matrix.symbol(status) for status in Status), by="; ")
    return tag("footer", tag("p", f"verify {__version__}. Only proved is green. ", symbols, "."))
