"""Many exports at once: items for audiences, or the rows of a table, checked first, a state per row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFrame,
    QHeaderView,
    QLabel,
    QMenu,
    QProgressBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import theme
from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.models.export_rows import (
    STATE_ROLE,
    MatrixLine,
    MatrixTable,
    begins_with_a_drawing,
    lines_of,
)
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.texts import name, say
from mmstudio.desktop.views.check_popup import CheckPopup
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.elided import Elided
from mmstudio.desktop.views.encrypt_popup import EncryptPopup
from mmstudio.desktop.views.export_options import OptionsPopup
from mmstudio.desktop.views.files import open_path
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.item_picker import ItemPicker
from mmstudio.desktop.views.painting import paint_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.popup_card import Choice, channel_choices
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.export.matrix import RowState
    from mmstudio.library.records import Audience

Index = QModelIndex | QPersistentModelIndex
_POLL_MS = 500
_CHECK_MS = 120
_LINE = 32
_USUAL = "product-card"
EVERYONE = ""  # key of the box for no audience


class StateDelegate(QStyledItemDelegate):
    """Cells in one line; the state in its colour and its words."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selection"))
        role = str(index.data(STATE_ROLE) or "text")
        paint_text(painter, rect.adjusted(10, 0, -8, 0), str(index.data() or ""), role=role)
        painter.restore()


class ManyPage(QWidget):
    """Chooses rows, shows what is wrong with them before anything starts, and how far each is."""

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._folder = ""
        self._items: list[int] = []
        self._all = False
        self._csv = ""
        self._channels: list[ChannelRow] = []
        self._audiences: dict[int, str] = {}
        self._watch: JobWatch | None = None
        self._drawn_first = False  # the first row needs a model's drawing
        self.table = MatrixTable(self)
        self.picker = ItemPicker(context, pictures, self)
        self.picker.picked.connect(self.add_item)
        self.audience_popup = CheckPopup(mark("Audiences"), self)
        self.audience_popup.changed.connect(lambda _keys: self._changed())
        self.channel_popup = CheckPopup(mark("Channels"), self)
        self.channel_popup.changed.connect(lambda _keys: self._changed())
        self.options = OptionsPopup(context, self)
        self.options.changed.connect(self._say)
        self.encrypt = EncryptPopup(self)
        self.encrypt.changed.connect(self._say)
        self.encrypt.ways[""].toggled.connect(lambda _on: self._changed())
        self._checking = QTimer(self)
        self._checking.setSingleShot(True)
        self._checking.setInterval(_CHECK_MS)
        self._checking.timeout.connect(self._check)
        self._polling = QTimer(self)
        self._polling.setInterval(_POLL_MS)
        self._polling.timeout.connect(self._poll)
        self._build()
        self._checked([])

    # --- widgets ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.items_button = button(mark("Items"), self._offer_items, icon="package")
        self.audiences_button = button(
            mark("Audiences"),
            lambda: self.audience_popup.open_below(self.audiences_button),
            icon="users-three",
        )
        self.recipe = QComboBox()
        self.recipe.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        name(self.recipe, mark("Recipe"), mark("What each item becomes; a row of a table may name another."))
        self.recipe.currentIndexChanged.connect(lambda _index: self._changed())
        self.channels_button = button(
            mark("Channels"),
            lambda: self.channel_popup.open_below(self.channels_button),
            icon="share-network",
        )
        self.options_button = button(
            mark("Options"), lambda: self.options.open_below(self.options_button), icon="sliders-horizontal"
        )
        self.encrypt_button = button(
            mark("Not encrypted"),
            lambda: self.encrypt.open_below(self.encrypt_button),
            icon="lock",
            tip=mark("Write one bundle that only a recipient or a passphrase opens"),
        )
        self.view = QTableView()
        self.view.setModel(self.table)
        self.view.setItemDelegate(StateDelegate(self.view))
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(_LINE)
        self.view.setShowGrid(False)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setDragEnabled(True)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((48, 160, 120, 140)):
            self.view.setColumnWidth(column, width)
        for column in (1, 4):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        name(self.view, mark("Rows to export"), mark("Finished rows can be dragged to other programs"))
        self.view.activated.connect(lambda index: self._open_row(index.data(ROW_ROLE)))
        self.states = StateStack(self.view)
        self.note = QLabel()
        self.note.setProperty("role", "small")
        self.folder_label = Elided("", "small", where=Qt.TextElideMode.ElideMiddle)
        self.folder_button = button(mark("Other folder"), self._browse, icon="folder-open")
        self.open_button = button(
            mark("Open folder"), lambda: open_path(self._folder), icon="arrow-square-out"
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(180)
        self.bar.hide()
        name(self.bar, mark("Progress of the export"))
        self.cancel_button = button(mark("Cancel"), self.cancel, icon="x")
        self.cancel_button.hide()
        self.retry_button = button(mark("Try the failed again"), self.export, icon="arrow-clockwise")
        self.retry_button.hide()
        self.export_button = button(mark("Export"), self.export, "primary", icon="export")
        foot = QFrame()
        foot.setProperty("surface", "strip")
        foot.setLayout(
            row(self.folder_button, self.open_button, self.folder_label, None, self.bar, self.cancel_button,
                self.retry_button, self.export_button, margins=(16, 8, 16, 8))
        )  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        tools = FlowLayout()  # in a narrow window a second line, rather than words cut off
        tools.setContentsMargins(16, 12, 16, 4)
        for tool in (
            self.items_button, self.audiences_button, self.recipe, self.channels_button, self.options_button,
            self.encrypt_button,
        ):  # fmt: skip
            tools.addWidget(tool)
        layout.addLayout(tools)
        layout.addLayout(row(self.note, None, margins=(18, 0, 16, 6)))
        layout.addWidget(self.states, 1)
        layout.addWidget(foot)

    # --- what can be chosen -------------------------------------------------------------------------

    def set_choices(
        self, channels: list[ChannelRow], audiences: list[Audience], recipes: list[tuple[str, str]]
    ) -> None:
        """What the library and the program offer."""
        self._channels = channels
        ticked = self.channel_popup.ticked() or [row.name for row in channels if row.standard][:1]
        self.channel_popup.set_choices(channel_choices(channels), ticked)
        self._audiences = {audience.id: audience.name for audience in audiences}
        kept = self.audience_popup.ticked()
        boxes = [Choice(EVERYONE, tr("Everyone"))]
        boxes += [Choice(str(a.id), a.name, _shortened(a.brief)) for a in audiences]
        self.audience_popup.set_choices(boxes, kept)
        chosen = self.recipe.currentData()
        self.recipe.blockSignals(True)
        self.recipe.clear()
        for key, words in recipes:
            self.recipe.addItem(words, key)
        at = self.recipe.findData(chosen or _USUAL)
        self.recipe.setCurrentIndex(max(at, 0))
        self.recipe.blockSignals(False)
        for control in (self.items_button, self.folder_button):
            control.setEnabled(not self.context.read_only)
        self._changed()

    def clear(self) -> None:
        """Another library."""
        self._items, self._all, self._csv = [], False, ""
        self.encrypt.forget()
        self._checked([])

    def set_folder(self, folder: str) -> None:
        """Where the rows' folders go."""
        self._folder = folder
        self.folder_label.setText(folder)

    def set_csv(self, path: str) -> None:
        """Take the rows of a table."""
        self._csv, self._items, self._all = path, [], False
        self._changed()

    def add_item(self, item: int) -> None:
        """Add one item to what is exported."""
        self._csv, self._all = "", False
        if item not in self._items:
            self._items.append(item)
        self._changed()

    def set_items(self, items: list[int], *, everything: bool = False) -> None:
        """Take these items, or all there are."""
        self._csv, self._items, self._all = "", list(items), everything
        self._changed()

    def _offer_items(self) -> None:
        menu = QMenu(self)
        menu.addAction(tr("All items")).triggered.connect(lambda: self.set_items([], everything=True))
        menu.addAction(tr("Add an item…")).triggered.connect(
            lambda: self.picker.open_below(self.items_button)
        )
        menu.addAction(tr("Rows of a table (CSV, Excel)…")).triggered.connect(self._browse_table)
        if self._items or self._all or self._csv:
            menu.addSeparator()
            menu.addAction(tr("Start over")).triggered.connect(lambda: self.set_items([]))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.items_button.mapToGlobal(self.items_button.rect().bottomLeft()))

    def _browse_table(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(
            self, tr("Table of rows to export"), "", tr("Tables (*.csv *.tsv *.xlsx)")
        )
        if path:
            self.set_csv(path)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, tr("Folder for exports"), self._folder or str(Path.home())
        )
        if folder:
            self.set_folder(folder)
            self._changed()

    # --- checking -----------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._say()
        self._checking.start()

    def _check(self) -> None:
        studio = self.context.studio
        if studio is None or self._watch is not None:
            return
        if not (self._items or self._all or self._csv):
            self._checked([])
            return
        csv, items, everything = self._csv, list(self._items), self._all
        groups = [int(key) if key else None for key in self.audience_popup.ticked()]
        recipe = str(self.recipe.currentData() or "")
        channels = self.channel_popup.ticked()
        folder, audiences = self._folder, dict(self._audiences)
        labels = {row.name: row.label for row in self._channels}
        locked = bool(self.encrypt.way)  # a bundle is always made anew: no state of before

        def work() -> tuple[list[MatrixLine], list[RowState], bool]:
            from mmstudio.export.matrix import matrix_of, read_matrix, read_state

            library = studio.library
            if csv:
                found = read_matrix(library, csv, recipe=recipe, channels=channels)
            else:
                ids = list(library.items.ids()) if everything else items
                found = matrix_of(library, ids, groups, recipe=recipe, channels=channels)
            lines = lines_of(found, audiences, labels)
            states = read_state(folder) if folder and not locked else []
            return lines, states, begins_with_a_drawing(lines)

        def done(read: tuple[list[MatrixLine], list[RowState], bool]) -> None:
            self._drawn_first = read[2]
            self._checked(read[0])
            self.table.set_states(read[1], folder)
            self._say()

        self.context.background(work, done, self.context.report, key=("many-check", id(self)))

    def _checked(self, lines: list[MatrixLine]) -> None:
        self.view.clearSpans()
        self.table.set_lines(lines)
        for number, line in enumerate(lines):
            if line.plain is None:  # its sentence takes the whole row
                self.view.setSpan(number, 1, 1, self.table.columnCount() - 1)
        if lines:
            self.states.show_content()
        else:
            self.states.show_message(
                mark("Many exports at once"),
                mark(
                    "Choose items and audiences, or a table with a row for each export. Every row is checked "
                    "before the first file is written, and gets a folder of its own."
                ),
                "" if self.context.read_only else mark("All items"),
                lambda: self.set_items([], everything=True),
            )
        self._say()

    # --- exporting ----------------------------------------------------------------------------------

    def export(self) -> None:
        """Start with every row that is right; what is done already is not done again."""
        rows = self.table.good()
        if not rows or self._watch is not None or self.context.read_only or not self._folder:
            return
        params: dict[str, Any] = {"rows": rows, "out": self._folder}
        if options := self.options.options():
            params["options"] = options
        if locked := self.encrypt.encryption():
            if self.encrypt.wrong():
                self.encrypt.open_below(self.encrypt_button)
                return
            params["encrypt"] = locked
        handle = self.context.submit("matrix", params)
        if handle is None:
            return
        self.bar.setRange(0, len(rows))
        self.bar.setValue(0)
        self._watch = JobWatch(
            self.context, handle, self, on_event=self._heard, on_done=self._locked if locked else self._over,
            on_ended=self._over,
        )  # fmt: skip
        if locked:
            self.table.set_outcomes({}, {})
        else:
            self._polling.start()
        self._say()

    def cancel(self) -> None:
        """Stop; rows that are finished stay."""
        if self._watch is not None:
            self._watch.handle.cancel()

    def _heard(self, event: Any) -> None:
        progress = getattr(event, "progress", None)
        if progress is not None and progress.total:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)

    def _over(self, _told: object = None) -> None:
        self._watch = None
        if self._polling.isActive():
            self._polling.stop()
            self._poll()
        else:
            self._changed()  # a bundle that came to nothing: the rows wait for nobody
        self._say()

    def _locked(self, result: dict[str, Any]) -> None:
        """A bundle is written: its rows' states come with the result, since no folder has them."""
        self._watch = None
        self.table.set_outcomes(result["states"], {one["row"]: one for one in result["failures"]})
        self.encrypt.forget()
        made = [Path(one["path"]) for one in result["bundles"]]
        if made:
            folder = str(made[0].parent)
            told = tr("The key beside it belongs to it: both go to the recipient.") if len(made) > 1 else ""
            self.context.notify(
                tr("The encrypted bundle {name} is written.", name=made[0].name),
                told, action=(tr("Open folder"), lambda: open_path(folder)),
            )  # fmt: skip
        self._say()

    def _poll(self) -> None:
        folder = self._folder

        def work() -> list[RowState]:
            from mmstudio.export.matrix import read_state

            return read_state(folder)

        def done(states: list[RowState]) -> None:
            if folder == self._folder:
                self.table.set_states(states, folder)
                self._say()

        self.context.background(work, done, self.context.report, key=("many-poll", id(self)))

    def _open_row(self, line: MatrixLine | None) -> None:
        if line is not None and line.files:
            open_path(str(Path(line.files[0]).parent))

    # --- words --------------------------------------------------------------------------------------

    def _say(self) -> None:
        going = self._watch is not None
        if self._csv:
            say(self.items_button, "{file}", file=Path(self._csv).name)
        elif self._all:
            say(self.items_button, mark("All items"))
        elif self._items:
            n = len(self._items)
            say(self.items_button, mark("{n} items") if n != 1 else mark("1 item"), n=n)
        else:
            say(self.items_button, mark("Choose items"))
        groups = len(self.audience_popup.ticked())
        say(
            self.audiences_button,
            mark("{n} audiences") if groups > 1 else mark("1 audience") if groups else mark("Everyone"),
            n=groups,
        )
        ticked = len(self.channel_popup.ticked())
        say(
            self.channels_button,
            mark("{n} channels")
            if ticked > 1
            else mark("1 channel")
            if ticked
            else mark("Standard channels"),
            n=ticked,
        )
        wishes = len(self.options.options())
        say(self.options_button, mark("Options ({n})") if wishes else mark("Options"), n=wishes)
        way, amiss = self.encrypt.way, self.encrypt.wrong()
        say(self.encrypt_button, mark("Encrypted") if way else mark("Not encrypted"))
        good, wrong = len(self.table.good()), self.table.count("wrong")
        failed, done = self.table.count("failed"), self.table.count("done", "same")
        parts = []
        if wrong:
            parts.append(tr("{n} problems: only the other rows are exported", n=wrong))
        if done or failed:
            parts.append(tr("{done} of {total} rows are done", done=done, total=good))
        if failed:
            parts.append(tr("{n} failed", n=failed))
        if going and self._drawn_first and not (done or failed):
            parts.append(tr("The first row takes longest: what draws its ground is loaded first."))
        self.note.setText(" · ".join(parts))
        say(self.export_button, mark("Export {n} rows") if good != 1 else mark("Export 1 row"), n=good)
        self.export_button.setEnabled(good > 0 and not going and not self.context.read_only and not amiss)
        self.export_button.setToolTip(amiss)
        self.retry_button.setVisible(failed > 0 and not going)
        self.bar.setVisible(going)
        self.cancel_button.setVisible(going)
        self.open_button.setEnabled(done > 0)


__all__ = ["ManyPage"]


def _shortened(text: str, most: int = 120) -> str:
    """The beginning of a long text; "…" says that there is more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
