"""The engine's call of each memory handler, on numbers, is the interpreter's: from many states, with a hostile EL3."""

from __future__ import annotations

import os

INPUTS = int(os.environ.get("VERIFY_ENGINE_INPUTS", "60"))
"""For each handler; `.ci/run` asks for more."""
