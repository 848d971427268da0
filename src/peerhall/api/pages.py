"""What is served beside the operations: the OpenAPI document, and a page to read it on without the Internet."""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from peerhall.api.extensions.extension import Extension
from peerhall.api.problems import Problem
from peerhall.api.runtime import BASE_PATH, Runtime
from peerhall.contract import problems

OPENAPI_PATH = f"{BASE_PATH}/openapi.json"


def answer_page(request: Request, runtime: Runtime) -> Response:
    """The document or the page. Raises a 404 problem for any other path."""
    path = request.scope["path"].rstrip("/")
    if path not in ("", "/docs", OPENAPI_PATH, "/favicon.ico"):
        raise Problem(
            problems.NOT_FOUND, f"There is nothing here; the API is at {runtime.base_url}, its pages at /docs."
        )
    if request.method not in ("GET", "HEAD"):
        raise Problem(problems.METHOD_NOT_ALLOWED, "Only GET is possible here.", headers={"Allow": "GET"})
    if path == OPENAPI_PATH:
        return Response(_openapi(runtime.available, runtime.base_url), media_type="application/json")
    if path == "/docs":
        return Response(_page(), media_type="text/html; charset=utf-8", headers=_page_headers())
    if path == "/favicon.ico":
        raise Problem(problems.NOT_FOUND, "There is no icon.")
    return RedirectResponse("/docs")


def answer_extension_page(request: Request, extension: Extension) -> Response:
    """What an extension does and how it is called, at its own address."""
    if request.method not in ("GET", "HEAD"):
        raise Problem(problems.METHOD_NOT_ALLOWED, "Only GET is possible here.", headers={"Allow": "GET"})
    return Response(extension.documentation, media_type="text/markdown; charset=utf-8")


@cache
def read_openapi() -> bytes:
    """The committed document, in which everything that can be made to work does."""
    return (files("peerhall.contract") / "openapi.json").read_bytes()


@cache
def _openapi(available: frozenset[str], server: str) -> bytes:
    """The document as it is true for this server."""
    document = json.loads(read_openapi())
    document["servers"] = [{"url": server}]
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("x-available", None)
            if operation["operationId"] not in available:
                operation["x-available"] = False
    return to_json(document)


@cache
def _page() -> bytes:
    return (files("peerhall.api") / "docs.html").read_bytes()


@cache
def _page_headers() -> dict[str, str]:
    """Lets the page run its own script and talk to this server; nothing else, as people type secrets into it."""
    script = _page().split(b"<script>")[1].split(b"</script>")[0]
    fingerprint = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{fingerprint}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }
