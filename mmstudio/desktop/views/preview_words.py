"""What the Preview pane says of a storyboard and its sound, and what it takes of a drop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QComboBox

from mmstudio.desktop.views.mockup import Words
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.sound import MixReport
    from mmstudio.desktop.models.board import BoardFacts

_WIDEST = 150  # pixels of a chooser


def sound_words(report: MixReport | None) -> str:
    """What a mix measures; "" for none."""
    if report is None or report.silent:
        return ""
    return tr(
        "{lufs} LUFS, true peak {peak} dBTP",
        lufs=f"{report.lufs:.1f}".replace("-", "−"),
        peak=f"{report.true_peak:.1f}".replace("-", "−"),
    )


def mockup_words(facts: BoardFacts) -> Words:
    """What stands beside the picture in a mock-up."""
    copy = facts.board.copy
    headline = copy.get("headline", "") or facts.item_title
    return Words(
        facts.brand or tr("Your shop"),
        headline,
        copy.get("line", ""),
        copy.get("price", ""),
        copy.get("cta", ""),
    )


def remark_files(data: QMimeData) -> list[str]:
    """Files of a drop that may be remarks."""
    return [url.toLocalFile() for url in data.urls() if url.toLocalFile().lower().endswith(".json")]


def refill(box: QComboBox, entries: list[tuple[str, Any]], prefer: int = 0) -> None:
    """Other entries (words, value); what was chosen stays chosen, at first the one at ``prefer``."""
    chosen = (
        box.currentData() if box.count() else entries[min(prefer, len(entries) - 1)][1] if entries else None
    )
    box.blockSignals(True)
    box.clear()
    for words, value in entries:
        box.addItem(words, value)
    widest = max((box.fontMetrics().horizontalAdvance(words) for words, _value in entries), default=0)
    box.setMinimumWidth(min(_WIDEST, widest + 44))  # the arrow and the padding of the stylesheet
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
