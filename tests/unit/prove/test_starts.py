"""States in which hunts begin: nothing of what led there is left open."""

from __future__ import annotations

from specs.bindings.pkvm import PKVM
from verify.cli.targets import from_snapshots, snapshot_folder
from verify.prove.starts import Start, make_starts
from verify.prove.target import Target, make_target


def _left(target: Target, start: Start) -> int | None:
    """The length of EL2's descriptor buffer, which EL3's answer at boot decides about."""
    (length,) = start.at([target.step.before["ffa_desc_buf.len"].term])
    return length.value if length.is_const else None


def test_el3_answered_to_the_initialisation_what_it_answered() -> None:
    """Linux asks EL3 only where another file's static says that SMCCC is new enough."""
    (chosen,) = from_snapshots(snapshot_folder(), ("6.12",))
    target = make_target(chosen.unit, PKVM, memory=True, rounds=2)
    found = {start.name: start for start in make_starts(target).items}
    assert found["boot"].definitions["init.smc0.q0"].value == 0x10001
    assert found["boot with an SPMC of 1.0"].definitions["init.smc0.q0"].value == 0x10000
    assert {name for name, start in found.items() if _left(target, start) in (0, None)} == {"boot with an old SMCCC"}
