"""What every change of Play goes through: points become steps, steps become pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.models.play import Step, Timeline, small
from mmstudio.desktop.models.play_film import FilmPlayer
from mmstudio.desktop.models.play_link import Maker, PlayLink
from mmstudio.desktop.views.play_desk import PlayDesk
from mmstudio.generation.latents.point import Point
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

FIRST_SEED = 7


class PlayMoves(QObject):
    """Turns what the controls say into points, steps and pictures.

    Signals:
        foreign: a Step of a model that is not loaded. stepped: the current step is another one.
        pictured: a Step has its small picture now. projected: an asset to put into the model.
    """

    foreign = Signal(object)
    stepped = Signal()
    pictured = Signal(object)
    projected = Signal(int)

    def __init__(
        self, context: AppContext, link: PlayLink, time: Timeline, film: FilmPlayer, desk: PlayDesk
    ) -> None:
        super().__init__(desk)
        self.context, self.link, self.time, self.film, self.desk = context, link, time, film, desk
        self.live: Point | None = None  # what is asked for now, not a step yet
        link.drawn.connect(self.drawn)
        time.moved.connect(self._moved)
        controls = desk.controls
        controls.seed_chosen.connect(self._seed_chosen)
        controls.reroll_wanted.connect(self.reroll)
        controls.wilder.connect(lambda value: self.push(replace(self.now(), truncation=value)))
        controls.wild_settled.connect(lambda: self.settle(mark("Typical or wild")))
        controls.told.connect(lambda told: self.to(replace(self.now(), condition=told), mark("Told")))
        controls.item_wanted.connect(self._use_item)
        controls.selection_wanted.connect(self._use_selection)
        sliders = desk.sliders
        sliders.pushed.connect(lambda key, amount: self.push(self.now().slid(key, amount)))
        sliders.settled.connect(lambda: self.settle(mark("Sliders")))
        sliders.reset_wanted.connect(self._reset_slider)
        sliders.find_wanted.connect(self.find_sliders)
        sliders.find_cancelled.connect(self._cancel_finding)

    # --- changes ------------------------------------------------------------------------------------

    def now(self) -> Point:
        """What a change starts from: what is asked for now, else the current step."""
        if self.live is not None:
            return self.live
        return self.time.current.point if self.time.current is not None else Point(FIRST_SEED)

    def to(self, point: Point, label: str, **values: Any) -> None:
        """A change that is finished."""
        info = self.link.info
        if info is None:
            return
        self.live = None
        if self.time.current is None or point != self.time.current.point:
            self.time.add(Step(info.name, point, label, values))

    def push(self, point: Point) -> None:
        """A change under way: drawn, no step yet."""
        if self.link.info is None:
            return
        self.film.stop()
        self.live = point
        self.link.wish(point)
        self.desk.sliders.show_amounts(point.sliders)

    def settle(self, label: str) -> None:
        if self.live is not None:
            self.to(self.live, label)

    def make(self, maker: Maker, label: str, **values: Any) -> None:
        """A change that the player works out."""
        self.flush()
        self.link.call("make", maker, lambda point: self.to(point, label, **values))

    def flush(self) -> None:
        """What is under way becomes a step before something else changes."""
        self.desk.sliders.flush()
        self.desk.controls.wild.flush()
        self.desk.ab.flush()

    def leave_grid(self) -> None:
        """Back from the neighbours to the one picture."""
        self.link.stop("vary")
        self.desk.show_stage()

    def _moved(self, step: Step | None) -> None:
        self.live = None
        if step is None:
            self.desk.stage.show_message("")
            self.stepped.emit()
            return
        info = self.link.info
        if info is not None and step.model != info.name:
            self.foreign.emit(step)
        else:
            self.show_step(step)

    def show_step(self, step: Step) -> None:
        self.leave_grid()
        self.film.stop()
        self.desk.controls.choose_model(step.model)
        if step.thumb is not None and not self._same_shown(step):
            self.desk.stage.show_image(step.thumb)  # at once, the sharp one follows
        self.desk.controls.show_point(step.point)
        self.desk.sliders.show_amounts(step.point.sliders)
        self.desk.strip.show_current(step)
        self.stepped.emit()
        self.link.wish(step.point)

    def _same_shown(self, step: Step) -> bool:
        return self.desk.shown_point == step.point

    def drawn(self, point: Point, image: QImage) -> None:
        step = self.time.current
        if step is not None and step.thumb is None and step.point == point:
            self._keep_thumb(step, image)
        if not self.film.playing:
            self.desk.show_picture(point, image)
        if self.link.idle:
            self._fill_thumb()

    def _keep_thumb(self, step: Step, image: QImage) -> None:
        step.thumb = small(image)
        self.time.model.changed(step)
        self.pictured.emit(step)

    def _fill_thumb(self) -> None:
        """A step that was left before it was drawn still gets its picture."""
        info = self.link.info
        missing = [s for s in self.time.model.rows if s.thumb is None and info and s.model == info.name]
        if not missing:
            return
        step = missing[-1]

        def done(images: list[QImage]) -> None:
            if step.thumb is None:
                self._keep_thumb(step, images[0])
            self._fill_thumb()

        self.link.call("thumb", lambda player: self.link.images(player, [step.point]), done)

    # --- what the controls ask for ------------------------------------------------------------------

    def _seed_chosen(self, seed: int) -> None:
        self.flush()
        now = self.now()
        plain = replace(now, seed=seed, base=None, fine=None, fine_seed=None, fine_from=0)
        self.to(plain, mark("Seed {n}"), n=seed)

    def reroll(self) -> None:
        """Another picture by chance; a lock keeps layout or colours."""
        controls = self.desk.controls
        seed, keep = controls.random_seed(), controls.keep
        labels = {
            "nothing": mark("Seed {n}"),
            "layout": mark("Other colours, seed {n}"),
            "colours": mark("Other layout, seed {n}"),
        }
        self.flush()
        now = self.now()
        self.make(lambda player: player.reroll(now, keep, seed), labels[keep], n=seed)  # type: ignore[arg-type]

    def _reset_slider(self, key: str) -> None:
        self.flush()
        now = self.now()
        kept = {} if not key else {k: v for k, v in now.sliders.items() if k != key}
        self.to(replace(now, sliders=kept), mark("Sliders reset") if not key else mark("Slider reset"))

    def find_sliders(self) -> None:
        """Look for the model's sliders, a piece at a time on the device thread."""
        self.desk.sliders.show_finding(None)
        self.link.find(self.desk.sliders.show_finding, self._sliders_found, self._sliders_not_found)

    def _sliders_found(self, sliders: list[Any]) -> None:
        self.desk.sliders.set_sliders(sliders)
        self.desk.sliders.show_amounts(self.now().sliders)
        if not sliders:
            self.context.notify(tr("This model has no sliders."), level="info")

    def _sliders_not_found(self, error: Exception) -> None:
        self.desk.sliders.show_failed()
        self.context.report(error)

    def _cancel_finding(self) -> None:
        self.link.stop_finding()
        self.desk.sliders.show_failed()

    def _use_item(self, item: int) -> None:
        studio, info = self.context.studio, self.link.info
        if studio is None or info is None:
            return
        if info.conditions.vector:
            self.desk.controls.tell(vector_of=f"item:{item}")
        if info.conditions.palette:
            from mmstudio.desktop.models.results import item_colours

            self.context.background(
                lambda: item_colours(studio, item), self._palette_read, key="play-palette", owner=self
            )

    def _palette_read(self, colours: list[tuple[int, int, int]]) -> None:
        if colours:
            self.desk.controls.tell(palette=[list(colour) for colour in colours])
        else:
            self.context.notify(tr("This has no picture to take colours from."), level="warning")

    def _use_selection(self, what: str) -> None:
        studio = self.context.studio
        if studio is None or not self.context.selection:
            return
        asset = self.context.selection[0]
        if what == "project":
            self.projected.emit(asset)
        elif what == "vector":
            self.desk.controls.tell(vector_of=f"asset:{asset}")
        else:
            self.context.background(
                lambda: studio.features.palette(asset), self._palette_read, key="play-palette", owner=self
            )
