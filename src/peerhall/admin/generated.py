"""What is committed but written by the code: the OpenAPI document and the page on all commands.

python -m peerhall.admin.generated --write     writes both anew (`make format`)
python -m peerhall.admin.generated --check     says which is not what it should be (`make check`)
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from peerhall.admin import reference
from peerhall.api import openapi_document

FILES: Final[Mapping[Path, Callable[[], str]]] = {
    openapi_document.PATH: openapi_document.render,
    reference.PATH: reference.render,
}


def main(arguments: list[str], files: Mapping[Path, Callable[[], str]] = FILES) -> int:
    match arguments:
        case ["--write"]:
            for path, render in files.items():
                path.write_text(render(), encoding="utf-8")
        case ["--check"]:
            stale = [path for path, render in files.items() if not is_current(path, render)]
            for path in stale:
                print(f"{path} is not what the code says. Run: make format", file=sys.stderr)
            return 1 if stale else 0
        case _:
            print("Usage: python -m peerhall.admin.generated --write | --check", file=sys.stderr)
            return 2
    return 0


def is_current(path: Path, render: Callable[[], str]) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == render()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
