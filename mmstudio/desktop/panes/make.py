"""Make: recipes with pictures; one asks for its inputs and composes, then the result is previewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.models.items import item_rows
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.make import (
    MakeChoices,
    assets_of_files,
    job_params,
    pictures_of,
    read_choices,
    read_text_file,
    read_voices,
)
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.files import open_path
from mmstudio.desktop.views.make_form import MakeForm
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.recipe_picker import RecipePicker
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.composition.recipe import Recipe
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.items import ItemRow
    from mmstudio.jobs import JobEvent

_FORM_WIDTH = 380


class MakePane(Pane):
    """Recipes on the left, the form of the chosen one on the right."""

    key: ClassVar[str] = "make"
    name: ClassVar[str] = mark("Make")
    icon: ClassVar[str] = "magic-wand"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._choices = MakeChoices()
        self._wanted: dict[str, Any] = {}
        self._ready = False
        self._watch: JobWatch | None = None
        self.pictures = Pictures(context, parent=self)
        self.picker = RecipePicker(self.pictures)
        self.picker.chosen.connect(self._choose)
        self.form = MakeForm(context, self.pictures)
        self.form.setMinimumWidth(300)
        self.form.compose_wanted.connect(self.compose)
        self.form.cancel_wanted.connect(self._cancel)
        self.form.track_file.connect(lambda path: self._take_in([path], self._track_known))
        self.form.text_file.connect(self._read_text)
        self.form.shelf.files_dropped.connect(lambda files: self._take_in(files, self._add_pictures))
        self.form.shelf.assets_dropped.connect(self._add_pictures)
        self.form.shelf.items_dropped.connect(self._add_pictures_of_items)
        self.form.items.added.connect(self._add_items)
        self.form.items.removed.connect(self._remove_item)
        self.form.items.assets_dropped.connect(self._add_items_of_assets)
        self.back_button = button(
            mark("Back to Create"), lambda: self.context.navigate("create"), "quiet", icon="arrow-left"
        )
        self.folder_button = button(
            mark("My recipes"), self.open_folder, "quiet", icon="folder-open",
            tip=mark("The folder for recipes of your own: one folder each, with a recipe.toml"),
        )  # fmt: skip
        bar = QWidget()
        bar.setProperty("surface", "bar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar.setLayout(row(self.back_button, None, self.folder_button, margins=(12, 8, 12, 8)))
        self.form_states = StateStack(self.form)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.picker)
        split.addWidget(self.form_states)
        split.setStretchFactor(0, 1)
        split.setSizes([700, _FORM_WIDTH])
        split.setChildrenCollapsible(False)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(split, 1)
        self.states = StateStack(body)
        self.root.addWidget(self.states)
        self._compose_action = action(
            self, mark("Compose with this recipe"), self.form.compose_button.click, icon="film-strip"
        )
        action(self, mark("Open the folder of my recipes"), self.open_folder, icon="folder-open")
        self.library_changed()

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``recipe``: its name; ``item``: an item id; ``items``, ``assets``: ids; ``text``: words."""
        self._wanted |= {key: value for key, value in args.items() if value is not None}
        if self._ready:
            self._read()  # recipes of one's own may be new

    def library_changed(self) -> None:
        self._ready, self._choices = False, MakeChoices()
        self.pictures.forget()
        self.form.item.clear()
        self.form.items.show_rows([], read_only=self.context.read_only)
        self.form.shelf.clear()
        self.form.read_only = self.context.read_only
        if self.context.studio is None:
            self.states.show_message(
                mark("Nothing is open"),
                mark("Open a library: films, cards, pages and stories are made from what it has."),
            )
            return
        self.states.show_loading(mark("Reading the recipes"))
        self._read()

    def data_changed(self, topic: str, _ids: list[int] | None) -> None:
        if topic in ("audiences", "assets", "storyboards", "models"):
            self._read()

    def retranslate(self) -> None:
        self._read()

    # --- choices ------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: read_choices(studio), self._show,
                lambda error: self.states.show_failure(error, self.library_changed),
                key="make-choices", owner=self,
            )  # fmt: skip
            settings = studio.settings
            self.context.background(
                lambda: read_voices(settings), self.form.show_voices, lambda _error: None,
                key="make-voices", owner=self,
            )  # fmt: skip

    def _show(self, choices: MakeChoices) -> None:
        self._choices, self._ready = choices, True
        current = self.form.recipe.name if self.form.recipe is not None else ""
        current = str(self._wanted.pop("recipe", current))
        self.picker.show_recipes(choices.recipes, choices.broken, current)
        self.form.show_choices(choices)
        self.states.show_content()
        recipe = next((one for one in choices.recipes if one.name == current), None)
        if recipe is None:
            self.form_states.show_message(
                mark("Choose what to make"),
                mark("Every recipe says what it needs; the result opens in the Preview."),
            )
        elif self.form.recipe is None or self.form.recipe.name != recipe.name or not self._watch:
            self._choose(recipe)
        self._fulfil()

    def _choose(self, recipe: Recipe) -> None:
        self.form.show_recipe(recipe)
        self.form_states.show_content()
        if self.context.read_only:
            self.form.say_note(tr("This library is open for reading only: nothing can be made in it."))

    def _fulfil(self) -> None:
        wanted, self._wanted = self._wanted, {}
        if "item" in wanted:
            self.form.item.show_item(int(wanted["item"]))
            self._add_items([int(wanted["item"])])
        if "items" in wanted:
            self._add_items([int(one) for one in wanted["items"]])
        if "assets" in wanted:
            self._add_pictures([int(one) for one in wanted["assets"]])
        if "text" in wanted:
            self.form.text.setPlainText(str(wanted["text"]))

    # --- inputs -------------------------------------------------------------------------------------

    def _add_items(self, ids: list[int]) -> None:
        studio = self.context.studio
        wanted = list(dict.fromkeys([*self.form.items.ids, *ids]))
        if studio is not None:
            self.context.background(
                lambda: item_rows(studio.library, wanted),
                lambda found: self._show_items([found[i] for i in wanted if i in found]),
                key="make-items", owner=self,
            )  # fmt: skip

    def _show_items(self, rows: list[ItemRow]) -> None:
        self.form.items.show_rows(rows, read_only=self.context.read_only)
        self.form.check()

    def _remove_item(self, item_id: int) -> None:
        left = [one for one in self.form.items.ids if one != item_id]
        self.form.items.show_rows([], read_only=self.context.read_only)
        self.form.check()
        self._add_items(left)

    def _add_items_of_assets(self, assets: list[int]) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: [item for one in assets for item in studio.library.items.items_of_asset(one)],
                self._add_items, owner=self,
            )  # fmt: skip

    def _add_pictures(self, ids: list[int]) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: pictures_of(studio.library, ids), self._pictures_known, owner=self
            )

    def _pictures_known(self, titles: dict[int, str]) -> None:
        if not titles:
            self.form.say_note(tr("None of them is a picture or a clip."))
        self.form.shelf.add(titles)
        self.form.check()

    def _add_pictures_of_items(self, items: list[int]) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: [link.asset_id for one in items for link in studio.library.items.assets_of(one)],
                self._add_pictures, owner=self,
            )  # fmt: skip

    def _take_in(self, files: list[str], then: Callable[[list[int]], None]) -> None:
        """Take files into the library where they are not yet, then say which assets they are."""
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return
        handle = self.context.submit("import", {"paths": files})
        if handle is None:
            return
        self.form.say_note(tr("Taking the files into the library…"))

        def imported(_result: dict[str, Any]) -> None:
            self.form.say_note("")
            self.context.background(lambda: assets_of_files(studio.library, files), then, owner=self)

        JobWatch(self.context, handle, self, on_done=imported, on_ended=self._import_ended)

    def _import_ended(self, event: JobEvent) -> None:
        self.form.say_note(event.error)

    def _track_known(self, ids: list[int]) -> None:
        studio = self.context.studio
        if studio is None or not ids:
            self.form.say_note(tr("This file is no sound that can be used."))
            return

        def shown(choices: MakeChoices) -> None:
            self._show(choices)
            place = self.form.track.findData(ids[0])
            if place < 0:
                self.form.say_note(tr("This file is no sound that can be used."))
            self.form.track.setCurrentIndex(max(0, place))

        self.context.background(lambda: read_choices(studio), shown, key="make-choices", owner=self)

    def _read_text(self, path: str) -> None:
        self.context.background(
            lambda: read_text_file(path),
            self.form.text.setPlainText,
            lambda error: self.form.say_note(" ".join(tr_error(error))),
            key="make-text", owner=self,
        )  # fmt: skip

    # --- composing ----------------------------------------------------------------------------------

    def compose(self, recipe: str, inputs: dict[str, Any]) -> None:
        """Compose as a job; the Preview opens with the result."""
        if self.context.read_only or self._watch is not None:
            return
        handle = self.context.submit("compose", job_params(recipe, inputs))
        if handle is None:
            return
        self.form.say_note("")
        self.form.busy(True)
        self._watch = JobWatch(
            self.context,
            handle,
            self,
            on_event=self._progressed,
            on_done=self._composed,
            on_ended=self._ended,
        )

    def _progressed(self, event: JobEvent) -> None:
        progress = event.progress
        if event.state == "queued":
            self.form.say_note(self.context.jobs.waiting_words(event.job_id))
        elif event.state == "running":
            self.form.say_note(progress.note if progress is not None else "")
        if progress is not None and progress.total:
            self.form.busy(True, progress.done / progress.total)

    def _composed(self, result: dict[str, Any]) -> None:
        self._watch = None
        self.form.busy(False)
        self.form.say_note("")
        for note in result.get("notes", []):
            self.context.notify(note)
        self.context.navigate("preview", storyboard=int(result["storyboard"]))

    def _ended(self, event: JobEvent) -> None:
        self._watch = None
        self.form.busy(False)
        self.form.say_note(" ".join(part for part in (event.error, event.hint) if part))

    def _cancel(self) -> None:
        if self._watch is not None:
            self._watch.handle.cancel()

    def open_folder(self) -> None:
        """Show the folder of the person's own recipes, made where it is not there yet."""
        from mmstudio.composition.recipe import recipe_folders

        folder = recipe_folders()[-1]

        def made() -> str:
            folder.mkdir(parents=True, exist_ok=True)
            return str(folder)

        self.context.background(made, open_path, self.context.report)
