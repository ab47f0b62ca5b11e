"""Options that several commands have: what to judge, and how."""

from __future__ import annotations

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)

TREE = click.option("--tree", type=_PATH, help="Kernel tree (a sparse one is enough).")
REVISION = click.option("--git", "revision", metavar="REV", help="Read the tree's files from this git revision.")
PATCHES = click.option("--patch", "patches", type=_PATH, multiple=True, help="Apply first; repeatable.")
EXTRACTED = click.option("--extracted", type=_PATH, help="Folder of snapshots (default: built in).")
RULES = click.option("--rule", "rule_globs", multiple=True, metavar="GLOB", help="Only these rules; repeatable.")
OWN = click.option("--rules", "own", type=_PATH, multiple=True, metavar="DIR",
                   help="Rules of your own: *.py files, which are run; repeatable.")
FUNCTIONS = click.option("--function", "functions", multiple=True, metavar="NAME",
                         help="Report only this function; repeatable.")
PROFILE = click.option("--profile", default="SEED", show_default=True, help="Reading of contested sentences.")
TRUSTS = click.option("--trust", "trusts", multiple=True, metavar="L0|L1|L2", help="Trust in EL3 (default: L0 and L2).")
JOBS = click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: one a core).")
CONFIG = click.option("--config", "config_path", type=_PATH, help="Default: verify.toml, if there.")
CACHE = click.option("--cache", "folder", type=_PATH, help="Earlier results (default: the user's).")
FRESH = click.option("--fresh", is_flag=True, help="Judge everything again, whatever is in the cache.")
