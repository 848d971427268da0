"""`Prefer: dry-run` on every write: the answer of the order, which is then rolled back. See `api.preferences`."""

from typing import Final

from peerhall.api.extensions.extension import Extension
from peerhall.api.preferences import PREFERENCE

EXTENSION: Final = Extension(
    PREFERENCE,
    "Tries an order out: every write of the standard, and of the extensions, without its consequences.",
    """
Send `Prefer: dry-run` with a POST, PUT, PATCH or DELETE. The answer has the status code and the body that the order
would have been answered with, and `Preference-Applied: dry-run`; a refusal is the problem document that the order would
have been refused with. Nothing is kept: no object, no claim, no line in the journal, no work for the network, no
answer under the `Idempotency-Key`. Ids and what the exchange picks (addresses, VLANs, ports) are examples: nothing is
set aside for you. `Location` is left out, as there is nothing at it.

An order that a moment later meets others may still be refused. `dry-run` takes no value; one that has a value is
refused, lest an order be carried out that was meant as a trial.
""",
)
