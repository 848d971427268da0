"""The exchange's letter of authorisation as a PDF. The same letter is the same file, to the octet.

Importing this takes a moment and a few megabytes for fonts, so only who draws letters does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import as_file, files
from io import BytesIO
from itertools import groupby
from threading import Lock
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

_LATIN, _CHINESE, _KOREAN = "NotoSans", "STSong-Light", "HYGothic-Medium"
"""The first is embedded and knows Greek and Cyrillic too; the others are every reader's own."""

_NOT_SHOWN: Final = "\ufffd"
_MARGIN: Final = 22 * mm
_PADDING: Final = 6
"""Points that a page keeps free inside its margins."""
_GREY: Final = HexColor("#5c6670")
_LINE: Final = HexColor("#c9d0d6")
_TEXT: Final = ParagraphStyle("text", fontName=_LATIN, fontSize=10, leading=14.5)
_SMALL: Final = ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=11, textColor=_GREY)
_TITLE: Final = ParagraphStyle("title", parent=_TEXT, fontSize=18, leading=24, spaceAfter=2)
_HEADING: Final = ParagraphStyle("heading", parent=_TEXT, fontSize=12, leading=17, spaceBefore=10, spaceAfter=3)

_drawing: Final = Lock()
"""An embedded font counts the characters of one document at a time."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who writes the letter, or whose port it is about."""

    legal_name: str
    name: str
    address: tuple[str, ...]
    """Lines of it."""


@dataclass(frozen=True, slots=True)
class LetterPort:
    """A port that may be connected to, and both ends of the cable as far as they are known; texts may be empty."""

    reservation: str
    port: str
    facility: str
    operator: str
    """Who runs the facility."""
    address: str
    pop: str
    device: str
    name: str
    media_type: str
    speed: int
    """Mbit/s."""
    exchange_side_demarc: str
    subscriber_side_demarc: str
    connecting_party: str
    cross_connect_id: str


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a letter of the exchange says."""

    subject: str
    """Id of the connection or port reservation it was asked for."""
    connection: str
    connection_name: str
    exchange: Party
    subscriber: Party
    issued: date
    expires: date
    """The last day on which it is good."""
    ports: tuple[LetterPort, ...]

    @property
    def reference(self) -> str:
        """By which people name the letter."""
        return f"LOA-{self.subject[:8]}-{self.issued:%Y%m%d}"


def draw_letter(letter: Letter) -> bytes:
    """The letter as a PDF of A4 pages."""
    with _drawing:
        _load_fonts()
        buffer = BytesIO()
        title = f"Letter of authorisation {letter.reference}"
        document = SimpleDocTemplate(
            buffer,
            pagesize=A4,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN,
            title=title,
            author=letter.exchange.legal_name,
            subject=f"Connection {letter.connection}",
            creator="Peerhall",
            invariant=1,
        )
        document.build(list(_compose(letter)))
        return buffer.getvalue()


def _compose(letter: Letter) -> Iterator[Flowable]:
    exchange, subscriber = letter.exchange, letter.subscriber
    parties = list(dict.fromkeys(port.connecting_party for port in letter.ports if port.connecting_party))
    installer = ", ".join(parties) or "whoever the subscriber charges with it"
    count = len(letter.ports)
    yield _paragraph(exchange.legal_name, _HEADING)
    yield _paragraph(", ".join(exchange.address), _SMALL)
    yield Spacer(0, 9 * mm)
    yield _paragraph("Letter of authorisation", _TITLE)
    yield _paragraph("and connecting facility assignment", _SMALL)
    yield Spacer(0, 4 * mm)
    yield _table(
        ("Reference", letter.reference),
        ("Issued on", letter.issued.isoformat()),
        ("Valid until", f"{letter.expires.isoformat()}, the end of that day"),
        ("Exchange", _with_name(exchange)),
        ("Subscriber", ", ".join((_with_name(subscriber), *subscriber.address))),
        ("Connecting party", installer),
        ("Connection", f"{letter.connection_name} ({letter.connection})"),
    )
    yield Spacer(0, 4 * mm)
    yield _paragraph(
        f"{exchange.legal_name} allows the connecting party to have, on the subscriber's behalf, one cross-connect "
        f"brought to {'the port' if count == 1 else f'each of the {count} ports'} below, and asks the operator of the "
        "facility to carry it out. The permission ends with the day named above. It extends to no other port, and to "
        "no work on the equipment of the exchange.",
        _TEXT,
    )
    for number, port in enumerate(letter.ports, start=1):
        heading = "The port" if count == 1 else f"Port {number} of {count}"
        yield KeepTogether([_paragraph(heading, _HEADING), _port_table(port)])
    yield Spacer(0, 6 * mm)
    yield _paragraph(
        "Made out electronically and valid without a signature. Whoever doubts it asks the exchange, naming the "
        f"reference. A character that this letter has no letter form for is shown as {_NOT_SHOWN}; the ids hold good.",
        _SMALL,
    )


def _port_table(port: LetterPort) -> Table:
    return _table(
        ("Facility", f"{port.facility}, {port.address}"),
        ("Operated by", port.operator),
        ("PoP", port.pop),
        ("Device", port.device),
        ("Port", f"{port.name} ({port.media_type}, {port.speed} Mbit/s)"),
        ("Demarc, exchange side", port.exchange_side_demarc),
        ("Demarc, subscriber side", port.subscriber_side_demarc or "as the subscriber says"),
        ("Cross-connect id", port.cross_connect_id or "not known yet"),
        ("Port reservation", port.reservation),
        ("Port id", port.port),
    )


def _with_name(party: Party) -> str:
    return party.legal_name if party.name == party.legal_name else f"{party.legal_name} ({party.name})"


def _table(*rows: tuple[str, str]) -> Table:
    cells = [[_paragraph(label, _SMALL), _paragraph(value, _TEXT)] for label, value in rows]
    width = A4[0] - 2 * (_MARGIN + _PADDING)
    table = Table(cells, colWidths=[42 * mm, width - 42 * mm])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
    )
    return table


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph("".join(_mark_up(text)), style)


def _mark_up(text: str) -> Iterator[str]:
    """The text with each run of characters in the font that has them."""
    for font, run in _runs(text):
        shown = escape("".join(run))
        yield shown if font == _LATIN else f'<font name="{font}">{shown}</font>'


def _runs(text: str) -> Iterable[tuple[str, Iterable[str]]]:
    font = pdfmetrics.getFont(_LATIN)
    assert isinstance(font, TTFont)
    known = font.face.charToGlyph
    chosen = [(_choose_font(character, known), character) for character in text]
    placed = [(font or _LATIN, character if font else _NOT_SHOWN) for font, character in chosen]
    return ((font, [character for _, character in run]) for font, run in groupby(placed, key=lambda each: each[0]))


def _choose_font(character: str, known: dict[int, int]) -> str | None:
    code = ord(character)
    if code in known:
        return _LATIN
    if 0xAC00 <= code <= 0xD7A3:
        return _KOREAN
    if 0x3000 <= code <= 0x30FF or 0x4E00 <= code <= 0x9FFF or 0xFF00 <= code <= 0xFFEF:
        return _CHINESE
    return None


def _load_fonts() -> None:
    if _LATIN in pdfmetrics.getRegisteredFontNames():
        return
    with as_file(files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf") as file:
        pdfmetrics.registerFont(TTFont(_LATIN, str(file)))
    for name in (_CHINESE, _KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
