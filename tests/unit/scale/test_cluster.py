"""Judging on a scheduler's workers says what judging here says, whoever dies on the way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from specs.bindings.pkvm import PKVM
from tests import mini
from tests.unit.cli.conftest import Command
from tests.unit.cli.conftest import verify as verify  # a fixture
from tests.unit.scale.conftest import Machines, end, scheduler
from verify.errors import InputError
from verify.prove.outcome import RuleResult
from verify.report import json_report
from verify.rules.book import load_rules
from verify.scale.cluster import TIMEOUT, Cluster
from verify.scale.executor import Executor, Local, Question
from verify.verdict.baseline import Tolerated
from verify.verdict.options import Options
from verify.verdict.reuse import NO_REUSE
from verify.verdict.run import TargetRun
from verify.verdict.watch import NOBODY, Watch

FAULT = ("if (wanted >= hyp_ffa_version)\n            result", "result")
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return mini.write(tmp_path / "bad", FAULT)


def question(options: Options) -> Question:
    return Question("mini", "", mini.unit(FAULT), PKVM, options.select(load_rules()), options, NO_REUSE)


def told(executor: Executor, options: Options, watch: Watch = NOBODY) -> str:
    (run,) = executor.judge([question(options)], lambda name: nullcontext(watch))
    assert isinstance(run, TargetRun)
    return json_report.render([run], options, Tolerated())


def test_a_report_is_the_same_bytes_wherever_it_was_judged(
    verify: Command, bad: Path, machines: Machines, tmp_path: Path
) -> None:
    ask = ("run", "--tree", bad, "--rule", "VER-0[17]", "--function", "FFA_V*", "--format", "json", "--cache")
    here = verify(*ask, tmp_path / "here")
    there = verify(*ask, tmp_path / "there", "--scheduler", machines.address)
    assert here.status == there.status == 1 and here.out == there.out
    again = verify(*ask, tmp_path / "there")
    assert again.out.replace('"cached": true', '"cached": false') == here.out and '"cached": true' in again.out


def test_no_scheduler_is_wrong_input_within_seconds(verify: Command, bad: Path) -> None:
    before = time.monotonic()
    done = verify("run", "--tree", bad, "--rule", "VER-07", "--scheduler", "tcp://127.0.0.1:9")
    assert done.status == 2 and "tcp://127.0.0.1:9: no scheduler answers there" in done.err
    assert time.monotonic() - before < 6 * TIMEOUT
    assert verify("run", "--tree", bad, "--scheduler", "nonsense").status == 2


def test_a_worker_is_no_scheduler(machines: Machines) -> None:
    with Cluster(machines.address, is_fresh=False) as cluster:
        worker = cluster.workers[0]
    with pytest.raises(InputError, match="no scheduler but a worker"):
        Cluster(worker, is_fresh=False)


def test_a_scheduler_without_workers_says_so(tmp_path: Path) -> None:
    process, address = scheduler(tmp_path)
    try:
        with pytest.raises(InputError, match="has no workers"):
            Cluster(address, is_fresh=False)
    finally:
        end([process])


def test_another_version_is_refused(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.scale.message.program_digest", lambda: "0" * 64)
    with Cluster(machines.address, is_fresh=False) as cluster:
        (answer,) = cluster.judge([question(Options(("VER-07",)))], lambda name: nullcontext(NOBODY))
    assert isinstance(answer, InputError) and "another version" in str(answer) and "000000000000 here" in str(answer)


def test_a_worker_that_is_killed_loses_nothing(machines: Machines) -> None:
    """The last test here: one worker is left."""
    options = Options(("VER-0[1-5]",), trusts=("L2",), jobs=2)
    killed: list[int] = []

    class Kill(Watch):
        def finished(self, results: Sequence[RuleResult]) -> None:
            if not killed:
                machines.workers[0].kill()
                killed.append(machines.workers[0].wait())

    with Cluster(machines.address, is_fresh=True) as cluster:
        assert len(cluster.workers) == 2
        there = told(cluster, options, Kill())
    assert killed and there == told(Local(), options)
    with Cluster(machines.address, is_fresh=True) as cluster:
        assert len(cluster.workers) == 1
