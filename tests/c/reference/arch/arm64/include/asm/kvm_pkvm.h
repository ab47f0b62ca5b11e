/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory the mediator gets. */
#ifndef TESTS_KVM_PKVM_H
#define TESTS_KVM_PKVM_H

#include <linux/arm_ffa.h>

/* A mailbox is one page. */
#define KVM_FFA_MBOX_NR_PAGES 1

/* The two mailboxes, and a buffer for the longest description that EL2 can take back: 2048 ranges. */
static inline unsigned long hyp_ffa_proxy_pages(void)
{
	unsigned long longest = sizeof(struct ffa_region) + sizeof(struct ffa_access) +
				sizeof(struct ffa_composite) + 2048 * sizeof(struct ffa_range);

	return 2 * KVM_FFA_MBOX_NR_PAGES + DIV_ROUND_UP(longest, PAGE_SIZE);
}

#endif
