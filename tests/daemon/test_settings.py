"""Settings: where they come from, what they refuse, and that each is documented."""

from dataclasses import fields
from pathlib import Path

import pytest

from peerhall.daemon.settings import Settings, SettingsError

REFERENCE = Path(__file__).parents[2] / "docs/reference/settings.md"


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None, **given: object) -> Settings:
    file = tmp_path / "peerhall.toml"
    file.write_text(text)
    return Settings.load(file, environment or {}, **given)


def test_the_command_line_beats_the_environment_beats_the_file(tmp_path: Path) -> None:
    text = 'port = 1\nworkers = 1\nhost = "192.0.2.1"'
    settings = load(tmp_path, text, {"PEERHALL_PORT": "2", "PEERHALL_WORKERS": "2"}, port=3, workers=None)
    assert (settings.host, settings.workers, settings.port) == ("192.0.2.1", 2, 3)


def test_lists_are_written_with_commas_in_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, "", {"PEERHALL_TRUSTED_PROXIES": "192.0.2.1, 2001:db8::/32"})
    assert settings.trusted_proxies == ("192.0.2.1", "2001:db8::/32")


def test_origins_are_those_that_browsers_tell(tmp_path: Path) -> None:
    origins = ("https://console.example.net", "http://localhost:3000", "*")
    assert load(tmp_path, "", {"PEERHALL_CORS_ORIGINS": ",".join(origins)}).cors_origins == origins


def test_a_driver_has_options_of_its_own(tmp_path: Path) -> None:
    assert load(tmp_path, '[driver_options]\nhook = "/bin/true"').driver_options == {"hook": "/bin/true"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("no_such = 1", "no_such"),
        ("port = 'many'", "port"),
        ("port = ", "TOML"),
        ("workers = 0", "workers"),
        ("connections = 0", "connections"),
        ("port = 65536", "port"),
        ("port = true", "port"),
        ("port = 1.5", "port"),
        ("mass_change_objects = -1", "mass_change_objects"),
        ("mass_change_percent = 101", "mass_change_percent"),
        ("log_level = 'loud'", "log_level"),
        ("trusted_proxies = [1]", "trusted_proxies"),
        ("public_url = 'api.example.net'", "public_url"),
        ("public_url = 'https://[api'", "public_url"),
        ("cors_origins = ['console.example.net']", "cors_origins"),
        ("cors_origins = ['https://console.example.net/']", "no slash at the end"),
        ("cors_origins = ['https://Console.example.net']", "cors_origins"),
        ("trusted_proxies = ['proxy']", "trusted_proxies"),
        ("switched_off = ['peering']", "switched_off"),
        ("switched_off = ['contacts:read']", "switched_off"),
        ("switched_off = 7", "switched_off"),
        ("driver = 7", "driver"),
        ("driver_options = 'hook'", "driver_options"),
        ("cloud_options = 'aws'", "cloud_options"),
        ("[cloud_options.cumulus]", "cumulus"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        Settings.load(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize("group", ["accounts", "network-services", "macs", "auth", "health"])
def test_what_clients_load_in_one_go_stays_readable(tmp_path: Path, group: str) -> None:
    with pytest.raises(SettingsError, match=f"{group}:write"):
        load(tmp_path, f"switched_off = ['{group}']")


def test_a_group_is_switched_off_whole_or_for_writing() -> None:
    settings = Settings(switched_off=("contacts", "macs:write"))
    offered = {
        name for name in ("contacts_list", "contacts_create", "macs_list", "macs_create") if settings.is_offered(name)
    }
    assert offered == {"macs_list"}


def test_every_setting_is_in_the_reference_with_its_default() -> None:
    rows = [line.split("|") for line in REFERENCE.read_text().splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
    defaults = Settings()
    assert documented.keys() == {setting.name for setting in fields(Settings)}
    for name, default in documented.items():
        value = getattr(defaults, name)
        assert default == ("" if value in (None, "", ()) or value == {} else str(value)), name
