/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree's ffa.c, as it is, with its headers from the build directory; then what the runner needs to know. */
#include "kernel.h"
#include <linux/arm-smccc.h>
#include <linux/arm_ffa.h>
#include "before_ffa.h"
#include "hypervisor.h"
#include FFA_SOURCE
#include "caller.h"

struct kvm_host_psci_config kvm_host_psci_config;

#ifndef WITHOUT_TABLES
#include "functions.h"
#include "tables.h"
#endif
