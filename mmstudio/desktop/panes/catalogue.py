"""The catalogue of networks: download, import, check, remove; fine-tuning on the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QListView, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.models.catalogue import CatalogueModel, TuningOffer, read_tuning_offer
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name
from mmstudio.desktop.views.catalogue_card import CatalogueCard
from mmstudio.desktop.views.catalogue_delegate import CatalogueDelegate
from mmstudio.desktop.views.catalogue_form import TuningForm, TuningView
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error
from mmstudio.jobs import FINAL_STATES

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent, JobHandle
    from mmstudio.learning.catalogue import Row


class CataloguePane(Pane):
    """List at the left; at the right a card, the form of a fine-tuning, or one as it runs."""

    key: ClassVar[str] = "catalogue"
    name: ClassVar[str] = mark("Catalogue of networks")
    icon: ClassVar[str] = "books"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._downloads: dict[str, JobHandle] = {}
        self._tuning: JobHandle | None = None
        self._wanted = ""
        self._reading = False
        self.model = CatalogueModel(self)
        self._build()
        context.job_event.connect(self._hear)
        context.theme.changed.connect(self.live.plot.restyle)
        self.library_changed()

    def _build(self) -> None:
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(CatalogueDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        name(self.list, mark("Networks"))
        self.list.selectionModel().currentChanged.connect(self._chosen)
        self.list.clicked.connect(self._chosen)
        self.import_button = button(mark("Import…"), self._import_menu, icon="folder-open")
        self.live_button = button(mark("Show the fine-tuning"), self._show_live, icon="chart-line")
        self.live_button.hide()
        self.back_button = button(mark("All models"), lambda: self.context.navigate("models"), icon="brain")
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(8, 12, 8, 8)
        column.addWidget(
            label(
                mark("Networks turn media into numbers that can be compared. This page works offline: only "
                     "Download uses the network."),
                "small",
                wrap=True,
            )
        )  # fmt: skip
        column.addWidget(self.list, 1)
        for control in (self.live_button, self.import_button, self.back_button):
            column.addWidget(control)
        left.setMinimumWidth(240)
        let_wrap(left)
        left.setMinimumWidth(240)
        self.card = CatalogueCard()
        self.card.downloaded.connect(self.download)
        self.card.cancelled.connect(self._cancel)
        self.card.checked.connect(self._check)
        self.card.removed.connect(self._remove)
        self.card.tuned.connect(self.open_form)
        self.form = TuningForm()
        self.form.started.connect(self.start_tuning)
        self.form.left.connect(self._show_card)
        self.live = TuningView()
        self.live.paused.connect(self._pause_tuning)
        self.live.stopped.connect(self._stop_tuning)
        self.right = QStackedWidget()
        for page in (self.card, self.form, self.live):
            self.right.addWidget(page)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(self.right)
        splitter.setChildrenCollapsible(False)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([340, 800])
        self.states = StateStack(splitter)
        self.root.addWidget(self.states)
        self._import_file = action(
            self, mark("Import a network from a file"), self._ask_file, icon="file-plus"
        )
        self._import_folder = action(
            self, mark("Import a network from a folder"), self._ask_folder, icon="folder-plus"
        )
        self._tune_action = action(
            self, mark("Fine-tune a picture network"), lambda: self.open_form(""), icon="sliders-horizontal"
        )

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``model``: a network to show; ``tune``: open the form."""
        if args.get("tune"):
            self.open_form(str(args.get("model", "")))
        elif args.get("model"):
            self._wanted = str(args["model"])
        self._read()

    def library_changed(self) -> None:
        for key in ("catalogue-rows", "catalogue-card", "tuning-offer"):
            self.context.drop(key)
        self._downloads.clear()
        self._tuning = None
        self.live_button.hide()
        self.model.running = frozenset()
        self.model.set_rows([])
        self.right.setCurrentWidget(self.card)
        if self.context.studio is None:
            self.states.show_message(
                mark("Networks turn media into numbers that can be compared"),
                mark("Open a library first; the starter network is there from the beginning."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self._tune_action.setEnabled(not self.context.read_only)
        self.card.tune_button.setEnabled(not self.context.read_only)
        self.states.show_loading(mark("Looking for networks"))
        self._read()

    def retranslate(self) -> None:
        self._read()
        if self.right.currentWidget() is self.form and self.form.base.currentData() is not None:
            self.open_form(str(self.form.base.currentData()[0]))

    def actions_menu(self) -> list[QAction]:
        return [self._import_file, self._import_folder, self._tune_action]

    # --- list and card ------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                studio.catalogue.rows, self._rows_read, self._failed, key="catalogue-rows", owner=self
            )

    def _rows_read(self, rows: list[Row]) -> None:
        wanted, self._wanted = self._wanted, ""
        current: Row | None = self.list.currentIndex().data(ROW_ROLE)
        self._reading = True  # a list that is read again must not turn away from a form or a running job
        self.model.running = frozenset(self._downloads)
        self.model.set_rows(rows)
        self.states.show_content()
        place = self.model.row_of(wanted or (current.name if current is not None else ""))
        index = self.model.index(max(0, place))
        if index != self.list.currentIndex():
            self.list.setCurrentIndex(index)
        self._reading = False
        if self.right.currentWidget() is self.card:
            self._show(index)

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _chosen(self, index: QModelIndex) -> None:
        if not self._reading:
            self._show(index)

    def _show(self, index: QModelIndex) -> None:
        shown: Row | None = index.data(ROW_ROLE) if index.isValid() else None
        if shown is None:
            return
        self.right.setCurrentWidget(self.card)
        self.context.background(
            lambda: (shown, _card_of(shown)), self._card_read, key="catalogue-card", owner=self
        )

    def _card_read(self, found: tuple[Row, str]) -> None:
        shown, card = found
        self.card.show_row(shown, card, running=shown.name in self._downloads)

    def _current(self) -> str:
        shown: Row | None = self.list.currentIndex().data(ROW_ROLE)
        return shown.name if shown is not None else ""

    def _show_card(self) -> None:
        self.right.setCurrentWidget(self.card)
        self._show(self.list.currentIndex())

    # --- download -----------------------------------------------------------------------------------

    def download(self, network: str) -> None:
        """Start a download, or go on with one that was interrupted."""
        studio = self.context.studio
        if studio is None or network in self._downloads:
            return
        params = {"name": network}
        self.card.say_answer("", "", "muted")
        if studio.library.read_only:
            self._follow(network, self.context.submit("download", params))
            return

        def go_on(record: Any) -> None:
            self._follow(
                network,
                studio.resume(record) if record is not None else self.context.submit("download", params),
            )

        self.context.background(lambda: studio.unfinished("download", params), go_on, owner=self)

    def _follow(self, network: str, handle: JobHandle | None) -> None:
        if handle is None:
            return
        self._downloads[network] = handle

        def ended(event: JobEvent) -> None:
            self._downloads.pop(network, None)
            if event.state == "failed" and self._current() == network:
                self.card.say_answer(event.error, event.hint, "error")
            self._read()

        JobWatch(
            self.context,
            handle,
            self,
            on_event=lambda event: self._heard_download(network, event),
            on_done=lambda result: self._installed(network, result),
            on_ended=ended,
        )
        self._read()

    def _heard_download(self, network: str, event: JobEvent) -> None:
        if event.progress is not None and self._current() == network:
            self.card.show_progress(event.progress)

    def _installed(self, network: str, _result: dict[str, Any]) -> None:
        self._downloads.pop(network, None)
        if self._current() == network:
            self.card.say_answer(
                tr("Installed and checked."),
                tr("Choose “Extract features” in the Library menu to compare your pictures with it."),
                "success",
            )
        self._read()

    def _cancel(self, network: str) -> None:
        handle = self._downloads.get(network)
        if handle is not None:
            handle.cancel()

    # --- import, check, remove ----------------------------------------------------------------------

    def _import_menu(self) -> None:
        menu = QMenu(self)
        menu.addActions([self._import_file, self._import_folder])
        menu.exec(self.import_button.mapToGlobal(self.import_button.rect().topLeft()))

    def _ask_file(self) -> None:
        kinds = tr("Weights and word vectors") + " (*.safetensors *.pth *.pt *.txt *.vec)"
        path, _filter = QFileDialog.getOpenFileName(
            self, tr("Import a network from a file"), str(Path.home()), kinds
        )
        if path:
            self.bring_in(Path(path))

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("Import a network from a folder"), str(Path.home()))
        if path:
            self.bring_in(Path(path))

    def bring_in(self, path: Path) -> None:
        """Import a network from a file or folder."""
        studio = self.context.studio
        if studio is None:
            return
        self.import_button.setEnabled(False)

        def done(found: Any) -> None:
            self.import_button.setEnabled(True)
            self._wanted = found.name
            self.context.notify(tr("Added the model {name}", name=found.name), level="success")
            self._show_card()
            self._read()

        def failed(error: Exception) -> None:
            self.import_button.setEnabled(True)
            self.context.report(error)

        self.context.background(lambda: studio.catalogue.add(path), done, failed, owner=self)

    def _check(self, network: str) -> None:
        studio = self.context.studio
        if studio is None:
            return
        self.card.check_button.setEnabled(False)
        self.card.say_answer(tr("Checking"), "", "muted")

        def done(found: Any) -> None:
            self.card.check_button.setEnabled(True)
            if self._current() == network:
                self.card.say_answer(
                    tr("It is whole and can be used: {what}.", what=found.architecture or found.label),
                    "",
                    "success",
                )

        def failed(error: Exception) -> None:
            self.card.check_button.setEnabled(True)
            sentence, hint = tr_error(error)
            if self._current() == network:
                self.card.say_answer(sentence, hint, "error")

        # On the device thread: building a network is its business.
        self.context.ask("catalogue-check", lambda: studio.catalogue.check(network), done, failed)

    def _remove(self, network: str) -> None:
        studio = self.context.studio
        if studio is None:
            return
        installed = any(r.name == network and r.state in ("installed", "damaged") for r in self.model.rows)

        def restored(_none: object) -> None:
            self._wanted = network
            self._read()

        def removed(_none: object) -> None:
            self.card.say_answer("", "", "muted")
            undo = (
                tr("Undo"),
                lambda: self.context.background(
                    lambda: studio.catalogue.restore(network), restored, owner=self
                ),
            )
            if installed:
                self.context.notify(
                    tr("Removed the model {name}", name=network),
                    tr("It can be brought back for 30 days."),
                    action=undo,
                )
            self._read()

        self.context.background(lambda: studio.catalogue.remove(network), removed, owner=self)

    # --- fine-tuning --------------------------------------------------------------------------------

    def open_form(self, base: str) -> None:
        """Offer a fine-tuning that starts from ``base``."""
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return
        self.context.background(
            lambda: read_tuning_offer(studio), lambda offer: self._offered(offer, base), key="tuning-offer"
        )

    def _offered(self, offer: TuningOffer, base: str) -> None:
        self.form.offer(offer, base)
        self.right.setCurrentWidget(self.form)
        self.form.start_button.setFocus()

    def start_tuning(self, params: dict[str, Any]) -> None:
        """Start the job, or go on with the same one that was paused."""
        studio = self.context.studio
        if studio is None or self.context.read_only or self._tuning is not None:
            return

        def go_on(record: Any) -> None:
            handle = studio.resume(record) if record is not None else self.context.submit("finetune", params)
            if handle is not None:
                self._follow_tuning(handle)

        self.context.background(lambda: studio.unfinished("finetune", params), go_on, owner=self)

    def _follow_tuning(self, handle: JobHandle) -> None:
        self._tuning = handle
        self.live.begin(str(handle.params.get("name", "")))
        self.live_button.show()
        self._show_live()
        JobWatch(
            self.context, handle, self,
            on_event=self.live.hear, on_done=self._tuned, on_ended=self._tuning_ended,
        )  # fmt: skip

    def _show_live(self) -> None:
        self.right.setCurrentWidget(self.live)

    def _pause_tuning(self) -> None:
        if self._tuning is not None:
            self.live.allow(False)
            self._tuning.pause()

    def _stop_tuning(self) -> None:
        if self._tuning is not None:
            self.live.allow(False)
            self._tuning.cancel()

    def _tuned(self, result: dict[str, Any]) -> None:
        shown = self.right.currentWidget() is self.live
        self._tuning = None
        self.live_button.hide()
        self._wanted = str(result["name"]) if result.get("kept") else str(result.get("base", ""))
        if shown:
            self.right.setCurrentWidget(self.card)
        self._read()

    def _tuning_ended(self, event: JobEvent) -> None:
        shown = self.right.currentWidget() is self.live
        self._tuning = None
        self.live_button.hide()
        if shown:
            self._show_card()
            if event.state == "failed":
                self.card.say_answer(event.error, event.hint, "error")
        self._read()

    def _hear(self, event: JobEvent) -> None:
        """A download or fine-tuning that another part of the window started has ended."""
        mine = {handle.id for handle in (*self._downloads.values(), self._tuning) if handle is not None}
        over = event.state in FINAL_STATES or event.state == "paused"
        if event.kind in ("download", "finetune") and over and event.job_id not in mine:
            self._read()


def _card_of(shown: Row) -> str:
    path = Path(shown.path) / "card.md"
    return path.read_text(encoding="utf-8", errors="replace") if shown.path and path.is_file() else ""
