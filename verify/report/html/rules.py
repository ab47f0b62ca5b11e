"""A section for each rule: what it says, where that stands, what came of its parts, and what that cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verify.prove.outcome import PartResult, RuleResult, Status
from verify.report.explain import explain
from verify.report.html.build import Child, Html, code, definitions, details, joined, plural, tag
from verify.report.html.finding import anchor, who_badge
from verify.report.html.matrix import symbol
from verify.report.html.told import Entry, Told, chapter
from verify.rules.rule import Rule


def section(page: Told, rule: Rule) -> Html:
    said = explain(rule)
    facts: list[tuple[str, Child]] = [*said.sections, ("Source", "; ".join(map(str, rule.clauses))),
                                      ("Kind", f"{rule.force}; confidence {rule.confidence}")]
    entries = page.of_rule(rule.identity)
    return details(
        joined(tag("h3", rule.identity), " ", tag("span", rule.title, class_="title")),
        tag("p", said.sentence), definitions(facts), _findings(entries), *_verdicts(page, rule.identity),
        class_="rule", id=f"rule-{rule.identity}", data_c=chapter(rule.identity))


def _findings(entries: Sequence[Entry]) -> Html | None:
    if not entries:
        return None
    return joined(tag("h4", plural(len(entries), "finding")), tag("ul", *map(_link, entries)))


def _link(entry: Entry) -> Html:
    item = entry.first
    return tag("li", tag("a", f"{item.part.name}: {item.finding.clause}", href=f"#{anchor(entry)}"), " ",
               who_badge(item.trust))


def _verdicts(page: Told, rule: str) -> Iterator[Html]:
    for column in page.columns:
        result = column.results.get(rule)
        if result is not None:
            yield tag("h4", f"{column.name} at {column.trust}: ", _status(result.status))
            yield tag("ul", *(_group(parts) for parts in _alike(result)), class_="parts")
            yield tag("p", cost(result), class_="cost")


def _status(status: Status) -> Html:
    return tag("span", symbol(status), class_=f"s {status.value}")


def _alike(result: RuleResult) -> list[list[PartResult]]:
    """Parts that came to the same for the same reason, the worst last."""
    groups: dict[tuple[object, ...], list[PartResult]] = {}
    for part in result.parts:
        groups.setdefault((part.status, part.reason, part.places, part.assumptions), []).append(part)
    return list(groups.values())


def _group(parts: Sequence[PartResult]) -> Html:
    first = parts[0]
    reason = f": {first.reason}" if first.reason else ""
    return tag("li", _status(first.status), f" {', '.join(part.name for part in parts)}{reason}",
               tag("div", "at ", joined(map(code, first.places), by=", ")) if first.places else None,
               tag("div", f"assumes {', '.join(first.assumptions)}") if first.assumptions else None)


def cost(result: RuleResult) -> str:
    """As the JSON report has it."""
    spent = result.cost
    known = "; found by an earlier run, at this cost then" if result.is_cached else ""
    return (f"Cost: queries {spent.queries:,}, resource units {spent.units:,}, decided by simplification "
            f"{spent.by_hand:,}; refuted {spent.refuted:,}, of these by both solvers {spent.confirmed:,}{known}")
