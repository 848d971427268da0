import base64
import hashlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from tests.clock import Clock
from tests.installation import Site


def test_the_page_asks_for_nothing_from_elsewhere(site: Site) -> None:
    page = fetch(site, "/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page.text)
    assert "localStorage" not in page.text
    assert "sessionStorage" not in page.text
    assert "innerHTML" not in page.text


def test_the_page_may_run_its_own_script_only(site: Site) -> None:
    page = fetch(site, "/docs")
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    fingerprint = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["content-security-policy"].split("; ")
    assert f"script-src 'sha256-{fingerprint}'" in policy
    assert {"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(policy)


def test_the_root_leads_to_the_page(site: Site) -> None:
    assert fetch(site, "/").headers["location"] == "/docs"


def test_the_document_tells_what_does_not_work_here(database: str, clock: Clock) -> None:
    url = "https://api.example.net/api/v2"
    with Site(database, clock, switched_off=("devices",), public_url=url).open() as site:
        document = site.http.get("/openapi.json").json()
        working = set(site.http.get("/implementation").json()["supported_operations"])
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert {each["operationId"] for each in operations if "x-available" not in each} == working
    assert "devices_list" not in working
    assert document["servers"] == [{"url": url}]


def test_other_paths_and_methods_are_problems(site: Site) -> None:
    assert fetch(site, "/nowhere").json()["status"] == 404
    refused = fetch(site, "/docs", httpx.post)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


def fetch(site: Site, path: str, send: Callable[[str], httpx.Response] = httpx.get) -> httpx.Response:
    parts = urlsplit(site.url)
    return send(f"{parts.scheme}://{parts.netloc}{path}")
