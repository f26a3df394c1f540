"""First step of a training: what to learn from, what the doctor says, how the network will see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.icons import icon
from mmstudio.desktop.models.dataset import CROPS, FITS, SHAPES, Source
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.crop_strip import CropStrip
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.views.training_form import Offer
    from mmstudio.learning.datasets.report import DatasetReport, Finding

_ICONS = {
    "blocker": ("warning-octagon", "danger"),
    "warning": ("warning", "warning"),
    "note": ("info", "muted"),
    "ok": ("check-circle", "success"),
}
_LEVELS = {"blocker": mark("Problem"), "warning": mark("Warning"), "note": mark("Note"), "ok": mark("Fine")}
_TYPING_MS = 350
MODALITIES = {
    "image": mark("Pictures"),
    "audio": mark("Sounds"),
    "text": mark("Texts"),
    "set": mark("What belongs together"),
    "items": mark("Everything"),
}
_WHOLE = ("items", "set")  # learned from the whole library
_LOOKED = ("image", "audio")  # what the doctor looks over
_ALL = {
    "image": mark("All {n} pictures"),
    "audio": mark("All {n} sounds"),
    "text": mark("All texts: files, captions, items and reviews ({n})"),
    "set": mark("Items and media with all that belongs to them ({n})"),
    "items": mark("Everything that has features, with its texts and items ({n})"),
}
_SOME = {
    "image": mark("The {n} selected pictures"),
    "audio": mark("The {n} selected sounds"),
    "text": mark("The {n} selected texts"),
}


class SourceStep(QWidget):
    """
    Signals:
        modality_chosen: a key of :data:`MODALITIES` was pressed.
        looked: the source changed; whoever knows the library answers with :meth:`show_report` and
            :meth:`show_crops`.
        shown: ids of assets to open in the library.
    """

    modality_chosen = Signal(str)
    looked = Signal(object)
    shown = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self.modality = "image"
        self.side = 64
        self.family = "image-vae"
        self.report: DatasetReport | None = None
        self.reported: Source | None = None  # what the report is about
        self._out: dict[str, Finding] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._build_modality()
        self._build_source()
        self._build_findings()
        self._build_shape()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self.look)

    # --- parts --------------------------------------------------------------------------------------

    def _build_modality(self) -> None:
        self.kinds: dict[str, QRadioButton] = {}
        group = QButtonGroup(self)
        kinds = QWidget()
        line = FlowLayout(kinds, gap=16)
        for key, words in MODALITIES.items():
            radio = QRadioButton()
            say(radio, words)
            group.addButton(radio)
            radio.clicked.connect(lambda _on=False, key=key: self.modality_chosen.emit(key))
            self.kinds[key] = radio
            line.addWidget(radio)
        self._layout.addWidget(kinds)

    def _build_source(self) -> None:
        self._layout.addWidget(section(mark("Learn from")))
        self.use_all, self.use_selected, self.use_query = QRadioButton(), QRadioButton(), QRadioButton()
        self.use_tag, self.use_collection = QRadioButton(), QRadioButton()
        self.query, self.tag, self.collection = QLineEdit(), QComboBox(), QComboBox()
        name(self.query, mark("Search that chooses the media"))
        name(self.tag, mark("Tag that chooses the media"))
        name(self.collection, mark("Collection that chooses the media"))
        say(self.query, mark("for example tag:summer or kind:picture beach"), "setPlaceholderText")
        say(self.use_query, mark("What a search finds"))
        say(self.use_tag, mark("What has the tag"))
        say(self.use_collection, mark("A collection"))
        self._group = QButtonGroup(self)
        for choice in (self.use_all, self.use_selected, self.use_query, self.use_tag, self.use_collection):
            self._group.addButton(choice)
            choice.toggled.connect(lambda on: self._turned() if on else None)
        self.query.textEdited.connect(self._typed)
        self.tag.activated.connect(lambda _i: self._picked(self.use_tag))
        self.collection.activated.connect(lambda _i: self._picked(self.use_collection))
        self._layout.addWidget(self.use_selected)
        self._layout.addWidget(self.use_all)
        self._rows: list[QWidget] = []
        for radio, field in (
            (self.use_query, self.query),
            (self.use_tag, self.tag),
            (self.use_collection, self.collection),
        ):
            line = QWidget()
            inner = row(radio, field)
            inner.setStretch(1, 1)
            radio.setMinimumWidth(176)
            field.setMaximumWidth(420)
            inner.addStretch(0)
            line.setLayout(inner)
            self._rows.append(line)
            self._layout.addWidget(line)

    def _build_findings(self) -> None:
        self._findings_title = section(
            mark("Looked over"),
            mark(
                "What the media are like for a training. What its rights forbid is never learned from; the "
                "rest is for you to decide."
            ),
        )
        self._layout.addWidget(self._findings_title)
        self.advice = label(wrap=True)
        self.findings = QWidget()
        self._findings = QVBoxLayout(self.findings)
        self._findings.setContentsMargins(0, 0, 0, 0)
        self._findings.setSpacing(2)
        self._layout.addWidget(self.advice)
        self._layout.addWidget(self.findings)

    def _build_shape(self) -> None:
        self.shape_title = section(
            mark("As the network sees them"),
            mark(
                "A model draws pictures of one shape, so every picture is brought into it. What is cut away "
                "here is never learned."
            ),
        )
        self.fit, self.shape = QComboBox(), QComboBox()
        name(self.fit, mark("How a picture is brought into the shape"))
        name(self.shape, mark("Shape of what the model draws"))
        for key, words in FITS.items():
            self.fit.addItem(tr(words), key)
        for key, (words, aspect) in SHAPES.items():
            self.shape.addItem(tr(words) if key == "1:1" else words, aspect)
        self.fit.activated.connect(lambda _i: self.look())
        self.shape.activated.connect(lambda _i: self.look())
        self.shape_row = QWidget()
        flow = FlowLayout(self.shape_row)
        for words, field in ((mark("Shape"), self.shape), (mark("Taken from each"), self.fit)):
            part = QWidget()
            part.setLayout(row(label(words, "muted"), field, spacing=8))
            flow.addWidget(part)
        self.crops = CropStrip()
        self._layout.addWidget(self.shape_title)
        self._layout.addWidget(self.shape_row)
        self._layout.addWidget(self.crops)

    # --- offering -----------------------------------------------------------------------------------

    def offer(self, offer: Offer) -> None:
        """What there is to choose from."""
        self._offer = offer
        for combo, lines in ((self.tag, offer.tags), (self.collection, offer.collections)):
            before = combo.currentData()
            combo.clear()
            for words, n in lines:
                combo.addItem(f"{words}  ({n:,})", words)
            combo.setCurrentIndex(max(0, combo.findData(before)))
        self._rows[1].setVisible(bool(offer.tags))
        self._rows[2].setVisible(bool(offer.collections))

    def set_modality(self, modality: str, *, fresh: bool) -> None:
        """Show what belongs to a kind of media; ``fresh`` chooses the selection again where there is one."""
        offer = self._offer
        if offer is None:
            return
        changed, self.modality = modality != self.modality, modality
        self.kinds[modality].setChecked(True)
        everything = modality in _WHOLE
        n, chosen = offer.counts.get(modality, 0), offer.selected.get(modality, [])
        say(self.use_all, _ALL[modality], n=n)
        if not everything:
            say(self.use_selected, _SOME[modality], n=len(chosen))
        self.use_selected.setVisible(bool(chosen) and not everything)
        self._rows[0].setVisible(not everything)
        self._rows[1].setVisible(not everything and bool(offer.tags))
        self._rows[2].setVisible(not everything and bool(offer.collections))
        for widget in (self.shape_title, self.shape_row, self.crops):
            widget.setVisible(modality == "image")
        for widget in (self._findings_title, self.findings, self.advice):
            widget.setVisible(modality in _LOOKED)
        if fresh or changed or (self.use_selected.isChecked() and not chosen):
            self._out.clear()
            self._group.blockSignals(True)
            (self.use_selected if len(chosen) > 1 and not everything else self.use_all).setChecked(True)
            self._group.blockSignals(False)
            self.look()

    def set_model(self, family: str, size: int) -> None:
        """Family and pixels per side of the model to be: what is too small depends on them."""
        if (family, size) != (self.family, self.side):
            self.family, self.side = family, size
            self.look()

    # --- what is chosen -----------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """The choice as it stands."""
        query = ""
        ids: tuple[int, ...] = ()
        if self.use_selected.isChecked() and self._offer is not None:
            ids = tuple(self._offer.selected.get(self.modality, ()))
        elif self.use_query.isChecked():
            query = self.query.text().strip()
        elif self.use_tag.isChecked():
            query = quoted("tag", self.tag.currentData())
        elif self.use_collection.isChecked():
            query = quoted("collection", self.collection.currentData())
        picture = self.modality == "image"
        return Source(
            self.modality,
            self.family,
            query,
            ids,
            tuple(sorted({asset for finding in self._out.values() for asset in finding.leave_out})),
            str(self.fit.currentData()) if picture else "crop",
            float(self.shape.currentData()) if picture else 1.0,
            self.side,
        )

    def look(self) -> None:
        """Ask for findings and crops of what is chosen now."""
        self._typing.stop()
        if self._offer is None or self.modality not in _LOOKED:
            return
        self.looked.emit(self.source)

    def _turned(self) -> None:
        self._out.clear()  # other media: what was left out of the earlier ones says nothing
        self.look()

    def _typed(self, _text: str) -> None:
        self.use_query.blockSignals(True)
        self.use_query.setChecked(True)
        self.use_query.blockSignals(False)
        self._typing.start()

    def _picked(self, radio: QRadioButton) -> None:
        if radio.isChecked():
            self._turned()
        else:
            radio.setChecked(True)

    # --- answers ------------------------------------------------------------------------------------

    def show_looking(self) -> None:
        """The answer is on its way."""
        say(self.advice, mark("Looking the media over"))
        if not self.crops.images:
            self.crops.wait(CROPS, self.source.aspect)

    def show_report(self, source: Source, report: DatasetReport) -> None:
        """What the doctor found in ``source``."""
        self.report, self.reported = report, source
        words = [report.expect, *report.advice]
        self._show(" ".join(word for word in words if word), report.findings)

    def show_failure(self, error: Exception) -> None:
        """The media could not be looked over; the training may still be started."""
        self.report = self.reported = None
        self._show(" ".join(part for part in tr_error(error) if part), [])
        self.crops.show_images([], self.source.aspect)

    def _show(self, advice: str, findings: list[Finding]) -> None:
        unsay(self.advice)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice) and self.modality in _LOOKED)
        while self._findings.count():
            taken = self._findings.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        shown = [finding for finding in findings if finding.key not in (*self._out, "left-out")]
        for finding in shown:
            self._findings.addWidget(self._line(finding))
        for finding in self._out.values():
            self._findings.addWidget(self._line(finding))
        self.findings.setVisible(bool(shown or self._out) and self.modality in _LOOKED)

    def show_crops(self, images: list[QImage], aspect: float) -> None:
        """The first pictures in the model's shape."""
        self.crops.show_images(images, aspect)

    def _line(self, finding: Finding) -> QWidget:
        made = QWidget()
        symbol = QLabel()
        symbol.setPixmap(icon(*_ICONS[finding.level]).pixmap(16, 16))
        symbol.setAccessibleName(tr(_LEVELS[finding.level]))
        symbol.setToolTip(tr(_LEVELS[finding.level]))
        words = label(wrap=True)
        stops = finding.level == "blocker"  # what to do about it is said at once
        words.setText(f"{finding.text} {finding.hint}".rstrip() if stops else finding.text)
        words.setToolTip(finding.hint)
        inner = QHBoxLayout(made)
        inner.setContentsMargins(0, 2, 0, 2)
        inner.setSpacing(8)
        inner.addWidget(symbol, 0, Qt.AlignmentFlag.AlignVCenter)
        inner.addWidget(words, 1)
        if finding.assets:
            show = button(mark("Show"), lambda: self.shown.emit(list(finding.assets)), "link")
            show.setAccessibleName(tr("Show: {what}", what=finding.text))
            inner.addWidget(show)
        if finding.leave_out:
            out = QCheckBox()
            say(out, mark("Leave out"))
            out.setChecked(finding.key in self._out)
            out.setAccessibleName(tr("Leave out: {what}", what=finding.text))
            out.setToolTip(tr("{n} would be left out", n=len(finding.leave_out)))
            out.toggled.connect(lambda on: self._leave_out(finding, on))
            inner.addWidget(out)
        return made

    def _leave_out(self, finding: Finding, out: bool) -> None:
        if out:
            self._out[finding.key] = finding
        else:
            self._out.pop(finding.key, None)
        self.look()

    def retranslate(self) -> None:
        """Words in choices."""
        for place, words in enumerate(FITS.values()):
            self.fit.setItemText(place, tr(words))
        self.shape.setItemText(0, tr(SHAPES["1:1"][0]))
        self.look()


def quoted(key: str, value: Any) -> str:
    """A term of a search for a name with any characters."""
    text = str(value or "").replace('"', " ")
    return f'{key}:"{text}"' if text else ""
