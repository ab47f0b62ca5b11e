"""`verify rules check FILE`: what its rules bind, whether they say anything, and what they find."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from verify.cli import options as given
from verify.cli.config import Config, load_book, read_config
from verify.cli.run import bindings, choose_targets, open_store
from verify.cli.targets import Chosen
from verify.errors import InputError
from verify.frontend.unit import lower_tree
from verify.literate.bases import LAYERS, base_files
from verify.prove.outcome import Episode, Status
from verify.report import story
from verify.report.decode import Names, names_of
from verify.report.sequence import Teller
from verify.rules.binding import choose
from verify.rules.rule import Rule
from verify.solve.remembered import Remembered
from verify.verdict.exit_status import OK, UNDECIDED, VIOLATED, is_open
from verify.verdict.look import Looker, PartLook
from verify.verdict.options import Options

LOOK = (
    given.TREE, given.REVISION, given.PATCHES, given.EXTRACTED,
    click.option("--target", metavar="NAME", help="A snapshot, or a mediator of literate tests: "
                 f"{', '.join(LAYERS)} (default: the first snapshot)."),
    given.OWN, given.FUNCTIONS, given.PROFILE,
    click.option("--trust", default="L2", show_default=True, metavar="L0|L1|L2", help="What EL3 may answer."),
    click.option("--quick", is_flag=True, help="Leave open what needs the memory handlers."),
    given.CONFIG, given.CACHE,
)
"""Options of the commands that look at rules while they are written."""


def looking(command: click.Command) -> click.Command:
    """Adds the options."""
    for option in LOOK:
        option(command)
    return command


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--times", is_flag=True, help="Say where the seconds go.")
def _check(file: Path, times: bool, quick: bool, own: tuple[Path, ...], **said: Any) -> int:
    """Say of each rule in FILE on which calls it binds, which call meets its premise, if it says anything, and what
    each part comes to.

    Memory handlers are followed only where a part needs that: the other proofs assume that these keep to their memory.
    Exit status: as of `verify run`.
    """
    start = time.perf_counter()
    config, looker = looker_from(**said)
    rules = rules_of(file, own, config)
    looker.prepare()
    prepared = time.perf_counter()
    status = OK
    for rule in rules:
        status = worst(status, show(rule, looker, quick))
    if times:
        now = time.perf_counter()
        click.echo(f"{now - start:.1f} s: target {prepared - start:.1f}, rules {now - prepared:.1f}")
    return status


check = looking(_check)


def looker_from(
    tree: Path | None, revision: str | None, patches: tuple[Path, ...], extracted: Path | None, target: str | None,
    functions: tuple[str, ...], profile: str, trust: str, config_path: Path | None, folder: Path | None,
) -> tuple[Config, Looker]:
    """Raises InputError."""
    config = read_config(config_path)
    options = Options(functions=functions, profile=profile, trusts=(trust,))
    chosen = _target(tree, revision, patches, extracted, target, config)
    answers = Remembered(open_store(folder, fresh=False, read_only=False))
    binding = choose(chosen.unit, bindings(config))
    return config, Looker(chosen.unit, binding, options, sorted(names_of(chosen.unit.constants).functions), answers)


def _target(
    tree: Path | None, revision: str | None, patches: Sequence[Path], extracted: Path | None, name: str | None,
    config: Config,
) -> Chosen:
    if tree is None and name is not None and name in LAYERS:
        return Chosen(name, "", lower_tree(base_files(name)), sources=base_files(name))
    return choose_targets(tree, revision, patches, extracted, (name,) if name else (), config.handler)[0]


def rules_of(file: Path, own: Sequence[Path], config: Config) -> list[Rule]:
    """The rules that stand in a file, a user's or one of those that come with the program. Raises InputError."""
    if not file.is_file():
        raise InputError(f"{file}: no such file of rules; `verify rules new` writes one")
    others = [path for path in (*config.rules, *own) if path.resolve() not in (file.resolve(), file.resolve().parent)]
    found = _in(file, load_book(others).rules) or _in(file, load_book((*others, file)).rules)
    if not found:
        raise InputError(f"{file}: no rule there; @rule(…) stands above each")
    return found


def _in(file: Path, rules: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in rules if Path(rule.code.co_filename).resolve() == file.resolve()]


def worst(*statuses: int) -> int:
    return next(status for status in (VIOLATED, UNDECIDED, OK) if status in statuses)


def show(rule: Rule, looker: Looker, quick: bool) -> int:
    """Print what there is to say of a rule; its exit status."""
    names = names_of(looker.unit.constants)
    status, looks = OK, looker.look(rule, quick)
    click.echo(f"{rule.identity}  {rule.title}  ({rule.place})")
    for look in looks:
        for line in _part(look, looker, names):
            click.echo(line)
        found = VIOLATED if look.result.findings else UNDECIDED if is_open(look.result) else OK
        status = worst(status, found)
    return status


def _part(look: PartLook, looker: Looker, names: Names) -> Iterator[str]:
    result = look.result
    lead = "; undecided beyond that" if result.findings else ""
    reason = f"{lead}: {result.reason}" if result.reason else ""
    places = f" ({', '.join(result.places)})" if result.places else ""
    yield f"  part {result.name}: {result.status.value} at {looker.options.strictest}{reason}{places}"
    yield f"    binds    {_bound(look.calls, names)}"
    yield f"    premise  {_met(look, looker, names)}"
    for note in look.notes:
        yield f"    note     {note}"
    for finding in result.findings:
        cause = finding.cause
        yield f"    wrong    {cause.file}:{cause.line} ({cause.function}): {finding.clause}: {story.wrong(cause)}"
    if result.status in (Status.PROVED, Status.NOT_APPLICABLE) and not look.is_full and result.assumptions:
        yield f"    assumed  {', '.join(result.assumptions)} (a first look: verify run proves it)"


def _bound(calls: Sequence[int], names: Names) -> str:
    if len(calls) == len(names.functions):
        return "every call"
    shown = [names.functions[number] for number in calls]
    more = f" and {len(shown) - 8} more" if len(shown) > 9 else ""
    return (", ".join(shown[:8] if more else shown) + more) or "no function that the tree has a name for"


def _met(look: PartLook, looker: Looker, names: Names) -> str:
    """A run from reset, and what it runs through."""
    if look.witness is None:
        if look.result.status is Status.NOT_APPLICABLE:
            return "not looked at: no call is of this kind (exists), or another part judges it (unless)"
        return "no call is known that meets it" if look.result.status is not Status.VACUOUS else "no call meets it"
    return f"met by {_run(look.witness, looker, names)}"


def _run(episode: Episode, looker: Looker, names: Names) -> str:
    teller = Teller(names, looker.binding)
    told = [story.call(done, teller) for done in episode.calls]
    functions = dict.fromkeys(line["function"] for line in told[-1]["lines"])
    calls = "; ".join(f"{call['call']} → {call['answer']}" for call in told)
    last = {name: value for name, value in told[-1]["before"].items() if name != "x0"}
    registers = " ".join(f"{name}={value}" for name, value in list(last.items())[:6])
    through = f"\n    through  {', '.join(functions)}" if functions else ""
    return f"{calls}{f'  [{registers}]' if registers else ''}{through}"
