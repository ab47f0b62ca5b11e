"""Judging on the workers of a dask.distributed scheduler.

A task is a rule of a question. Questions travel as text, answers as data; no disk is shared. Whatever dies on the way,
the scheduler gives its tasks to another worker.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from verify.errors import InputError, InternalError, VerifyError
from verify.prove.outcome import RuleResult
from verify.prove.target import make_target
from verify.rules.rule import Rule
from verify.scale.child import PREPARE
from verify.scale.executor import Answer, Question, Watching
from verify.scale.message import Invariants, read_answer, write_question
from verify.scale.worker import judged
from verify.verdict.run import Interrupted, TargetRun, assembled, finished, reported
from verify.verdict.watch import Watch

TIMEOUT = 5
"""Seconds for a scheduler to answer, and for its first worker to be there."""
AHEAD = 4
"""Questions that are out at a time, for each worker: more of them would only fill the scheduler's memory."""


@dataclass(slots=True)
class _Out:
    """A question whose rules are with the workers, but for those that are known. `tasks`: dask's futures, by rule."""

    question: Question
    results: dict[str, list[RuleResult]]
    invariants: Invariants | None
    tasks: Mapping[Any, str]


class Cluster:
    """An executor; a context manager that takes its tasks back where it is left."""

    def __init__(self, address: str, is_fresh: bool) -> None:
        """Raises InputError where no scheduler with a worker answers."""
        self._client = _connected(address)
        self._is_fresh = is_fresh
        self.workers = sorted(self._client.scheduler_info(n_workers=-1)["workers"])
        """Their addresses."""

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def judge(self, questions: Sequence[Question], watching: Watching) -> Iterator[Answer]:
        waiting: deque[_Out | VerifyError] = deque()
        for number, question in enumerate(questions):
            waiting.append(self._asked(question, self._near(number, len(questions))))
            if len(waiting) > AHEAD * len(self.workers):
                yield _answered(waiting.popleft(), watching, self._client.loop)
        while waiting:
            yield _answered(waiting.popleft(), watching, self._client.loop)

    def _near(self, number: int, count: int) -> list[str]:
        """Workers that a question goes to first, so that few have to prepare it."""
        size = len(self.workers)
        return [self.workers[number % size]] if count >= size else self.workers[number::count]

    def _asked(self, question: Question, near: list[str]) -> _Out | VerifyError:
        reuse = question.reuse
        invariants, results = reuse.invariants(), reuse.all_results(question.rules)
        if invariants is not None and len(results) == len(question.rules) and any(results.values()):
            return _Out(question, results, invariants, {})
        try:
            asked = _asked_rules(question)
        except VerifyError as problem:
            return problem
        for silent in sorted({rule.identity for rule in question.rules} - {rule.identity for rule in asked}):
            results[silent] = reuse.keep(silent, [])
        missing = [rule.identity for rule in asked if rule.identity not in results]
        text = write_question(question, self._is_fresh)
        return _Out(question, results, invariants, self._submitted(text, missing or [PREPARE], near))

    def _submitted(self, text: str, rules: Sequence[str], near: list[str]) -> Mapping[Any, str]:
        """The last rules take longest. Keys are the same for the same work, whoever asks for it: it is done once."""
        key = hashlib.sha256(text.encode()).hexdigest()
        where: dict[str, Any] = {"workers": near, "allow_other_workers": True}
        sent = self._client.submit(str, text, key=f"question-{key}", **where)
        return {self._client.submit(judged, sent, rule, key=f"judged-{key}-{rule}", **where): rule
                for rule in reversed(rules)}


def _asked_rules(question: Question) -> tuple[Rule, ...]:
    """Those with parts that --function selects; what that takes is done here where it is asked."""
    options = question.options
    if not options.functions:
        return question.rules
    target = make_target(question.unit, question.binding, memory=True, remembered=question.reuse.answers)
    return reported(question.rules, target.scene(options.profile), options)


def _answered(out: _Out | VerifyError, watching: Watching, loop: Any) -> Answer:
    if isinstance(out, VerifyError):
        return out
    question = out.question
    try:
        with watching(question.name) as watch:
            return _gathered(out, watch, loop)
    except KeyboardInterrupt:
        done = finished(out.results)
        raise Interrupted(f"interrupted in {question.name}; finished there: {done}") from None
    except VerifyError as problem:
        for task in out.tasks:
            task.cancel(reason="another rule of this target cannot be judged", msg="")
        return problem


def _gathered(out: _Out, watch: Watch, loop: Any) -> TargetRun:
    """Each answer is kept as it comes."""
    from distributed import as_completed

    question = out.question
    for task in as_completed(list(out.tasks), loop=loop):
        rule = out.tasks[task]
        answer = read_answer(_text(task, question.name, rule))
        if out.invariants is None:
            question.reuse.keep_invariants(answer.invariants)
        out.invariants = answer.invariants
        if any(result.rule != rule or result.trust not in question.options.trusts for result in answer.results):
            raise InternalError(f"{question.name}, {rule or 'preparing'}: the answer is about something else")
        if rule != PREPARE:
            out.results[rule] = question.reuse.keep(rule, answer.results)
            watch.finished(answer.results)
            watch.rules((), sum(map(bool, out.results.values())), len(question.rules))
    assert out.invariants is not None
    return assembled(question.name, question.revision, question.unit, question.rules, out.results, out.invariants,
                     question.notes)


def _text(task: Any, name: str, rule: str) -> str:
    """Raises InputError or InternalError for what dask, or the way there, raises."""
    try:
        return str(task.result())
    except (ImportError, AttributeError, TypeError) as problem:
        raise InputError(f"a worker does not know what it is sent ({_line(problem)}); install this version of verify "
                         "on each machine") from None
    except Exception as problem:
        raise InternalError(f"{name}, {rule or 'preparing'}: lost on the way: {_line(problem)}") from None


def _connected(address: str) -> Any:
    import logging

    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler needs dask.distributed: pip install distributed, or this package with its extra "
                         "scale") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is raised, too
    _probe(address)
    client = Client(address, timeout=TIMEOUT, set_as_default=False)
    try:
        client.wait_for_workers(1, timeout=TIMEOUT)
    except OSError:
        client.close()
        raise InputError(f"{address}: the scheduler has no workers; `dask worker {address}` starts one") from None
    return client


def _probe(address: str) -> None:
    """Is there a scheduler? A client that finds none takes long to end."""
    import asyncio

    from distributed.core import rpc
    from distributed.security import Security

    async def identity() -> Any:
        async with rpc(address, connection_args=Security().get_connection_args("client")) as there:
            return await there.identity()

    try:
        kind = asyncio.run(asyncio.wait_for(identity(), TIMEOUT))["type"]
    except Exception as problem:
        raise InputError(f"{address}: no scheduler answers there ({_line(problem)}); `dask scheduler` starts one, its "
                         "first lines say the address") from None
    if kind != "Scheduler":
        raise InputError(f"{address}: no scheduler but a {str(kind).lower()} answers there")


def _line(problem: Exception) -> str:
    """An exception of others in a line."""
    first = str(problem).partition("\n")[0]
    return f"{type(problem).__name__}{': ' * bool(first)}{first}"[:200]
