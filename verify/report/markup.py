"""Text for terminals, for Markdown, for XML and for GitHub's workflow commands: whatever it holds, it stays text."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def visible(text: str) -> str:
    """Without characters that a terminal or a page obeys instead of showing them, as those that turn text around."""
    return text if text.isprintable() else "".join(
        char if char.isprintable() else ascii(char)[1:-1] for char in text)


def plain(text: str) -> str:
    """Markdown that shows the text as it is, in one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;"))


def code(text: str) -> str:
    """A code span, in a table too; its fence is longer than any in the text."""
    flat = " ".join(text.split())
    fence = "`" * (max(map(len, re.findall("`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}".replace("|", "\\|")


def xml(text: str) -> str:
    """Without what XML 1.0 cannot hold; the writer escapes the rest."""
    return _NOT_XML.sub("\ufffd", text)


def command(text: str) -> str:
    """The message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    return command(text).replace(":", "%3A").replace(",", "%2C")
