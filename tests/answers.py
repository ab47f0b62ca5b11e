"""What solvers said to the tests of one session, by the question's text: no process of it asks the same again.

Results are not shared: each test judges for itself.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest

from verify.cache.store import Store
from verify.solve.remembered import Remembered
from verify.verdict.reuse import Reuse

FOLDER = "VERIFY_TEST_ANSWERS"


def share(config: pytest.Config) -> None:
    """Makes the folder, for the processes that this one starts too; the one that made it drops it."""
    if FOLDER in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="verify-answers-")
    os.environ[FOLDER] = folder
    config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True))


def answers() -> Remembered:
    return Remembered(_store())


def answers_alone() -> Reuse:
    """For whoever judges: what solvers said, and no result of another test."""
    return Reuse(_store(), str(uuid4()), retells=False)


def _store() -> Store:
    return Store(Path(os.environ[FOLDER]))
