"""`verify explain` for a person: the finding, then what its values are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.prove.inputs import Place
from verify.prove.rerun import Outcome
from verify.prove.weigh import Change, Explained, Weighed, Weight
from verify.report.decode import names_of
from verify.report.explain import explain
from verify.report.explained import Explanation, change, effect, of_weight, registers_of
from verify.report.places import Namer, bits, gathered
from verify.report.text import PLAIN, Style, finding_lines
from verify.source.kconfig import Filling

PROVED = "forced: no other value shows all that is wrong, by the solver's word for all of them"
ONE_OF = "one of "
PROVED_BITS = "the same in each value that shows it, by the solver's word for all of them"
TRIED = "forced, as far as is known: no other value that was tried shows all that is wrong"
HEADINGS = {
    Weight.MATTERS: "matters: some other values show it, some do not",
    Weight.FREE: "does not matter: each other value that was tried shows it as well",
}


def render(item: Explanation, constants: Mapping[str, int], style: Style = PLAIN) -> str:
    return "".join(f"{line}\n" for line in _lines(item, constants, style))


def _lines(item: Explanation, constants: Mapping[str, int], style: Style) -> Iterator[str]:
    yield from finding_lines(item.rule, item.result, item.part, item.finding, names_of(constants), {}, style)
    yield ""
    yield from _registers(item, style)
    yield ""
    says = explain(item.rule)
    yield f"{item.rule.identity}, {item.rule.title}"
    yield from style.wrap("  ", says.sentence, "  ")
    for name, text in says.sections:
        yield from style.wrap(f"  {name}: ", text)
    yield ""
    if item.explained is None:
        yield from style.wrap("inputs: ", f"not tried: {item.problem}")
    else:
        yield from _values(item.explained, item.namer, style)
        yield ""
        yield from _calls(item.explained)
        yield from _smallest(item.explained, item.namer, style)
    yield ""
    yield from _build(item, style)


def _registers(item: Explanation, style: Style) -> Iterator[str]:
    ended = item.namer.told[-1]["ended"] is not None
    yield f"registers of call {len(item.namer.told)}; those that stay 0 are left out"
    for row in registers_of(item):
        after = "" if ended else f" → {_with(row.after, row.answered)}" if row.is_changed else ", kept"
        yield from style.wrap(f"  {row.name:<4}", f"{_with(row.before, row.asked)}{after}", " " * 6)


def _with(value: str, meaning: str) -> str:
    return f"{value} ({meaning})" if meaning else value


def _values(item: Explained, namer: Namer, style: Style) -> Iterator[str]:
    yield from style.wrap("inputs: ", f"{item.tried} changes were tried, in {item.runs} runs of the interpreter, one "
                          "place at a time, all else as it is. What EL3 is asked beyond that, a conforming SPMC "
                          "answers. The solver's word is about the last call, after the same calls, with its other "
                          "registers and EL3's answer to each function as they are, whatever host memory holds and "
                          "EL3 answers beyond that. All else is said of what was tried", "  ")
    forced = of_weight(item, Weight.FORCED)
    for heading, found in ((PROVED, [one for one in forced if one.is_proved]),
                           (TRIED, [one for one in forced if not one.is_proved]),
                           (HEADINGS[Weight.MATTERS], of_weight(item, Weight.MATTERS))):
        if found:
            yield f"  {heading}"
            yield from _one_by_one(found, namer, style)
    if free := of_weight(item, Weight.FREE):
        yield f"  {HEADINGS[Weight.FREE]}"
        yield from _gathered([place for one in free for place in one.places], namer, style)
        tried = min(one.tried for one in free)
        yield f"    {tried} others of each at least; those that are 0 in one call were changed together"
        if item.linked:
            yield "    all of them at once as well, but for these, which matter with others:"
            yield from _gathered(item.linked, namer, style)
        else:
            yield "    all of them at once as well"


def _one_by_one(found: Sequence[Weighed], namer: Namer, style: Style) -> Iterator[str]:
    for one in found:
        place = one.places[0]
        meaning = namer.meaning(place, one.value)
        facts = [f"{namer.what(one.places)} = {_with(namer.value(place, one.value), meaning)}"]
        facts.append(f"{one.kept} of {one.tried} others show it" if one.kept else f"{one.tried} others tried")
        if one.found is not None:
            facts.append(f"so does {namer.value(place, one.found)}, which the solver found")
        if (flipped := bits(one.ends & ~one.proved)) and one.kept:
            facts.append(f"flipping {flipped} ends it")
        if one.proved and one.kept:
            facts.append(f"{PROVED_BITS}: {bits(one.proved).removeprefix(ONE_OF)}")
        yield from style.wrap(f"    {namer.where(place)}: ", "; ".join(facts), " " * 6)


def _gathered(places: Sequence[Place], namer: Namer, style: Style) -> Iterator[str]:
    for where, what in gathered(namer, places):
        yield from style.wrap(f"    {where}: ", what, " " * 6)


def _calls(item: Explained) -> Iterator[str]:
    for number, outcome in enumerate(item.without, 1):
        said = "not needed: the violation is there without it" if outcome is Outcome.VIOLATED else (
            f"needed: without it the rest {_said(outcome)}")
        yield f"call {number} is {said}"


def _said(outcome: Outcome) -> str:
    return f"is {outcome.value}" if outcome is Outcome.ASIDE else outcome.value


def _smallest(item: Explained, namer: Namer, style: Style) -> Iterator[str]:
    """The host's first."""
    lead = "smallest change that keeps the rule, of those tried: "
    if not item.mends:
        yield f"{lead}none does"
    for one in item.mends:
        yield from style.wrap(lead, _change(one, namer), "  ")
        lead = "  or, not the host's: "
    if item.aside is not None:
        yield from style.wrap("smallest change after which this part of the rule does not speak of the call: ",
                              _change(item.aside, namer), "  ")


def _change(one: Change, namer: Namer) -> str:
    texts = [_new(told) for told in change(one, namer)["changes"]]
    return f"{'; '.join(texts)} ({one.bits} bit{'s' * (one.bits != 1)})"


def _new(told: Mapping[str, Any]) -> str:
    meaning = f", {told['meaning']}" if told["meaning"] not in ("", told["new"]) else ""
    return f"{told['where']}: {told['what']} {told['old']} → {told['new']}{meaning}"


def _build(item: Explanation, style: Style) -> Iterator[str]:
    if item.is_given and not item.build:
        yield "build: this .config has no option that fills variables"
    for filling, outcome in item.build:
        yield from style.wrap("build: ", _option(filling, outcome, item.is_given), " " * 7)
    if not item.is_given and item.build:
        yield "       --config .config says what your build has"


def _option(filling: Filling, outcome: Outcome, is_given: bool) -> str:
    word = effect(filling, outcome)
    if not is_given:
        word = {"masks": "would mask", "does not mask": "would not mask"}[word]
    said = f"{filling.option} {word} it"
    if outcome in (Outcome.VIOLATED, Outcome.PARTLY):
        how_much = "all of it" if outcome is Outcome.VIOLATED else "some of it"
        return f"{said}: {how_much} is there with all variables filled with {filling.byte:#04x}"
    gone = f"with all variables filled with {filling.byte:#04x} the violation is not there"
    if not filling.is_whole:
        return f"{said}: it fills variables of some kinds; {gone}"
    return f"{said}, which mends nothing: {gone}, and another build has it again"
