"""The HTML report: what it tells, that it stays one closed file, and that no text of a target becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import mini
from tests.unit.report.judged import EDITS, OPTIONS, finding, many, violated, with_part
from verify.frontend.preprocess import FFA_C
from verify.prove.outcome import Cause, Retold, Status
from verify.report import json_report, story
from verify.report.decode import names_of
from verify.report.html import page
from verify.report.html.build import VOID, Html, joined, tag
from verify.verdict.baseline import Accepted, Tolerated
from verify.verdict.run import TargetRun

LETTERS = {"p": "proved", "v": "violated", "u": "unknown", "s": "unsupported", "c": "vacuous", "n": "not-applicable"}
ORDER = list(Status)
HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202e</title></style>"


class Page(HTMLParser):
    """Elements with their attributes; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def having(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]


def shown(run: TargetRun, tolerated: Tolerated = Tolerated(), **more: object) -> str:  # noqa: B008
    return page.render([run], OPTIONS, tolerated, **more)


@pytest.fixture(scope="module")
def text(judged: TargetRun) -> str:
    return shown(judged)


def test_tags_nest_and_links_lead_somewhere(text: str) -> None:
    read = Page(text)
    places = read.having("id")
    assert len(places) == len(set(places))
    links = [link for link in read.having("href") if link != "data:,"]
    assert len(links) > 20
    assert {link[1:] for link in links} <= set(places) and all(link[0] == "#" for link in links)


def test_nothing_is_fetched_and_only_its_own_style_and_script_are_allowed(text: str) -> None:
    read = Page(text)
    (policy,) = [value for value in read.having("content") if "default-src" in value]
    for name in ("style", "script"):
        (body,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert not read.having("src") and not read.having("style")
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert "http:" not in text and "https:" not in text and "@import" not in text and "url(" not in text


def test_the_matrix_has_the_status_of_each_rule_and_function(judged: TargetRun, text: str) -> None:
    cells = [item for item in Page(text).of_class("s") if "data-by" in item]
    expected = [result.status.value for rule in sorted(judged.rules) for trust in ("L2", "L0")
                for result in judged.results if (result.rule, result.trust) == (rule, trust)]
    assert [str(item["class"]).removeprefix("s ") for item in cells] == expected
    assert {"violated", "proved", "unsupported"} <= set(expected)
    functions = re.findall(r'<option value="\d+">([^<]*)</option>', text)
    for item, (rule, trust) in zip(cells, ((r, t) for r in sorted(judged.rules) for t in ("L2", "L0")), strict=True):
        (result,) = (one for one in judged.results if (one.rule, one.trust) == (rule, trust))
        told = {functions[int(entry[:-1])]: LETTERS[entry[-1]] for entry in str(item["data-by"]).split()}
        assert told == {name: max((part.status for part in result.parts if part.function == name), key=ORDER.index).value
                        for name in {part.function for part in result.parts}}
    mixed = {part.status for result in judged.results if result.rule == "FFA-VER-07" for part in result.parts}
    assert len(mixed) > 1, "or nothing would show that the worst one counts"


def test_a_finding_is_told_with_what_it_rests_on(judged: TargetRun, text: str) -> None:
    one = finding(judged)
    told = story.told(one, names_of(judged.constants))
    assert text.count('class="finding"') == 1
    for part in (one.fingerprint, one.clause, story.wrong(one.cause), story.who("L2"), "verify run --rule FFA-VER-07",
                 told["calls"][-1]["call"], "a note", "Resource units", *judged.assumptions):
        assert str(Html(joined(part))) in text
    for call in told["calls"]:
        assert f">{call['call']}</text>" in text
    for name, value in told["calls"][-1]["after"].items():
        assert re.search(rf'<th scope="row">{name}</th>.*?<code>{value}</code>', text)


def test_what_is_undecided_is_listed(text: str) -> None:
    (section,) = re.findall(r"<h2>Undecided in mini at L2</h2>(.*?)</section>", text)
    assert "#rule-FFA-DSC-01" in section and "unsupported" in section and f"{FFA_C}:" in section


def test_a_cached_finding_is_told_alike(judged: TargetRun, text: str) -> None:
    names = names_of(judged.constants)
    kept = tuple(
        replace(result, parts=tuple(
            replace(part, findings=tuple(
                replace(one, episode=Retold(json.loads(json.dumps(story.told(one, names))))) for one in part.findings))
            for part in result.parts))
        for result in judged.results)
    assert shown(replace(judged, results=kept)) == text


def test_no_text_of_a_target_is_markup(judged: TargetRun) -> None:
    cause = Cause(HOSTILE, HOSTILE, 7, ("x1", HOSTILE), "hazard", HOSTILE, "0" * 16)
    part = replace(violated(judged, HOSTILE), function=HOSTILE, reason=HOSTILE, places=(f"{HOSTILE}:1",),
                   assumptions=(HOSTILE,), findings=(replace(finding(judged), cause=cause, clause=HOSTILE),))
    run = replace(with_part(judged, part), name=HOSTILE, revision=HOSTILE, assumptions=(HOSTILE,), notes=(HOSTILE,),
                  invariants={"L2": (HOSTILE,)})
    text = shown(run, Tolerated((Accepted(finding(judged).fingerprint, HOSTILE),)), sources=[{HOSTILE: "\n" * 6 + HOSTILE}])
    read = Page(text)
    assert [name for name, _ in read.elements].count("script") == 1
    assert text.count("&lt;script&gt;alert(1)") > 20
    assert "\x1b" not in text and "\u202e" not in text and "\\x1b[31m\\u202e" in text
    assert HOSTILE.encode("ascii", "backslashreplace") not in text.encode()


def test_source_text_is_there_only_where_the_tree_is(judged: TargetRun, text: str, tmp_path: Path) -> None:
    source = (mini.write(tmp_path, *EDITS) / FFA_C).read_text(encoding="utf-8")
    calls = story.told(finding(judged), names_of(judged.constants))["calls"]
    numbers = {entry["line"] for entry in calls[-1]["lines"] if entry["file"] == FFA_C}
    with_text = re.sub(r"</?i[^>]*>", "", shown(judged, sources=[{FFA_C: source}]))
    lines = [(number, source.splitlines()[number - 1].strip()) for number in numbers]
    assert len(lines) > 5
    for number, line in lines:
        assert re.search(rf"<td>{number}</td><td> *{re.escape(str(joined(line)))}</td>", with_text)
        assert len(line) < 12 or f"{joined(line)}</td>" not in re.sub(r"</?i[^>]*>", "", text)
    assert "holds no source text" in text and "holds no source text" not in with_text


def test_lines_are_counted_as_c_does(judged: TargetRun) -> None:
    line = finding(judged).cause.line
    source = "\n".join(f"line\x0c {number}\u2028{number}" for number in range(1, 400))
    assert f"<td>{line}</td><td>line\\x0c {line}\\u2028{line}</td>" in shown(judged, sources=[{FFA_C: source}])


def test_each_finding_has_the_commands_that_go_on_from_it(judged: TargetRun) -> None:
    text = unescape(shown(with_part(judged, violated(judged))))
    words = f"{finding(judged).fingerprint} --rule {judged.results[0].rule} --function FFA_VERSION --trust L2"
    assert f"verify explain {words}" in text and f"verify replay {words}" in text


def test_tolerated_findings_say_so(judged: TargetRun) -> None:
    text = shown(with_part(judged, violated(judged)), Tolerated((Accepted(finding(judged).fingerprint, "known, <b>"),)))
    assert "known, &lt;b&gt;" in text and ">tolerated<" in text
    assert '<strong class="s proved">passes</strong>' in text and ">fails the run<" not in text


def test_targets_stand_side_by_side_and_share_a_finding(judged: TargetRun) -> None:
    other = replace(judged, name="other")
    text = page.render([judged, other], OPTIONS, Tolerated())
    assert text.count('class="finding"') == 1
    assert 'colspan="2">other</th>' in text
    assert "mini: <code>" in text and "other: <code>" in text and "(told here)" in text


def test_a_finding_is_told_as_the_strictest_level_of_any_target_shows_it(judged: TargetRun) -> None:
    weak = with_part(replace(judged, name="weak"), violated(judged), "L0")
    text = page.render([weak, with_part(judged, violated(judged))], OPTIONS, Tolerated())
    (summary,) = re.findall(r'<details class="finding".*?<summary>(.*?)</summary>', text)
    assert "host alone" in summary and "fails the run" in summary


def test_many_findings_make_no_page_that_is_too_long(judged: TargetRun) -> None:
    text = shown(many(judged, 200), sources=[{FFA_C: mini.SOURCE}])
    assert text.count('class="finding"') == 200
    assert len(text.encode()) < 3_000_000
    Page(text)


def test_a_long_page_lists_lines_in_few_words(judged: TargetRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_IN_FULL", 1000)
    text = shown(many(judged, 3))
    assert text.count("In few words, for the page is long") == 2
    assert text.count('class="path"') == 1


def test_no_finding_is_said(judged: TargetRun) -> None:
    part = replace(violated(judged), status=Status.PROVED, findings=())
    text = shown(with_part(judged, part))
    assert ">No finding<" in text and 'class="finding"' not in text


def test_figures_are_the_json_reports(judged: TargetRun, text: str) -> None:
    results = json_report.report([judged], OPTIONS, Tolerated())["runs"][0]["results"]
    for trust in ("L2", "L0"):
        mine = [result["cost"] for result in results if result["trust"] == trust]
        numbers = [len(mine), sum(cost["cached"] for cost in mine)] + [
            sum(cost[name] for cost in mine) for name in ("queries", "rlimit", "by_hand", "refuted", "confirmed")]
        assert f"<td>{trust}</td>" + "".join(f"<td>{number:,}</td>" for number in numbers) in text


def test_elements_escape_what_is_not_markup() -> None:
    assert tag("a", "<&>", None, [1, Html("<b>")], href='"x\'', open=True, hidden=None, data_x=False) == (
        '<a href="&quot;x&#x27;" open>&lt;&amp;&gt;1<b></a>')
