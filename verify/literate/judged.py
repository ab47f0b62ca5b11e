"""What the rules say of an example, held against what it says that they must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from verify.cache.store import Store
from verify.errors import InputError, UnsupportedC
from verify.frontend.preprocess import FFA_C
from verify.frontend.unit import lower_tree
from verify.literate.document import Example, Line
from verify.literate.expected import Expected
from verify.literate.splice import splice
from verify.prove.outcome import Finding, PartResult, RuleResult, Status
from verify.report import story
from verify.report.decode import names_of
from verify.rules.binding import Binding, choose
from verify.rules.rule import Rule
from verify.verdict.options import Options
from verify.verdict.reuse import NO_REUSE, reuse_from
from verify.verdict.run import judge_target

MOST = 4
"""Findings that nobody expected, of one rule, that are told."""


@dataclass(frozen=True, slots=True)
class Base:
    """The texts of a mediator, and the bindings that may fit it."""

    files: Mapping[str, str]
    bindings: tuple[Binding, ...]


def disagreements(
    example: Example, base: Base, rules: Sequence[Rule], own: str = "", store: Store | None = None, jobs: int = 1
) -> list[str]:
    """One line for each, with file and line of the example. Raises InputError for an example that cannot be judged.

    `own`: the digest of a user's rules. `store`: what was found before of the same is taken from there.
    """
    wanted = _by_rule(example, rules)
    lines = splice(base.files[FFA_C], example.code, example.path) if example.settings.base else list(example.code)
    settings = example.settings
    try:
        options = Options(tuple(wanted), settings.functions, settings.profile, (settings.trust,), jobs=jobs, own=own)
        chosen = options.select(tuple(rules))
        unit = lower_tree({**base.files, FFA_C: "".join(f"{line.text}\n" for line in lines)})
        binding, names = choose(unit, base.bindings), names_of(unit.constants)
        reuse = reuse_from(store, unit, binding, options, partial(story.told, names=names)) if store else NO_REUSE
        run = judge_target(example.name, "", unit, binding, chosen, options, reuse=reuse)
    except (InputError, UnsupportedC) as problem:
        raise InputError(f"{example.path}:{example.number}: {_placed(str(problem), lines)}") from None
    found = {result.rule: result for result in run.results}
    return sorted({problem for rule in wanted for problem in _differ(
        example, found.get(rule) or RuleResult(rule, settings.profile, settings.trust, ()), wanted[rule], lines)})


def _by_rule(example: Example, rules: Sequence[Rule]) -> dict[str, list[Expected]]:
    """What is expected of each rule."""
    result: dict[str, list[Expected]] = {}
    for item in example.expected:
        names = [rule.identity for rule in rules if fnmatchcase(rule.identity, item.rule)]
        if not names:
            raise InputError(f"{example.path}:{item.number}: no rule matches {item.rule}; `verify rules` lists them")
        for name in names:
            result.setdefault(name, []).append(item)
    return result


def _placed(message: str, lines: Sequence[Line]) -> str:
    """A message of the front end, with the example's line for its own."""
    file, _, rest = message.partition(f"{FFA_C}:")
    number, colon, text = rest.partition(":")
    if not number.isdigit() or not 0 < int(number) <= len(lines):
        return message
    own = lines[int(number) - 1].number
    return f"{file}line {own}{colon}{text}" if own else message


def _differ(
    example: Example, result: RuleResult, wanted: Sequence[Expected], lines: Sequence[Line]
) -> Iterator[str]:
    shown = {(part.name, finding.cause.file, finding.cause.line): (part, finding)
             for part in result.parts for finding in part.findings}
    for item in wanted:
        if problem := _missed(item, result, lines):
            yield f"{example.path}:{item.number}: {problem}"
    others = [(part, finding) for part, finding in shown.values()
              if not any(_is_excused(item, part) or _is_meant(item, part, finding, lines) for item in wanted)]
    for part, finding in others[:MOST]:
        yield _unexpected(example, result.rule, part, finding, lines)
    if len(others) > MOST:
        yield f"{example.path}:{example.number}: not expected: {len(others) - MOST} more of {result.rule}"


def _is_excused(item: Expected, part: PartResult) -> bool:
    """A row of a table expects it, wherever it is."""
    is_part = not item.part or fnmatchcase(part.name, item.part)
    return item.status is Status.VIOLATED and not item.is_here and is_part


def _missed(item: Expected, result: RuleResult, lines: Sequence[Line]) -> str:
    """Why this is not what was found; empty if it is."""
    parts = [part for part in result.parts if not item.part or fnmatchcase(part.name, item.part)]
    said = f"{result.rule}{f' part {item.part}' if item.part else ''}"
    if item.part and not parts:
        return f"{said}: there is no such part; it has {', '.join(part.name for part in result.parts)}"
    status = RuleResult(result.rule, result.profile, result.trust, tuple(parts)).status
    if item.is_here and status is item.status:
        return "" if _is_at(item, parts, lines) else f"{said}: {item.status.value} is expected here, it is elsewhere"
    if status is not item.status:
        reasons = sorted({part.reason for part in parts if part.status is status and part.reason})
        return f"{said}: expected {item.status.value}, found {status.value}{f' ({reasons[0]})' if reasons else ''}"
    outputs = {name for part in parts for finding in part.findings for name in finding.cause.outputs}
    return "" if item.outputs <= outputs else f"{said}: {', '.join(sorted(item.outputs - outputs))} is not wrong"


def _is_at(item: Expected, parts: Sequence[PartResult], lines: Sequence[Line]) -> bool:
    if item.status is Status.VIOLATED:
        return any(_is_meant(item, part, finding, lines) for part in parts for finding in part.findings)
    places = [place.rpartition(":") for part in parts for place in part.places]
    return any(_number(file, int(line), lines) == item.number for file, _, line in places)


def _is_meant(item: Expected, part: PartResult, finding: Finding, lines: Sequence[Line]) -> bool:
    """Is this the finding that is expected at the line?"""
    is_part = not item.part or fnmatchcase(part.name, item.part)
    return (item.status is Status.VIOLATED and is_part and _here(finding, lines) == item.number
            and item.outputs <= set(finding.cause.outputs))


def _here(finding: Finding, lines: Sequence[Line]) -> int:
    return _number(finding.cause.file, finding.cause.line, lines)


def _number(file: str, line: int, lines: Sequence[Line]) -> int:
    """In the Markdown file; 0 for a line of the base or of another file."""
    return lines[line - 1].number if file == FFA_C and 0 < line <= len(lines) else 0


def _unexpected(example: Example, rule: str, part: PartResult, finding: Finding, lines: Sequence[Line]) -> str:
    number, cause = _here(finding, lines), finding.cause
    what = f"{rule} part {part.name}: violated ({', '.join(cause.outputs)}): {finding.clause}"
    if number:
        return f"{example.path}:{number}: not expected: {what}"
    if cause.file != FFA_C:
        where = f"decided in no function of the mediator ({cause.function}): expect it in a table"
    else:
        text = lines[cause.line - 1].text.strip()
        where = (f"made in the base, in {cause.function}: {text} (copy that function into the example, or expect it "
                 "in a table)")
    return f"{example.path}:{example.number}: not expected: {what}; {where}"
