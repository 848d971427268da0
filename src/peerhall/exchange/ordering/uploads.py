"""Documents that members upload: what they are, told by their content, and what they may be called."""

import re
import unicodedata
from typing import Final

from pydantic_core import from_json

LARGEST_UPLOAD: Final = 10 * 1024 * 1024
"""Octets."""

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain; charset=utf-8"

_ENDINGS: Final = {PDF: (".pdf",), PNG: (".png",), JPEG: (".jpg", ".jpeg"), TEXT: (".txt", ".text", ".asc", ".md")}
_LONGEST_NAME: Final = 100
"""Characters, the ending included."""

_WAY_OUT: Final = "Send the letter itself as the body: as PDF, PNG, JPEG, or plain text in UTF-8."

_FAMILIAR: Final = (
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"#!", "a script"),
    (b"PK\x03\x04", "a ZIP archive, as are documents of word processors; export it as PDF"),
    (b"\xd0\xcf\x11\xe0", "a document of an old word processor; export it as PDF"),
    (b"{\\rtf", "a document of a word processor; export it as PDF"),
    (b"%!", "PostScript; convert it to PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP picture or a recording"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\xff\xfe", "text in UTF-16; save it in UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it in UTF-8"),
)
"""Beginnings of what is sent by mistake, so that a refusal can name it."""

_FORM: Final = re.compile(
    rb"--[^\r\n]{1,200}\r?\n(?:[^\r\n]*\r?\n){0,10}?content-disposition: *form-data", re.IGNORECASE
)


class NotALetter(ValueError):
    """What was uploaded is nothing that people can read; the message says what it is and what to send."""


def sniff_media_type(content: bytes) -> str:
    """The media type of a PDF, PNG, JPEG or plain text, by its first and last octets. Raises NotALetter."""
    if not content.strip():
        raise NotALetter(f"The body is empty. {_WAY_OUT}")
    for media_type, begins, is_whole in (
        (PDF, b"%PDF-", b"%%EOF" in content[-2048:]),
        (PNG, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"IEND\xaeB`\x82" in content[-64:]),
        (JPEG, b"\xff\xd8\xff", b"\xff\xd9" in content[3:]),
    ):
        if content.startswith(begins):
            if not is_whole:
                raise NotALetter(f"The end of this {media_type} is missing. Send the whole file again.")
            return media_type
    what = _name(content)
    if what is None and _is_plain_text(content):
        return TEXT
    raise NotALetter(f"The body is {what or 'nothing that could be recognised'}. {_WAY_OUT}")


def _name(content: bytes) -> str | None:
    """What is sent by mistake; None for what may be plain text."""
    for beginning, name in _FAMILIAR:
        if content.startswith(beginning):
            return name
    visible = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if visible.startswith(b"<"):
        return "HTML or XML"
    if _FORM.match(content):
        return "a form with the document inside; send the document without the form"
    if visible[:1] in (b"{", b"[") and _is_json(visible):
        return "JSON"
    return None


def _is_json(content: bytes) -> bool:
    try:
        from_json(content)
    except ValueError:
        return False
    return True


def _is_plain_text(content: bytes) -> bool:
    """UTF-8 without anything that a terminal or viewer would act upon."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(character not in "\t\n\r\f" and unicodedata.category(character) == "Cc" for character in set(text))


def tidy_file_name(given: str | None, media_type: str, otherwise: str) -> str:
    """A name under which the file can be saved anywhere, with an ending that fits what it is.

    Folders, control characters and what file systems or headers give a meaning to are taken out; `otherwise` is used
    when nothing is left.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given or ""))[-1]
    kept = "".join(each for each in last if each.isprintable() and each not in '"*:;<>?|%')
    kept = " ".join(kept.split()).strip(". ")
    endings = _ENDINGS[media_type]
    stem, ending = kept, endings[0]
    for each in endings:
        if kept.lower().endswith(each):
            stem, ending = kept[: -len(each)], kept[-len(each) :]
    stem = stem[: _LONGEST_NAME - len(ending)].rstrip(". ") or otherwise
    return stem + ending
