"""What two runs are compared by is the same whatever was read before, and holds what a rule reads of its own."""

from __future__ import annotations

from specs.bindings.pkvm import PKVM
from tests.mediators.memory_faults import serving
from tests.mediators.trees import REFERENCE, files
from verify.engine.record import SmcEvent
from verify.frontend.unit import lower_tree
from verify.prove.secrecy import Secrets, secrets
from verify.prove.target import Target, make_target
from verify.rules.rule import STACK
from verify.terms import build as t
from verify.terms.term import Term, variables


def showing(statements: str) -> Target:
    """A mediator that sends what is put into EL2's TX buffer by these."""
    function = ("static int show(struct kvm_cpu_context *host)\n{\n\tstruct arm_smccc_1_2_regs said = {};\n"
                "\tstruct ffa_region region;\n\n\thyp_spin_lock(&host_buffers.lock);\n"
                f"\t{statements}\n"
                "\tsaid.a0 = FFA_RX_RELEASE;\n\tarm_smccc_1_2_smc(&said, &said);\n"
                "\thyp_spin_unlock(&host_buffers.lock);\n\tanswer(host, FFA_SUCCESS, 0, 0, 0);\n"
                "\treturn ANSWERED;\n}\n\n/* What is not named here is not supported")
    served = "\tcase FFA_ID_GET:\n\t\treturn PASS_ON;\n\tcase FFA_RUN:"
    edits = (*serving(), ("/* What is not named here is not supported", function),
             (served, f"\tcase FFA_RX_RELEASE:\n\t\treturn show(host);\n{served}"))
    return make_target(lower_tree(files(REFERENCE, *edits)), PKVM, memory=True)


LEAKING = showing("memcpy(hyp_buffers.tx, &region, sizeof(region));")


def sending(target: Target) -> SmcEvent:
    """The SMC of `show`."""
    (found,) = (x for x in target.step.record.smcs if target.step.record.sites[x.site].function == "show")
    return found


def word(target: Target, at: int, size: int) -> Term:
    """What a rule reads of EL2's TX buffer, when that SMC is made."""
    content = sending(target).tx
    assert content is not None
    return target.step.record.word(content, t.const(at, 64), size)


def about(found: Secrets) -> tuple[object, ...]:
    return sorted(found.renaming), sorted(found.memories), found.meanings, found.disturbed, found.words


def test_what_rules_read_before_does_not_matter() -> None:
    before = about(secrets(LEAKING, STACK))
    for size in (1, 2, 4, 8):
        word(LEAKING, 24, size)
    assert about(secrets(LEAKING, STACK)) == before


def test_a_word_that_only_a_rule_reads_is_a_secret_where_it_is_made_of_secrets() -> None:
    for target, is_secret in ((LEAKING, True), (showing("memset(hyp_buffers.tx, 0, 16);"), False)):
        read = word(target, 0, 4)
        fails = secrets(target, STACK, value=read).differs(read)
        assert (fails is not t.FALSE) is is_secret
        assert any(name.endswith("~2") for name in variables([fails])) is is_secret


def test_words_are_called_the_same_in_whatever_order_rules_read_them() -> None:
    names = [
        {at: repr(word(target, at, 2)) for at in order}
        for target, order in ((showing("memcpy(hyp_buffers.tx, &region, 8);"), order) for order in ((2, 4), (4, 2)))]
    assert names[0] == names[1]
