"""The inspector at the right: preview, editable words, tags, rights, rating, facts, palette, lineage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.icons import icon
from mmstudio.desktop.previewers.preview import AssetPreview
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, section
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.learned_from import LearnedFrom
from mmstudio.desktop.views.rights_form import RightsForm
from mmstudio.desktop.views.stars import Stars
from mmstudio.desktop.views.tag_suggestions import TagSuggestions
from mmstudio.desktop.words import RIGHTS_NAMES, STATUS_NAMES, date_text, duration_text, kind_name, size_text
from mmstudio.errors import NotFound
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset, GenerationRow, Item

_PREVIEW_HEIGHT = 208


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look into the library brings for the inspector."""

    asset: Asset
    path: str
    tags: list[str]
    items: list[Item]
    made: GenerationRow | None
    sources: list[Asset]
    offspring: list[int]
    palette: list[tuple[int, int, int]]


class Inspector(QWidget):
    """Follows the selection; edits go to every selected asset and can be undone."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._ids: list[int] = []
        self._here = ""
        self._chosen: dict[str, list[int]] = {}  # by page: what was selected there
        self._shown: Looked | None = None
        self._filling = False
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack = QStackedWidget()
        nothing = label(mark("Select something to see it here."), "muted", wrap=True)
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        nothing.setContentsMargins(24, 24, 24, 24)
        self._stack.addWidget(nothing)
        self._stack.addWidget(self._build())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        context.selection_changed.connect(self._select)
        context.changed.connect(self._changed)
        context.library_closed.connect(self._clear)
        context.library_opened.connect(self._enable)
        context.language_changed.connect(self._retranslate)

    def sizeHint(self) -> QSize:
        return QSize(300, 600)

    def close_inspector(self) -> None:
        """End the threads of players."""
        self.preview.close_preview()

    # --- parts --------------------------------------------------------------------------------------

    def _build(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(6)
        self.preview = AssetPreview(self._context)
        self.preview.setFixedHeight(_PREVIEW_HEIGHT)
        column.addWidget(self.preview)
        self.several = label(role="heading")
        column.addWidget(self.several)
        self.title = _Line(self._save_title)
        self.title.setProperty("quiet", "true")
        self.title.setStyleSheet("font-size: 15px; font-weight: 600;")
        name(self.title, mark("Title"), mark("Title: click to change it"))
        column.addWidget(self.title)
        self.caption = _Words(self._save_caption)
        self.caption.setProperty("quiet", "true")
        self.caption.setFixedHeight(56)
        say(self.caption, mark("Add a caption…"), "setPlaceholderText")
        name(self.caption, mark("Caption"))
        self.caption.setTabChangesFocus(True)
        column.addWidget(self.caption)
        self.stars = Stars()
        self.stars.rated.connect(
            lambda n: self._edit(lambda ids: self._context.library.assets.set_rating(ids, n))
        )
        column.addWidget(self.stars)
        column.addWidget(section(mark("Tags")))
        self._tags = QWidget()
        self._tag_flow = FlowLayout(self._tags, 4)
        column.addWidget(self._tags)
        self.suggested = TagSuggestions(self._context)
        column.addWidget(self.suggested)
        self.new_tag = QLineEdit()
        say(self.new_tag, mark("Add a tag…"), "setPlaceholderText")
        name(self.new_tag, mark("New tag"), mark("Type a tag and press Enter; commas separate several"))
        self.new_tag.returnPressed.connect(self._add_tags)
        column.addWidget(self.new_tag)
        self.teach = button(mark("Teach a tag with it…"), self._teach, "link")
        column.addWidget(self.teach, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(
            section(
                mark("Rights"),
                mark("Who owns this. What is not for training or restricted is left out of trainings."),
            )
        )
        self.rights = QComboBox()
        name(self.rights, mark("Rights"))
        for key in RIGHTS_NAMES:
            self.rights.addItem("", key)
        self.rights.activated.connect(self._save_rights)
        column.addWidget(self.rights)
        self.rights_form = RightsForm(self._context)
        column.addWidget(self.rights_form)
        self._facts_heading = section(mark("Facts"))
        column.addWidget(self._facts_heading)
        self._facts_widget = QWidget()
        self._facts = QFormLayout(self._facts_widget)
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(4)
        column.addWidget(self._facts_widget)
        self.palette_bar = _Palette()
        column.addWidget(self.palette_bar)
        self.similar = button(mark("Find similar"), self._find_similar, icon="magnifying-glass-plus")
        self.inside = button(mark("See inside"), self._see_inside, icon="eye")
        further = QWidget()
        flow = FlowLayout(further, 6)
        flow.addWidget(self.similar)
        flow.addWidget(self.inside)
        self.play = button(mark("Play with it"), self._play, icon="faders")
        flow.addWidget(self.play)
        column.addWidget(further)
        self._lineage_heading = section(
            mark("Where it comes from"), mark("What this was made from, and what was made from it.")
        )
        column.addWidget(self._lineage_heading)
        self._lineage = QVBoxLayout()
        self._lineage.setSpacing(2)
        column.addLayout(self._lineage)
        self.learned = LearnedFrom(self._context)
        column.addWidget(self.learned)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        self._retranslate()
        return area

    # --- what is shown ------------------------------------------------------------------------------

    def stand_beside(self, page: str, *, shares_selection: bool) -> None:
        """Show what was selected on this page, or what is selected anywhere where the page works on that."""
        self._here = page
        shown = list(self._context.selection) if shares_selection else self._chosen.get(page, [])
        if shown != self._ids:
            self._follow(shown)

    def _select(self, ids: list[int]) -> None:
        self._chosen[self._here] = list(ids)
        self._follow(ids)

    def _follow(self, ids: list[int]) -> None:
        self._ids = list(ids)
        if not ids:
            self._context.drop("inspector")
            self._shown = None
            self.preview.clear()
            self._stack.setCurrentIndex(0)
        else:
            self._look()

    def _clear(self) -> None:
        self._chosen.clear()
        self._follow([])

    def _gone(self, error: Exception) -> None:
        """What cannot be looked up any more is not shown; anything else is told."""
        self._follow([])
        if not isinstance(error, NotFound):
            self._context.report(error)

    def _changed(self, topic: str, ids: list[int] | None) -> None:
        touched = ids is None or not set(ids).isdisjoint(self._ids)
        if self._ids and (topic in ("items", "features") or (topic in ("assets", "tags") and touched)):
            self._look()

    def _look(self) -> None:
        studio = self._context.studio
        if studio is None:
            return
        asset_id = self._ids[0]

        def read() -> Looked:
            library = studio.library
            asset = library.assets.get(asset_id)
            made = library.generations.of_asset(asset_id) if asset.origin == "generated" else None
            readable = asset.kind == "image" and asset.status == "ok"
            palette = studio.features.palette(asset_id) if readable else []
            return Looked(
                asset,
                str(library.assets.path_of(asset)),
                library.assets.tags_of([asset_id]).get(asset_id, []),
                [library.items.get(i) for i in library.items.items_of_asset(asset_id)],
                made,
                library.assets.get_many(made.sources[:6]) if made is not None else [],
                list(library.generations.made_from(asset_id)),
                palette,
            )

        self._context.background(read, self._show, self._gone, key="inspector", owner=self)

    def _show(self, looked: Looked) -> None:
        before, self._shown = self._shown, looked
        asset = looked.asset
        single = len(self._ids) == 1
        self._filling = True
        self._stack.setCurrentIndex(1)
        if before is None or before.asset.id != asset.id or before.asset.sha256 != asset.sha256:
            self.preview.show_asset(asset)
        self.play.setVisible(single and asset.kind == "image")
        self.several.setVisible(not single)
        self.several.setText(tr("{n} assets selected", n=f"{len(self._ids):,}"))
        parts = (self.title, self.caption, self._facts_heading, self._facts_widget, self.similar, self.inside)
        for widget in parts:
            widget.setVisible(single)
        if not self.title.hasFocus():
            self.title.setText(asset.title)
            self.title.setCursorPosition(0)
        if not self.caption.hasFocus():
            self.caption.setPlainText(asset.caption)
        self.stars.set_rating(asset.rating)
        self.rights.setCurrentIndex(self.rights.findData(asset.rights))
        self.rights_form.show_for(list(self._ids))
        self._show_tags(looked.tags)
        self.suggested.show_for(asset.id if single else None)
        self._show_facts(looked)
        self.palette_bar.set_colours(looked.palette if single else [])
        self._show_lineage(looked, single)
        self.learned.show_for(list(self._ids))
        self._enable()
        self._filling = False

    def _show_tags(self, tags: list[str]) -> None:
        self._tag_flow.clear()
        for tag in tags:
            chip = QToolButton()
            chip.setProperty("role", "chip")
            chip.setText(tag)
            chip.setIcon(icon("x", "muted"))
            chip.setIconSize(QSize(12, 12))
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            chip.setAccessibleName(tr("Remove the tag {tag}", tag=tag))
            chip.setToolTip(tr("Remove the tag {tag}", tag=tag))
            chip.setEnabled(not self._context.read_only)
            chip.clicked.connect(lambda _on=False, tag=tag: self._remove_tag(tag))
            self._tag_flow.addWidget(chip)
            chip.show()
        self._tags.setVisible(bool(tags))
        self._tags.updateGeometry()

    def _show_facts(self, looked: Looked) -> None:
        while self._facts.rowCount():
            self._facts.removeRow(0)
        asset = looked.asset
        facts = [(tr("Kind"), kind_name(asset.kind))]
        if asset.status != "ok":
            facts.append((tr("Status"), asset.status_note or tr(STATUS_NAMES[asset.status])))
        if asset.width and asset.height:
            facts.append((tr("Size"), f"{asset.width} × {asset.height} px"))
        if asset.duration:
            facts.append((tr("Length"), duration_text(asset.duration)))
        facts.append((tr("File"), f"{size_text(asset.size)}"))
        if asset.captured_at:
            facts.append((tr("Taken"), date_text(asset.captured_at)))
        facts.append((tr("Added"), date_text(asset.added_at)))
        facts.append((tr("Place"), looked.path))
        for words, value in facts:
            shown = _Fact(value)
            self._facts.addRow(label_of(words), shown)

    def _show_lineage(self, looked: Looked, single: bool) -> None:
        while self._lineage.count():
            taken = self._lineage.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        rows: list[tuple[str, Callable[[], Any] | None]] = []
        made, offspring = looked.made, looked.offspring
        if made is not None:
            rows.append((tr("Made by {model}, seed {seed}", model=made.model, seed=made.seed), None))
        rows += [
            (tr("from {what}", what=source.title), partial(self._context.quick_look, [source.id]))
            for source in looked.sources
        ]
        if offspring:
            show = partial(self._context.navigate, "library", query="", select=offspring)
            rows.append((tr("{n} made from this", n=len(offspring)), show))
        rows += [
            (item.title or item.sku, partial(self._context.navigate, "items", item=item.id))
            for item in looked.items
        ]
        for words, slot in rows:
            if slot is None:
                fact = label(role="muted", wrap=True)
                fact.setText(words)
                self._lineage.addWidget(fact)
            else:
                link = QPushButton(words)
                link.setProperty("role", "link")
                link.clicked.connect(lambda _on=False, slot=slot: slot())
                self._lineage.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        self._lineage_heading.setVisible(bool(rows) and single)

    def _enable(self) -> None:
        writing = not self._context.read_only
        self.title.setReadOnly(not writing)
        self.caption.setReadOnly(not writing)
        for widget in (self.stars, self.new_tag, self.rights):
            widget.setEnabled(writing)
        self.rights_form.set_writing(writing)

    def _retranslate(self) -> None:
        for row, words in enumerate(RIGHTS_NAMES.values()):
            self.rights.setItemText(row, tr(words))
        self.rights_form.retranslate()
        if self._shown is not None:
            self._show(self._shown)

    # --- edits --------------------------------------------------------------------------------------

    def _edit(self, change: Callable[[list[int]], Any]) -> None:
        ids = list(self._ids)
        if ids and not self._filling and not self._context.read_only:
            self._context.background(lambda: change(ids))

    def edit_title(self) -> None:
        """Put the cursor into the title."""
        self.title.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.title.selectAll()

    def _save_title(self) -> None:
        text, looked = self.title.text().strip(), self._shown
        if looked is not None and text and text != looked.asset.title and len(self._ids) == 1:
            self._edit(lambda ids: self._context.library.assets.set_title(ids, text))

    def _save_caption(self) -> None:
        text, looked = self.caption.toPlainText().strip(), self._shown
        if looked is not None and text != looked.asset.caption and len(self._ids) == 1:
            self._edit(lambda ids: self._context.library.assets.set_caption(ids, text))

    def _save_rights(self) -> None:
        rights = self.rights.currentData()
        self._edit(lambda ids: self._context.library.assets.set_rights(ids, rights))

    def _add_tags(self) -> None:
        names = [n.strip() for n in self.new_tag.text().replace("，", ",").split(",") if n.strip()]
        self.new_tag.clear()
        if names:
            self._edit(lambda ids: self._context.library.assets.add_tags(ids, names))

    def _remove_tag(self, tag: str) -> None:
        self._edit(lambda ids: self._context.library.assets.remove_tags(ids, [tag]))

    def _find_similar(self) -> None:
        if self._ids:
            self._context.navigate("library", similar_to=self._ids[0])

    def _see_inside(self) -> None:
        if self._ids:
            self._context.navigate("inside", asset=self._ids[0])

    def _play(self) -> None:
        if self._ids:
            self._context.navigate("play", asset=self._ids[0])

    def _teach(self) -> None:
        self._context.navigate("teach", examples=list(self._ids))


def label_of(words: str) -> QLabel:
    """A muted label with words that are translated already."""
    made = label(role="small")
    made.setText(words)
    return made


class _Fact(QLabel):
    """A value that may be long: cut in the middle, whole in its tool tip, selectable."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value
        self.setToolTip(value)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setMinimumWidth(40)
        self.setText(value)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(120, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().text().color())
        shown = self.fontMetrics().elidedText(self._value, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), shown)


class _Palette(QWidget):
    """The main colours of a picture, with their values as tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self._colours: list[tuple[int, int, int]] = []
        self.setFixedHeight(28)
        say(self, mark("Main colours"), "setAccessibleName")

    def set_colours(self, colours: list[tuple[int, int, int]]) -> None:
        self._colours = colours
        codes = ", ".join(QColor(*c).name() for c in colours)
        self.setToolTip(codes)
        self.setAccessibleDescription(codes)
        self.setVisible(bool(colours))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for n, colour in enumerate(self._colours[:8]):
            painter.setBrush(QColor(*colour))
            painter.drawRoundedRect(n * 30, 4, 26, 20, 4, 4)


class _Line(QLineEdit):
    """Saves on Enter and when the focus leaves."""

    def __init__(self, save: Callable[[], None]) -> None:
        super().__init__()
        self.editingFinished.connect(save)


class _Words(QPlainTextEdit):
    """Saves when the focus leaves."""

    def __init__(self, save: Callable[[], None]) -> None:
        super().__init__()
        self._save = save

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._save()
