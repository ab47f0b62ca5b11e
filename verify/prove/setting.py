"""What does not change between the rules of one run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from verify.engine.record import Obligation
from verify.prove.guarantee import Guarantee
from verify.prove.invariants import Invariants
from verify.prove.reset import Chain
from verify.prove.safety import blocks
from verify.prove.samples import Samples
from verify.prove.starts import Starts
from verify.prove.target import Target
from verify.rules.scene import Scene
from verify.rules.words import Truth
from verify.terms import build as t
from verify.terms.term import Term


@dataclass(frozen=True, slots=True)
class Setting:
    """Target, trust, invariants, other CPUs' guarantee.

    `light` is the same unit without memory, for sequences; `starts` are states to look for counterexamples from.
    """

    target: Target
    light: Target
    level: str
    profile: str
    invariants: Invariants
    guarantee: Guarantee
    safe: tuple[bool, ...]
    """Of each obligation of one call, whether it is proved at this level."""
    samples: Samples
    starts: Starts
    pages: tuple[Term, ...] = ()
    """Restricts the page size; empty: 4K, 16K and 64K."""
    chains: dict[int, Chain] = field(default_factory=dict)
    """Sequences of calls that were put together already, by the length of their history."""
    assumed: tuple[str, ...] = ()
    """What the invariants rest on."""

    @property
    def unsafe(self) -> list[Obligation]:
        """What is not proved, of the obligations without which nothing holds."""
        pairs = zip(self.target.step.record.obligations, self.safe, strict=True)
        return [item for item, is_proved in pairs if not is_proved and blocks(item)]

    def scene(self) -> Scene:
        """Hazards that are proved away never happen."""
        scene = self.target.scene(self.profile)
        hazards = tuple(
            replace(hazard, happens=Truth(t.FALSE, hazard.happens.outputs)) if is_proved else hazard
            for hazard, is_proved in zip(scene.hazards, self.safe, strict=True))
        return replace(scene, hazards=hazards)
