"""Free VLANs of a connection, so that nobody has to find one by trying."""

from functools import partial
from typing import Final

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.admission import admit
from peerhall.api.extensions.extension import Extension
from peerhall.api.filters import parse_filters
from peerhall.api.problems import invalid, of_refusal
from peerhall.api.resources.documents import MEDIA_TYPE, login_ended
from peerhall.api.runtime import Runtime
from peerhall.contract.filters import integer
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault
from peerhall.exchange.refusals import Refused
from peerhall.orderdesk.free_vlans import list_free
from peerhall.store.reading import LoginEnded

_READ: Final = Operation("free_vlans_read", "GET", "/connections/{id}", 200, None, filters=(integer("outer_vlan", 1),))
_LAST_TAG: Final = 4094


async def answer_free_vlans(
    request: Request, runtime: Runtime, operation: Operation, path: tuple[str, ...]
) -> Response:
    """Ranges of free tags, outer ones or those under one."""
    login = await admit(request, runtime.tokens)
    outer = parse_filters(operation, request.scope["query_string"]).get("outer_vlan")
    if outer is not None and outer > _LAST_TAG:
        raise invalid(Fault("outer_vlan", f"must be at most {_LAST_TAG}"))
    try:
        look = partial(list_free, document=path[0], outer=outer)
        found = await runtime.threads.run(runtime.desk.look, login, look)
    except Refused as refused:
        raise of_refusal(refused.refusal) from refused
    except LoginEnded:
        raise login_ended() from None
    return Response(to_json(found), media_type=MEDIA_TYPE)


EXTENSION: Final = Extension(
    "free-vlans",
    "Tells which VLANs of a connection are free.",
    """
Without a parameter you get the free outer tags, as ranges:
`{"connection": "…", "outer_vlans": [{"first": 1, "last": 99}]}`. They are those that a dot1q config can have, or a QinQ
config with whatever inner tag. With `?outer_vlan=` you get the free inner tags under that outer tag, as `inner_vlans`.
Tags that somebody else gave back lately are not free yet. For whoever sees the connection in full. Nothing is set
aside: the tag may be gone when you order it.
""",
    {_READ: answer_free_vlans},
)
