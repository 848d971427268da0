"""How this installation runs: from a settings file, the environment and the command line, in that order.

What an exchange decides for itself is not here but in its exchange file, because all processes must go by it.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from peerhall.contract.operations import OPERATIONS

PREFIX: Final = "PEERHALL_"

_GROUPS: Final = frozenset(operation.group for operation in OPERATIONS)
_ALWAYS_READABLE: Final = frozenset(
    {
        "account",
        "accounts",
        "auth",
        "extensions",
        "health",
        "implementation",
        "ips",
        "macs",
        "network-feature-configs",
        "network-features",
        "network-service-configs",
        "network-services",
        "product-offerings",
    }
)

_RANGES: Final[Mapping[str, tuple[int, int | None]]] = {
    "port": (0, 65535),
    "workers": (1, None),
    "connections": (1, None),
    "mass_change_objects": (0, None),
    "mass_change_percent": (0, 100),
}
_TABLES: Final = ("driver_options", "cloud_options")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings there are, with defaults that suit a small exchange."""

    database: str = ""
    """DSN of PostgreSQL 15 or newer."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8000
    workers: int = 1
    """Processes that answer requests."""
    connections: int = 20
    """Database connections of each process; processes times this must stay below PostgreSQL's max_connections."""
    public_url: str | None = None
    """Where clients reach the API, such as https://api.example.net/api/v2."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or prefixes whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may use the API from a browser; `*` is any."""
    switched_off: tuple[str, ...] = ()
    """Operation groups that are not offered, such as `routing-functions`; with `:write`, only their changes.

    Extensions are switched off by their names, such as `dry-run`.
    """
    driver: str = "manual"
    """What changes the network: `manual`, `simulator`, or one that a package brings."""
    driver_options: Mapping[str, Any] = field(default_factory=dict)
    """Passed to the driver: `hook` for manual, `speed` for simulator."""
    cloud_options: Mapping[str, Any] = field(default_factory=dict)
    """A table for each cloud provider's plug-in that needs one."""
    mass_change_objects: int = 5
    """How many objects of a device may be removed or changed without approval, where that is more than the share."""
    mass_change_percent: int = 10
    """What share of a device's objects may be removed or changed without approval."""
    webhook_keys: str = ""
    """File of the keys that secrets of webhooks are encrypted with; without one there are no webhooks."""
    webhook_refused_networks: tuple[str, ...] = ()
    """Prefixes of the exchange's own that webhooks must not lead to, beside all that is not public."""
    log_level: str = "info"

    @classmethod
    def load(cls, file: Path | None, environment: Mapping[str, str] = os.environ, **given: Any) -> Self:
        """Settings from a TOML file, overridden by PEERHALL_… variables, overridden by what was given.

        Raises SettingsError, also for a key in the file that is not a setting.
        """
        values = _read_file(file) if file is not None else {}
        for setting in fields(cls):
            text = environment.get(PREFIX + setting.name.upper())
            if text is not None and setting.name not in _TABLES:
                values[setting.name] = text
        values |= {name: value for name, value in given.items() if value is not None}
        known = {setting.name: setting for setting in fields(cls)}
        unknown = values.keys() - known.keys()
        if unknown:
            raise SettingsError(f"{file}: there is no setting {min(unknown)!r}; there are {', '.join(sorted(known))}.")
        default = cls()
        return replace(default, **{n: _convert(n, v, getattr(default, n)) for n, v in values.items()}).checked()

    def checked(self) -> Self:
        """These settings, if they make sense together; else SettingsError."""
        if self.public_url is not None and _origin_of(self.public_url) is None:
            raise SettingsError("public_url must be a URL such as https://api.example.net/api/v2.")
        for origin in self.cors_origins:
            if origin not in ("*", _origin_of(origin)):
                raise SettingsError(
                    f"cors_origins: {origin!r} is no origin as browsers write it, such as https://console.example.net; "
                    "it has no path, and no slash at the end."
                )
        for proxy in self.trusted_proxies:
            if proxy == "*":
                continue
            try:
                ip_network(proxy)
            except ValueError:
                raise SettingsError(f"trusted_proxies: {proxy!r} is neither an address nor a prefix.") from None
        for network in self.webhook_refused_networks:
            try:
                ip_network(network)
            except ValueError:
                raise SettingsError(f"webhook_refused_networks: {network!r} is not a prefix.") from None
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value < least:
                raise SettingsError(f"{name} must be at least {least}, not {value}.")
            if most is not None and value > most:
                raise SettingsError(f"{name} must be at most {most}, not {value}.")
        if self.log_level not in LOG_LEVELS:
            raise SettingsError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {self.log_level!r}.")
        for group in self.switched_off:
            self._check_group(group)
        for provider, table in self.cloud_options.items():
            self._check_provider(provider, table)
        return self

    def _check_provider(self, provider: str, table: object) -> None:
        from peerhall.provisioning.clouds import list_installed  # only where there is one to be named

        if provider not in list_installed():
            known = ", ".join(list_installed()) or "none"
            raise SettingsError(
                f"cloud_options: no plug-in for the provider {provider!r} is installed; there is {known}."
            )
        if not isinstance(table, Mapping):
            raise SettingsError(f"cloud_options: {provider} must be a table.")

    def _check_group(self, entry: str) -> None:
        from peerhall.api.extensions import EXTENSIONS  # only where something is switched off, as it loads the API

        if any(extension.name == entry for extension in EXTENSIONS):
            return
        group, _, part = entry.partition(":")
        if group not in _GROUPS or part not in ("", "write"):
            raise SettingsError(
                f"switched_off: {entry!r} is not one of {', '.join(sorted(_GROUPS))}, or one with :write."
            )
        if group in _ALWAYS_READABLE and part != "write":
            raise SettingsError(
                f"switched_off: reading {group} cannot be switched off, as clients load it together with others and "
                f"fail as a whole without it. Use {group}:write to switch off its changes."
            )

    def is_offered(self, operation_id: str) -> bool:
        """Whether an operation is left on."""
        operation = next(each for each in OPERATIONS if each.id == operation_id)
        if operation.group in self.switched_off:
            return False
        return not (operation.permission == "write" and f"{operation.group}:write" in self.switched_off)


def _origin_of(url: str) -> str | None:
    """Where an HTTP URL leads, as browsers tell it in `Origin`; None when it is no such URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {file}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None


def _convert(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise SettingsError(f"{name} must be a list of texts.")
        return tuple(part.strip() for part in parts if part.strip())
    if isinstance(default, int):
        try:
            if isinstance(value, int | str) and not isinstance(value, bool):
                return int(value)
        except ValueError:
            pass
        raise SettingsError(f"{name} must be a whole number, not {value!r}.")
    if name in _TABLES:
        if not isinstance(value, Mapping):
            raise SettingsError(f"{name} must be a table.")
        return dict(value)
    if not isinstance(value, str):
        raise SettingsError(f"{name} must be text, not {value!r}.")
    return value or default
