"""Linux pKVM: `arch/arm64/kvm/hyp/nvhe/ffa.c`."""

from __future__ import annotations

from verify.rules import Binding

PKVM = Binding(
    name="pkvm",
    init="hyp_ffa_init",
    handler="kvm_host_ffa_handler",
    version="hyp_ffa_version",
    negotiated="has_version_negotiated",
    version_lock="version_lock",
    buffers="host_buffers",
    buffers_lock="host_buffers.lock",
)
