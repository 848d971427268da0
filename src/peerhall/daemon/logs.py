"""Structured logs: one JSON object a line, with what the caller added and nothing that is secret."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

from pydantic_core import PydanticSerializationError, to_json

_STANDARD: Final = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


class JsonLines(logging.Formatter):
    """Writes a record with its extra members."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return to_json(line, fallback=str).decode()
        except PydanticSerializationError:  # octets or surrogates, which a line would rather show escaped than lose
            return json.dumps(line, default=str)


def set_up_logging(level: str) -> None:
    """Sends everything of this level and above to standard error."""
    # What no line shows need not be looked up for each: where in the code it was written, and by which thread.
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # What it says of itself at this level, we say ourselves.
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.root.level))
