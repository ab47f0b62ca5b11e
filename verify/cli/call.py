"""`verify call`: run host calls from reset in the interpreter and print what the host sees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from verify.cli import options as given
from verify.cli.complete import target_names
from verify.cli.config import read_config
from verify.cli.run import bindings
from verify.cli.targets import Chosen, from_snapshots, from_source, snapshot_folder
from verify.errors import InputError
from verify.interpret.memory import Fault
from verify.interpret.session import CallDone, Session
from verify.interpret.spmc import Spmc
from verify.report import story
from verify.report.decode import Names, names_of
from verify.report.sequence import LOCK, Teller
from verify.report.story import lines, smc
from verify.rules.binding import choose
from verify.verdict.options import PAGE_SIZES

SMCCC_1_2 = 0x10002


@click.command(epilog=given.examples(
    "verify call FFA_VERSION w1=0x10000 FFA_ID_GET",
    "verify call --tree ~/linux FFA_VERSION w1=0x10001 FFA_MEM_RECLAIM w1=0x1 --lines",
    "verify call --smc x0=0x10001 --smc x0=0x10000 FFA_VERSION w1=0x10000"))
@click.argument("words", nargs=-1, required=True)
@click.option("--tree", type=click.Path(path_type=Path), help="Kernel tree (default: the newest snapshot).")
@given.REVISION
@given.PATCHES
@click.option("--target", metavar="NAME", help="This snapshot.", shell_complete=target_names)
@click.option("--smc", "answers", multiple=True, metavar="x0=…,x1=…", help="EL3's answers, in order; boot comes first.")
@click.option("--page-size", default="4K", show_default=True, type=click.Choice(PAGE_SIZES))
@click.option("--unused", default="0xaa", show_default=True, metavar="BYTE", help="What EL2's unused memory holds.")
@click.option("--lines", "with_lines", is_flag=True, help="Print the source lines that run.")
def call(
    words: tuple[str, ...], tree: Path | None, revision: str | None, patches: tuple[Path, ...], target: str | None,
    answers: tuple[str, ...], page_size: str, unused: str, with_lines: bool,
) -> int:
    """Run calls of the host from reset: FFA_VERSION w1=0x10001 0x84000069 …

    A number or an FF-A name starts a call; x1=… or w1=… set its registers. EL3 is a small conforming SPMC unless
    --smc gives its answers.
    """
    chosen = _target(tree, revision, patches, target)
    names = names_of(chosen.unit.constants)
    spmc = Spmc(pattern=_number(unused) & 0xFF, script=[_answer(text) for text in answers])
    binding = choose(chosen.unit, bindings(read_config(None)))
    session = Session(chosen.unit, spmc, 12 + 2 * PAGE_SIZES.index(page_size), init=binding.init)
    _boot(session, names)
    teller = Teller(names, binding)
    status = 0
    for registers in parse_calls(words, names):
        done = session.call(registers)
        for line in describe(done, teller, with_lines):
            click.echo(line)
        if done.fault is not None:
            status = 3
            break
    return status


def _target(tree: Path | None, revision: str | None, patches: Sequence[Path], name: str | None) -> Chosen:
    if tree is not None:
        return from_source(tree, revision, patches, read_config(None).handler)
    return from_snapshots(snapshot_folder(), (name,) if name else ())[-1]


def _boot(session: Session, names: Names) -> None:
    """With SMCCC 1.2, as hyp_ffa_init needs it."""
    for name, item in session.unit.statics.items():
        for member in item.fields:
            if item.is_external and member.path == "smccc_version":
                session.machine.set_static(f"{name}.{member.path}", SMCCC_1_2)
    try:
        result = session.initialise()
    except Fault as problem:
        raise InputError(f"boot: {problem}") from None
    for asked in session.machine.log.smcs:
        told = smc(asked, names)
        click.echo(f"boot: EL2 asks {told['call']} → {told['answer']}")
    if result:
        raise InputError(f"boot: hyp_ffa_init returns {result}; EL2 would not take FF-A calls")


def parse_calls(words: Sequence[str], names: Names) -> list[list[int]]:
    """Registers of each call. Raises InputError for a word that is neither a function nor a register."""
    by_name = {name: value for value, name in names.functions.items()}
    calls: list[list[int]] = []
    for word in words:
        found = re.fullmatch(r"([wx])(\d+)=(\w+)", word)
        if found is None:
            calls.append([by_name[word] if word in by_name else _number(word), *[0] * 30])
            continue
        index = int(found[2])
        if not calls or index > 30:
            raise InputError(f"{word}: a register (x1 to x30) follows the function of a call")
        value = _number(found[3])
        if value >> (32 if found[1] == "w" else 64):
            raise InputError(f"{word}: too large for {found[1]}{index}")
        calls[-1][index] = value
    return calls


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise InputError(f"{text}: neither a number nor a function of FF-A") from None


def _answer(text: str) -> list[int]:
    registers = [0] * 18
    for item in filter(None, re.split(r"[,\s]+", text)):
        found = re.fullmatch(r"[wx](\d+)=(\w+)", item)
        if found is None or int(found[1]) > 17:
            raise InputError(f"--smc {item}: x0=… to x17=… are expected")
        registers[int(found[1])] = _number(found[2])
    return registers


def describe(done: CallDone, teller: Teller, with_lines: bool) -> list[str]:
    """The call, what happened in it, the registers that it changed and EL2's state."""
    told = story.call(done, teller)
    result = [f"{told['call']} → {told['answer']}" + (f": {told['outcome']}" if done.ended is None else "")]
    for event in told["events"]:
        if event["kind"] != LOCK:
            result.append(f"  {event['text']}   ({event['function']}:{event['line']})")
            result += [f"    {line}" for line in event.get("details", ())]
    changed = {
        f"x{k}": after for k, (before, after) in enumerate(zip(done.before, done.registers, strict=True))
        if before != after
    }
    result.append("  the host sees: " + (_pairs(changed) or "no register changed"))
    old = dict(done.state_before)
    state = {path: value for path, value in done.state_after if old[path] != value}
    if state:
        result.append("  EL2 then: " + _pairs(state))
    if with_lines:
        result += [
            f"    {entry['file']}:{entry['line']} {entry['function']} {_texts(entry['values'])}".rstrip()
            for entry in lines(done.log.steps)]
    return result


def _pairs(values: Mapping[str, int]) -> str:
    return " ".join(f"{name}={value:#x}" for name, value in values.items())


def _texts(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())
