"""Above the cards: the next step, and how varied, new and daring the list should be."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, help_dot, row, tool
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark


class RecommendBar(QWidget):
    """Buttons and sliders; :attr:`moved` while a slider is moved, :attr:`folded` where they shall hide."""

    moved = Signal()
    folded = Signal(bool)

    def __init__(
        self,
        compose: Callable[[], object],
        page: Callable[[], object],
        open_page: Callable[[], object],
        two: Callable[[], object],
        why_not: Callable[[], object],
        beside: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.compose_button = button(mark("Compose ad"), compose, "primary", icon="film-strip")
        self.page_button = button(mark("Export page"), page, icon="browser")
        self.why_button = button(
            mark("Why not…?"), why_not, icon="question",
            tip=mark("Choose any item and hear why it is not in the list"),
        )  # fmt: skip
        self.two_button = button(
            mark("Compare"), two, icon="columns", tip=mark("Compare this audience with another")
        )
        self.beside_button = button(
            mark("Side by side"), beside, icon="monitor-play",
            tip=mark("Play the newest ads of this audience beside each other"),
        )  # fmt: skip
        self.adjust = tool(
            "sliders-horizontal",
            mark("Adjust the list"),
            tip=mark("Show or fold the sliders and the likes"),
            checkable=True,
        )
        self.adjust.setChecked(True)
        self.adjust.clicked.connect(lambda on: self.folded.emit(not on))
        self.page_link = button(mark("Open the page"), open_page, "link")
        self.page_link.hide()
        self.diversity, variety = _slider(
            mark("Variety"),
            mark(
                "How different the recommendations are from each other. At the left the best fits come first "
                "even when they are alike; further right each next one must also bring something new."
            ),
            20,
        )
        self.novelty, novelty = _slider(
            mark("Novelty"),
            mark(
                "How much the little known counts. Further right, items that few people chose rise; at the "
                "left how well known an item is plays no part."
            ),
            0,
        )
        self.explore, explore = _slider(
            mark("Exploration"),
            mark(
                "How often something uncertain gets a chance, so that its worth can be learned. At the left "
                "only what is known counts; further right chance lifts items the studio is unsure of."
            ),
            0,
        )
        buttons, sliders = FlowLayout(), FlowLayout()
        for part in (
            self.compose_button,
            self.page_button,
            self.adjust,
            self.beside_button,
            self.two_button,
            self.why_button,
            self.page_link,
        ):
            buttons.addWidget(part)
        for slot in (variety, novelty, explore):
            sliders.addWidget(slot)
        self.sliders = QWidget()
        self.sliders.setLayout(sliders)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 6)
        layout.setSpacing(6)
        layout.addLayout(buttons)
        layout.addWidget(self.sliders)
        for slider in (self.diversity, self.novelty, self.explore):
            slider.valueChanged.connect(lambda _v: self.moved.emit())


class _Slider(QSlider):
    def sizeHint(self) -> QSize:
        return QSize(96, 20)


def _slider(words: str, explanation: str, value: int) -> tuple[QSlider, QWidget]:
    made = _Slider(Qt.Orientation.Horizontal)
    made.setRange(0, 100)
    made.setPageStep(10)
    made.setValue(value)
    made.setFixedWidth(96)
    name(made, words)
    whole = QWidget()
    whole.setLayout(row(label(words, "muted"), help_dot(explanation), made, spacing=4))
    return made, whole
