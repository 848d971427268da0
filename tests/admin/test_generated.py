from collections.abc import Callable
from pathlib import Path

import pytest

from peerhall.admin.generated import FILES, is_current, main


@pytest.mark.parametrize(("path", "render"), FILES.items(), ids=lambda value: getattr(value, "name", ""))
def test_what_is_committed_is_what_the_code_says(path: Path, render: Callable[[], str]) -> None:
    assert is_current(path, render), "run: make format"


def test_a_stale_file_is_told_and_written_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {tmp_path / "page": lambda: "news"}
    assert main(["--check"], files) == 1
    assert str(tmp_path / "page") in capsys.readouterr().err
    assert main(["--write"], files) == 0
    assert main(["--check"], files) == 0
    assert main([], files) == 2
