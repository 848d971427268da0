"""What workers call themselves in their leases, so that those of the dead need not be waited for."""

import os
from pathlib import Path
from socket import gethostname
from uuid import uuid4


def name_holder() -> str:
    """A name for a worker of this process; no other ever has it."""
    return f"{gethostname()}:{os.getpid()}:{uuid4()}"


def is_alive(holder: str) -> bool:
    """Whether the worker that calls itself this may still be at work; of other machines' workers we do not know.

    A worker of this process that has another name than the one who asks is taken for an earlier one.
    """
    host, pid, _ = holder.split(":")
    if host != gethostname():
        return True
    if int(pid) == os.getpid():
        return False
    return Path(f"/proc/{pid}").exists()
