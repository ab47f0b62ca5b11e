"""What Arm's compliance suite tests (ARM-software/ff-a-acs, tree of 7 May 2026), by rule of this book."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Tests of one kind. `rules`: what they look at. `is_alone`: a host can run them without a secure partition."""

    group: str
    tests: tuple[str, ...]
    rules: tuple[str, ...]
    is_alone: bool = False


def _rules(group: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"FFA-{group}-{number:02}" for number in numbers)


SETUP, DIRECT, INDIRECT, MEMORY, NOTIFICATIONS = (
    "setup and discovery", "direct messaging", "indirect messaging", "memory management", "notifications")
FAMILIES: tuple[Family, ...] = (
    Family(SETUP, ("ffa_version",), _rules("VER", 2, 4), True),
    Family(SETUP, ("ffa_version_negotiation",), _rules("VER", 7, 8), True),
    Family(SETUP, ("ffa_features",), _rules("DSC", 1, 2, 3, 4, 5, 6, 7), True),
    Family(SETUP, ("ffa_features_intr",), _rules("POL", 2)),
    Family(SETUP, ("ffa_features_nsbit",), _rules("DSC", 5)),
    Family(SETUP, ("ffa_id_get", "ffa_spm_id_get"), _rules("DSC", 8), True),
    Family(SETUP, ("ffa_partition_info_get",), _rules("DSC", 9, 10, 11) + _rules("SRV", 2), True),
    Family(SETUP, ("ffa_partition_info_get_regs",), _rules("DSC", 12)),
    Family(SETUP, ("ffa_rx_release",), _rules("BUF", 9), True),
    Family(SETUP, ("ffa_rxtx_map_and_unmap",), _rules("BUF", 1, 2, 3, 7) + _rules("SRV", 1), True),
    Family(SETUP, ("rxtx_exclusive_access",), _rules("BUF", 4)),
    Family(SETUP, ("ffa_console_log",), _rules("POL", 5)),
    Family(DIRECT, ("ffa_direct_message_32", "ffa_direct_message_64"), _rules("MSG", 1, 2, 3, 4, 5, 6)),
    Family(DIRECT, ("ffa_direct_message_error", "ffa_direct_message_error1", "ffa_direct_message_error2"),
           _rules("MSG", 2)),
    Family(DIRECT, ("ffa_direct_message2",), _rules("MSG", 7, 9)),
    Family(DIRECT, ("ffa_run_direct_req",), _rules("MSG", 11)),
    Family(DIRECT, ("direct_msg_sp_to_vm",), _rules("MSG", 6)),
    Family(INDIRECT, ("ffa_msg_send", "ffa_msg_send2"), _rules("POL", 7)),
    Family(INDIRECT, ("ffa_run",), _rules("MSG", 11)),
    Family(MEMORY, ("{donate,lend,share}_input_error_checks*",), _rules("MEM", 1, 6, 9, 12, 13, 14, 15)),
    Family(MEMORY, ("*_state_machine_*",), _rules("MEM", 16, 29)),
    Family(MEMORY, ("*_lower_upper_boundary_*",), _rules("MEM", 11)),
    Family(MEMORY, ("*_cache_attr*", "*_device_attr*", "*_shareability_attr*", "mem_security_state_ns_bit_*"),
           _rules("MEM", 15)),
    Family(MEMORY, ("relinquish_*", "reclaim_input_error_checks", "reclaim_zero_flag"), _rules("MEM", 22, 27)),
    Family(MEMORY, ("ffa_mem_perm_get", "ffa_mem_perm_set"), _rules("POL", 6)),
    Family(NOTIFICATIONS, ("bitmap create and destroy", "bind, unbind, set, get", "info_get"), _rules("POL", 2, 3, 4)),
)


def checked_by(rule: str) -> tuple[str, ...]:
    """The tests that look at what a rule of this book says; a test may look at a part of it only."""
    return tuple(name for family in FAMILIES if rule in family.rules for name in family.tests)


def runs_alone(rule: str) -> bool:
    """Can a host without a secure partition run one of them?"""
    return any(family.is_alone for family in FAMILIES if rule in family.rules)
