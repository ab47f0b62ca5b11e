"""The HTML report in a browser: it opens, filters, follows links and the keyboard, in light, dark and print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.unit.report.judged import OPTIONS, many, violated, with_part
from verify.report.html import page
from verify.verdict.baseline import Tolerated
from verify.verdict.run import TargetRun

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(judged: TargetRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page.render([judged], OPTIONS, Tolerated()), encoding="utf-8")
    return path


class Opened:
    """A page, with all that it complained about or asked the network for."""

    def __init__(self, browser: Any, file: Path, place: str = "", **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda problem: self.said.append(str(problem)))
        self.page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or self.said.append(asked.url))
        self.page.goto(f"{file.as_uri()}{place}")

    def rows(self) -> int:
        return int(self.page.locator("#matrix tbody tr:visible").count())

    def findings(self) -> int:
        return int(self.page.locator(".finding:visible").count())

    def until(self, holds: str) -> None:
        """Links and filters are followed by the page in its own time; raises where it never holds."""
        self.page.wait_for_function(holds, timeout=10_000)

    def says(self) -> str:
        return str(self.page.locator("output").text_content())


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Opened]:
    it = Opened(browser, file)
    yield it
    it.context.close()
    assert it.said == []


def test_it_opens_with_everything(opened: Opened) -> None:
    assert (opened.rows(), opened.findings()) == (5, 1)
    assert opened.says() == "5 of 5 rules, 1 of 1 findings"
    assert opened.page.locator(".finding").get_attribute("open") is not None, "the only one"


def test_filters(opened: Opened) -> None:
    opened.page.get_by_label("✗ violated").check()
    assert (opened.rows(), opened.findings()) == (1, 1)
    opened.page.get_by_label("⊘ unsupported").check()
    assert (opened.rows(), opened.findings()) == (2, 1)
    opened.page.get_by_role("button", name="Reset").click()
    opened.until("document.querySelector('output').textContent.startsWith('5 of 5')")
    opened.page.get_by_label("Chapter").select_option("DSC")
    assert (opened.rows(), opened.findings()) == (1, 0)
    opened.page.get_by_label("Chapter").select_option("")
    opened.page.get_by_label("Search").fill("MINOR requested")
    assert (opened.rows(), opened.findings()) == (1, 1)
    opened.page.get_by_label("Search").fill("no such words")
    assert opened.says() == "0 of 5 rules, 0 of 1 findings"


def test_who_can_do_it(browser: Any, judged: TargetRun, tmp_path: Path) -> None:
    two = [many(judged, 2), with_part(replace(judged, name="weak"), violated(judged), "L0")]
    path = tmp_path / "two.html"
    path.write_text(page.render(two, OPTIONS, Tolerated()), encoding="utf-8")
    it = Opened(browser, path)
    assert it.findings() == 3
    it.page.get_by_label("Who").select_option(label="faulty firmware")
    assert it.findings() == 1
    it.page.get_by_label("Who").select_option(label="host alone")
    assert it.findings() == 2
    it.page.locator(".finding > summary").first.click()
    it.page.get_by_role("button", name="Open all").click()
    assert it.page.locator(".finding[open]:visible").count() == 2
    it.context.close()
    assert it.said == []


def test_a_function_changes_what_cells_say(opened: Opened) -> None:
    cell = opened.page.locator("#matrix tbody tr", has_text="DSC-01").locator("td").first
    assert "unsupported" in cell.text_content()
    opened.page.get_by_label("Function").select_option(label="FFA_VERSION")
    assert opened.findings() == 1
    shown = opened.page.locator("#matrix tbody tr:visible td")
    assert all("unsupported" not in text for text in shown.all_text_contents())
    opened.page.get_by_label("Function").select_option("")
    assert "unsupported" in cell.text_content() and cell.locator("a").count() == 1


def test_a_link_opens_what_it_leads_to(opened: Opened) -> None:
    opened.page.locator("#matrix a", has_text="VER-07").first.click()
    rule = opened.page.locator("#rule-FFA-VER-07")
    opened.until("document.activeElement.parentElement.id === 'rule-FFA-VER-07'")
    assert rule.get_attribute("open") is not None
    opened.page.locator(".finding > summary").click()
    assert opened.page.locator(".finding").get_attribute("open") is None
    rule.locator('a[href^="#finding-"]').click()
    opened.until("document.querySelector('.finding').open")


def test_an_address_leads_to_a_rule(browser: Any, file: Path) -> None:
    it = Opened(browser, file, "#rule-FFA-DSC-01")
    assert it.page.locator("#rule-FFA-DSC-01").get_attribute("open") is not None
    it.context.close()
    assert it.said == []


def test_the_keyboard_is_enough(opened: Opened) -> None:
    opened.page.keyboard.press("Tab")
    opened.until("document.activeElement.className === 'skip'")
    assert opened.page.locator(".skip").bounding_box()["x"] > 0
    opened.page.keyboard.press("Enter")
    opened.until("document.activeElement.id === 'findings'")
    opened.page.keyboard.press("Tab")
    opened.until("document.activeElement.tagName === 'SUMMARY'")
    opened.page.keyboard.press("Enter")
    opened.until("!document.querySelector('.finding').open")
    opened.page.keyboard.press("/")
    opened.until("document.activeElement.name === 'search'")
    opened.page.keyboard.type("minor/")
    assert opened.page.get_by_label("Search").input_value() == "minor/"


def _contrast(opened: Opened) -> float:
    """Of the text against the page (WCAG)."""
    return float(opened.page.evaluate("""() => {
      const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
      const worst = [...document.querySelectorAll("#matrix td.s, .badge.host, p, dt, a, .finding .calls")].map(one => {
        let back = one;
        while (back && /rgba\\(0, 0, 0, 0\\)/.test(getComputedStyle(back).backgroundColor)) back = back.parentElement;
        const pair = [light(getComputedStyle(one).color), light(getComputedStyle(back).backgroundColor)].sort((a, b) => b - a);
        return (pair[0] + 0.05) / (pair[1] + 0.05);
      });
      return Math.min(...worst);
    }"""))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_readable(browser: Any, file: Path, scheme: str) -> None:
    it = Opened(browser, file, color_scheme=scheme)
    back = it.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)")
    assert _contrast(it) >= 4.5
    it.context.close()


def test_a_narrow_screen_scrolls_down_only(browser: Any, file: Path) -> None:
    it = Opened(browser, file, viewport={"width": 360, "height": 740})
    it.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert it.page.evaluate("document.documentElement.scrollWidth") <= 360
    it.context.close()


def test_without_its_script_everything_is_shown(browser: Any, file: Path) -> None:
    it = Opened(browser, file, java_script_enabled=False)
    assert it.page.locator("#filters").is_hidden()
    assert it.page.locator("#matrix tbody tr:visible").count() == 5
    it.page.locator(".rule > summary").first.click()
    assert it.page.locator(".rule dl").first.is_visible()
    it.context.close()


def test_print_opens_everything(opened: Opened) -> None:
    hidden = opened.page.locator(".rule dl").first
    assert hidden.is_hidden()
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert hidden.is_visible()
    assert opened.page.locator("details:not([open])").count() == 0
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert hidden.is_hidden()
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#filters").is_hidden()


def test_two_hundred_findings_open_at_once(browser: Any, judged: TargetRun, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    path.write_text(page.render([many(judged, 200)], OPTIONS, Tolerated()), encoding="utf-8")
    it = Opened(browser, path)
    assert it.findings() == 200
    took = it.page.evaluate("performance.timing.loadEventEnd - performance.timing.navigationStart")
    assert took < 5000, "milliseconds, on a busy machine"
    it.page.get_by_label("Search").fill("nothing has this")
    assert it.findings() == 0
    it.context.close()
    assert it.said == []
