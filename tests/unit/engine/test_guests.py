"""What a guest may have shared: proofs hold for both answers, counterexamples have no guests."""

from __future__ import annotations

from specs.bindings.pkvm import PKVM
from tests import mini
from verify.frontend.preprocess import NVHE_FFA_H, NVHE_PKVM_H
from verify.frontend.unit import lower_tree
from verify.prove.target import Target, make_target
from verify.terms import build as t
from verify.terms.evaluate import assume, evaluate
from verify.terms.term import variables

HEAD = "    switch (func_id) {\n    case FFA_ID_GET:\n        return false;\n"
FIRST = "bool kvm_host_ffa_handler"
ASKED = """    struct ffa_mem_transfer *found = __pkvm_get_vm_ffa_transfer(cpu_reg(host_ctxt, 1));

    if (found) {
        list_del(&%s->node);
        hyp_free(found);
        refuse(host_ctxt, FFA_RET_INVALID_PARAMETERS);
        return true;
    }
"""
HEADERS = {
    NVHE_PKVM_H: "struct kvm_ffa_buffers {\n\tstruct list_head xfers;\n};\n"
                 "struct ffa_mem_transfer *__pkvm_get_vm_ffa_transfer(u16 handle);\n",
    NVHE_FFA_H: "struct ffa_mem_transfer { struct list_head node; u64 handle; };\n",
}


def target(removed: str) -> Target:
    files = mini.files((HEAD, ASKED % removed + HEAD), (FIRST, "static struct ffa_mem_transfer mine;\n\n" + FIRST))
    return make_target(lower_tree({**files, **HEADERS}), PKVM)


def test_both_answers_are_followed() -> None:
    made = target("found")
    assert made.step.record.boundaries == []
    (calm,) = [fact for fact in made.step.record.quiet if "guest.transfer" in "".join(variables([fact]))]
    refused = t.eq(t.extract(made.step.outputs[2].term, 31, 0), t.const(0xFFFFFFFE, 32))
    with_none = assume([refused], {calm: t.TRUE, calm.args[0]: t.const(0, 64)})[0]
    with_one = assume([refused], {calm.args[0]: t.const(64, 64)})[0]
    assert with_none is not with_one
    assert evaluate([assume([calm], {calm.args[0]: t.const(64, 64)})[0]], {}) == [0]


def test_what_is_modelled_is_not_taken_from_a_list() -> None:
    (found,) = target("(&mine)").step.record.boundaries
    assert found.construct == "list_del of something that is modelled"
