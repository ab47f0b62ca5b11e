/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the host's SMC arrives, for trees that come without hyp-main.c. */
static void handle_host_smc(struct kvm_cpu_context *host_ctxt)
{
	u64 func_id = host_ctxt->regs.regs[0];

	func_id &= ~(u64)0x10000;
	if (!__VERIFY_HANDLER(host_ctxt, func_id))
		__verify_forward(host_ctxt);
}
