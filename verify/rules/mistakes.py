"""Mistakes in a rule's text, told with the line that they stand in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from types import CodeType, TracebackType

from verify.rules.words import RuleError

OWN_PACKAGE = "verify_own_rules"
"""Modules of rules that a user brought; `verify_own_rules.0.name`."""


class LocatedError(RuleError):
    """A mistake whose message begins with file:line and the rule."""


def is_own(module: str) -> bool:
    return module.partition(".")[0] == OWN_PACKAGE


def place(code: CodeType, line: int | None = None) -> str:
    """file:line, the file as seen from here."""
    path = code.co_filename
    if os.path.isabs(path):
        near = os.path.relpath(path)
        path = near if not near.startswith(os.pardir) else os.path.join(*path.split(os.sep)[-2:])
    return f"{path}:{line or code.co_firstlineno}"


def located(
    problem: Exception | SystemExit, identity: str, code: CodeType, module: str, line: int | None = None
) -> RuleError | None:
    """The mistake with its place: the last line that ran in the rule's file or in one beside it; else `line`.

    None for what is no mistake in a rule, but a defect of this program: an exception that it did not mean to raise, in
    a rule of its own.
    """
    if isinstance(problem, LocatedError):
        return problem
    if not isinstance(problem, RuleError) and not is_own(module):
        return None
    where = place(code, line)
    for frame, line in _frames(problem.__traceback__):
        if os.path.dirname(frame.co_filename) == os.path.dirname(code.co_filename):
            where = place(frame, line)
    return LocatedError(f"{where}: rule {identity}: {explained(problem)}")


def _frames(trace: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code, trace.tb_lineno
        trace = trace.tb_next


def explained(problem: Exception | SystemExit) -> str:
    """One line; what is there instead of a name that is not."""
    text = " ".join(str(problem).split())
    if isinstance(problem, RuleError):
        return text
    if isinstance(problem, AttributeError) and problem.obj is not None and isinstance(problem.name, str):
        return _no_member(problem.obj, problem.name)
    if isinstance(problem, ImportError):
        return text.partition(" (/")[0]
    if isinstance(problem, IndexError):
        return f"{text}: a call may have fewer of these; go through all of them with all_of(… for … in …)"
    return f"{type(problem).__name__}: {text}"


def _no_member(thing: object, name: str) -> str:
    known = [member for member in dir(thing) if not member.startswith("_")]
    near = get_close_matches(name, known, 1)
    return (f"{getattr(thing, '__name__', type(thing).__name__)} has no {name}; "
            + (f"did you mean {near[0]}? " if near else "") + f"it has {', '.join(known)}")
