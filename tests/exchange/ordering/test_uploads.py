import zlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peerhall.exchange.ordering.uploads import JPEG, PDF, PNG, TEXT, NotALetter, sniff_media_type, tidy_file_name

SIGNATURES = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG}
FRAMES = {
    PDF: (b"%PDF-1.7\n", b"\n%%EOF\r\n"),
    PNG: (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x00\x00\x00\x00IEND\xaeB`\x82"),
    JPEG: (b"\xff\xd8\xff\xe1", b"\xff\xd9"),
}


def sniff(content: bytes) -> str | None:
    try:
        return sniff_media_type(content)
    except NotALetter:
        return None


@given(st.sampled_from(sorted(FRAMES)), st.binary())
def test_what_is_framed_as_something_is_that_whatever_is_in_it(media_type: str, inside: bytes) -> None:
    begin, end = FRAMES[media_type]
    assert sniff(begin + inside + end) == media_type


@given(
    st.binary() | st.builds(lambda begin, rest: begin + rest, st.sampled_from([*SIGNATURES, b"PK", b"MZ"]), st.binary())
)
def test_nothing_is_taken_for_what_it_does_not_begin_as(content: bytes) -> None:
    found = sniff(content)
    if found == TEXT:
        text = content.decode()
        assert not set(text) & {chr(code) for code in (*range(32), *range(127, 160))} - set("\t\n\r\f")
    elif found is not None:
        assert next(each for begin, each in SIGNATURES.items() if content.startswith(begin)) == found


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r"), min_size=1))
def test_text_is_taken_unless_it_is_markup_or_data(text: str) -> None:
    content = text.encode()
    assume(content.strip() and content.strip()[:1] not in b"<{[-")
    assume(not content.startswith((b"MZ", b"#!", b"%!", b"PK", b"GIF8", b"RIFF", b"%PDF-")))
    assert sniff(content) == (None if text.strip("\ufeff \t\r\n")[:1] in ("<", "{", "[") else TEXT)


@given(st.text(min_size=1), st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32"]))
def test_other_encodings_are_not_guessed_at(text: str, encoding: str) -> None:
    content = text.encode(encoding, "replace")
    assume(b"\x00" in content)
    assert sniff(content) is None


@given(st.binary(min_size=1))
def test_no_archive_gets_in_by_its_content(inside: bytes) -> None:
    assert sniff(b"PK\x03\x04" + inside) is None
    assert sniff(b"\x1f\x8b\x08" + zlib.compress(inside)) is None
    assert sniff(b"<html>" + inside) is None


@given(st.text() | st.none(), st.sampled_from([PDF, PNG, JPEG, TEXT]))
def test_a_tidied_name_is_harmless_everywhere(given_name: str | None, media_type: str) -> None:
    name = tidy_file_name(given_name, media_type, "loa-1")
    assert 1 <= len(name) <= 100
    assert name.isprintable()
    assert not set(name) & set('/\\"*:;<>?|%\r\n\0')
    assert not name.startswith(".")
    assert name.lower().endswith(
        {PDF: "pdf", PNG: "png", JPEG: ("jpg", "jpeg"), TEXT: ("txt", "text", "asc", "md")}[media_type]
    )
    assert tidy_file_name(name, media_type, "loa-1") == name, "it is tidy now"


@pytest.mark.parametrize(
    ("given_name", "media_type", "name"),
    [
        ("LOA.PDF", PDF, "LOA.PDF"),
        ("loa.pdf", PNG, "loa.pdf.png"),
        ("loa.pdf.exe", PDF, "loa.pdf.exe.pdf"),
        ("photo.jpeg", JPEG, "photo.jpeg"),
        ("  a \t b .txt", TEXT, "a b.txt"),
        (".htaccess", TEXT, "htaccess.txt"),
        (".pdf", PDF, "pdf.pdf"),
        ("Zusage Größe.pdf", PDF, "Zusage Größe.pdf"),
        (None, PDF, "loa-1.pdf"),
        ("/", PDF, "loa-1.pdf"),
    ],
)
def test_names(given_name: str | None, media_type: str, name: str) -> None:
    assert tidy_file_name(given_name, media_type, "loa-1") == name
