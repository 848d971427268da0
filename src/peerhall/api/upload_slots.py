"""Slots for uploads: bodies of ten megabytes are in memory a few at a time, and no member has all of the slots."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_MOST: Final = 8
_MOST_OF_ONE: Final = 2


class UploadSlots:
    """Those of one worker process. All calls come from its event loop."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def is_free_for(self, whose: str) -> bool:
        """Whether a login of this name may have a slot at this moment."""
        return self._taken.total() < _MOST and self._taken[whose] < _MOST_OF_ONE

    @contextmanager
    def hold(self, whose: str) -> Iterator[None]:
        """Has a slot, which must be free, until the upload is kept or refused."""
        self._taken[whose] += 1
        try:
            yield
        finally:
            self._taken[whose] -= 1
            if not self._taken[whose]:
                del self._taken[whose]
