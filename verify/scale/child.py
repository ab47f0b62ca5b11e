"""The process on a worker's machine that judges: one question, prepared once, and rule after rule of it.

It reads a line of JSON with the question's text, then a line for each rule, and writes a line for each. A process of
its own, since solvers without memory abort, and what was made for a question is given back by nothing but its end.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TextIO

from verify.cache.store import Store, default_folder
from verify.report import story
from verify.report.decode import names_of
from verify.rules.book import load_rules
from verify.scale.message import read_question, write_judged, write_problem
from verify.solve.query import RLIMIT, Solver
from verify.solve.remembered import Remembered
from verify.verdict.kept import retold
from verify.verdict.run import judge_rule, narrowed, prepare

PREPARE = ""
"""Instead of a rule: only what holds at each trust level is asked."""
PR_SET_PDEATHSIG = 1
Judge = Callable[[str], str]


def main() -> None:
    """Ends with its parent."""
    with suppress(OSError, AttributeError):  # Linux alone has it; elsewhere the pipe's end is seen after the rule
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a solver prints is no answer
    serve(sys.stdin, answers)


def serve(asked: TextIO, answers: TextIO) -> None:
    judge = _judge(json.loads(asked.readline() or '""'))
    for line in asked:
        answers.write(json.dumps(judge(json.loads(line))) + "\n")
        answers.flush()


def _judge(question: str) -> Judge:
    """What is wrong with a question is the answer for each of its rules."""
    try:
        judge = _prepared(question)
    except MemoryError:
        raise
    except Exception as problem:
        answer = write_problem(problem)
        return lambda rule: answer

    def careful(rule: str) -> str:
        try:
            return judge(rule)
        except MemoryError:
            raise
        except Exception as problem:
            return write_problem(problem)

    return careful


def _prepared(text: str) -> Judge:
    asked = read_question(text)
    rules = {rule.identity: narrowed(rule, asked.options) for rule in load_rules()}
    store = Store(default_folder(), reads=not asked.is_fresh)
    store.trim()
    known = Remembered(store)
    _, settings = prepare(asked.unit, asked.binding, asked.options, answers=known)
    invariants = {setting.level: setting.invariants.names for setting in settings}
    solver = Solver(asked.options.limit or RLIMIT, remembered=known)
    tell = partial(story.told, names=names_of(asked.unit.constants))

    def judge(rule: str) -> str:
        found = judge_rule(settings, rules[rule], solver.successor()) if rule != PREPARE else []
        return write_judged(retold(found, tell), invariants)

    return judge


if __name__ == "__main__":
    main()
