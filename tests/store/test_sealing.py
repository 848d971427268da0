"""Keys in a file: who may read it, what a change of keys does, and what is wrong with it in words."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from peerhall.store.sealing import CannotOpen, SealingError, add_key, ensure_keys, keep_first_key, read_sealer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return ensure_keys(tmp_path / "keys")


def test_what_is_sealed_can_be_opened_and_not_be_read(file: Path) -> None:
    sealer = read_sealer(file)
    sealed = sealer.seal("whsec_x")
    assert "whsec_x" not in sealed
    assert sealer.seal("whsec_x") != sealed
    assert read_sealer(file).open(sealed) == "whsec_x"
    for wrong in (sealed[:-4] + "AAA=", "x", ""):
        with pytest.raises(CannotOpen):
            sealer.open(wrong)


def test_a_key_is_changed_without_losing_anything(file: Path) -> None:
    sealed = read_sealer(file).seal("whsec_x")
    assert add_key(file) == 2
    anew = read_sealer(file).reseal(sealed)
    keep_first_key(file)
    sealer = read_sealer(file)
    assert sealer.open(anew) == "whsec_x"
    with pytest.raises(CannotOpen):
        sealer.open(sealed)


def test_the_file_is_its_owners_alone(file: Path) -> None:
    add_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(SealingError, match="chmod 600"):
        read_sealer(file)
    with pytest.raises(SealingError, match="chmod 600"):
        add_key(file)
    assert [each.name for each in file.parent.iterdir()] == ["keys"]


def test_processes_that_start_together_have_the_same_keys(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda _: read_sealer(ensure_keys(file)).seal("x"), range(8)))
    assert {read_sealer(file).open(each) for each in sealed} == {"x"}


@pytest.mark.parametrize("text", ["", "x", "AAAA", "ü", "\x00"])
def test_what_is_no_key_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SealingError, match="webhook-key add"):
        read_sealer(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SealingError, match="webhook-key add"):
        read_sealer(tmp_path / "keys")
    with pytest.raises(SealingError, match="cannot be written"):
        add_key(tmp_path / "nowhere" / "keys")
