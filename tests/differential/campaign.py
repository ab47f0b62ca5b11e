"""Every function of one tree, at every page size, on the interpreter and on all native builds, in several processes."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.differential.build import AARCH64, NATIVE_GCC, NATIVE_O0, Flavour, build, prepare
from tests.differential.edges import Edge, blocks, edges, impossible
from tests.differential.explore import Job, Outcome, explore, possible_edges
from tests.differential.lines import line_counts
from tests.differential.pools import Pools
from tests.differential.shape import Shape
from tests.differential.trees import Tree
from tests.differential.unchanged import digests
from verify.ir.expr import PageShift
from verify.ir.function import Unit
from verify.ir.span import Span

PAGE_SHIFTS = (16, 14, 12)
"""The usual size last: it then only has to look for what the others did not reach."""
USUAL = 12
NAMED = frozenset({
    "do_ffa_version", "ffa_set_retval", "ffa_to_smccc_error", "ffa_to_smccc_res", "ffa_to_smccc_res_prop",
    "is_ffa_call", "ffa_call_supported", "do_ffa_features", "hyp_ffa_post_init", "hyp_ffa_init",
    "kvm_host_ffa_handler", "handle_host_smc", "do_ffa_rxtx_map", "do_ffa_rxtx_unmap", "__ffa_host_share_ranges",
    "__ffa_host_unshare_ranges", "ffa_host_share_ranges", "ffa_host_unshare_ranges", "do_ffa_mem_frag_tx",
    "__do_ffa_mem_xfer", "do_ffa_mem_reclaim", "do_ffa_part_get",
})
NAMED_IN_SERIES = frozenset({
    "do_ffa_direct_msg2", "ffa_set_retval_smccc_1_2", "ffa_to_smccc_1_2_error", "ffa_to_smccc_1_2_regs",
    "ffa_to_smccc_1_2_regs_prop",
})
SHARE_AT_OTHER_SIZES = 20
"""A function that depends on the page size gets a twentieth of the inputs at each unusual one."""
SHARE_OF_UNCHANGED = 50
"""A function that is as in the tree before, with all that it calls, gets a fiftieth of the inputs: it had them there."""
PROXY_PAGES = 4
FLAVOURS = (NATIVE_GCC, NATIVE_O0, AARCH64)


@dataclass(frozen=True)
class Campaign:
    """What came of it; `wanted` is the number of inputs that a named function was to get at the usual page size."""

    tree: Tree
    wanted: int
    outcomes: tuple[Outcome, ...]
    unchanged: frozenset[str]
    """Functions that are as in a tree with fewer of the patches."""
    lines: Mapping[int, int]
    """How often each line of ffa.c that has code ran natively."""
    seconds: float

    @cached_property
    def functions(self) -> tuple[str, ...]:
        return tuple(name for name, function in self.tree.unit.functions.items() if function.in_tree)

    @cached_property
    def usual(self) -> Mapping[str, Outcome]:
        """By function, at the usual page size."""
        return {outcome.function: outcome for outcome in self._single if outcome.page_shift == USUAL}

    @cached_property
    def _single(self) -> list[Outcome]:
        """Calls of one function in any state."""
        return [outcome for outcome in self.outcomes if not outcome.from_reset]

    @cached_property
    def from_reset(self) -> Mapping[int, Outcome]:
        """By page shift."""
        return {outcome.page_shift: outcome for outcome in self.outcomes if outcome.from_reset}

    def situations(self, function: str) -> Counter[str]:
        """In calls of the function itself, at all page sizes."""
        return sum((outcome.situations for outcome in self._single if outcome.function == function), Counter())

    @cached_property
    def inputs(self) -> int:
        return sum(outcome.inputs for outcome in self.outcomes)

    @cached_property
    def missed_blocks(self) -> set[tuple[str, str]]:
        reached = {block for outcome in self.outcomes for block in outcome.blocks if block[0] == outcome.function}
        return set().union(*(blocks(self.tree.unit.functions[name]) for name in self.functions)) - reached

    @cached_property
    def missed_edges(self) -> set[Edge]:
        """Reached means: by calls of the function itself."""
        reached = {edge for outcome in self.outcomes for edge in outcome.edges if edge[0] == outcome.function}
        return set().union(*(edges(self.tree.unit.functions[name]) for name in self.functions)) - reached

    @cached_property
    def impossible(self) -> Mapping[Edge, str]:
        return {edge: why for name in self.functions for edge, why in impossible(self.tree.unit.functions[name]).items()}

    def summary(self) -> str:
        all_blocks = sum(len(blocks(self.tree.unit.functions[name])) for name in self.functions)
        all_edges = sum(len(edges(self.tree.unit.functions[name])) for name in self.functions)
        return (
            f"{self.tree.name}: {len(self.functions)} functions ({len(self.unchanged)} unchanged), {self.inputs} inputs on {len(FLAVOURS)} builds, "
            f"{sum(outcome.mismatches for outcome in self.outcomes)} mismatches; "
            f"{all_blocks - len(self.missed_blocks)} of {all_blocks} blocks, "
            f"{all_edges - len(self.missed_edges)} of {all_edges} edges ({len(self.impossible)} impossible); "
            f"{sum(map(bool, self.lines.values()))} of {len(self.lines)} lines; {self.seconds:.0f} s")


def run_campaign(tree: Tree, wanted: int, folder: Path, before: Sequence[Tree] = ()) -> Campaign:
    """Builds in `folder`. What is the same in a tree of `before` runs little."""
    started = time.perf_counter()
    shapes = {shift: Shape(tree.unit, shift, PROXY_PAGES) for shift in PAGE_SHIFTS}
    commands = {shift: _programs(tree, shape, folder) for shift, shape in shapes.items()}
    unchanged = _unchanged(tree, before, shapes[USUAL], folder)
    outcomes: list[Outcome] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for shift, shape in shapes.items():
            outcomes += pool.map(explore, _jobs(shape, commands[shift], wanted, unchanged, outcomes))
    lines = line_counts(_place(folder, shift, NATIVE_O0) for shift in PAGE_SHIFTS)
    return Campaign(tree, wanted, tuple(outcomes), unchanged, lines, time.perf_counter() - started)


def _programs(tree: Tree, shape: Shape, folder: Path) -> tuple[tuple[str, ...], ...]:
    result = []
    for flavour in FLAVOURS:
        place = _place(folder, shape.page_shift, flavour)
        place.mkdir(parents=True)
        result.append(tuple(build(tree, shape, place, flavour)))
    return tuple(result)


def _place(folder: Path, page_shift: int, flavour: Flavour) -> Path:
    return folder / str(page_shift) / f"{flavour.compiler}{flavour.optimisation}"


def _unchanged(tree: Tree, before: Sequence[Tree], shape: Shape, folder: Path) -> frozenset[str]:
    own = digests(tree, shape, _place(folder, USUAL, NATIVE_GCC))
    found = set[str]()
    for number, other in enumerate(before):
        place, theirs = folder / f"before{number}", Shape(other.unit, USUAL, PROXY_PAGES)
        place.mkdir()
        prepare(other, theirs, place)
        found |= set(dict(digests(other, theirs, place).items() & own.items()))
    return frozenset(found)


def inputs_for(name: str, wanted: int, unchanged: Set[str]) -> int:
    return -(-wanted // SHARE_OF_UNCHANGED) if name in unchanged else wanted


def _jobs(
    shape: Shape, commands: tuple[tuple[str, ...], ...], wanted: int, unchanged: Set[str], before: Iterable[Outcome]
) -> list[Job]:
    """The slowest functions first."""
    entry = shape.unit.entry
    if shape.page_shift == USUAL:
        seen = {edge for outcome in before for edge in outcome.edges if edge[0] == outcome.function}
        jobs = [Job(shape, name, commands, inputs_for(name, wanted, unchanged), possible_edges(shape, name) - seen)
                for name in shape.functions]
        jobs.append(Job(shape, entry, commands, inputs_for(entry, wanted, unchanged), from_reset=True))
    else:
        count = -(-wanted // SHARE_AT_OTHER_SIZES)
        jobs = [Job(shape, name, commands, inputs_for(name, count, unchanged)) for name in page_dependent(shape)]
        jobs.append(Job(shape, entry, commands, inputs_for(entry, count, unchanged), from_reset=True))
    pools = Pools(shape)
    return sorted(jobs, key=lambda job: (-len(pools.reached(job.name)), job.name))


def page_dependent(shape: Shape) -> list[str]:
    """Functions that use the page size themselves or through what they call."""
    pools = Pools(shape)
    return [name for name in shape.functions
            if any(_mentions_page(shape.unit, called) for called in pools.reached(name))]


def _mentions_page(unit: Unit, name: str) -> bool:
    return _contains(unit.functions[name].blocks)


def _contains(node: Any) -> bool:
    if isinstance(node, PageShift):
        return True
    if isinstance(node, tuple):
        return any(_contains(item) for item in node)
    is_node = hasattr(node, "__dataclass_fields__") and not isinstance(node, Span)
    return is_node and any(_contains(getattr(node, item.name)) for item in fields(node))
