"""What a planted fault is."""

from __future__ import annotations

from dataclasses import dataclass

Edit = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """`rule` objects at `trust`, because of what `function` does; `output` is among the outputs that it names.

    `calls`: the FF-A functions that are judged; empty: all.
    """

    tree: str
    what: str
    rule: str
    function: str
    output: str
    edits: tuple[Edit, ...]
    trust: str = "L2"
    profile: str = "STRICT"
    calls: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.tree}: {self.what}"


def fault(tree: str, what: str, rule: str, function: str, output: str, *edits: Edit, trust: str = "L2",
          profile: str = "STRICT") -> Fault:
    return Fault(tree, what, f"FFA-{rule}", function, output, edits, trust, profile)
