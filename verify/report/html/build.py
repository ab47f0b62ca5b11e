"""Elements of a page. Whatever is not made by `tag` is text, and stays text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from verify.report.markup import visible


class Html(str):
    """Markup that is safe to put into a page."""

    __slots__ = ()


Child = Html | str | int | None
"""Text is escaped; None is nothing."""
Value = str | int | bool | None
VOID = frozenset({"meta", "link", "input", "br", "rect", "line", "path", "circle", "polygon"})
NOTHING = Html("")


def text(value: str | int) -> Html:
    """A text that shows its control characters."""
    return value if isinstance(value, Html) else Html(escape(visible(str(value))))


def tag(name: str, /, *children: Child | Iterable[Child], **attributes: Value) -> Html:
    """`tag("a", "text", href="#x", class_="y")`: no attribute for None and False, a bare one for True."""
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{given}>" if name in ("meta", "link", "input", "br") else f"<{name}{given}/>")
    return Html(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*children: Child | Iterable[Child], by: str = "") -> Html:
    """What stands side by side; `by` is put between as it is."""
    flat = (part for child in children
            for part in ([child] if child is None or isinstance(child, str | int) else child))
    return Html(by.join(text(part) for part in flat if part is not None))


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(value)}"'


def details(summary: Child, /, *children: Child | Iterable[Child], **attributes: Value) -> Html:
    return tag("details", tag("summary", summary), *children, **attributes)


def scroll(label: str, /, *children: Child) -> Html:
    """What may be wider than the page; the keyboard reaches it."""
    return tag("div", *children, class_="scroll", tabindex=0, role="region", aria_label=label)


def definitions(rows: Iterable[tuple[str, Child]]) -> Html:
    """A list of names and what they are; rows without a value are left out."""
    return tag("dl", (joined(tag("dt", name), tag("dd", value)) for name, value in rows if value))


def code(value: str) -> Html:
    return tag("code", value)


def plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
