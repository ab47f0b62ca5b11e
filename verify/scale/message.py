"""What travels between machines, as JSON text: a question without its rules, and the answer for one rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from verify.cache.program import program_digest
from verify.errors import InputError, InternalError, VerifyError
from verify.ir.codec import decode_function, decode_unit_header, encode_function, encode_unit_header
from verify.ir.decode import Malformed, boolean, each, mapping, string
from verify.ir.function import Unit
from verify.prove.outcome import RuleResult
from verify.rules.binding import Binding
from verify.scale.executor import Question
from verify.verdict import kept
from verify.verdict.options import Options

WHERE = "what came from another machine"
_KINDS: Mapping[str, Callable[[str], VerifyError]] = {"input": InputError, "internal": InternalError}
Invariants = Mapping[str, tuple[str, ...]]
"""By trust level."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`is_fresh`: nothing is taken from the cache of the machine that answers."""

    unit: Unit
    binding: Binding
    options: Options
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Of one rule."""

    results: list[RuleResult]
    invariants: Invariants


def write_question(question: Question, is_fresh: bool) -> str:
    """The same question gives the same text, whatever the target is called."""
    unit = question.unit
    return json.dumps({
        "program": program_digest(),
        "unit": encode_unit_header(unit),
        "functions": {name: encode_function(function) for name, function in sorted(unit.functions.items())},
        "binding": asdict(question.binding),
        "options": asdict(replace(question.options, rules=(), jobs=1, named=())),
        "fresh": is_fresh,
    }, ensure_ascii=False)


def read_question(text: str) -> Asked:
    """Raises InputError where another version of this program wrote it, InternalError where that is damaged."""
    try:
        data = kept.parse(text)
        _same(data)
        data = kept.table(data, "program", "unit", "functions", "binding", "options", "fresh")
        functions = {name: decode_function(one, WHERE) for name, one in mapping(data["functions"], _text).items()}
        unit = decode_unit_header(_text(data["unit"]), WHERE).complete(functions)
        options: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data["options"].items()}
        return Asked(unit, Binding(**mapping(data["binding"], string)), Options(**options), boolean(data["fresh"]))
    except (Malformed, TypeError, AttributeError) as problem:
        raise InternalError(f"{WHERE} is no question: {problem}") from None


def _same(data: Any) -> None:
    mine, asks = program_digest(), data.get("program")
    if asks != mine:
        raise InputError(
            f"a worker runs another version: verify, its rules, Python or a solver differ (program {mine[:12]} there, "
            f"{str(asks)[:12]} here); install the same on each machine")


def write_judged(results: list[RuleResult], invariants: Invariants) -> str:
    """`results` are retold."""
    return json.dumps({"results": kept.encode(results), "invariants": dict(invariants)}, ensure_ascii=False)


def write_problem(problem: Exception) -> str:
    kind = "input" if isinstance(problem, InputError) else "internal"
    told = str(problem) if isinstance(problem, VerifyError) else f"{type(problem).__name__}: {problem}"
    return json.dumps({kind: told}, ensure_ascii=False)


def read_answer(text: str) -> Judged:
    """Raises what went wrong there."""
    try:
        data = kept.parse(text)
        for kind, error in _KINDS.items():
            if type(data) is dict and set(data) == {kind}:
                raise error(_text(data[kind]))
        data = kept.table(data, "results", "invariants")
        results = [replace(result, is_cached=False) for result in kept.decode(_text(data["results"]))]
        return Judged(results, mapping(data["invariants"], lambda names: each(names, string)))
    except Malformed as problem:
        raise InternalError(f"{WHERE} is no answer: {problem}") from None


def _text(value: Any) -> str:
    """Of several lines."""
    if type(value) is not str:
        raise Malformed("no text")
    return value
