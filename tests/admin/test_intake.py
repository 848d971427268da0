"""`peerhall apply` and `peerhall import ixf`, as an operator types them."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from peerhall.admin.command import main
from tests.commands import Operator
from tests.intake.support import DATA

EXCHANGE = str(DATA / "exchange.yaml")
EXPORT = str(DATA / "ixf-1.0.json")


@pytest.fixture
def dsn(make_database: Callable[[str], str]) -> str:
    return make_database("migrated")


@pytest.fixture
def operator(dsn: str) -> Operator:
    return Operator(dsn)


def count(dsn: str) -> int:
    """How many documents there are."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*) from document").fetchone()
        assert row is not None
        return int(row[0])


# The exchange file.


def test_a_plan_is_shown_and_a_y_carries_it_out(dsn: str, operator: Operator) -> None:
    shown = operator.run("apply", EXCHANGE, typed="y\n").stdout
    for line in (
        "+ exchange LAN         Cork Peering",
        "+ product offering     Circuit (p2p_vc)",
        "18 added, 0 changed",
    ):
        assert line in shown
    assert "Done: Test Exchange is as exchange.yaml says." in shown
    assert count(dsn) > 18


@pytest.mark.parametrize("typed", ["n\n", "\n", ""], ids=["no", "nothing", "nobody there"])
def test_without_a_yes_nothing_is_done(dsn: str, operator: Operator, typed: str) -> None:
    shown = operator.run("apply", EXCHANGE, typed=typed, code=1)
    assert "18 added" in shown.stdout
    assert "Nothing was done." in shown.stdout
    assert count(dsn) == 0


def test_yes_asks_nothing_and_the_second_time_changes_nothing(dsn: str, operator: Operator) -> None:
    assert "Go ahead?" not in operator.run("apply", EXCHANGE, "--yes").output
    before = count(dsn)
    assert operator.run("apply", EXCHANGE).stdout == "Nothing to change: Test Exchange is as exchange.yaml says.\n"
    assert count(dsn) == before


def test_a_change_is_shown_member_by_member_in_words(tmp_path: Path, operator: Operator) -> None:
    operator.run("apply", EXCHANGE, "--yes")
    text = Path(EXCHANGE).read_text()
    text = text.replace("1 Example Street", "2 Example Street").replace("  sw2: {name: sw2.ork1, pop: ork1}\n", "")
    (tmp_path / "exchange.yaml").write_text(text.replace("[legal]", "[legal, noc]"))
    shown = operator.run("apply", str(tmp_path / "exchange.yaml"), "--yes").stdout.splitlines()
    assert "~ house rule           account_required_roles: legal → legal; noc" in shown
    assert "~ facility             Cork One" in shown
    assert "    street_address: 1 Example Street → 2 Example Street" in shown
    assert "    devices: -sw2.ork1" in shown
    assert "- device               sw2.ork1" in shown
    assert shown[-2].startswith("0 added, 2 changed, 1 removed, ")


def test_what_cannot_be_ordered_as_it_stands_is_noted(tmp_path: Path, operator: Operator) -> None:
    text = Path(EXCHANGE).read_text().replace("physical_port_speed: 10000", "physical_port_speed: 400000")
    (tmp_path / "exchange.yaml").write_text(text)
    shown = operator.run("apply", str(tmp_path / "exchange.yaml"), "--yes").stdout
    assert "Note: No device where 10G port is handed over has ports of 400000 Mbit/s." in shown


def test_mistakes_are_told_with_their_lines_and_nothing_is_done(tmp_path: Path, dsn: str, operator: Operator) -> None:
    (tmp_path / "our.yaml").write_text(Path(EXCHANGE).read_text().replace("IEORK", "Cork").replace("asn:", "as:"))
    told = operator.run("apply", str(tmp_path / "our.yaml"), "--yes", code=1)
    assert told.stdout == ""
    lines = told.stderr.splitlines()
    assert lines[0].startswith("our.yaml:8: metro_areas.cork.un_locode: ")
    assert any("route_servers.rs1.as: there is no such member; did you mean asn?" in line for line in lines)
    assert lines[-1] == f"{len(lines) - 1} mistakes; nothing was done."
    assert count(dsn) == 0
    as_json = json.loads(operator.run("apply", str(tmp_path / "our.yaml"), "--yes", "--json", code=1).stdout)
    assert (as_json["file"], as_json["applied"], as_json["mistakes"][0]["line"]) == ("our.yaml", False, 8)


def test_programs_get_the_plan_as_json(operator: Operator) -> None:
    plan = json.loads(operator.run("apply", EXCHANGE, "--json", "--yes").stdout)
    assert (plan["exchange"], plan["applied"], plan["changed"], plan["removed"]) == ("Test Exchange", True, [], [])
    assert {"kind": "devices", "name": "sw1.ork1"}.items() <= {
        name: value for each in plan["added"] if each["name"] == "sw1.ork1" for name, value in each.items()
    }.items()
    again = json.loads(operator.run("apply", EXCHANGE, "--json").stdout)
    assert (again["added"], again["applied"]) == ([], False)


# The member export.


def test_an_import_says_what_comes_in_and_asks(dsn: str, operator: Operator) -> None:
    operator.run("apply", EXCHANGE, "--yes")
    before = count(dsn)
    refused = operator.run("import", "ixf", EXPORT, typed="n\n", code=1)
    assert "4 members, IX-F 1.0 of 2026-03-31T12:00:00Z" in refused.stdout
    assert count(dsn) == before
    done = operator.run("import", "ixf", EXPORT, typed="y\n").stdout
    for line in ("  +      4 accounts", "  +      5 network service configs", "10.1.0.36 is not in 192.0.2.0/25"):
        assert line in done
    assert "peerhall key create ACCOUNT" in done
    assert (
        "Nothing to change: all 4 members are here as the export has them."
        in operator.run("import", "ixf", EXPORT).stdout
    )


def test_a_plan_changes_nothing_and_asks_nothing(dsn: str, operator: Operator) -> None:
    shown = operator.run("import", "ixf", EXPORT, "--plan")
    assert "  +      5 accounts" in shown.stdout
    assert "Go ahead?" not in shown.output
    assert count(dsn) == 0
    planned = operator.read("import", "ixf", EXPORT, "--plan")
    done = operator.read("import", "ixf", EXPORT, "--yes")
    assert (planned.pop("applied"), done.pop("applied")) == (False, True)
    assert planned == done


def test_vanished_members_are_listed_and_retired_on_request(tmp_path: Path, operator: Operator) -> None:
    operator.run("apply", EXCHANGE, "--yes")
    operator.run("import", "ixf", EXPORT, "--yes")
    content = json.loads(Path(EXPORT).read_bytes())
    del content["member_list"][0]
    (tmp_path / "members.json").write_text(json.dumps(content))
    shown = operator.run("import", "ixf", str(tmp_path / "members.json")).stdout
    assert "No longer in the export (1)\n  Example Broadband: the member\n" in shown
    assert "import with --retire-missing" in shown
    retired = operator.run("import", "ixf", str(tmp_path / "members.json"), "--retire-missing", "--yes").stdout
    assert "not retired: its services are not out of the network yet" in retired
    assert "  -      8 retired" in retired.splitlines()
    as_json = operator.read("import", "ixf", str(tmp_path / "members.json"), "--retire-missing")
    assert (as_json["applied"], as_json["vanished"][0]["retired"]) == (False, False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "members.json:1: is not JSON here"),
        ("[]", "is not a member export"),
        ('{"version": "0.9", "member_list": []}', "has version '0.9'; 0.6, 0.7, 1.0 can be read"),
        ('{"version": "1.0"}', "has no member_list"),
        ("[" * 100000, "nested too deeply"),
        ("1" * 5000, "holds a number that nobody can mean"),
    ],
    ids=["cut off", "a list", "version", "no members", "deep", "a number"],
)
def test_what_is_no_export_is_refused_in_a_sentence(
    tmp_path: Path, operator: Operator, content: str, says: str
) -> None:
    (tmp_path / "members.json").write_text(content)
    told = operator.run("import", "ixf", str(tmp_path / "members.json"), code=1)
    assert says in told.stderr
    assert told.stdout == ""


# The database.


@pytest.mark.parametrize("words", [("apply", EXCHANGE), ("import", "ixf", EXPORT)], ids=["apply", "import"])
def test_an_unmigrated_database_is_refused_with_what_to_run(
    make_database: Callable[[str], str], capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--yes", "--database", make_database("")])
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (1, "")
    assert told.err.splitlines()[-1].endswith("Run: peerhall migrate")


def test_accounts_of_members_are_listed_and_get_keys(operator: Operator) -> None:
    operator.run("apply", EXCHANGE, "--yes")
    operator.run("import", "ixf", EXPORT, "--yes")
    accounts = {each["name"]: each for each in operator.read("account", "list")}
    assert accounts["Sample Hosting"]["asns"] == [64497]
    key = operator.read("key", "create", "Sample Hosting")
    assert key["account"] == accounts["Sample Hosting"]["id"]
