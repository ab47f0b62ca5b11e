"""An episode as what a native run plays: the host's calls, what EL3 and the page tables answer, what memory holds.

The program's own memory stands for the host's where EL2 looks at it; everywhere else there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from verify.interpret.events import BufferDone, SmcDone, TransferDone, newly_left
from verify.interpret.memory import HOST, Bytes, Snapshot
from verify.interpret.session import CallDone
from verify.interpret.world import PIN, SHARE_FFA, SHARE_HYP, UNPIN, UNSHARE_FFA, UNSHARE_HYP
from verify.native.statement import NotShown
from verify.prove.outcome import Episode
from verify.report.content import Piece, pieces
from verify.report.decode import Names
from verify.report.sequence import transfer

KINDS = {SHARE_HYP: "SHARE_HYP", UNSHARE_HYP: "UNSHARE_HYP", SHARE_FFA: "SHARE_FFA", UNSHARE_FFA: "UNSHARE_FFA",
         PIN: "PIN", UNPIN: "UNPIN"}
ENDINGS = {"invalid-pointer": "FAULT", "endless-loop": "NO_END", "lock-held-already": "LOCK",
           "unlock-of-a-free-lock": "LOCK", "bug": "GIVES_UP"}
MOST_STEPS, MOST_WINDOWS, MOST_MEMORY = 2000, 40, 1 << 26
MOST_BEYOND = 1 << 20
WIDE = 8


@dataclass(frozen=True, slots=True)
class Step:
    """Something that EL2 asks, in order. `loose`: registers that hold what unused memory happens to hold, as bits.

    `left`: what EL3 writes to EL2's RX buffer; `sent`: what is not 0 in EL2's TX buffer, where that is compared.
    """

    said: str
    kind: str
    asked: tuple[int, ...]
    answer: tuple[int, ...]
    loose: int = 0
    left: tuple[Piece, ...] = ()
    sent: tuple[Piece, ...] | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """One call. `writes` are by physical address; `looks`: what each copy out of the host's memory finds."""

    said: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    loose: int
    steps: tuple[Step, ...]
    writes: tuple[Piece, ...]
    looks: tuple[tuple[Piece, ...], ...]
    state: Mapping[str, int]
    warnings: int
    held: int
    ending: str
    touched: tuple[str, ...]
    beyond: tuple[tuple[str, Piece], ...] = ()
    """What it finds outside of EL2's buffers, by the buffer's name and the offset."""


@dataclass(frozen=True, slots=True)
class Script:
    """`windows`: (physical address, size) of the host's memory that EL2 looks at. `boot` is what it asks before."""

    boot: Played
    calls: tuple[Played, ...]
    windows: tuple[tuple[int, int], ...]


def script(episode: Episode, names: Names, windows: tuple[tuple[int, int], ...], leaks: Iterable[str] = ()) -> Script:
    """`leaks`: outputs of the last call that hold unused memory. Raises NotShown."""
    rx: dict[int, int] = {}
    steps = tuple(_steps(episode.boot_smcs, names, episode.pattern, rx))
    boot = Played("boot", (), (), 0, steps, (), (), {}, 0, 0, "RETURNS", ())
    calls = []
    for number, done in enumerate(episode.calls):
        shown = tuple(leaks) if number == len(episode.calls) - 1 else ()
        made = _played(done, names, episode.pattern, rx, windows, shown)
        calls.append(replace(made, beyond=tuple(_beyond(done, dict(episode.outside), episode.pattern))))
    return Script(boot, tuple(calls), windows)


def _played(
    done: CallDone, names: Names, pattern: int, rx: dict[int, int], windows: tuple[tuple[int, int], ...],
    leaks: tuple[str, ...],
) -> Played:
    ordered = [event for event in done.log.order if isinstance(event, (SmcDone, TransferDone))]
    if len(ordered) > MOST_STEPS:
        raise NotShown(f"the call makes {len(ordered)} requests, too many for a program")
    before, looks = _host(done)
    loose = sum(1 << k for k, value in enumerate(done.registers)
                if f"x{k}" in leaks or _is_unused(value, pattern))
    buffers = dict.fromkeys(event.buffer for event in done.log.buffers if event.length)
    return Played(
        names.call(done.before), done.before, done.registers, loose, tuple(_steps(ordered, names, pattern, rx)),
        tuple(_inside(before, windows)), looks, dict(done.state_after), len(done.log.warns), len(done.held),
        _ending(done), tuple(buffers))


def _ending(done: CallDone) -> str:
    if done.ended is None:
        return "RETURNS"
    if done.ended.kind not in ENDINGS:
        raise NotShown(f"{done.ended.kind or 'what ends the call'} leaves no trace of itself here")
    return ENDINGS[done.ended.kind]


def _steps(
    events: Iterable[SmcDone | TransferDone], names: Names, pattern: int, rx: dict[int, int]
) -> Iterator[Step]:
    for event in events:
        match event:
            case SmcDone():
                verb = "EL2 sends the call on" if event.is_forward else "EL2 asks"
                said = f"{verb}: {names.call(event.arguments)} → {names.answer(event.arguments, event.results)}"
                loose = sum(1 << k for k, value in enumerate(event.arguments) if _is_unused(value, pattern))
                yield Step(said, "FORWARD" if event.is_forward else "SMC", event.arguments, event.results, loose,
                           tuple(pieces(newly_left(event, rx))), _sent(event.tx))
            case TransferDone():
                yield Step(transfer(event), KINDS[event.action], (event.first, event.count),
                           (event.result & 0xFFFFFFFF,))


def _sent(now: Snapshot | None) -> tuple[Piece, ...] | None:
    return None if now is None else tuple(pieces({at: byte for at, byte in now.content.items() if byte}))


def _is_unused(value: int, pattern: int) -> bool:
    """Half of it at least is what unused memory was filled with; fills that are ordinary numbers prove nothing."""
    return pattern not in (0, 0xFF) and value.to_bytes(WIDE, "little").count(pattern) >= WIDE // 2


# -- the host's memory ---------------------------------------------------------------------------------------


def windows(episodes: Iterable[Episode]) -> tuple[tuple[int, int], ...]:
    """The pages of the host's memory that EL2 looks at, in stretches. Raises NotShown where they are too many."""
    found: set[int] = set()
    shift = 12
    for episode in episodes:
        shift = episode.page_shift
        for done in episode.calls:
            for event in _reached(done):
                first, last = event.offset >> shift, (event.offset + event.length - 1) >> shift
                if last - first > MOST_MEMORY >> shift:
                    raise NotShown("it touches too much of the host's memory")
                found.update(range(first, last + 1))
    result: list[tuple[int, int]] = []
    for page in sorted(found):
        start, size = result[-1] if result else (0, 0)
        if result and start + size == page << shift:
            result[-1] = (start, size + (1 << shift))
        else:
            result.append((page << shift, 1 << shift))
    if len(result) > MOST_WINDOWS or sum(size for _, size in result) > MOST_MEMORY:
        raise NotShown("it touches too much of the host's memory")
    return tuple(result)


def _reached(done: CallDone) -> Iterator[BufferDone]:
    """Uses of host memory; without the one that ended in a fault."""
    return (event for event in _done(done) if event.buffer == HOST)


def _done(done: CallDone) -> Iterator[BufferDone]:
    """Uses of buffers that went well, or reads outside of them that found something.

    What ends a call is the last one, or the last two: a copy is a read and a write.
    """
    for number, event in enumerate(done.log.buffers):
        ends = (done.ended is not None and number >= len(done.log.buffers) - 2 and event.span == done.ended.span)
        if event.length and not ends:
            yield event


def _beyond(done: CallDone, outside: Bytes, pattern: int) -> Iterator[tuple[str, Piece]]:
    sizes = dict(done.buffers)
    for event in _done(done):
        first, end = max(event.offset, sizes.get(event.buffer, 1 << 64)), event.offset + event.length
        if end - first > MOST_BEYOND:
            raise NotShown("it reads too much outside of a buffer")
        if first < end:
            yield event.buffer, Piece(first, bytes(outside.get(at, pattern) for at in range(first, end)))


def _host(done: CallDone) -> tuple[dict[int, int], tuple[tuple[Piece, ...], ...]]:
    """What the host writes before the call, by address, and what each copy of it finds. Raises NotShown."""
    before = {at + k: byte for at, written in done.host.before.items() for k, byte in enumerate(written)}
    seen = [event for event in done.log.buffers if event.buffer == HOST and not event.is_write]
    if all(event.is_copy for event in seen):
        return before, tuple(tuple(pieces(look)) for look in done.host.looks)
    found: dict[int, int] = {}
    for event, look in zip(seen, done.host.looks, strict=False):
        _look(event, look, found, seen)
    return before | found, ()


def _look(event: BufferDone, look: Bytes, found: dict[int, int], seen: Iterable[BufferDone]) -> None:
    for offset, byte in look.items():
        at = event.offset + offset
        if found.get(at, byte) != byte and sum(e.offset <= at < e.offset + e.length for e in seen) > 1:
            raise NotShown("the host writes between two looks that are no copies")
        found[at] = byte


def _inside(content: Bytes, places: tuple[tuple[int, int], ...]) -> Iterator[Piece]:
    """Of what is written, what lies where EL2 looks."""
    yield from pieces({at: byte for at, byte in content.items()
                       if any(start <= at < start + size for start, size in places)})
