"""Snapshots: IR that this program derived from kernel sources, one folder a target. GPL-2.0-only."""
