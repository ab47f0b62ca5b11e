"""Questions about one call from any reachable state, cut into pieces that the solver finds easy."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from verify.engine.relevance import guard_equations
from verify.engine.transition import FOLLOWED, function_number, named_functions
from verify.prove.invariants import cases, forms, page_sizes, surroundings
from verify.prove.setting import Setting
from verify.prove.target import Target
from verify.solve.query import QUICK, Answer, Satisfied, Solver, Undecided, Unsatisfiable
from verify.terms import build as t
from verify.terms.term import Term, topological


class Effort(Enum):
    """What is read from memory: unknown; what it means, in one look; for as long as it takes."""

    COARSE = 0
    EXACT = 1
    FULL = 2


class Questions:
    """To one solver, about the calls of one target."""

    def __init__(self, target: Target, solver: Solver) -> None:
        self._target = target
        self._solver = solver
        self._forms = forms(target)

    def ask(
        self, terms: Sequence[Term], setting: Setting, effort: Effort = Effort.FULL,
        alternatives: Sequence[Term] = (t.TRUE,),
    ) -> Answer:
        """May this be in a reachable state? Asked of each function for itself, which is cheap.

        What is read from memory counts as unknown at first; a model of that is only a candidate. `alternatives`: one of
        these holds too; they are asked about one by one where all together are too much.
        """
        undecided: Undecided | None = None
        cases, others = self._cases([*terms, t.or_(*alternatives)])
        for case in cases:
            answer = self._ask_one([*terms, case], setting, effort, alternatives)
            if isinstance(answer, Satisfied):
                return answer
            undecided = answer if isinstance(answer, Undecided) else undecided
        if undecided is None:
            self._solver.refuted += others
        return undecided or Unsatisfiable()

    def _covered(self, terms: Sequence[Term], cases: Sequence[Term]) -> None:
        """There are no other cases: by construction, and for those who check the proof."""
        self._solver.refuted.append((*terms, t.not_(t.or_(*cases))))

    def _cases(self, terms: Sequence[Term]) -> tuple[list[Term], list[tuple[Term, ...]]]:
        """The function numbers that the question may be about; and what has no model, for there are no others."""
        where = t.and_(*terms)
        if where is t.FALSE:
            return [], [(where,)]
        target = self._target
        here = function_number(target.step.record.prefix)
        if str(here.data) in guard_equations(where):
            return [t.TRUE], []
        named = named_functions(where, target.step.record.prefix)
        possible = [t.eq(here, t.const(number, 16)) for number in named[1]] if named else cases(target)
        kept = [case for case in possible if all(x is not t.FALSE for x in self._solver.under([case], terms))]
        none = t.not_(t.or_(*possible))
        excluded = [(*terms, case) for case in possible if case not in kept]
        return kept, [(named[0], none) if named else (none,), *excluded]

    def _ask_one(
        self, terms: Sequence[Term], setting: Setting, effort: Effort, alternatives: Sequence[Term]
    ) -> Answer:
        answer = self._look([*terms, t.or_(*alternatives)], setting, effort, QUICK)
        if effort is not Effort.FULL or not isinstance(answer, Undecided):
            return answer
        pieces = [(form, one) for form in self._forms for one in _choices(alternatives)]
        for piece in pieces:
            answer = self._piece([*terms, *piece], setting)
            if not isinstance(answer, Unsatisfiable):
                return answer
        self._covered([*terms, t.or_(*alternatives)], [t.and_(*piece) for piece in pieces])
        return Unsatisfiable()

    def _piece(self, terms: Sequence[Term], setting: Setting) -> Answer:
        """For all page sizes at once, or for one after the other."""
        answer = self._look(terms, setting, Effort.FULL, QUICK)
        if not isinstance(answer, Undecided):
            return answer
        for size in page_sizes():
            answer = self._look([*terms, size], setting, Effort.FULL, 1)
            if not isinstance(answer, Unsatisfiable):
                return answer
        self._covered(terms, page_sizes())
        return Unsatisfiable()

    def _look(self, terms: Sequence[Term], setting: Setting, effort: Effort, share: int) -> Answer:
        """Of what is read from memory as unknown; then of what it means, of the followed index first."""
        if any(term is t.FALSE for term in self._solver.under(terms, terms)):
            self._solver.refuted.append(tuple(terms))
            return Unsatisfiable()
        known = surroundings(setting.target, setting.invariants, setting.level, t.and_(*terms))
        asked = [*setting.pages, *known, *terms]
        answer = self._solver.refute(asked, share)
        if effort is Effort.COARSE or not isinstance(answer, Satisfied):
            return answer
        here = self._solver.under(terms, asked)
        meanings = setting.target.step.record.exact.definitions
        for about in ([*terms, *_of_followed(here)], here):
            found = meanings(about)
            answer = self._solver.refute([*asked, *found], share) if found else answer
            if not isinstance(answer, Satisfied):
                break
        return answer


def _of_followed(terms: Sequence[Term]) -> list[Term]:
    """What is read at the followed index."""
    return [node for node in topological(list(terms)) if node.op == "read" and node.args[0] is FOLLOWED]


def _choices(terms: Sequence[Term]) -> list[Term]:
    """One of these holds if one of the terms does."""
    result: list[Term] = []
    todo = list(reversed(terms))
    while todo:
        term = todo.pop()
        if term.op == "bor":
            todo += reversed(term.args)
        elif term.op == "bnot" and term.args[0].op == "band":
            todo += [t.not_(part) for part in reversed(term.args[0].args)]
        elif term is not t.FALSE:
            result.append(term)
    return result
