"""Which variables a build fills, by its .config."""

from __future__ import annotations

import pytest

from verify.source.kconfig import ALL_ZERO, CLANGS, GCCS, PATTERN, SOME, Filling, fillings, is_kconfig, read_options


@pytest.mark.parametrize(("text", "wanted"), [
    ("CONFIG_INIT_STACK_ALL_ZERO=y\n", [ALL_ZERO]),
    ("# CONFIG_INIT_STACK_ALL_ZERO is not set\nCONFIG_INIT_STACK_NONE=y\n", []),
    ("CONFIG_CC_IS_CLANG=y\nCONFIG_INIT_STACK_ALL_PATTERN=y\n", [Filling(PATTERN, CLANGS)]),
    ("CONFIG_CC_IS_GCC=y\nCONFIG_INIT_STACK_ALL_PATTERN=y\n", [Filling(PATTERN, GCCS)]),
    ("CONFIG_INIT_STACK_ALL_PATTERN=y\n", [Filling(PATTERN, CLANGS), Filling(PATTERN, GCCS)]),
    (f"{SOME[2]}=y\n", [Filling(SOME[2], 0, is_whole=False)]),
    ("CONFIG_INIT_STACK_ALL_ZERO=m\n", []),
    (" CONFIG_INIT_STACK_ALL_ZERO=y\n", []),
])
def test_options_that_fill_variables(text: str, wanted: list[Filling]) -> None:
    assert list(fillings(read_options(text))) == wanted


def test_a_config_is_told_from_toml() -> None:
    assert is_kconfig("#\n# Automatically generated\n#\nCONFIG_ARM64=y\n")
    assert is_kconfig("# CONFIG_KVM is not set\n")
    assert not is_kconfig('[[accepted]]\nfingerprint = "0"\nreason = "CONFIG_ARM64=y"\n')
