"""A tree of our own and a series for it: mends a finding, brings one, leaves parts undecided."""

from __future__ import annotations

import difflib
from pathlib import Path

from tests import mini
from tests.unit.cli.test_run import FAULT, UNKNOWN

OPENED = ("& 0xffff0000", "& 0")
"""A direct request in another endpoint's name is forwarded."""
STEPS = ((FAULT,), (), (OPENED,), (OPENED, UNKNOWN))
"""The edits of the base and of each patch."""
RULES = ("--rule", "VER-07", "--rule", "MSG-01", "--trust", "L2", "--jobs", "1")
TITLES = ("answers a lower version as it must", "opens the sender check", "adds a barrier")


def patch(number: int) -> str:
    """1 … 3: what leads from a step to the next one."""
    old, new = (mini.files(*STEPS[step]) for step in (number - 1, number))
    return "".join(
        line for path in old
        for line in difflib.unified_diff(
            old[path].splitlines(keepends=True), new[path].splitlines(keepends=True), f"a/{path}", f"b/{path}"))


def thread(count: int = 3, version: str = "", text: dict[int, str] | None = None) -> str:
    """The series as an mbox with a cover letter, its mails in the wrong order."""
    mails = []
    for number in (2, 0, *range(count, 2, -1), 1):
        title = "Better answers" if number == 0 else TITLES[number - 1]
        body = "Hello.\n" if number == 0 else f"Why.\n---\n\n{(text or {}).get(number, patch(number))}-- \n2.47\n"
        mails.append(f"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A <a@b>\nMessage-ID: <{number}@b>\n"
                     f"Subject: [PATCH{version} {number}/{count}] {title}\nDate: Thu, 1 Jan 2026 10:00:00 +0000\n\n{body}\n")
    return "".join(mails)


def base(root: Path) -> Path:
    return mini.write(root, *STEPS[0])
