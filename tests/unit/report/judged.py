"""A small mediator with a fault and a statement that is not modelled, judged; and variants of it made up by hand."""

from __future__ import annotations

from dataclasses import replace

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.prove.outcome import Finding, PartResult, RuleResult, Status
from verify.rules.book import load_rules
from verify.verdict.options import Options
from verify.verdict.run import TargetRun, judge_target

EDITS = (
    ("if (wanted >= hyp_ffa_version)\n            result", "result"),
    ("    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n", '    asm("nop");\n    refuse(host_ctxt, FFA_RET_NOT_SUPPORTED);\n'),
)
OPTIONS = Options(("VER-01", "VER-07", "VER-09", "DSC-01", "CC-02"), trusts=("L0", "L2"))


def judge() -> TargetRun:
    rules = OPTIONS.select(load_rules())
    return judge_target("mini", "v1", mini.unit(*EDITS), PKVM, rules, OPTIONS, ("a note",))


def with_part(run: TargetRun, part: PartResult, trust: str = "L2") -> TargetRun:
    """The run with this part alone, of its first rule."""
    first = run.results[0]
    return replace(run, results=(RuleResult(first.rule, first.profile, trust, (part,)),))


def violated(run: TargetRun, name: str = "part") -> PartResult:
    """A part with the finding of the run's own violated part."""
    return PartResult(name, "FFA_VERSION", Status.VIOLATED, findings=(finding(run),))


def finding(run: TargetRun) -> Finding:
    return next(finding for result in run.results for part in result.parts for finding in part.findings)


def many(run: TargetRun, count: int) -> TargetRun:
    """With so many findings, which differ in fingerprint and line."""
    one = finding(run)
    several = tuple(
        replace(one, fingerprint=f"{number:016x}", cause=replace(one.cause, line=1 + number))
        for number in range(count))
    return with_part(run, replace(violated(run), findings=several))
