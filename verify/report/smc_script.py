"""A counterexample as SMCs for a bench: what the host puts into registers and memory, what EL3 is asked and answers.

docs/replay.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from verify.errors import InternalError
from verify.interpret.events import SmcDone, newly_left
from verify.interpret.session import CallDone
from verify.prove.outcome import Episode, Finding
from verify.report.content import pieces
from verify.report.decode import Names, names_of
from verify.report.story import wrong

ROW = 32


def render(finding: Finding, title: str, constants: Mapping[str, int]) -> str:
    """The finding has to have its episode."""
    episode = finding.episode
    if not isinstance(episode, Episode):
        raise InternalError("a script needs the episode itself, not what a report tells of it")
    names = names_of(constants)
    return "".join(f"{line}\n" for line in _lines(finding, episode, title, names))


def _lines(finding: Finding, episode: Episode, title: str, names: Names) -> Iterator[str]:
    yield f"# {title}, fingerprint {finding.fingerprint}"
    yield f"# rule: {' '.join(finding.clause.split())}"
    yield f"# wrong: {' '.join(wrong(finding.cause).split())}"
    yield f"page-size {1 << (episode.page_shift - 10)}K"
    yield from _run(episode, names)
    if episode.second is not None:
        yield "# The second run: what is wrong above is another value here."
        yield from _run(episode.second, names)


def _run(episode: Episode, names: Names) -> Iterator[str]:
    yield "boot"
    rx: dict[int, int] = {}
    for smc in episode.boot_smcs:
        yield from _smc(smc, names, rx)
    for done in episode.calls:
        yield from _call(done, names, rx)


def _call(done: CallDone, names: Names, rx: dict[int, int]) -> Iterator[str]:
    yield f"# {names.call(done.before)}"
    for address, content in sorted(done.host.before.items()):
        yield from _bytes("memory", dict(enumerate(content, address)))
    for number, look in enumerate(done.host.looks):
        if look:
            yield from _bytes(f"look {number}", look)
    yield f"call {_registers(done.before)}"
    for smc in done.log.smcs:
        yield from _smc(smc, names, rx)
    if done.ended is not None:
        yield f"ends {done.ended.kind or 'not modelled'}"
    else:
        yield f"return {_registers(done.registers)}"


def _smc(smc: SmcDone, names: Names, rx: dict[int, int]) -> Iterator[str]:
    yield f"# EL3: {names.call(smc.arguments)} → {names.answer(smc.arguments, smc.results)}"
    yield f"{'forward' if smc.is_forward else 'smc'} {_registers(smc.arguments)}"
    yield from _bytes("rx", newly_left(smc, rx))
    yield f"answer {_registers(smc.results)}"


def _bytes(word: str, content: Mapping[int, int]) -> Iterable[str]:
    for piece in pieces(content):
        for start in range(0, len(piece.content), ROW):
            yield f"{word} {piece.at + start:#x} {piece.content[start:start + ROW].hex()}"


def _registers(values: Sequence[int]) -> str:
    """x0, and those that are not zero."""
    return " ".join(f"x{k}={value:#x}" for k, value in enumerate(values) if value or not k)
