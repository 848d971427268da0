"""What a walk-through is told with: one exchange of a running sandbox, the people in it, and how time passes there.

Every walk begins on the same day. Told at the pace of life, the clock just runs and one waits by the change feed;
told on a turned clock it stands still, and what is to come comes when it is turned, after which everybody logs in anew.
"""

import time
from typing import Any

import httpx

from tests.installation import Caller

FIRST_DAY = "2031-01-01"
_MORNING = "T09:00:00Z"
_PATIENCE_SECONDS = 60
_FEED = "/api/ext/change-feed/v1/events"


class Somebody(Caller):
    """Somebody who can log in to the exchange; paths are below the base of the API."""

    def __init__(self, http: httpx.Client, url: str, login: dict[str, str]) -> None:
        super().__init__(http, "")
        self.name = login["name"]
        self.account = login["account"]
        self._url = url
        self._credentials = {member: login[member] for member in ("api_key", "api_secret")}
        self.login()

    def login(self) -> None:
        answer = self.http.post(f"{self._url}/auth/token", json=self._credentials)
        self.token = self._checked(answer, 201)["access_token"]

    def request(self, method: str, path: str, **options: Any) -> Any:
        return super().request(method, self._url + path, **options)

    def extension(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Asks an extension; the path is below /api/ext."""
        url = self._url.removesuffix("/api/v2") + path
        return self._checked(super().request(method, url, **options), status)

    def find(self, path: str, **members: Any) -> Any:
        """The one object of a list that has these members."""
        found = [each for each in self.get(path) if all(each.get(name) == value for name, value in members.items())]
        assert len(found) == 1, f"{path} with {members}: {[each.get('name') or each['id'] for each in found]}"
        return found[0]

    def offering(self, name: str) -> str:
        return str(self.find("/product-offerings", name=name)["id"])

    def admitted(self) -> "Somebody":
        """Names somebody for legal affairs, without whom nobody is let in."""
        body = {"name": "Legal affairs (fictional)", "email": "legal@example.net"}
        legal = self.find("/roles", name="legal")
        self.post("/role-assignments", {"contact": self.post("/contacts", body)["id"], "role": legal["id"]})
        assert self.get("/account")["state"] == "production"
        return self

    def upload(self, path: str, content: bytes, file_name: str) -> Any:
        """A body that is not JSON, as the official client sends it."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{file_name}"',
        }
        return self._checked(self.request("POST", path, content=content, headers=headers), 200)

    def download(self, path: str) -> httpx.Response:
        answer: httpx.Response = self.request("GET", path)
        assert answer.status_code == 200, answer.text
        return answer

    def events(self, after: str | None, wait: int) -> Any:
        return self.extension("GET", _FEED, params={"wait": wait} | ({"after": after} if after else {}))

    def states_told(self, document: str) -> list[str]:
        """The states that the change feed has told of an object, in their order."""
        told = [each["state"] for each in self.events(None, 0)["events"] if each["resource_id"] == document]
        return [state for state, before in zip(told, [None, *told], strict=False) if state != before]


class Walk:
    """One exchange of the sandbox, and who walks there. At the pace of life: the clock runs, and nobody waits a day."""

    speed = 1.0

    def __init__(self, http: httpx.Client, described: dict[str, Any]) -> None:
        self._http = http
        self._controls = described["sandbox_url"]
        self.control("PUT", "/clock", {"at": FIRST_DAY + _MORNING, "speed": self.speed})
        people = {each["name"]: Somebody(http, described["url"], each) for each in described["logins"]}
        self.member, self.reseller, self.newcomer = (people[name] for name in ("member", "reseller", "newcomer"))

    def control(self, method: str, path: str, body: Any, status: int = 200) -> Any:
        """Asks the sandbox itself, as nobody in the exchange could."""
        answer = self._http.request(method, self._controls + path, json=body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def hold_network(self, held: bool = True) -> None:
        """Has nothing be built or taken down, or goes on with it."""
        self.control("PUT", "/reconciler", {"paused": held})

    def day(self, day: str) -> str:
        """A day to come, if one can wait for it; else the first, which is today."""
        assert day > FIRST_DAY
        return FIRST_DAY

    def wait_for_day(self, day: str) -> None:
        """Returns on the morning of that day."""
        assert day == FIRST_DAY

    def reach(
        self,
        who: Somebody,
        path: str,
        state: str = "production",
        saying: str | None = None,
        silent: str | None = None,
    ) -> Any:
        """The object once it is in a state, and its status has an entry of one tag, or no longer one of another."""
        cursor = who.events("now", 0)["cursor"]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _is_there(found := who.get(path), state, saying, silent):
            assert time.monotonic() < deadline, f"{path} is not {state}, but {found}"
            cursor = who.events(cursor, 10)["cursor"]
        return found


class TurnedWalk(Walk):
    """On a clock that only moves when it is turned."""

    speed = 0.0

    def day(self, day: str) -> str:
        return day

    def wait_for_day(self, day: str) -> None:
        self.turn({"at": day + _MORNING})

    def turn(self, how: dict[str, str]) -> None:
        self.control("PUT", "/clock", how)
        for each in (self.member, self.reseller, self.newcomer):
            each.login()

    def reach(
        self,
        who: Somebody,
        path: str,
        state: str = "production",
        saying: str | None = None,
        silent: str | None = None,
    ) -> Any:
        if not _is_there(who.get(path), state, saying, silent):
            self.turn({"by": "PT1M"})
        found = who.get(path)
        assert _is_there(found, state, saying, silent), f"{path} is not {state}, but {found}"
        return found


def tags(found: Any) -> set[str]:
    """What the status of an object says."""
    return {entry["tag"] for entry in found["status"]}


def _is_there(found: Any, state: str, saying: str | None, silent: str | None) -> bool:
    return found["state"] == state and (saying is None or saying in tags(found)) and silent not in tags(found)
