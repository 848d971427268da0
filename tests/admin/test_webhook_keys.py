"""The operator changes the key that secrets of webhooks are encrypted with."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from peerhall.admin.command import peerhall
from peerhall.store.sealing import CannotOpen, read_sealer
from tests.api.extensions.test_webhooks import call, subscribe
from tests.clock import Clock
from tests.commands import Operator
from tests.installation import Site


def test_all_secrets_are_encrypted_anew(database: str, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    for said in ("1 key", "2 keys"):
        added = CliRunner().invoke(peerhall, ["webhook-key", "add", str(file)])
        assert (added.exit_code, said in added.output) == (0, True)
    file.write_text("".join(reversed(file.read_text().splitlines(keepends=True))))
    with Site(database, clock, webhook_keys=str(file)).open() as site:
        member = site.login("member")
        made, lost = subscribe(site, member), subscribe(site, member)
        call(site, member, "POST", f"/{made['id']}/secrets", None, 201, **{"Idempotency-Key": "1"})
        site.connection.execute("update webhook set secret = 'x' where id = %s", (lost["id"],))
        [sealed] = secrets(site, made["id"])
        file.write_text("".join(reversed(file.read_text().splitlines(keepends=True))))
        done = Operator(database).run("webhook-key", "reseal", str(file))
        assert "1 secret is" in done.output
        assert lost["id"] in done.output
        assert len(file.read_text().splitlines()) == 1
        sealer = read_sealer(file)
        for each in secrets(site, made["id"])[0]:
            assert sealer.open(each).startswith("whsec_")
        with pytest.raises(CannotOpen):
            sealer.open(sealed[0])
        answers = site.connection.execute("select answer from idempotency").fetchall()
        assert answers == [], "remembered with a key that is gone"


def secrets(site: Site, webhook: str) -> list[tuple[str, str]]:
    return site.connection.execute("select secret, previous_secret from webhook where id = %s", (webhook,)).fetchall()


def test_keys_that_cannot_be_used_are_told(database: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(peerhall, ["webhook-key", "reseal", str(tmp_path / "none"), "--database", database])
    assert "webhook-key add" in str(refused.exception)
