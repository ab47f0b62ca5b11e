"""The exception tree.

VerifyError
├── InputError          the user's input is wrong: one line, exit status 2
├── UnsupportedC        a construct that the front end does not model exactly
└── InternalError       a defect of this program: exit status 4
    └── ReplayMismatch  the interpreter does not reproduce a counterexample
"""

from __future__ import annotations


class VerifyError(Exception):
    """Base of every error that this program raises on purpose."""


class InputError(VerifyError):
    """Wrong input; the message is one line that says what failed, where, and what to do."""


class UnsupportedC(VerifyError):
    """A C construct that is not modelled exactly; `where` is file:line:column."""

    def __init__(self, construct: str, where: str) -> None:
        super().__init__(f"{where}: unsupported: {construct}")
        self.construct = construct
        self.where = where


class InternalError(VerifyError):
    """A defect of this program, never of its input."""


class ReplayMismatch(InternalError):
    """The concrete interpreter does not reproduce what the engine found."""
