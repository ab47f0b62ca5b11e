"""A run that keeps contexts is an ordinary run, and each context leads where the run went."""

from __future__ import annotations

from dataclasses import fields

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.engine.transition import Transition
from verify.engine.watched import WATCHED, watched
from verify.frontend.unit import lower_tree
from verify.literate.bases import base_files
from verify.prove.target import make_target

UNIT = lower_tree(base_files("memory"))
TARGET = make_target(UNIT, PKVM, memory=True, kind=WATCHED)
SAME = ("smcs", "accesses", "obligations", "locks", "warns", "buffers", "transfers", "relies", "quiet", "meetings",
        "out_of_turn", "flows")


def terms(run: Transition) -> list[object]:
    return [run.alive, *(one.term for one in run.outputs), *(run.after[path].term for path in sorted(run.after))]


def test_terms_and_names_are_those_of_an_ordinary_run() -> None:
    plain = make_target(UNIT, PKVM, memory=True)
    for one, other in ((plain.init, TARGET.init), (plain.step, TARGET.step)):
        assert all(mine is theirs for mine, theirs in zip(terms(one), terms(other), strict=True))
        assert one.record.unknowns == other.record.unknowns
        for name in SAME:
            assert len(getattr(one.record, name)) == len(getattr(other.record, name)), name
        guards = zip(one.record.obligations, other.record.obligations, strict=True)
        assert all(mine.guard is theirs.guard and mine.holds is theirs.holds for mine, theirs in guards)


def test_what_a_loop_tried_leaves_no_context() -> None:
    """Of each loop two runs of the body stay: an arbitrary iteration, and the last."""
    looping = ("    int k;\n\n    cpu_reg(ctxt, 0) = a0;\n", "    u64 k;\n\n    for (k = 0; k < cpu_reg(ctxt, 5); k++)\n"
               "        cpu_reg(ctxt, 1) = k;\n    cpu_reg(ctxt, 0) = a0;\n")
    record = watched(make_target(mini.unit(looping), PKVM, memory=True, kind=WATCHED).step.record)
    assert all(context.mark[name] <= len(getattr(record, name))
               for context in record.contexts for name in context.mark if name != "contexts")
    bodies = [context for context in record.contexts if context.label and context.index is not None]
    loops = {context.frame.number: {str(one.index.data) for one in bodies if one.frame.number == context.frame.number
                                    and one.index is not None} for context in bodies}
    assert loops and all(len(indices) == 2 for indices in loops.values())


def test_a_context_leads_where_the_run_went() -> None:
    """The whole of the host's call, from its context: the same guards, events and names."""
    run = TARGET.step
    whole = next(context for context in watched(run.record).contexts if not context.label)
    outcome = whole.executor.again(whole, UNIT)
    ((label, (state, _)),) = outcome.ways
    assert label == "" and state.guard is run.alive
    for name in SAME:
        assert len(outcome.events(name)) == len(getattr(run.record, name)) - whole.mark[name], name
    for one, other in zip(outcome.events("smcs"), run.record.smcs, strict=True):
        assert one.guard is other.guard
        assert all(mine.term is theirs.term for mine, theirs in zip(one.arguments, other.arguments, strict=True))


def test_running_a_context_again_leaves_the_run_alone() -> None:
    target = make_target(mini.unit(), PKVM, memory=True, kind=WATCHED)
    record = watched(target.step.record)
    lists = [one.name for one in fields(record) if isinstance(getattr(record, one.name), list) and one.name != "sites"]
    before = {name: len(getattr(record, name)) for name in lists}
    for context in list(record.contexts):
        first, second = (context.executor.again(context, target.unit) for _ in range(2))
        assert [label for label, _ in first.ways] == [label for label, _ in second.ways]
        assert first.record.unknowns == second.record.unknowns
    assert before == {name: len(getattr(record, name)) for name in lists}
