"""`verify series`: a patch series patch by patch; which patch brings or mends what."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.output import deliver, pair_outputs
from verify.cli.run import open_store
from verify.cli.steps import Judging, judging_by, one_line
from verify.cli.targets import Chosen
from verify.errors import InputError
from verify.report import series_json, series_mail, series_markdown, series_text
from verify.report.course import Asked, Course, Step
from verify.report.html import course
from verify.report.judged import Judged
from verify.report.markup import visible
from verify.source.history import History, is_range, read_history
from verify.source.patch import AppliedPatch, PatchReport, apply
from verify.source.series import PatchSeries, read_series
from verify.source.tree import SourceFiles, read_revision, read_tree
from verify.verdict.exit_status import INTERRUPTED
from verify.verdict.run import Interrupted

Renderer = Callable[[Sequence[Course], Asked], str]
RENDERERS: dict[str, Renderer] = {
    "text": series_text.render, "json": series_json.render, "markdown": series_markdown.render,
    "mail": series_mail.render, "html": course.render,
}


@click.command(epilog=given.examples(
    "verify series thread.mbox --tree ~/linux", "verify series fixes/ --tree ~/linux --rule SEC-01 --trust L2",
    "verify series thread.txt --tree ~/linux --format mail --output reply.txt --format html --output series.html",
    "verify series v6.12..fixes --git ~/linux --format markdown"))
@click.argument("source", nargs=-1, required=True)
@given.TREE
@click.option("--git", "repository", type=click.Path(path_type=Path), metavar="REPO",
              help="Git repository, for a range; or for patches upon --base.")
@click.option("--base", "revision", default="HEAD", show_default=True, metavar="REV",
              help="With --git: the revision that the patches are for.")
@given.RULES
@given.OWN
@given.FUNCTIONS
@given.PROFILE
@given.TRUSTS
@given.PAGE_SIZE
@click.option("--format", "formats", multiple=True, type=click.Choice(sorted(RENDERERS)), help="Repeatable.")
@given.OUTPUTS
@given.JOBS
@given.CONFIG
@given.CACHE
@given.FRESH
@given.READ_ONLY
@given.LIMIT
def series(
    source: tuple[str, ...], tree: Path | None, repository: Path | None, revision: str,
    rule_globs: tuple[str, ...], own: tuple[Path, ...], functions: tuple[str, ...], profile: str,
    trusts: tuple[str, ...], page_size: str,
    formats: tuple[str, ...], outputs: tuple[Path, ...], jobs: int | None, config_path: Path | None,
    folder: Path | None, fresh: bool, read_only: bool, rlimit: int | None,
) -> int:
    """Judge a patch series, each patch upon the one before.

    SOURCE: an mbox, a saved thread of a list archive, patches, a folder of them, or with --git a range A..B.

    Of several postings the newest whole one is taken. --format mail writes a reply to the list.

    Exit status, by the strictest trust level: 1 some patch brings a violation that the base does not have, even if a
    later patch mends it or does not apply; 2 wrong input, or a patch that does not apply or gives no C; 3 some patch
    leaves a part undecided that the base has decided, or loses sight of a violation; 0 otherwise, whatever the base
    has. A violation in another form is not a new one: of the same rule, part, requirement, function, kind and site as
    one that goes.
    """
    judging = judging_by(
        config_path, own, partial(given.judged_how, rule_globs=rule_globs, functions=functions, profile=profile,
                                  trusts=trusts, jobs=jobs, page_size=page_size, rlimit=rlimit),
        open_store(folder, fresh, read_only))
    places = pair_outputs(formats or ("text",), outputs)
    asked, walk = _choose(source, tree, repository, revision, judging)
    try:
        steps = tuple(walk)
    except Interrupted as stop:
        click.echo(f"verify: {stop}", err=True)
        return INTERRUPTED
    levels = steps[0].judged.trusts if steps[0].judged is not None else judging.options.trusts
    courses = [Course(steps, trust) for trust in levels]
    for name, path in places:
        deliver(RENDERERS[name](courses, asked), path)
    judging.finish()
    return courses[0].exit_status(asked.tolerated(courses[0].trust))


def _choose(
    source: tuple[str, ...], tree: Path | None, repository: Path | None, revision: str, judging: Judging
) -> tuple[Asked, Iterator[Step]]:
    """What is asked, and the steps, which are judged as they are taken."""
    if (tree is None) == (repository is None):
        raise InputError("give the base of the series: --tree DIR, or --git REPO")
    if len(source) == 1 and is_range(source[0]) and not Path(source[0]).exists():
        if repository is None:
            raise InputError(f"{source[0]}: no such file; a git range needs --git REPO")
        history = read_history(repository, source[0])
        notes = (f"{len(history.commits)} of {history.count} commits change what the front end reads",)
        again = _command([f"{history.start.short}..{history.end[:12]}"], "--git", repository, *judging.named)
        return (_asked(source[0], f"{history.start}", again, notes, judging),
                _commits(repository, history, judging))
    if repository is not None and len(source) == 1 and not Path(source[0]).exists():
        raise InputError(f"{source[0]}: no such file, and no git range; a range is A..B")
    patches = read_series([Path(name) for name in source])
    files = read_tree(tree) if tree is not None else read_revision(repository or Path(), revision)
    again = _command(source, "--tree" if tree is not None else "--git", tree or repository or Path(),
                     *(["--base", files.revision[:12]] if tree is None else []), *judging.named)
    title = patches.title or next((patch.subject for patch in patches.patches if patch.subject), Path(source[0]).name)
    base = f"{files.label}{f' ({files.revision[:12]})' if files.revision else ''}"
    return _asked(title, base, again, patches.notes, judging), _patches(files, patches, judging)


def _asked(title: str, base: str, again: str, notes: Sequence[str], judging: Judging) -> Asked:
    return Asked(visible(title), visible(base), visible(again), one_line(notes), judging.options,
                 judging.config.tolerated)


def _command(source: Sequence[str], option: str, place: Path, *more: str) -> str:
    """Without folders and names of revisions: they are the machine's own."""
    names = [name if is_range(name) else _base_name(name) for name in source]
    return " ".join(["verify series", *map(shlex.quote, names), option, shlex.quote(_base_name(place)),
                     *map(shlex.quote, more)])


def _base_name(path: str | Path) -> str:
    return os.path.basename(os.path.abspath(path)) or "."


def _patches(files: SourceFiles, series: PatchSeries, judging: Judging) -> Iterator[Step]:
    """The base, then each patch on the ones before; nothing is judged after one that does not apply."""
    last = judging.judge(judging.read(files))
    yield Step("base", last[1].name, last[1], sources=files.files)
    failed = ""
    for patch in series.patches:
        step = Step(visible(patch.name), visible(patch.subject), None, mail=visible(patch.mail.subject),
                    identity=visible(patch.mail.identity))
        if failed:
            yield replace(step, problem=f"not judged: {failed} does not apply")
            continue
        try:
            files, report = apply(files, [(patch.name, patch.text)])
        except InputError as problem:
            failed = step.name
            yield replace(step, problem=visible(f"does not apply: {problem}"))
            continue
        notes = one_line(_notes(report.patches[0]))
        judged, why = _judged(step.name, files, last, judging)
        last = judged or last
        yield replace(step, judged=judged[1] if judged else None, notes=notes, problem=why, sources=files.files)


def _notes(patch: AppliedPatch) -> list[str]:
    """What is not plain success; offsets are only counted."""
    moved = Counter(hunk.file for hunk in patch.hunks if hunk.offset and not hunk.fuzz)
    counted = [f"{count} hunk{'s' * (count != 1)} of {file} applied at an offset" for file, count in moved.items()]
    other = [line.removeprefix(f"{patch.name}: ") for line in PatchReport((patch,)).lines()
             if not line.endswith(" lines")]
    return [*counted, *other]


def _judged(
    name: str, files: SourceFiles, last: tuple[Chosen, Judged], judging: Judging
) -> tuple[tuple[Chosen, Judged] | None, str]:
    """The result, or why there is none."""
    try:
        chosen = judging.read(files, name)
    except InputError as problem:
        return None, visible(f"cannot be read: {problem}")
    try:
        return judging.judge(chosen, last), ""
    except InputError as problem:
        return None, visible(f"cannot be judged: {problem}")


def _commits(repository: Path, history: History, judging: Judging) -> Iterator[Step]:
    first = read_revision(repository, history.start.id)
    last = judging.judge(judging.read(first))
    yield Step("base", str(history.start), last[1], sources=first.files)
    for commit in history.commits:
        step = Step(commit.short, visible(commit.subject), None)
        try:
            files = read_revision(repository, commit.id)
        except InputError as problem:
            yield replace(step, problem=visible(f"cannot be read: {problem}"))
            continue
        judged, why = _judged(step.name, files, last, judging)
        last = judged or last
        yield replace(step, judged=judged[1] if judged else None, problem=why, sources=files.files)
