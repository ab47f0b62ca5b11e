"""One C program for a finding: it takes the proxy from the reader's own tree and plays the counterexample to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from verify.frontend.agreed import ENVIRONMENT
from verify.interpret.memory import HOST
from verify.ir.expr import POINTER
from verify.ir.function import Unit
from verify.native.expression import NotInC, function
from verify.native.script import Played, Script, Step, script, windows
from verify.native.statement import Judged, NotShown
from verify.prove.outcome import Episode, Finding
from verify.report.content import Piece
from verify.report.decode import Names, names_of
from verify.report.story import wrong
from verify.rules.binding import Binding
from verify.rules.rule import STACK

KERNEL_C = ["-fno-strict-overflow", "-fno-strict-aliasing", "-funsigned-char"]
"""C as the kernel means it."""
ERRORS = [f"-Werror={name}" for name in (
    "implicit-function-declaration", "incompatible-pointer-types", "int-conversion", "implicit-int")]
FLAGS = ["-std=gnu11", "-O0", "-g", "-fno-stack-protector", *KERNEL_C]
"""Without optimisation what is uninitialised is what the stack holds."""
LIBRARY = ("signal.h", "stdarg.h", "stdio.h", "stdlib.h", "string.h", "sys/mman.h", "sys/time.h", "sys/wait.h",
           "unistd.h")
UNUSED = (0xAA, 0x55)
"""What two runs find on the stack that differ in nothing else."""


@dataclass(frozen=True, slots=True)
class Place:
    """A scalar member of a static, as C names it. `is_external`: it is none of the tree's proxy."""

    path: str
    is_pointer: bool
    is_external: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """What a program is about. `title`: the rule, level and part, in one line."""

    unit: Unit
    binding: Binding
    title: str
    finding: Finding
    judged: Judged

    @property
    def episodes(self) -> list[Episode]:
        first = self.finding.episode
        assert isinstance(first, Episode)
        return [first] if first.second is None else [first, first.second]

    @property
    def names(self) -> Names:
        return names_of(self.unit.constants)

    @property
    def places(self) -> list[Place]:
        """Every scalar member of a static that the tree has."""
        return [Place(f"{name}.{field.path}" if field.path else name, field.bits == POINTER, item.is_external)
                for name, item in self.unit.statics.items() if item.span != ENVIRONMENT for field in item.fields]

    @property
    def numbers(self) -> list[str]:
        """Paths of the tree's own that are no pointers: what they hold can be compared."""
        return [place.path for place in self.places if not place.is_pointer and not place.is_external]


def program(subject: Subject) -> str:
    """The program's text, without any of the tree's. Raises NotShown where a native run cannot show the finding."""
    try:
        return "".join(_parts(subject))
    except NotInC as problem:
        raise NotShown(f"the statement speaks of {problem}") from None


def _environment(name: str) -> str:
    return resources.files("verify.native").joinpath("env", name).read_text(encoding="utf-8")


def _inner(name: str) -> str:
    """A header as a part of a larger text."""
    lines = _environment(name).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(('#include "', "/* SPDX")))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda found: values[found[1]], text)


def _parts(subject: Subject) -> Iterator[str]:
    episode = subject.episodes[0]
    build = _filled(_environment("build.sh"), {"FLAGS": " ".join(FLAGS), "ERRORS": " ".join(ERRORS)})
    yield f"#if 0\n# {_line(subject.title)}\n# Build and run: sh THIS-FILE TREE\n{build}#endif\n"
    yield "/* SPDX-License-Identifier: GPL-2.0-only */\n"
    yield "#ifndef PROXY\n#define _GNU_SOURCE\n" + "".join(f"#include <{name}>\n" for name in LIBRARY)
    yield f"#endif\n#define PAGE_SHIFT {episode.page_shift}\n"
    yield _inner("protocol.h") + _sizes(subject) + _environment("player.h")
    yield "\n#ifdef PROXY\n" + _proxy(subject) + "#else\n"
    yield from _tables(subject)
    yield from _statements(subject)
    yield _environment("memory.c") + "\n" + _environment("player.c") + "#endif\n"


def _sizes(subject: Subject) -> str:
    smcs = max(len(episode.calls[-1].log.smcs) for episode in subject.episodes)
    binding = subject.binding
    named = {"OWN_TX": binding.own_tx, "OWN_RX": binding.own_rx, "VERSION": binding.version,
             "NEGOTIATED": binding.negotiated}
    numbers = {"SMCS": smcs, "SHOWN": len(subject.judged.shown), "IS_ABOUT_EVENTS": int(subject.judged.events)}
    return "".join([f"#define {name} {text(value)}\n" for name, value in named.items()]
                   + [f"#define {name} {value}\n" for name, value in numbers.items()])


def _proxy(subject: Subject) -> str:
    handler = subject.unit.functions[subject.binding.handler]
    arguments = "context, function" if len(handler.parameters) == 2 else "context"
    places = "".join(f"\t{{ {text(one.path)}, &{one.path}, sizeof({one.path}), {int(one.is_pointer)}, "
                     f"{int(one.is_external)} }},\n" for one in subject.places)
    return _filled(_environment("proxy.c"), {
        "KERNEL_H": _inner("kernel.h"), "HYPERVISOR_H": _inner("hypervisor.h"), "PLACES": places,
        "INIT": subject.binding.init, "HANDLER": f"{handler.name}({arguments})"})


# -- tables --------------------------------------------------------------------------------------------------


def _tables(subject: Subject) -> Iterator[str]:
    episodes, finding = subject.episodes, subject.finding
    leaks = finding.cause.outputs if finding.cause.kind in ("uninitialised", "outside") or len(episodes) > 1 else ()
    places = windows(episodes)
    boot = ", ".join(f"{{ {_place(subject, path)}, {_hex(value)} }}" for path, value in episodes[0].boot)
    yield f"\nstatic const char about[] = {text(subject.title)}, wrong[] = {text(wrong(finding.cause))};\n"
    yield "static const struct window windows[] = { " + "".join(
        f"{{ {_hex(at)}, {_hex(size)} }}, " for at, size in places) + "{ 0 } };\n"
    yield f"static const word shown[] = {{ {''.join(f'{_hex(at)}, ' for at in subject.judged.shown)}0 }};\n"
    yield f"static const struct set booted[] = {{ {boot}{', ' if boot else ''}{{ 0 }} }};\n"
    rows = []
    for number, episode in enumerate(episodes):
        made = script(episode, subject.names, places, leaks)
        yield from _run(subject, made, number)
        rows.append(_row(subject, episode, number))
    yield "static const struct run runs[] = {\n" + "".join(rows) + "};\n"


def _row(subject: Subject, episode: Episode, number: int) -> str:
    patterns = {one.pattern for one in subject.episodes}
    is_stack = len(subject.episodes) > 1 and _secrets(subject) == STACK
    unused = UNUSED[number] if is_stack and len(patterns) < 2 else episode.pattern
    title = ("first run", "second run")[number] if len(subject.episodes) > 1 else "from reset"
    sets = len(_disturbed(subject)) if number else 0
    return (f"\t{{ {text(title)}, &boot_{number}, calls_{number}, {len(episode.calls)}, {_hex(episode.physical)}, "
            f"{unused:#04x}, sets_{number}, {sets}, {int(episode.is_chosen)} }},\n")


def _secrets(subject: Subject) -> str:
    """What the two runs differ in, where it is unused memory alone; or nothing."""
    first, second = subject.episodes
    same = (first.calls[-1].before == second.calls[-1].before and first.physical == second.physical
            and not _disturbed(subject))
    return STACK if same else ""


def _disturbed(subject: Subject) -> list[tuple[str, int]]:
    """Statics that are numbers and something else before the second run's last call."""
    if len(subject.episodes) < 2:
        return []
    first, second = (dict(episode.calls[-1].state_before) for episode in subject.episodes)
    return [(path, second[path]) for path in subject.numbers if second[path] != first[path]]


def _place(subject: Subject, path: str) -> int:
    return [one.path for one in subject.places].index(path)


def _run(subject: Subject, made: Script, number: int) -> Iterator[str]:
    sets = _disturbed(subject) if number else []
    rows = "".join(f"{{ {_place(subject, path)}, {_hex(value)} }}, " for path, value in sets)
    yield f"static const struct set sets_{number}[] = {{ {rows}{{ 0 }} }};\n"
    yield from _call(subject, made.boot, f"{number}_boot")
    yield f"static const struct call boot_{number} = {_fields(made.boot, f'{number}_boot')};\n"
    for k, call in enumerate(made.calls):
        yield from _call(subject, call, f"{number}_{k}")
    yield f"static const struct call calls_{number}[] = {{\n" + "".join(
        f"\t{_fields(call, f'{number}_{k}')},\n" for k, call in enumerate(made.calls)) + "};\n"


def _call(subject: Subject, call: Played, name: str) -> Iterator[str]:
    for k, step in enumerate(call.steps):
        yield _bytes(f"left_{name}_{k}", step.left)
        yield _bytes(f"sent_{name}_{k}", step.sent or ())
    yield f"static const struct step steps_{name}[] = {{\n" + "".join(
        f"\t{_step(step, f'{name}_{k}')},\n" for k, step in enumerate(call.steps)) + "\t{ 0 }\n};\n"
    yield _bytes(f"writes_{name}", call.writes)
    for k, look in enumerate(call.looks):
        yield _bytes(f"look_{name}_{k}", look)
    yield f"static const struct pieces looks_{name}[] = {{ " + "".join(
        f"{{ look_{name}_{k}, {len(look)} }}, " for k, look in enumerate(call.looks)) + "{ 0 } };\n"
    state = "".join(f"{_hex(call.state.get(path, 0))}, " for path in subject.numbers)
    yield f"static const word state_{name}[] = {{ {state}0 }};\n"
    touched = "".join(f"{text(name if name != HOST else 'host memory')}, " for name in call.touched)
    yield f"static const char *const touched_{name}[] = {{ {touched}NULL }};\n"
    beyond = "".join(f"{{ {text(buffer)}, {_piece(piece)} }}, " for buffer, piece in call.beyond)
    yield f"static const struct beyond beyond_{name}[] = {{ {beyond}{{ 0 }} }};\n"


def _fields(call: Played, name: str) -> str:
    return (f"{{ {text(call.said)}, {{ {_words(call.before)} }}, {{ {_words(call.after)} }}, {call.loose:#x}, "
            f"steps_{name}, {len(call.steps)}, {{ writes_{name}, {len(call.writes)} }}, looks_{name}, "
            f"{len(call.looks)}, state_{name}, {call.warnings}, {call.held}, {call.ending}, touched_{name}, "
            f"beyond_{name}, {len(call.beyond)} }}")


def _step(step: Step, name: str) -> str:
    sent = "{ 0 }" if step.sent is None else f"{{ sent_{name}, {len(step.sent)} }}"
    return (f"{{ {text(step.said)}, {step.kind}, {{ {_words(step.asked)} }}, {{ {_words(step.answer)} }}, "
            f"{step.loose:#x}, {sent}, {{ left_{name}, {len(step.left)} }} }}")


def _bytes(name: str, content: Iterable[Piece]) -> str:
    rows = "".join(f"\t{_piece(piece)},\n" for piece in content)
    return f"static const struct bytes {name}[] = {{\n{rows}\t{{ 0 }}\n}};\n"


def _piece(piece: Piece) -> str:
    return f"{{ {_hex(piece.at)}, {len(piece.content)}, \"{_escaped(piece.content)}\" }}"


def _escaped(content: bytes) -> str:
    """Octal: an escape of three digits ends by itself."""
    return "".join(f"\\{byte:03o}" for byte in content)


def _words(values: Iterable[int]) -> str:
    """Zeros at the end are C's own."""
    known = list(values)
    while len(known) > 1 and not known[-1]:
        known.pop()
    return ", ".join(map(_hex, known)) or "0"


def _hex(value: int) -> str:
    return f"{value:#x}ULL" if value > 9 else str(value)


def _line(title: str) -> str:
    return " ".join(title.split())


def text(value: str) -> str:
    """A C string."""
    plain = "".join(char if char.isprintable() and char not in '\\"?' else "".join(
        f"\\{byte:03o}" for byte in char.encode()) for char in value)
    return f'"{plain}"'


# -- statements ----------------------------------------------------------------------------------------------


def _statements(subject: Subject) -> Iterator[str]:
    rows = []
    for k, one in enumerate(subject.judged.statements):
        yield function(f"given_{k}", "int", one.given, subject.judged.expressions)
        yield function(f"value_{k}", "wide", one.value, subject.judged.expressions)
        said = f"{one.text} ({one.output})" if one.output else one.text
        rows.append(f"\t{{ {text(said)}, {int(one.is_pair)}, given_{k}, value_{k} }},\n")
    yield "static const struct statement statements[] = {\n" + "".join(rows) + "};\n\n"
