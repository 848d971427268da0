"""What we offer beside the standard, under /api/ext/<name>/v1; one module each.

To add one, write a module with an `Extension` and name it here: routes, announcement and documentation come from it.
"""

from typing import Final

from peerhall.api.extensions import change_feed, dry_run, free_vlans, undo, webhooks
from peerhall.api.extensions.extension import Extension

EXTENSIONS: Final[tuple[Extension, ...]] = (
    dry_run.EXTENSION,
    change_feed.EXTENSION,
    free_vlans.EXTENSION,
    undo.EXTENSION,
    webhooks.EXTENSION,
)
"""Those that can be made to work; the exchange may switch each off by its name."""
