"""The committed OpenAPI document, in which everything works that can be made to: written anew, or compared.

python -m peerhall.api.openapi_document --write     (what `make format` runs)
python -m peerhall.api.openapi_document --check     (what `make check` runs)
"""

import json
import sys
from pathlib import Path
from typing import Final

from peerhall import contract
from peerhall.api.application import IMPLEMENTED
from peerhall.contract.openapi import write_openapi

PATH: Final = Path(contract.__path__[0]) / "openapi.json"


def render() -> str:
    """The document as it has to be, given the models and operations there are."""
    return json.dumps(write_openapi(IMPLEMENTED), indent=1, ensure_ascii=False) + "\n"


def is_current() -> bool:
    """Whether the committed document is the one that would be written now."""
    return PATH.is_file() and PATH.read_text(encoding="utf-8") == render()


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--write"]:
            PATH.write_text(render(), encoding="utf-8")
        case ["--check"] if not is_current():
            print(f"{PATH} is not what the models say. Run: make format", file=sys.stderr)
            return 1
        case ["--check"]:
            pass
        case _:
            print("Usage: python -m peerhall.api.openapi_document --write | --check", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
