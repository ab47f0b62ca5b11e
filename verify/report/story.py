"""A finding as facts in order: calls, SMCs, lines; what every kind of report prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from verify.interpret.events import SmcDone, Step, TransferDone
from verify.interpret.session import CallDone
from verify.prove.outcome import Cause, Episode, Finding, Retold
from verify.report.decode import Names
from verify.report.sequence import Teller, ending, page_then

KINDS = {
    "uninitialised": "uninitialised memory", "smc": "an SMC", "host": "the host's register, left as it was",
    "copied": "a value passed on", "computed": "a value computed", "access": "an access",
    "interference": "another CPU", "state": "EL2's state",
    "outside": "a read that leaves its object",
}


def ranges(outputs: Iterable[str]) -> str:
    """`x1–x3, x5, version`."""
    numbers = sorted(int(name[1:]) for name in outputs if name[:1] == "x" and name[1:].isdigit())
    others = [name for name in outputs if not (name[:1] == "x" and name[1:].isdigit())]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join([f"x{run[0]}" if len(run) == 1 else f"x{run[0]}–x{run[-1]}" for run in runs] + others)


def wrong(item: Cause) -> str:
    """`x1–x3; made from uninitialised memory`; or what EL2 does that it must not."""
    if item.kind == "hazard":
        return item.text
    if item.kind == "warn":
        return "the condition of a WARN_ON is true"
    return f"{ranges(item.outputs)}; made from {KINDS.get(item.kind, item.kind)}"


def who(trust: str) -> str:
    """What a finding at this level takes."""
    if trust == "L2":
        return "the host alone can do this; EL3 answers as the specification says"
    if trust == "L1":
        return "needs firmware that answers in proper frames with wrong values"
    return "needs faulty firmware: EL3 answers what no conforming SPMC would"


def cause(item: Cause) -> dict[str, Any]:
    return {
        "function": item.function, "file": item.file, "line": item.line, "output": ranges(item.outputs),
        "kind": item.kind, "site": item.place,
    }


def smc(item: SmcDone, names: Names) -> dict[str, Any]:
    return {
        "call": names.call(item.arguments), "answer": names.answer(item.arguments, item.results),
        "forwarded": item.is_forward, "function": item.function, "file": item.span.file, "line": item.span.line,
        "parameters": _registers(item.arguments), "results": _registers(item.results),
    }


def _registers(values: Iterable[int]) -> dict[str, str]:
    """Those that are not zero, and x0."""
    return {f"x{k}": f"{value:#x}" for k, value in enumerate(values) if value or k == 0}


def lines(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The lines that ran, each with the scalars that it set; a line once for as long as it runs."""
    result: list[dict[str, Any]] = []
    for step in steps:
        values = {name: f"{value:#x}" for name, value in step.values}
        entry = {"file": step.span.file, "line": step.span.line, "function": step.function, "values": values}
        if result and (result[-1]["file"], result[-1]["line"]) == (entry["file"], entry["line"]):
            result[-1]["values"].update(values)
        else:
            result.append(entry)
    return result


def call(done: CallDone, teller: Teller) -> dict[str, Any]:
    """`teller` was told the calls before."""
    names = teller.names
    return {
        "call": names.call(done.before),
        "answer": names.answer(done.before, done.registers) if done.ended is None else "no answer",
        "outcome": "handled" if done.handled else "forwarded", "ended": _ended(done, teller),
        "before": _registers(done.before), "after": _registers(done.registers),
        "state": {"before": _state(done.state_before), "after": _state(done.state_after)},
        "smcs": [smc(item, names) for item in done.log.smcs], "lines": lines(done.log.steps),
        "events": teller.tell(done), "transfers": [_transfer(item) for item in done.log.transfers],
        "locks_held": list(done.held),
    }


def _ended(done: CallDone, teller: Teller) -> dict[str, Any] | None:
    """The fault that ended the call, if one did."""
    item = done.ended
    if item is None:
        return None
    return {"kind": item.kind, "text": ending(done, teller.binding), "function": item.function,
            "file": item.span.file, "line": item.span.line}


def _transfer(item: TransferDone) -> dict[str, Any]:
    return {
        "action": item.action, "first": f"{item.first:#x}", "count": f"{item.count:#x}", "result": item.result,
        "function": item.function, "file": item.span.file, "line": item.span.line,
    }


def _state(values: Iterable[tuple[str, int]]) -> dict[str, str]:
    return {path: f"{value:#x}" for path, value in values if value}


def _page(item: Episode) -> dict[str, str] | None:
    """The page that the rule fails for, before and after the last call."""
    if item.page is None:
        return None
    before, after = (page_then(pages, item.page) for pages in item.calls[-1].pages)
    return {"page": f"{item.page:#x}", "before": before, "after": after}


def episode(item: Episode, names: Names, why: Cause | None = None) -> dict[str, Any]:
    """`why`: what its place does is told, however ordinary it looks."""
    teller = Teller(names, item.names, item.page, (why.file, why.line) if why else None)
    return {
        "page_size": f"{1 << (item.page_shift - 10)}K", "unused_memory": f"{item.pattern:#04x}",
        "boot": {path: f"{value:#x}" for path, value in item.boot if value},
        "boot_smcs": [smc(done, names) for done in item.boot_smcs],
        "answers": [_registers(answer) for answer in item.answers],
        "calls": [call(done, teller) for done in item.calls],
        "page": _page(item), "index": item.index,
    }


def told(item: Finding, names: Names) -> Mapping[str, Any]:
    """The finding's episode, with what its cause does."""
    match item.episode:
        case Retold(told=known):
            return known
        case Episode():
            return episode(item.episode, names, item.cause)


def finding(item: Finding, names: Names) -> Mapping[str, Any]:
    return {"fingerprint": item.fingerprint, "clause": item.clause, "cause": cause(item.cause), **told(item, names)}
