"""Items: what the library knows about each product, lesson or film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QListView, QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.models.items import ItemListModel, ItemRow, item_facts, item_rows
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.item_delegate import ItemDelegate
from mmstudio.desktop.views.item_detail import ItemDetail
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.items import ItemFacts
    from mmstudio.studio import Studio

_TYPING_MS = 150
_SIMILAR = 24
_TABLES = (".csv", ".tsv", ".xlsx")
_BESIDE = {"reviews": ("review",), "links": ("related", "link"), "interactions": ("interaction", "event")}


class ItemsPane(Pane):
    """List at the left, the chosen item at the right."""

    key: ClassVar[str] = "items"
    name: ClassVar[str] = mark("Items")
    icon: ClassVar[str] = "shopping-bag"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._similar_to: int | None = None
        self._wanted: int | None = None
        self._total = 0
        self._counts = (0, 0)
        self.pictures = Pictures(context, parent=self)
        self.model = ItemListModel(self._fetch, self)
        self._build()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self._query)
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.category.activated.connect(lambda _index: self._query())
        self.library_changed()

    def _build(self) -> None:
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        name(self.search, mark("Search items"))
        say(self.search, mark("Search items"), "setPlaceholderText")
        self.category = QComboBox()
        self.category.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.category.setMinimumContentsLength(12)
        name(self.category, mark("Category"))
        self.count = label(role="small")
        self.back = button(mark("All items"), self._leave_similar, "link", icon="arrow-left")
        self.back.hide()

        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ItemDelegate(self.pictures, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setDragEnabled(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        name(self.list, mark("Items"))
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.pictures.arrived.connect(self.list.viewport().update)

        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(8, 12, 8, 0)
        left_layout.setSpacing(8)
        left_layout.addLayout(row(self.category, None))
        left_layout.addLayout(row(self.back, self.count, None))
        self.list_states = StateStack(self.list)
        left_layout.addWidget(self.list_states, 1)

        self.detail = ItemDetail(self.pictures)
        self.detail.edited.connect(self._edit)
        self.detail.item_wanted.connect(self.open_item)
        self.detail.asset_wanted.connect(self._look)
        self.detail.ad_wanted.connect(lambda id_: self.context.navigate("preview", item=id_))
        self.detail.similar_wanted.connect(self.find_similar)
        self.detail.invalid.connect(lambda text: self.context.notify(text, level="warning"))
        self.detail_states = StateStack(self.detail)

        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.detail_states)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([320, 640])
        left.setMinimumWidth(216)
        self.states = StateStack(self.splitter)
        self.root.addWidget(self.states)
        self._ad_action = action(
            self, mark("Make an ad for this item"), self._make_ad, icon="film-strip", shortcut="Ctrl+Return"
        )
        self._catalogue_action = action(self, mark("Import a catalogue"), self.choose_catalogue, icon="table")
        self._similar_action = action(
            self, mark("Find similar items"), self._find_similar, icon="circles-three"
        )

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``item``: an id to open."""
        if args.get("item") is not None:
            self.open_item(int(args["item"]))
        elif not self.list.hasFocus():
            self.list.setFocus()

    def library_changed(self) -> None:
        self._similar_to = None
        self.pictures.forget()
        self.model.set_ids([])
        self.search.clear()
        self._typing.stop()
        self.detail_states.show_message(
            mark("No item chosen"), mark("Choose one at the left to see all about it.")
        )
        if self.context.studio is None:
            self._show_empty()
            return
        self.states.show_loading(mark("Reading the items"))
        self._read_categories()
        self._query()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "items":
            self.model.forget(ids)
            self._read_categories()
            self._query()
            current = self.detail.item_id
            if current is not None and (ids is None or current in ids):
                self._show_item(current)
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self._read_categories()
        self.detail.retranslate()
        self._say_count()

    def header(self) -> QWidget:
        return self.search

    def search_field(self) -> QLineEdit:
        return self.search

    def actions_menu(self) -> list[QAction]:
        return [self._catalogue_action, self._ad_action, self._similar_action]

    # --- list ---------------------------------------------------------------------------------------

    def _fetch(self, ids: list[int], done: Callable[[dict[int, ItemRow]], None]) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(lambda: item_rows(studio.library, ids), done, owner=self)

    def _read_categories(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                studio.library.items.categories, self._categories_read, key="items-categories"
            )

    def _categories_read(self, categories: list[tuple[str, int]]) -> None:
        chosen = self.category.currentData()
        self.category.clear()
        self.category.addItem(tr("All categories"), None)
        for category, n in categories:
            if category:
                self.category.addItem(f"{category} ({n})", category)
        self.category.setCurrentIndex(max(0, self.category.findData(chosen)))

    def _query(self) -> None:
        studio = self.context.studio
        if studio is None:
            return
        text, category, similar = self.search.text().strip(), self.category.currentData(), self._similar_to

        def work() -> tuple[list[int], int]:
            items = studio.library.items
            return items.ids(text=text, category=category), items.count()

        if similar is not None:
            self._query_similar(studio, similar)
        else:
            self.context.background(work, self._queried, self._failed, key="items-query")

    def _query_similar(self, studio: Studio, item: int) -> None:
        def work() -> tuple[list[int], int]:
            hits = studio.features.similar_items(item, _SIMILAR)
            return [h.item_id for h in hits if h.item_id not in (None, item)], studio.library.items.count()

        self.list_states.show_loading(mark("Comparing items"))
        self.context.ask("items-similar", work, self._queried, self._similar_failed)

    def _queried(self, result: tuple[list[int], int]) -> None:
        ids, self._total = result
        self.model.set_ids(ids)
        self._counts = (len(ids), self._total)
        self._say_count()
        if not self._total:
            self._show_empty()
            return
        self.states.show_content()
        if not ids:
            self.list_states.show_message(
                mark("Nothing matches"),
                mark("No item has these words in this category."),
                mark("Show all items"),
                self._clear_filters,
            )
        else:
            self.list_states.show_content()
        wanted = self._wanted if self._wanted in ids else None
        if wanted is not None:
            self._wanted = None
            self._select(wanted)
        elif not self.list.currentIndex().isValid() and ids and self.detail.item_id not in ids:
            self._select(ids[0])
        elif self.detail.item_id in ids:
            self._select(self.detail.item_id)

    def _say_count(self) -> None:
        shown, total = self._counts
        self.back.setVisible(self._similar_to is not None)
        if self._similar_to is not None:
            say(self.count, mark("{n} similar items"), n=shown)
        elif shown == total:
            say(self.count, mark("{n} items"), n=total)
        else:
            say(self.count, mark("{n} of {total} items"), n=shown, total=total)

    def _show_empty(self) -> None:
        self.states.show_message(
            mark("Items are the things you make ads for"),
            mark(
                "Products, lessons or films with title, price and pictures. Each line of a catalogue "
                "(CSV or XLSX) becomes an item, with the pictures that lie beside it."
            ),
            mark("Import a catalogue") if not self.context.read_only else "",
            self.choose_catalogue,
        )

    def choose_catalogue(self) -> None:
        """Ask for a table of items and import it with what lies beside it."""
        if self.context.studio is None:
            self.context.navigate("library")
            return
        if self.context.read_only:
            return
        tables = tr("Catalogues") + " (*.csv *.tsv *.xlsx)"
        file, _chosen = QFileDialog.getOpenFileName(self, tr("Import a catalogue"), str(Path.home()), tables)
        if file:
            self.context.submit("import", catalogue_import(Path(file)))

    def _failed(self, error: Exception) -> None:
        self.states.show_failure(error, self.library_changed)

    def _similar_failed(self, error: Exception) -> None:
        self._leave_similar()
        self.context.report(error)

    def _clear_filters(self) -> None:
        self.search.clear()
        self.category.setCurrentIndex(0)
        self._typing.stop()
        self._query()

    # --- one item -----------------------------------------------------------------------------------

    def open_item(self, item_id: int) -> None:
        """Show an item, leaving a filter that hides it."""
        if self.model.row_of(item_id) >= 0:
            self._select(item_id)
            return
        self._wanted = item_id
        self._similar_to = None
        self._clear_filters()
        self._show_item(item_id)

    def find_similar(self, item_id: int) -> None:
        """List what is most like an item."""
        self._similar_to = item_id
        self._say_count()
        self._query()

    def _leave_similar(self) -> None:
        self._similar_to = None
        self._query()

    def _select(self, item_id: int | None) -> None:
        index = self.model.index(self.model.row_of(item_id if item_id is not None else -1))
        if index.isValid():
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.list.selectionModel().setCurrentIndex(index, flag)
            self.list.scrollTo(index)

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._show_item(self.model.ids[current.row()])

    def _show_item(self, item_id: int) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: item_facts(studio.library, item_id),
                self._facts_read,
                self._detail_failed,
                key="items-detail",
            )

    def _facts_read(self, facts: ItemFacts) -> None:
        self.detail.show_facts(facts, read_only=self.context.read_only)
        self.detail_states.show_content()
        self.context.select_assets([asset.asset_id for asset, _kind, _title in facts.gallery][:1])
        studio, item_id = self.context.studio, facts.item.id
        if studio is not None:  # opinions are learned when first asked for: the rest does not wait for them
            self.context.background(
                lambda: studio.features.texts.of_item(item_id), self.detail.show_words, key="items-words"
            )

    def _detail_failed(self, error: Exception) -> None:
        self.detail_states.show_failure(error, self._query)

    def _edit(self, item_id: int, field: str, value: object) -> None:
        studio = self.context.studio
        if studio is not None and not self.context.read_only:
            self.context.background(lambda: studio.library.items.update(item_id, **{field: value}))

    def _look(self, asset_id: int) -> None:
        self.context.select_assets([asset_id])
        self.context.quick_look([asset_id])

    def _make_ad(self) -> None:
        if self.detail.item_id is not None:
            self.context.navigate("preview", item=self.detail.item_id)

    def _find_similar(self) -> None:
        if self.detail.item_id is not None:
            self.find_similar(self.detail.item_id)


def catalogue_import(file: Path) -> dict[str, Any]:
    """Parameters of the import of a catalogue: its folder, and the tables beside it."""
    params: dict[str, Any] = {"paths": [str(file.parent)], "catalog": str(file)}
    try:
        beside = sorted(p for p in file.parent.iterdir() if p.suffix.lower() in _TABLES and p != file)
    except OSError:
        return params
    for kind, words in _BESIDE.items():
        found = next((p for p in beside if p.stem.lower().startswith(words)), None)
        if found is not None:
            params[kind] = str(found)
    return params
