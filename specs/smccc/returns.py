"""What EL3 returns reaches the host as EL3 returned it."""

from __future__ import annotations

from collections.abc import Iterator

from verify.rules import Clause, Part, Scene, all_of, any_of, part, require, rule

from ..ffa import ids
from ..ffa.calls import by_function, is_ffa

RESULTS = Clause("DEN0028", "2.6", "public mail and Linux")
RESUMED = ids.clause("v1.2 15.4", "the seed's successors")


@rule("FFA-CC-07", "What x4–x17 mean on return, per SMCCC version", RESULTS, force="spec", confidence="medium")
def forwarded_results(scene: Scene) -> Iterator[Part]:
    """x0 to x17 of a call that EL2 does not answer come back as EL3 left them, x18 to x30 as the host had them.

    Clause: DEN0028: which registers carry results is the callee's business, by its version of SMCCC.
    Reading: EL2 changes no register of an answer that is not its own, whatever the SMCCC version of the host.
    Applies to: every version; FF-A calls and others.
    Not covered: completions that EL2 makes (CC-06, CC-08, CC-09 say what x4–x17 hold there); that SMCCC 1.0's x4–x17
        are unpredictable binds callers.
    """
    for name, premise in (*by_function(scene), ("no FF-A function", ~is_ffa(scene))):
        given = premise & scene.result.forwarded
        yield part(name, given, [
            *(require("x0–x17 are EL3's",
                      all_of(~smc.made | (scene.result.x(k) == smc.q(k)) for smc in scene.forwards), f"x{k}")
              for k in range(18)),
            *(require("x18–x30 are the host's", scene.result.x(k) == scene.call.x(k)) for k in range(18, 31)),
        ], exists=given)


@rule("FFA-CC-10", "Completion of a resumed REQ2 under FFA_RUN", RESUMED, force="spec", confidence="high")
def resumed_request(scene: Scene) -> Iterator[Part]:
    """A RESP2 that ends an FFA_RUN keeps its payload, although FFA_RUN is an SMC32 call.

    Clause: DEN0077A 1.2, interrupted direct requests; said in the series' later threads.
    Reading: whenever EL3 answers FFA_RUN with RESP2, which it does only to a pending REQ2, x0 to x17 are all of it. So
        the rule needs no history.
    Applies to: agreed versions from 1.2 on.
    Not covered: nothing.
    """
    sent = [*scene.smcs, *scene.forwards]
    for name, function in (("RUN", ids.RUN), ("RUN64", ids.RUN64)):
        ends = [smc.made & (smc.qw(0) == ids.DIRECT_RESP2) for smc in sent]
        resumed = scene.call.is_(function) & scene.pre.negotiated & scene.pre.at_least(1, 2) & any_of(ends)
        yield part(name, resumed, [
            require("x0–x17 are EL3's",
                    all_of(~ended | (scene.result.x(k) == smc.q(k)) for ended, smc in zip(ends, sent, strict=True)),
                    f"x{k}")
            for k in range(18)
        ], function="FFA_RUN", exists=resumed)
