/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory the mediators of literate tests get. */
#ifndef SMALL_KVM_PKVM_H
#define SMALL_KVM_PKVM_H

#define KVM_FFA_MBOX_NR_PAGES 1

/* Two mailboxes, and a page for what EL3 says of a region. */
static inline unsigned long hyp_ffa_proxy_pages(void)
{
	return 2 * KVM_FFA_MBOX_NR_PAGES + 1;
}

#endif
