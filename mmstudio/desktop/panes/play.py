"""Play: one picture of a model, moved about by hand; everything can be undone, saved, filmed, made again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QWidget

from mmstudio.desktop.models.play import Step, Timeline, read_recipe, recipe_text
from mmstudio.desktop.models.play_film import FilmPlayer
from mmstudio.desktop.models.play_link import PlayedModel, PlayLink
from mmstudio.desktop.models.play_work import PlayWork, Start, start_of
from mmstudio.desktop.models.trained import ModelLine, model_lines
from mmstudio.desktop.pane import OwnKeysPane
from mmstudio.desktop.texts import action
from mmstudio.desktop.views.files import copy_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.play_between import PlayBetween
from mmstudio.desktop.views.play_desk import PlayDesk
from mmstudio.desktop.views.play_moves import FIRST_SEED, PlayMoves
from mmstudio.desktop.views.search_drop import like_token
from mmstudio.desktop.views.states import StateStack
from mmstudio.errors import StudioError
from mmstudio.generation.latents.point import Point
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset


_FAR = 0.12  # mean difference per pixel, 0 to 1, from which on a picture is only roughly found


class PlayPane(OwnKeysPane):
    """Controls at the left, the picture in the middle, sliders at the right, the history below."""

    key: ClassVar[str] = "play"
    name: ClassVar[str] = mark("Play with a model")
    icon: ClassVar[str] = "faders"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._wanted: dict[str, Any] = {}
        self._looking = False  # an asset's recipe is being read
        self._start: Start | None = None  # where to begin once the model is there
        self.pictures = Pictures(context, parent=self)
        self.link = PlayLink(context, self)
        self.time = Timeline(self)
        self.film = FilmPlayer(self.link, self)
        self.work = PlayWork(context, self)
        self.desk = PlayDesk(context, self.pictures, self.time.model, self)
        self.moves = PlayMoves(context, self.link, self.time, self.film, self.desk)
        self.between = PlayBetween(self.moves, self.work)
        self.states = StateStack(self.desk, self)
        self.root.addWidget(self.states)
        self._connect()
        self._make_actions()
        self.library_changed()

    def _connect(self) -> None:
        link, desk, work = self.link, self.desk, self.work
        link.opened.connect(self._opened)
        link.failed.connect(self._not_opened)
        link.broke.connect(self.context.report)
        link.slow.connect(self._show_note)
        self.moves.stepped.connect(self._enable)
        self.moves.foreign.connect(
            lambda step: self._open(Start(step.model, step.point, step.label, step=step))
        )
        self.moves.projected.connect(self.project)
        self.between.noted.connect(self._film_changed)
        desk.controls.model_chosen.connect(self._model_chosen)
        desk.controls.file_wanted.connect(lambda: work.choose_file(self, self.project))
        desk.stage.dropped.connect(self._dropped)
        desk.save_button.clicked.connect(self.save)
        work.approached.connect(self._approach)
        work.found.connect(self._projected)
        work.ended.connect(self._search_over)
        self.context.selection_changed.connect(lambda _ids: self._show_selection())

    def _make_actions(self) -> None:
        add = partial(action, self)
        self._undo = add(
            mark("Undo the last change"), self.time.undo, icon="arrow-counter-clockwise",
            tip=mark("Back to where you were before (Ctrl+Z)"),
        )  # fmt: skip
        self._redo = add(
            mark("Do it again"), self.time.redo, icon="arrow-clockwise",
            tip=mark("What was undone, again (Ctrl+Shift+Z)"),
        )  # fmt: skip
        self._roll = add(mark("Roll again"), self.moves.reroll, shortcut="R", icon="dice-five")
        self._vary = add(mark("Variations"), self.between.vary, shortcut="V", icon="circles-four")
        self._keep_a = add(
            mark("Keep as A"), lambda: self.between.keep_as("a"), shortcut="A", icon="push-pin"
        )
        self._keep_b = add(
            mark("Keep as B"), lambda: self.between.keep_as("b"), shortcut="B", icon="push-pin"
        )
        self._key = add(mark("Key point or not"), self.between.toggle_key, shortcut="K", icon="map-pin")
        self._play = add(mark("Play the walk or stop it"), self.between.play, icon="play")
        self._film = add(mark("Export film…"), self.between.export, icon="film-strip")
        self._save = add(mark("Save to library"), self.save, shortcut="Ctrl+S", icon="floppy-disk")
        self._copy = add(mark("Copy recipe"), self.copy_recipe, icon="copy")
        self._paste = add(mark("Paste a recipe"), self.paste_recipe, icon="clipboard-text")
        self.desk.add_tools(self._undo, self._redo, self._copy)
        self._enable()

    def actions_menu(self) -> list[QAction]:
        return [made for made in self.actions() if made.text()]

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``model``: a name; ``asset``: one that was generated, to go on from; ``project``: one to put into
        the model; ``seed`` with ``model``: a result of Create; ``recipe``: (model, Point)."""
        self._wanted = {k: v for k, v in args.items() if v is not None}
        self._show_selection()
        if self.desk.controls.model_box.count():
            self._fulfil()

    def library_changed(self) -> None:
        self.moves.leave_grid()
        self.link.close()
        self.between.clear()
        self.work.cancel()
        self.time.clear()
        self._start = None
        self.pictures.forget()
        self.desk.controls.item.clear()
        self.desk.controls.set_models([])
        if self.context.studio is None:
            self.states.show_message(
                mark("Play with what a model can draw"),
                mark("Sliders, variations and walks through the pictures of a model. Open a library first."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self.states.show_loading(mark("Looking for models"))
        self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "models":
            self._read()
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self.desk.retranslate()
        self.time.model.refresh()
        self._show_model_note()
        self._show_note()

    def close_pane(self) -> None:
        self.film.stop()
        self.link.close()

    # --- models -------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: [line for line in model_lines(studio.trainings) if _draws(line)],
                self._read_done,
                lambda error: self.states.show_failure(error, self.library_changed),
                key="play-models",
                owner=self,
            )

    def _read_done(self, lines: list[ModelLine]) -> None:
        self.desk.controls.set_models(lines)
        if not lines:
            self.states.show_message(
                mark("No picture model is here yet"),
                mark("Train one on your own pictures; it takes minutes and stays on this computer."),
                mark("Train a model"),
                lambda: self.context.navigate("models", train=True),
            )
            return
        self.states.show_content()
        self._show_selection()
        self._fulfil()
        if not self._looking:
            self._begin_anywhere()
        self._show_model_note()

    def _begin_anywhere(self) -> None:
        """With the chosen model, where none is there or on its way."""
        if self.link.info is None and self._start is None:
            self._open(Start(self.desk.controls.model, Point(FIRST_SEED), mark("Start")))

    def _fulfil(self) -> None:
        wanted, self._wanted = self._wanted, {}
        model = str(wanted.get("model", ""))
        studio = self.context.studio
        if studio is None:
            return
        if "recipe" in wanted:
            self._open(Start(wanted["recipe"][0], wanted["recipe"][1], mark("Recipe")))
        elif "asset" in wanted:
            asset = int(wanted["asset"])
            self._looking = True
            self.context.background(
                lambda: (studio.library.assets.get(asset).kind, start_of(studio.library, asset)),
                partial(self._start_found, asset),
                self._start_failed,
            )
        elif "project" in wanted:
            self.project(wanted["project"])
        elif model and "seed" in wanted:
            self._open(Start(model, Point(int(wanted["seed"])), mark("From Create"), drawn_by_create=True))
        elif model and (self.link.info is None or model != self.link.info.name):
            self._open(Start(model, Point(FIRST_SEED), mark("Start")))

    def _start_found(self, asset: int, found: tuple[str, Start | None]) -> None:
        kind, start = found
        self._looking = False
        if kind != "image":
            self.context.notify(tr("Only pictures can be put into a model."), level="warning")
            self._begin_anywhere()
        elif start is None:  # not made by a model: the model looks for it
            self.project(asset)
        else:
            self._open(start)

    def _start_failed(self, error: Exception) -> None:
        self._looking = False
        self.context.report(error)
        self._begin_anywhere()

    def _open(self, start: Start) -> None:
        """Go to a point of a model, loading it first where it is not the one that is loaded."""
        info = self.link.info
        if info is not None and info.name == start.model and self._start is None:
            self._begin(start, info)
            return
        if not self.desk.controls.choose_model(start.model):
            self.context.notify(
                tr("The model “{name}” is not here any more.", name=start.model),
                tr("Choose another one; what was saved is kept."),
                level="warning",
            )
            self._begin_anywhere()
            return
        self._start = start
        self.moves.leave_grid()
        self.film.stop()
        self.desk.stage_states.show_loading(mark("Loading the model"))
        self.link.open(start.model)
        self._enable()

    def _opened(self, info: PlayedModel) -> None:
        self.desk.stage_states.show_content()
        self.desk.controls.show_conditions(info.conditions)
        self.desk.sliders.set_sliders(info.sliders)
        self._show_model_note()
        self.between.show_ab()
        start, self._start = self._start, None
        if start is not None:
            self._begin(start, info)
        self._enable()
        self._fulfil()

    def _not_opened(self, error: Exception) -> None:
        self._enable()
        start = self._start
        self._start = None
        if start is not None:
            self.desk.stage_states.show_failure(error, lambda: self._open(start))

    def _begin(self, start: Start, info: PlayedModel) -> None:
        if start.weights and start.weights != info.fingerprint:
            self.context.notify(
                tr("The model “{name}” has been trained further since.", name=info.name),
                tr("It draws this a little differently now. The saved picture is kept as it was."),
                level="warning",
            )
        if start.step is not None:
            self.moves.show_step(start.step)
        elif start.drawn_by_create:
            self.moves.make(start.latent_maker, start.label)
        else:
            step = Step(start.model, start.point, start.label, start.values)
            step.asset, step.source = start.asset, start.source
            self.time.add(step)

    def _model_chosen(self, model: str) -> None:
        info, now = self.link.info, self.time.current
        if info is None or model != info.name:
            point = Point(now.point.seed, now.point.truncation) if now else Point(FIRST_SEED)
            self._open(Start(model, point, mark("Model: {name}"), {"name": model}))
        elif self._newer() and now is not None:
            self.link.close()
            self._open(Start(model, now.point, mark("Newest state")))

    def _newer(self) -> bool:
        """True where the model has learned more than what is loaded knows."""
        line, info = self.desk.controls.line, self.link.info
        same = line is not None and info is not None and line.name == info.name
        return same and line is not None and info is not None and line.info.steps > info.step

    def _show_model_note(self) -> None:
        line, info = self.desk.controls.line, self.link.info
        words = ""
        if line is not None and line.info.status == "damaged":
            words = tr("Its files are damaged.")
        elif line is not None and line.info.status == "newer":
            words = tr("It was made by a newer MM Studio. Update to use it.")
        elif info is not None and line is not None and line.name == info.name:
            if self._newer():
                words = tr("It has learned more since. Choose it again to draw with its newest state.")
            elif line.info.status == "training":
                words = tr("Still learning: drawn with what it knew at step {n}.", n=f"{info.step:,}")
            else:
                words = f"{tr(line.label)}  ·  {info.size[0]} × {info.size[1]}"
        self.desk.controls.set_note(words)

    def _show_selection(self) -> None:
        self.desk.controls.show_selection(picture=bool(self.context.selection))

    # --- a picture of the person's ------------------------------------------------------------------

    def project(self, what: int | str) -> None:
        """Put a picture into the model: an asset by id, or a file."""
        if self.link.info is None:
            self._wanted = {"project": what}
            self._begin_anywhere()
            return
        studio = self.context.studio
        if isinstance(what, int) and studio is not None:
            self.context.background(
                lambda: studio.library.assets.get(what), self._look_for_asset, key="play-project", owner=self
            )
        else:
            self._look_for(what, Path(str(what)).name)

    def _look_for_asset(self, asset: Asset) -> None:
        if asset.kind == "image":
            self._look_for(asset.id, asset.title)
        else:
            self.context.notify(tr("Only pictures can be put into a model."), level="warning")

    def _look_for(self, what: int | str, title: str) -> None:
        info = self.link.info
        if info is not None:
            self.moves.flush()
            self.film.stop()
            self.moves.leave_grid()
            self.work.project(info.name, what, title)
            self._show_note()

    def _dropped(self, mime: QMimeData) -> None:
        token = like_token(mime)
        if token is not None:
            self.project(int(token) if token.isdigit() else token)

    def _approach(self, point: Point) -> None:
        self.moves.live = point
        self.link.wish(point)

    def _search_over(self) -> None:
        self._show_note()
        if self.moves.live is not None and self.time.current is not None and not self.work.projecting:
            self.moves.live = None  # it was cancelled or failed: back to where the person was
            self.link.wish(self.time.current.point)

    def _projected(self, point: Point, title: str, source: object, distance: float) -> None:
        if distance > _FAR:
            self.context.notify(
                tr("The model found only something roughly like it."),
                tr("A model can draw what is like the pictures it learned from."),
            )
        self.moves.to(point, mark("From {what}"), what=title)
        if self.time.current is not None and isinstance(source, int):
            self.time.current.source = source

    # --- keeping ------------------------------------------------------------------------------------

    def save(self) -> None:
        """Put the current picture into the library, with its recipe."""
        self.moves.flush()
        step = self.time.current
        if step is not None and step.asset is None and not self.context.read_only:
            self.work.save(step, partial(self._saved, step), self._enable)
            self._enable()

    def _saved(self, step: Step, asset: int) -> None:
        step.asset = asset
        self.time.model.changed(step)
        self._enable()

    def copy_recipe(self) -> None:
        """Put model and point on the clipboard."""
        self.moves.flush()
        step = self.time.current
        if step is not None:
            copy_text(recipe_text(step.model, step.point))
            self.context.notify(tr("The recipe is on the clipboard."), level="success")

    def paste_recipe(self) -> None:
        """Go to the point whose recipe is on the clipboard."""
        try:
            model, point = read_recipe(QGuiApplication.clipboard().text())
        except StudioError as error:
            self.context.report(error)
            return
        self._open(Start(model, point, mark("Recipe")))

    # --- states and keys ----------------------------------------------------------------------------

    def _show_note(self, slow: bool = False) -> None:
        words = ""
        if self.film.playing and len(self.film.frames) < self.film.wanted:
            words = tr("Making frames: {n} of {total}", n=len(self.film.frames), total=self.film.wanted)
        elif self.work.projecting:
            words = tr("Looking for it in the model…")
        elif self.film.playing:
            words = tr("Playing")
        elif slow:
            words = tr("Drawing…")
        self.desk.stage.set_note(words)

    def _film_changed(self) -> None:
        self._show_note()
        self._enable()

    def _enable(self) -> None:
        there = self.link.info is not None and self.time.current is not None
        step = self.time.current
        self._undo.setEnabled(self.time.can_undo)
        self._redo.setEnabled(self.time.can_redo)
        for made in (
            self._roll,
            self._vary,
            self._keep_a,
            self._keep_b,
            self._key,
            self._play,
            self._film,
            self._copy,
        ):
            made.setEnabled(there)
        may = there and step is not None and step.asset is None and not self.context.read_only
        self._save.setEnabled(may and not self.work.saving and not self.film.playing)
        self.desk.enable(
            there, may_save=self._save.isEnabled(), saved=step is not None and step.asset is not None
        )

    # --- keys ---------------------------------------------------------------------------------------

    def own_undo(self) -> None:
        self.moves.flush()
        self.time.undo()

    def own_redo(self) -> None:
        self.time.redo()

    def own_space(self) -> None:
        self.between.play()

    def own_escape(self) -> Callable[[], object] | None:
        return self._leave if self.desk.in_grid or self.film.playing else None

    def _leave(self) -> None:
        self.film.stop()
        self.moves.leave_grid()


def _draws(line: ModelLine) -> bool:
    return line.info.family.startswith("image-") and line.info.status != "empty"
