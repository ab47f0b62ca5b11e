"""What a worker does with a text, without any cluster."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.errors import InputError, InternalError
from verify.prove.outcome import Status
from verify.rules.book import load_rules
from verify.scale import worker
from verify.scale.child import PREPARE
from verify.scale.cluster import Cluster
from verify.scale.executor import Question
from verify.scale.message import read_answer, read_question, write_problem, write_question
from verify.verdict.options import Options
from verify.verdict.reuse import NO_REUSE

OPTIONS = Options(("VER-07",), ("FFA_V*",), trusts=("L2",), page_size="4K", jobs=3, limit=7_000_000)


def question(name: str = "mini", options: Options = OPTIONS) -> Question:
    return Question(name, "", mini.unit(), PKVM, options.select(load_rules()), options, NO_REUSE)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> list[worker.Child]:
    """The processes that are kept; they are ended."""
    kept: list[worker.Child] = []
    monkeypatch.setattr(worker, "_IDLE", kept)
    yield kept
    for child in kept:
        child.end()


def test_a_question_comes_as_it_was_sent_and_does_not_depend_on_the_name() -> None:
    text = write_question(question(), is_fresh=True)
    assert text == write_question(question("other"), is_fresh=True)
    asked = read_question(text)
    assert asked.unit == question().unit and asked.binding == PKVM and asked.is_fresh
    assert asked.options == replace(OPTIONS, rules=(), jobs=1)


@pytest.mark.parametrize("damage", [{"unit": "{}"}, {"binding": {"no": "name"}}, {"options": []}, {"more": 1}])
def test_a_damaged_question_is_none(damage: dict[str, object]) -> None:
    data = {**json.loads(write_question(question(), False)), **damage}
    with pytest.raises((InternalError, InputError)):
        read_question(json.dumps(data))


def test_problems_travel() -> None:
    with pytest.raises(InputError, match=r"^no such thing$"):
        read_answer(write_problem(InputError("no such thing")))
    with pytest.raises(InternalError, match=r"^KeyError: 'x'$"):
        read_answer(write_problem(KeyError("x")))
    with pytest.raises(InternalError, match="is no answer"):
        read_answer("[]")


def test_one_process_answers_for_one_question(idle: list[worker.Child]) -> None:
    text = write_question(question(), False)
    first = read_answer(worker.judged(text, PREPARE))
    (child,) = idle
    assert first.results == [] and first.invariants["L2"]
    answer = read_answer(worker.judged(text, "FFA-VER-07"))
    assert idle == [child]
    (result,) = answer.results
    assert result.status is Status.PROVED and len(result.parts) == 2 and not result.is_cached
    with pytest.raises(InternalError, match="FFA-NO-01"):
        read_answer(worker.judged(text, "FFA-NO-01"))
    child._process.kill()
    assert read_answer(worker.judged(text, "FFA-VER-07")) == answer
    assert idle[0] is not child


def test_few_questions_are_kept(idle: list[worker.Child]) -> None:
    texts = [json.dumps({"program": str(number)}) for number in range(worker.KEPT + 1)]
    for text in texts:
        with pytest.raises(InputError, match="another version"):
            read_answer(worker.judged(text, PREPARE))
    assert [child.question for child in idle] == texts[-worker.KEPT:]


def test_a_process_that_always_ends_is_named(idle: list[worker.Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InternalError, match="FFA-VER-07: on a worker the process at work ended 2 times"):
        read_answer(worker.judged("", "FFA-VER-07"))
    assert not idle


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="pip install distributed"):
        Cluster("tcp://127.0.0.1:8786", is_fresh=False)
