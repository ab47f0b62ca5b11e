"""Options that several commands have: what to judge, and how."""

from __future__ import annotations

import os
from pathlib import Path

import click

from verify.cli.complete import page_sizes, profile_names, rule_names, trust_levels
from verify.verdict.options import Options

_PATH = click.Path(path_type=Path)

TREE = click.option("--tree", type=_PATH, help="Kernel tree (a sparse one is enough).")
REVISION = click.option("--git", "revision", metavar="REV", help="Read the tree's files from this git revision.")
PATCHES = click.option("--patch", "patches", type=_PATH, multiple=True, help="Apply first; repeatable.")
EXTRACTED = click.option("--extracted", type=_PATH, help="Folder of snapshots (default: built in).")
RULES = click.option("--rule", "rule_globs", multiple=True, metavar="GLOB", help="Only these rules; repeatable.",
                     shell_complete=rule_names)
OWN = click.option("--rules", "own", type=_PATH, multiple=True, metavar="DIR",
                   help="Rules of your own: *.py files, which are run; repeatable.")
FUNCTIONS = click.option("--function", "functions", multiple=True, metavar="NAME",
                         help="Report only this function; repeatable.")
PROFILE = click.option("--profile", default="SEED", show_default=True, help="Reading of contested sentences.",
                       shell_complete=profile_names)
TRUSTS = click.option("--trust", "trusts", multiple=True, metavar="L0|L1|L2", help="Trust in EL3 (default: L0 and L2).",
                      shell_complete=trust_levels)
JOBS = click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: one a core).")
CONFIG = click.option("--config", "config_path", type=_PATH, help="Default: verify.toml, if there.")
CACHE = click.option("--cache", "folder", type=_PATH, help="Earlier results (default: the user's).")
FRESH = click.option("--fresh", is_flag=True, help="Judge everything again, whatever is in the cache.")
PAGE_SIZE = click.option("--page-size", default="", metavar="4K|16K|64K", help="Only this page size (default: all).",
                         shell_complete=page_sizes)
OUTPUTS = click.option("--output", "outputs", multiple=True, type=_PATH, help="One for each --format.")
READ_ONLY = click.option("--read-only", is_flag=True, help="Take results from the cache, and add none.")
LIMIT = click.option("--rlimit", type=click.IntRange(1), default=None, help="Solver's resource units for one query.")
SCHEDULER = click.option("--scheduler", metavar="ADDRESS",
                         help="Judge on the workers of this dask.distributed scheduler, as tcp://host:8786.")


def judged_how(
    own: str, rule_globs: tuple[str, ...], functions: tuple[str, ...], profile: str, trusts: tuple[str, ...],
    jobs: int | None, page_size: str = "", rlimit: int | None = None,
) -> Options:
    """`own`: the digest of the user's rules. Raises InputError for a name that does not exist."""
    return Options(rule_globs, functions, profile, tuple(dict.fromkeys(trusts)) or ("L0", "L2"), page_size,
                   jobs or os.cpu_count() or 1, rlimit or 0, own)


def examples(*lines: str) -> str:
    """The end of a command's help, as it stands here."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
