"""A loop run a few times over, exactly: what goes on longer is not looked at.

For counterexamples only. Nothing is proved of a unit whose loops were cut.
"""

from __future__ import annotations

from verify.engine.control import Region, Runner, Side, Ways, walk


def unroll(runner: Runner, region: Region, side: Side, rounds: int) -> Ways:
    """The ways out after at most so many whole iterations."""
    ways = Ways()
    head = next(block for block in region.order if block.label == region.head)
    for _ in range(rounds + 1):
        once = walk(runner, region, region.head, side)
        ways.add(once)
        back = [way for way in once.back if not way[0].is_dead]
        met = runner.meet(head, back) if back else None
        if met is None:
            break
        side = met
    return ways
