"""The committed OpenAPI document, in which everything works that can be made to."""

import json
from pathlib import Path
from typing import Final

from peerhall import contract
from peerhall.api.application import IMPLEMENTED
from peerhall.contract.openapi import write_openapi

PATH: Final = Path(contract.__path__[0]) / "openapi.json"


def render() -> str:
    """The document as it has to be, given the models and operations there are."""
    return json.dumps(write_openapi(IMPLEMENTED), indent=1, ensure_ascii=False) + "\n"
