"""Waiting for something that happens in another thread or process."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Returns once the condition holds; fails the test when that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"this has not come true in {seconds} seconds"
        time.sleep(0.005)
