"""Which names a target is bound to."""

from __future__ import annotations

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.mediators.trees import REFERENCE, files
from verify.errors import InputError
from verify.frontend.preprocess import FFA_C
from verify.frontend.unit import lower_tree
from verify.ir.function import Unit
from verify.rules.binding import choose, taken_locks

HEAD = "static hyp_spinlock_t ffa_lock;\nstatic hyp_spinlock_t other_lock;\n"


def reference(old: str, new: str) -> Unit:
    """The reference mediator with other locks."""
    found = files(REFERENCE)
    text = found[FFA_C].replace(old, new)
    first = text.index("\nstatic ")
    return lower_tree({**found, FFA_C: f"{text[:first]}\n{HEAD}{text[first:]}"})


def test_a_lock_that_is_taken_stays_bound() -> None:
    unit = reference("", "")
    assert taken_locks(unit) == {"version_lock", "host_buffers.lock"}
    assert choose(unit, [PKVM]) == PKVM


def test_a_lock_that_is_never_taken_gives_way() -> None:
    unit = reference("host_buffers.lock", "ffa_lock")
    assert choose(unit, [PKVM]).buffers_lock == "ffa_lock"
    assert choose(unit, [PKVM]).version_lock == "version_lock"


def test_a_lock_may_have_another_name() -> None:
    assert choose(reference("version_lock", "ffa_lock"), [PKVM]).version_lock == "ffa_lock"


def test_of_two_others_none_is_guessed() -> None:
    unit = reference("hyp_spin_lock(&host_buffers.lock);", "hyp_spin_lock(&ffa_lock);\n\thyp_spin_lock(&other_lock);")
    assert choose(unit, [PKVM]) == PKVM


def test_a_name_that_is_missing_is_named() -> None:
    renamed = mini.files()
    renamed[FFA_C] = renamed[FFA_C].replace("hyp_ffa_version", "ffa_version")
    with pytest.raises(InputError, match="it has no hyp_ffa_version; bind the names"):
        choose(lower_tree(renamed), [PKVM])
