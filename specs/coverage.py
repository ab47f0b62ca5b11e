"""Who owns each rule of the catalogue, and each beyond it.

`ENCODED` rules are in this package; a test holds them against the registry.

An axiom is what a conforming SPMC owes (verify/prove/trust.py): it is assumed at L2, and nothing that EL2 does can
break it.
"""

from __future__ import annotations

from dataclasses import dataclass

from verify.rules import Clause

GROUPS = {"CC": 13, "VER": 15, "DSC": 12, "BUF": 10, "MSG": 12, "MEM": 29, "POL": 9, "ERR": 7, "SEC": 13}
"""How many rules each group of the catalogue has."""
BEYOND: dict[str, tuple[int, ...]] = {"BUF": (11,), "SRV": (1, 2, 3, 4, 5)}
"""Rules that the catalogue does not have, by group: what faults showed to be missing (docs/strength.md)."""
TITLES = {
    "CC": "Calling convention", "VER": "Version", "DSC": "Discovery", "BUF": "Mailboxes", "MSG": "Messages",
    "MEM": "Memory", "POL": "Policy", "ERR": "Errors", "SEC": "Security of the mediator", "SRV": "Service",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """`how`: encoded, axiom, or not encoded; `why` says more, and always does of what is not encoded."""

    how: str
    why: str = ""
    title: str = ""
    """What it is about, where no rule says that."""
    clauses: tuple[Clause, ...] = ()


ENCODED, AXIOM, OPEN = "encoded", "axiom", "not encoded"


def _encoded(group: str, *numbers: int) -> dict[str, Owner]:
    return {f"FFA-{group}-{number:02}": Owner(ENCODED) for number in numbers}


OWNERS: dict[str, Owner] = {
    **_encoded("CC", *range(1, 11), 12, 13),
    **_encoded("VER", *range(1, 16)),
    **_encoded("DSC", *range(1, 13)),
    **_encoded("BUF", *range(1, 12)),
    **_encoded("MSG", 1, 2, 3, 4, 6, 7, 8, 9, 10, 12),
    "FFA-MSG-05": Owner(AXIOM, "binds the SPMC; what EL2 passes on is MSG-04's",
                        "Allowed completions of a direct request", (Clause("DEN0077A", "direct messages"),)),
    "FFA-MSG-11": Owner(AXIOM, "binds the SPMC; FFA_RUN is forwarded, and what it answers is CC-07's and CC-10's",
                        "FFA_RUN", (Clause("DEN0077A", "FFA_RUN"),)),
    **_encoded("MEM", *range(1, 30)),
    **_encoded("POL", *range(1, 10)),
    **_encoded("ERR", *range(1, 8)),
    **_encoded("SEC", *range(1, 14)),
    **_encoded("SRV", *range(1, 6)),
    "FFA-CC-11": Owner(OPEN, "speaks of what the compiler is told about an SMC, of which the IR keeps nothing",
                       "EL2's own SMCs must declare everything the callee may change", (Clause("DEN0028", "2.6"),)),
}
