"""What an item's words say: key phrases, what customers think, sentences that may be quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import card, row, section
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.tiles import Stars
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.features.texts.aspects import Aspect
    from mmstudio.features.texts.quotes import Quote
    from mmstudio.features.texts.service import ItemWords, Opinion

_ASPECTS = 5
_BAND = 0.15  # of the sentiment around 0 that is called mixed


def item_words(words: ItemWords) -> QWidget:
    """The part of an item's page about its words; empty where there is nothing to say."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    if words.phrases:
        layout.addWidget(section(mark("Key phrases")))
        strip = QWidget()
        flow = FlowLayout(strip)
        for phrase in words.phrases:
            chip = QLabel(phrase.text)
            chip.setProperty("role", "chip")
            chip.setTextFormat(Qt.TextFormat.PlainText)
            flow.addWidget(chip)
        layout.addWidget(strip)
    if words.opinion is not None:
        _add_opinion(layout, words.opinion)
    return page


def _add_opinion(layout: QVBoxLayout, opinion: Opinion) -> None:
    layout.addWidget(section(mark("What customers think")))
    layout.addWidget(
        label(
            mark("{praising} % of the reviews praise, {complaining} % complain."),
            wrap=True,
            praising=round(100 * opinion.praising),
            complaining=round(100 * opinion.complaining),
        )
    )
    if opinion.aspects:
        layout.addWidget(_aspects(opinion.aspects[:_ASPECTS]))
    how = QLabel(opinion.quality.sentence())
    how.setProperty("role", "small")
    how.setWordWrap(True)
    layout.addWidget(how)
    if opinion.quotes:
        layout.addWidget(section(mark("May be quoted")))
        for quote in opinion.quotes:
            layout.addWidget(_quote(quote))


def _aspects(found: list[Aspect]) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(2, 1)
    for line, aspect in enumerate(found):
        name, verdict, example = QLabel(aspect.name), QLabel(_verdict(aspect)), QLabel(f"“{aspect.example}”")
        verdict.setProperty("role", "muted")
        verdict.setToolTip(tr("{n} mentions", n=aspect.mentions))
        example.setProperty("role", "small")
        example.setWordWrap(True)
        for column, part in enumerate((name, verdict, example)):
            part.setTextFormat(Qt.TextFormat.PlainText)
            grid.addWidget(part, line, column, Qt.AlignmentFlag.AlignTop)
    return table


def _verdict(aspect: Aspect) -> str:
    if aspect.sentiment > _BAND:
        return tr("mostly praise")
    return tr("mostly complaints") if aspect.sentiment < -_BAND else tr("mixed")


def _quote(quote: Quote) -> QWidget:
    frame, layout = card()
    head = row(spacing=8)
    if quote.rating is not None:
        head.addWidget(Stars(quote.rating, tr("{n} of 5 stars", n=f"{quote.rating:g}")))
    origin = QLabel(tr(", ").join(part for part in (quote.author, quote.date) if part))
    origin.setProperty("role", "small")
    head.addWidget(origin, 1)
    text = QLabel(f"“{quote.text}”")
    text.setWordWrap(True)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    layout.addLayout(head)
    layout.addWidget(text)
    return frame
