"""`verify extract`: C to IR; print it, store it, or compare it with what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import click

from verify import __version__
from verify.cli import options as given
from verify.cli.config import read_config
from verify.cli.targets import from_snapshots, read_source, snapshot_folder, snapshot_names
from verify.errors import InputError
from verify.frontend.unit import lower_tree
from verify.ir import instr as i
from verify.ir.function import Unit
from verify.ir.show import show_function
from verify.snapshot import drift, store
from verify.snapshot.manifest import Manifest
from verify.source.tree import SourceFiles


@click.command(epilog=given.examples(
    "verify extract --tree ~/linux --function do_ffa_version     # its IR",
    "verify extract --tree ~/linux --git v6.12 --out snapshots --name 6.12",
    "verify run --extracted snapshots"))
@click.option("--tree", type=click.Path(path_type=Path), required=True, help="Kernel tree (a sparse one is enough).")
@given.REVISION
@given.PATCHES
@click.option("--function", "functions", multiple=True, metavar="NAME", help="Only these; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Write a snapshot DIR/NAME.")
@click.option("--name", help="Name of the snapshot (default: the tree's).")
@click.option("--package", default="", metavar="NAME=VERSION", help="Where the tree comes from, for the manifest.")
@click.option("--print", "do_print", is_flag=True, help="Print the IR.")
@click.option("--check", type=click.Path(path_type=Path), is_flag=False, flag_value="",
              help="Compare with the snapshot of that name in this folder (default: those that come along).")
def extract(
    tree: Path, revision: str | None, patches: tuple[Path, ...], functions: tuple[str, ...], out: Path | None,
    name: str | None, package: str, do_print: bool, check: Path | None,
) -> int:
    """Lower a tree's ffa.c to IR."""
    files, notes = read_source(tree, revision, patches)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    unit = lower_tree(files.files, read_config(None).handler)
    label = name or files.label
    chosen = _select(unit, functions)
    if do_print:
        for function in chosen:
            click.echo(show_function(unit.functions[function]))
    if out is not None:
        store.write(out / label, unit, _manifest(label, files, package))
        click.echo(f"{out / label}: {len(unit.functions)} functions")
    if check is not None:
        return _check(unit, files, label, check if str(check) not in ("", ".") else snapshot_folder())
    if not do_print and out is None:
        _summary(unit, chosen)
    return 0


def _select(unit: Unit, wanted: Sequence[str]) -> list[str]:
    for glob in wanted:
        if not any(fnmatchcase(name, glob) for name in unit.functions):
            raise InputError(f"no function {glob}; there are {', '.join(unit.functions)}")
    return [name for name in unit.functions if not wanted or any(fnmatchcase(name, glob) for glob in wanted)]


def _summary(unit: Unit, chosen: Sequence[str]) -> None:
    for name in chosen:
        function = unit.functions[name]
        instructions = [item for block in function.blocks for item in block.instructions]
        click.echo(f"{name:<32} {len(function.blocks):>4} blocks {len(instructions):>5} instructions  {function.span}")
        for item in instructions:
            if isinstance(item, i.Unsupported):
                click.echo(f"  unsupported: {item.construct} at {item.span}")


def _manifest(label: str, files: SourceFiles, package: str) -> Manifest:
    name, _, version = package.partition("=")
    origin = f"{name} {version}".strip() or files.revision or files.label.partition(" + ")[0]
    return Manifest(
        name=label, revision=" + ".join((origin, *(patch.name for patch in files.patches))),
        package=name, version=version, commit=files.revision,
        patches=tuple((patch.name, patch.sha256) for patch in files.patches),
        inputs=dict(files.digests), unpatched=dict(files.before), tool=__version__)


def _check(unit: Unit, files: SourceFiles, label: str, folder: Path) -> int:
    """1 if equal sources give another IR than the snapshot's; drift of the sources is printed and is no failure."""
    if label not in snapshot_names(folder):
        raise InputError(f"no snapshot {label} in {folder}; --name says which one is meant")
    (stored,) = from_snapshots(folder, (label,))
    _, manifest = store.read(folder / label)
    same_sources = dict(manifest.inputs) == dict(files.digests)
    changes = drift.compare(stored.unit, unit)
    if not changes:
        click.echo(f"{label}: {'same sources' if same_sources else 'other sources'}, same IR")
        return 0
    why = "same sources, other IR: the front end changed" if same_sources else "the sources moved on"
    click.echo(f"{label}: {why}")
    for change in changes:
        click.echo(str(change))
    return 1 if same_sources else 0
