"""Reports: which goes where, and as what."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from verify.cli.terminal import coloured, columns, has_colours
from verify.errors import InputError
from verify.report import fingerprints, github, json_report, junit, sarif, summary, text
from verify.report.html import page
from verify.report.html.told import Sources
from verify.report.markup import visible
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.run import TargetRun

Renderer = Callable[[Sequence[TargetRun], Options, Tolerated], str]
RENDERERS: dict[str, Renderer] = {
    "text": text.render, "json": json_report.render, "sarif": sarif.render, "junit": junit.render, "html": page.render,
    "markdown": summary.render, "github": github.render, "fingerprints": fingerprints.render,
}
NARROWEST = 40


def pair_outputs(formats: Sequence[str], outputs: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Which report goes where; the first format without a file goes to the terminal.

    Raises InputError, before anything is judged, where a file cannot be written or is named twice.
    """
    if len(outputs) > len(formats):
        raise InputError("more --output than --format")
    missing = len(formats) - len(outputs)
    if missing > 1:
        raise InputError("only one report can go to the terminal; give an --output for each other --format")
    for number, path in enumerate(outputs):
        _check_place(path)
        if os.path.realpath(path) in map(os.path.realpath, outputs[:number]):
            raise InputError(f"{path}: given twice as --output; give each report a file of its own")
    return list(zip(formats, [*outputs, *[None] * missing], strict=True))


def _check_place(path: Path) -> None:
    """Raises InputError where no file can be written there."""
    try:
        if path.is_dir():
            raise InputError(f"{path}: cannot be written: it is a folder; give a file")
        if not path.parent.is_dir():
            raise InputError(f"{path}: cannot be written: {path.parent} is no folder; create it first")
        is_there = path.exists()
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None
    if not (os.access(path, os.W_OK) if is_there else os.access(path.parent, os.W_OK | os.X_OK)):
        raise InputError(f"{path}: cannot be written: {_why_not(path.parent)}")


def _why_not(folder: Path) -> str:
    return "its file system is read-only" if os.statvfs(folder).f_flag & os.ST_RDONLY else "no permission"


def write_reports(
    runs: Sequence[TargetRun], options: Options, tolerated: Tolerated, places: Sequence[tuple[str, Path | None]],
    sources: Sequence[Sources] = (), detail: text.Detail = text.Detail.NORMAL,
) -> None:
    """`sources` are for HTML, `detail` is of a text. Raises InputError where a file cannot be written."""
    for name, path in places:
        deliver(_renderer(name, path, sources, detail)(runs, options, tolerated), path, name)


def deliver(content: str, path: Path | None, kind: str = "") -> None:
    """To the file, or to the terminal. Raises InputError where it cannot be written."""
    if path is None:
        click.echo(_for_terminal(kind, content), nl=False, color=True)
        return
    try:
        _write(path, content)
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None


def _write(path: Path, content: str) -> None:
    """All or nothing: what was there stays until all is written, for a baseline may be the only one. Devices and pipes,
    and files in a folder that takes no others, are written as they are."""
    place = Path(os.path.realpath(path))
    if (place.exists() and not place.is_file()) or not os.access(place.parent, os.W_OK | os.X_OK):
        _fill(place, content)
        return
    other = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        _fill(other, content)
        if place.exists():
            other.chmod(place.stat().st_mode & 0o7777)
        other.replace(place)
    except BaseException:
        other.unlink(missing_ok=True)
        raise


def _fill(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", errors="backslashreplace")  # as on the terminal: names of files


def _renderer(name: str, path: Path | None, sources: Sequence[Sources], detail: text.Detail) -> Renderer:
    match name:
        case "html":
            return partial(page.render, sources=sources)
        case "text":
            width = text.WIDTH if path else min(max(columns(sys.stdout, text.WIDTH), NARROWEST), text.WIDTH)
            return partial(text.render, detail=detail, width=width)
    return RENDERERS[name]


def _for_terminal(name: str, content: str) -> str:
    """Names come from files that nobody trusts: a terminal gets no control characters from them."""
    if not sys.stdout.isatty():
        return content
    if name == "text" and has_colours(sys.stdout):
        return coloured(content)
    return "\n".join(visible(line) for line in content.split("\n"))
