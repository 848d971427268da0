"""What an import has to tell about an export: nothing is left out, corrected or made up without a word."""

from dataclasses import dataclass
from enum import Enum


class Topic(Enum):
    """What a remark is about; the value is how people read of it, in the order in which they do."""

    CONFLICT = "In the way of the export, and left as it is"
    VANISHED = "No longer in the export"
    SKIPPED = "Not imported"
    INACTIVE = "Connections that are not active; not imported, but their addresses are kept for them"
    DUPLICATE = "More than once in the export"
    OUTSIDE = "Addresses outside of their LAN's subnet; imported all the same"
    UNREADABLE = "Could not be read"
    UNKNOWN = "Refers to something that the export does not list"
    TRUNCATED = "Too long, and cut"
    ELSEWHERE = "Here already by an order, and left to it"
    INFERRED = "Not in the export, and inferred"
    ASIDE = "Left aside, as IX-API has no place for it"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to tell: `subject` is what it is about, such as a member."""

    topic: Topic
    subject: str
    text: str


class Remarks:
    """Collects remarks, each once."""

    def __init__(self) -> None:
        self._found: dict[Remark, None] = {}

    def add(self, topic: Topic, subject: str, text: str) -> None:
        self._found[Remark(topic, subject, text)] = None

    @property
    def found(self) -> list[Remark]:
        """All of them, as they came."""
        return list(self._found)
