"""Rules of a user's own: the *.py files of a folder outside this package.

They are Python and do what Python may do. Each text is read once: what is judged is what is in the digest.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from verify.errors import InputError
from verify.reading import read_bytes
from verify.rules.mistakes import OWN_PACKAGE, LocatedError, located, place
from verify.rules.rule import ALL_PROFILES, FORCES, HEADINGS, Part, Rule, forget_own, registered
from verify.rules.scene import Scene

CONFIDENCES = ("high", "medium", "low")
NAME = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
_LEFT_OUT = ("_", ".", "test_", "conftest.")
"""Beginnings of names of files that are read with the others but hold no rules."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`texts`: all *.py files by module name. `wanted`: those that are loaded; the others wait to be imported."""

    path: Path
    texts: Mapping[str, str]
    wanted: tuple[str, ...]


def read_folder(path: Path) -> Folder:
    """A folder, or one file of it. Raises InputError."""
    home = path if path.is_dir() or path.suffix != ".py" else path.parent
    try:
        files = sorted(item for item in home.iterdir() if item.suffix == ".py" and item.is_file())
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}; --rules names a folder of rules") from None
    if home is not path and path not in files:
        raise InputError(f"{path}: no such file of rules (*.py)")
    names = [path] if home is not path else [item for item in files if not item.name.startswith(_LEFT_OUT)]
    if not names:
        raise InputError(f"{path}: no *.py file there; `verify rules new FFA-XYZ-01 --dir {path}` writes one")
    return Folder(home, {item.stem: _text(item) for item in files}, tuple(item.stem for item in names))


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode()
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; convert it") from None


def load_own(paths: Sequence[Path]) -> str:
    """Register the rules of these folders, and no others of a user's; a digest of their texts, empty for none.

    Raises InputError with file and line for what is wrong in a file.
    """
    forget_own()
    for name in [name for name in sys.modules if name.partition(".")[0] == OWN_PACKAGE]:
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Texts)]
    if not paths:
        return ""
    folders = [read_folder(path) for path in dict.fromkeys(paths)]
    sys.meta_path.append(_Texts(folders))
    for number, folder in enumerate(folders):
        for name in folder.wanted:
            _load(folder.path / f"{name}.py", f"{OWN_PACKAGE}.{number}.{name}")
    for rule in own_rules():
        _check(rule)
    return _digest(folders)


def own_rules() -> tuple[Rule, ...]:
    """Those that a user brought."""
    return tuple(rule for rule in registered() if rule.is_own)


def _load(path: Path, module: str) -> None:
    try:
        importlib.import_module(module)
    except SyntaxError as problem:
        raise InputError(f"{problem.filename or path}:{problem.lineno or 1}: not Python: {problem.msg}") from None
    except SystemExit:
        raise InputError(f"{path}:1: ends the program when it is loaded; a file of rules says what holds") from None
    except LocatedError:
        raise
    except Exception as problem:
        code = compile("", str(path), "exec")
        told = str(located(problem, "", code, OWN_PACKAGE)).replace(": rule : ", ": ", 1)
        raise InputError(told) from None


def _check(rule: Rule) -> None:
    """What every rule says of itself."""
    missing = [heading for heading in HEADINGS if f"{heading}:" not in rule.documentation]
    problem = ""
    if not NAME.fullmatch(rule.identity):
        problem = "a rule's name is like FFA-XYZ-01: capitals, digits and dashes"
    elif not rule.documentation.strip():
        problem = f"no docstring; write the sentence, then {', '.join(f'{heading}: …' for heading in HEADINGS)}"
    elif missing:
        problem = f"the docstring has no {missing[0]}: …; write it, be it 'nothing'"
    elif rule.force not in FORCES:
        problem = f"force={rule.force!r}: one of {', '.join(FORCES)} is expected"
    elif rule.confidence not in CONFIDENCES:
        problem = f"confidence={rule.confidence!r}: one of {', '.join(CONFIDENCES)} is expected"
    elif not rule.profiles or not set(rule.profiles) <= set(ALL_PROFILES):
        problem = f"profiles={rule.profiles!r}: some of {', '.join(ALL_PROFILES)} are expected"
    if problem:
        raise LocatedError(f"{place(rule.code)}: rule {rule.identity}: {problem}")


def check_parts(rule: Rule, scene: Scene) -> None:
    """What a scene shows of a user's rule: that it says something. Raises InputError with file and line."""
    parts = list(rule.statement(scene))
    problem = "" if parts else "yields no part; yield part(…)"
    if list(map(_said, rule.statement(scene))) != list(map(_said, parts)):
        problem = "says something else when it is asked again; is an iterator (map, zip, iter) used up? make it a tuple"
    for item in parts:
        if not item.then:
            problem = problem or f"part {item.name}: nothing is required; give require(…), or a list of them"
    if problem:
        raise LocatedError(f"{place(rule.code)}: rule {rule.identity}: {problem}")


def _said(part: Part) -> tuple[str, str, list[int]]:
    """Equal for parts that say the same: equal terms are one object."""
    truths = [part.given, part.exists, part.unless, *(item.holds for item in part.then)]
    others = [item.independent for item in part.then if item.independent is not None]
    return part.name, part.function, [id(one.term) for one in (*truths, *others)]


def _digest(folders: Iterable[Folder]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        digest.update(f"folder {' '.join(folder.wanted)}\n".encode())
        for name, text in sorted(folder.texts.items()):
            digest.update(f"{name} {hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return digest.hexdigest()


class _Texts(MetaPathFinder, Loader):
    """Imports from texts that were read: no compiled file is taken for the text, and none is left in the folder."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        words = name.split(".")
        if words[0] != OWN_PACKAGE or len(words) > 3:
            return None
        if len(words) == 3 and words[2] not in self._folders[int(words[1])].texts:
            return None
        return ModuleSpec(name, self, is_package=len(words) < 3)

    def exec_module(self, module: ModuleType) -> None:
        words = module.__name__.split(".")
        if len(words) == 3:
            folder = self._folders[int(words[1])]
            file = str(folder.path / f"{words[2]}.py")
            tree = ast.parse(folder.texts[words[2]], file)
            _check_used(tree, file)
            exec(compile(tree, file, "exec", dont_inherit=True), module.__dict__)


def _check_used(tree: ast.Module, file: str) -> None:
    """A part that is made and dropped would say nothing, and nobody would see it. Raises InputError."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="part" | "require" as name))):
                hint = "write yield before it" if name == "part" else "it belongs into a part(…)"
                raise LocatedError(f"{file}:{node.lineno}: {name}(…) is made and not used; {hint}")
