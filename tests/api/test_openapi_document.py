from pathlib import Path

import pytest

from peerhall.api import openapi_document


def test_the_committed_document_is_what_the_models_say() -> None:
    assert openapi_document.is_current(), "run: make format"


def test_a_stale_document_is_reported_with_the_remedy_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(openapi_document, "PATH", tmp_path / "openapi.json")
    assert openapi_document.main(["--check"]) == 1
    assert "make format" in capsys.readouterr().err
    assert openapi_document.main(["--write"]) == 0
    assert openapi_document.main(["--check"]) == 0
