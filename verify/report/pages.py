"""The book for people: a Markdown page for each chapter, made from the rules' own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from verify.report.clauses import Entry
from verify.report.explain import explain
from verify.report.markup import plain
from verify.rules.rule import Rule

MADE = "<!-- Made by `verify rules pages`; change the rules in specs/ instead. -->"


def chapter_of(identity: str) -> str:
    return identity.split("-")[1]


def pages(
    rules: Sequence[Rule], entries: Sequence[Entry], titles: Mapping[str, str]
) -> dict[str, str]:
    """File name → text. `entries`: of these rules, and of what is not encoded."""
    by_rule: dict[str, list[Entry]] = {}
    for entry in entries:
        by_rule.setdefault(entry.rule, []).append(entry)
    known = {rule.identity: rule for rule in rules}
    result = {}
    for chapter, title in titles.items():
        names = sorted(name for name in by_rule if chapter_of(name) == chapter)
        lines = [MADE, "", f"# {chapter}: {title}", ""]
        for name in names:
            lines += _rule(known[name], by_rule[name]) if name in known else _hole(by_rule[name])
        result[f"{chapter.lower()}.md"] = "\n".join(lines).rstrip() + "\n"
    result["README.md"] = "\n".join(_contents(by_rule, titles)) + "\n"
    return result


def _rule(rule: Rule, entries: Sequence[Entry]) -> Iterator[str]:
    told = explain(rule)
    yield from (f"## {rule.identity}: {plain(rule.title)}", "", plain(told.sentence), "")
    for name, text in told.sections:
        yield f"- **{name}:** {plain(text)}"
    yield f"- **Founded on:** {plain('; '.join(map(str, rule.clauses)))} ({rule.force}, confidence {rule.confidence})"
    yield f"- **Arm's compliance suite:** {_tests(entries[0])}"
    yield ""
    functions: dict[str, list[str]] = {}
    for part in entries[0].parts:
        functions.setdefault(part.function, []).append(part.part)
    yield from ("| function | parts |", "|---|---|")
    for function, names in functions.items():
        yield f"| {_cell(function)} | {_cell(', '.join(names))} |"
    yield ""


def _hole(entries: Sequence[Entry]) -> Iterator[str]:
    entry = entries[0]
    yield from (f"## {entry.rule}: {plain(entry.title)}", "", f"*{entry.how}*: {plain(entry.why)}.", "")
    yield f"- **Founded on:** {plain('; '.join(one.where for one in entries))}"
    yield f"- **Arm's compliance suite:** {_tests(entry)}"
    yield ""


def _tests(entry: Entry) -> str:
    return plain(", ".join(entry.tests)) if entry.tests else "no test is known"


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|")


def _contents(by_rule: Mapping[str, Sequence[Entry]], titles: Mapping[str, str]) -> Iterator[str]:
    yield from (MADE, "", "# The rules", "")
    yield "`verify rules VER-07` prints one, `verify clauses` lists them by document and section."
    for chapter, title in titles.items():
        yield from ("", f"## [{chapter}: {title}]({chapter.lower()}.md)", "")
        for name in sorted(name for name in by_rule if chapter_of(name) == chapter):
            entry = by_rule[name][0]
            yield f"- {name}: {plain(entry.title)}" + (f" ({entry.how})" if entry.why else "")
