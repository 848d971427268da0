"""Secrets that have to be read again are kept encrypted, with keys from a file that is not in the database.

The file has one key a line: 32 random octets in URL-safe Base64, as Fernet wants them. The first one encrypts, all
decrypt; so a key is changed by putting a new one above it and encrypting everything anew.
"""

import base64
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


class SealingError(Exception):
    """A file of keys that cannot be used; the message names it and says what to do."""


class CannotOpen(Exception):
    """It was encrypted with a key that is not there any more."""


class Sealer:
    """Encrypts and decrypts texts."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError for what is no key."""
        from cryptography.fernet import Fernet, MultiFernet  # only where there are keys, as it takes a while

        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises CannotOpen."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise CannotOpen from None

    def reseal(self, sealed: str) -> str:
        """The same text encrypted with the first key. Raises CannotOpen."""
        return self.seal(self.open(sealed))


def read_sealer(file: Path) -> Sealer:
    """What goes by the keys of a file. Raises SealingError, also when others could read it."""
    _refuse_readable(file)
    try:
        return Sealer(_read_keys(file))
    except ValueError:
        raise SealingError(
            f"{file} must have a key on each line, as `peerhall webhook-key add {file}` writes them."
        ) from None


def ensure_keys(file: Path) -> Path:
    """Makes a file with a first key unless there is one; processes may do so at the same time."""
    if not file.exists():
        _write(file, [_draw_key()], keep=True)
    return file


def add_key(file: Path) -> int:
    """Puts a new key above the others, making the file if need be; returns how many there are. Raises SealingError."""
    keys = []
    if file.exists():
        read_sealer(file)
        keys = _read_keys(file)
    keys = [_draw_key(), *keys]
    _write(file, keys)
    return len(keys)


def keep_first_key(file: Path) -> None:
    """Takes all keys but the first out of a file. Raises SealingError."""
    _write(file, _read_keys(file)[:1])


def _draw_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _read_keys(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="ascii").splitlines() if line.strip()]
    except OSError as error:
        raise SealingError(f"{file} cannot be read: {error.strerror}.") from None


def _refuse_readable(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise SealingError(
            f"{file} cannot be read: {error.strerror}. Make it with `peerhall webhook-key add {file}`."
        ) from None
    if mode & 0o077:
        raise SealingError(f"{file} holds keys, and others than its owner can get at it. Run: chmod 600 {file}")


def _write(file: Path, keys: list[str], *, keep: bool = False) -> None:
    """Puts the file in its place whole; with `keep`, only where there is none."""
    partial = file.with_name(f"{file.name}.{uuid4()}.partial")
    try:
        owner = file.stat() if file.exists() else None
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as written:
            written.write("".join(f"{key}\n" for key in keys))
            written.flush()
            os.fsync(written.fileno())
            if owner is not None:
                os.fchown(written.fileno(), owner.st_uid, owner.st_gid)
        if keep:
            with suppress(FileExistsError):
                os.link(partial, file)
        else:
            os.replace(partial, file)
    except OSError as error:
        raise SealingError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
