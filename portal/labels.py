"""What is printed: the label with its barcode for each piece of a parcel, and the register of a hand-over, as PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from portal.formats import money, short_date, weight
from portal.languages import _

FONTS = Path(__file__).parent / "fonts"
FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
WIDTH, HEIGHT, MARGIN = 100 * mm, 100 * mm, 5 * mm
#: Millimetres: the narrowest bar that a hand scanner still reads from a thermal printer's label.
BAR = 0.33 * mm


@dataclass(frozen=True, slots=True)
class Waybill:
    """What stands on a label; money in minor units, weight in grams (None: not weighed), `copy` from 1."""

    number: str
    shop: str
    order: str
    city: str
    address: str
    recipient: str
    pieces: int
    weight_g: int | None
    cod_minor: int
    currency: str
    copy: int = 1


@dataclass(frozen=True, slots=True)
class Register:
    """A hand-over on paper: from whom to whom, on which day, and all its parcels."""

    giver: str
    taker: str
    day: date
    copy: int
    waybills: Sequence[Waybill]


@cache
def _fonts() -> None:
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))


def label(waybill: Waybill, language: str) -> bytes:
    """The label as PDF, one page of 100 by 100 mm for each piece."""
    _fonts()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    canvas.setTitle(waybill.number)
    for piece in range(1, waybill.pieces + 1):
        _page(canvas, waybill, piece, language)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(canvas: Canvas, waybill: Waybill, piece: int, language: str) -> None:
    """One piece: the city large, then who and where, then the barcode with its number."""
    small, large = _style(9), _style(22, BOLD)
    pays = money(waybill.cod_minor, waybill.currency, language)
    heavy = weight(waybill.weight_g, language) if waybill.weight_g else ""
    place = _("Место {n} из {all}", n=piece, all=waybill.pieces)
    lines = [
        (_("{shop}, заказ {order}", shop=waybill.shop, order=waybill.order), small),
        (waybill.city or "—", large),
        (waybill.address, _style(11)),
        (waybill.recipient, _style(11)),
        (", ".join(part for part in (place, heavy) if part), _style(11, BOLD)),
        (_("Получить с получателя: {sum}", sum=pays) if waybill.cod_minor else _("Оплачено"), small),
        *([(_("Копия {n}", n=waybill.copy), _style(9, BOLD))] if waybill.copy > 1 else []),
    ]
    top = HEIGHT - MARGIN
    for words, style in lines:
        paragraph = Paragraph(_plain(words), style)
        _width, height = paragraph.wrap(WIDTH - 2 * MARGIN, top)
        top -= height + 1 * mm
        paragraph.drawOn(canvas, MARGIN, top)
    bars = Code128(waybill.number, barHeight=20 * mm, barWidth=BAR, quiet=True)
    bars.drawOn(canvas, (WIDTH - bars.width) / 2, 12 * mm)
    canvas.setFont(BOLD, 14)
    canvas.drawCentredString(WIDTH / 2, 5 * mm, waybill.number)


def register(paper: Register, language: str) -> bytes:
    """The register as PDF on A4, as many pages as it needs, with its sums and two signatures at the end."""
    _fonts()
    out = BytesIO()
    title = _("Реестр передачи, {day}", day=short_date(paper.day, language))
    head = title if paper.copy == 1 else f"{title}. {_('Копия {n}', n=paper.copy)}"
    sheet = SimpleDocTemplate(out, pagesize=A4, title=title, leftMargin=15 * mm, rightMargin=15 * mm)
    sides = _("Сдаёт: {giver}. Принимает: {taker}.", giver=paper.giver, taker=paper.taker)
    signed = _("Сдал ____________________     Принял ____________________")
    body, gap = _style(10), Spacer(1, 6 * mm)
    above = [Paragraph(_plain(head), _style(14, BOLD)), Paragraph(_plain(sides), body), gap]
    below = [gap, Paragraph(_plain(_sums(paper.waybills, language)), body), gap, Paragraph(signed, body)]
    sheet.build([*above, _table(paper.waybills, language), *below])
    return out.getvalue()


def _table(waybills: Sequence[Waybill], language: str) -> Table:
    cell = _style(8)
    heads = (_("№"), _("Номер"), _("Заказ"), _("Куда"), _("Мест"), _("Вес"), _("Наложенный платёж"))
    rows = [[Paragraph(head, _style(8, BOLD)) for head in heads]]
    for n, one in enumerate(waybills, start=1):
        pays = money(one.cod_minor, one.currency, language) if one.cod_minor else "—"
        heavy = weight(one.weight_g, language) if one.weight_g else "—"
        where = ", ".join(part for part in (one.city, one.address) if part)
        words = (str(n), one.number, one.order, where, str(one.pieces), heavy, pays)
        rows.append([Paragraph(_plain(word), cell) for word in words])
    table = Table(rows, colWidths=[w * mm for w in (9, 27, 26, 60, 12, 19, 27)], repeatRows=1)
    grid = ("GRID", (0, 0), (-1, -1), 0.4, colors.black)
    table.setStyle(TableStyle([grid, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _sums(waybills: Sequence[Waybill], language: str) -> str:
    """How many parcels and pieces, how heavy, and how much money is to be collected by currency."""
    owed: dict[str, int] = {}
    for one in waybills:
        owed[one.currency] = owed.get(one.currency, 0) + one.cod_minor
    cash = ", ".join(money(minor, currency, language) for currency, minor in owed.items() if minor)
    grams = sum(one.weight_g or 0 for one in waybills)
    pieces = sum(one.pieces for one in waybills)
    return _(
        "Посылок {n}, мест {pieces}, вес {weight}, к получению {cash}.",
        n=len(waybills),
        pieces=pieces,
        weight=weight(grams, language),
        cash=cash or "—",
    )


def _style(size: int, font: str = FONT) -> ParagraphStyle:
    return ParagraphStyle(f"{font}{size}", fontName=font, fontSize=size, leading=size * 1.2)


def _plain(words: str) -> str:
    """A text that a paragraph prints as it is: names of streets and shops are no mark-up."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
