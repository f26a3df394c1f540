"""More than one picture: neighbours, the way from A to B, walks that play and are filmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mmstudio.desktop.models.play import Step
from mmstudio.desktop.models.play_work import PlayWork
from mmstudio.desktop.views.play_moves import PlayMoves
from mmstudio.generation.latents.point import Point
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player


class PlayBetween(QObject):
    """Wires variations, A and B, and walks. ``noted``: what the note on the picture says may be other now."""

    noted = Signal()

    def __init__(self, moves: PlayMoves, work: PlayWork) -> None:
        super().__init__(moves)
        self.context, self.link, self.time, self.film, self.desk = (
            moves.context, moves.link, moves.time, moves.film, moves.desk,
        )  # fmt: skip
        self._moves, self._work = moves, work
        self._slots: dict[str, Step | None] = {"a": None, "b": None}
        self._neighbours: list[Point] = []
        self._share, self._stage_from = 0.0, 1
        desk, film = self.desk, self.film
        self.time.model.keys_changed.connect(self._show_keys)
        moves.stepped.connect(self._show_keys)
        moves.pictured.connect(lambda step: self.show_ab() if step in self._slots.values() else None)
        desk.vary_button.clicked.connect(self.vary)
        desk.grid.picked.connect(self._pick)
        desk.grid.left.connect(moves.leave_grid)
        desk.strip.gone.connect(self._go)
        desk.ab.kept.connect(self.keep_as)
        desk.ab.gone.connect(self._go_to_slot)
        desk.ab.between.connect(self._between)
        desk.ab.mixed.connect(self._mix)
        desk.ab.settled.connect(self._settle_ab)
        desk.walk.key_wanted.connect(self.toggle_key)
        desk.walk.cleared.connect(self.time.model.clear_keys)
        desk.walk.played.connect(self.play)
        desk.walk.exported.connect(self.export)
        desk.walk.changed.connect(film.stop)
        film.shown.connect(self._show_frame)
        film.ended.connect(self._film_ended)
        film.made.connect(lambda _made, _of: self.noted.emit())

    def clear(self) -> None:
        """Another library: nothing is kept."""
        self._slots = {"a": None, "b": None}
        self.film.stop()
        self.film.forget()
        self.show_ab()

    # --- variations ---------------------------------------------------------------------------------

    def vary(self) -> None:
        """Show eight neighbours of the current picture, others each time; where they are shown, others."""
        if self.link.info is None or self.time.current is None:
            return
        self._moves.flush()
        self.film.stop()
        point, seed = self._moves.now(), self.desk.controls.random_seed()
        spread = self.desk.spread
        self.desk.show_grid()
        self.link.call("vary", lambda player: player.vary(point, 8, seed, spread), self._varied)

    def _varied(self, points: list[Point]) -> None:
        self._neighbours = points
        self.link.several("vary", points, self.desk.grid.put)

    def _pick(self, place: int) -> None:
        if place < len(self._neighbours):
            point = self._neighbours[place]
            self._moves.leave_grid()
            self._moves.to(point, mark("Variation"))

    # --- A and B ------------------------------------------------------------------------------------

    def keep_as(self, slot: str) -> None:
        """Keep the current picture as A or B."""
        self._moves.flush()
        if self.time.current is not None:
            self._slots[slot] = self.time.current
            self.desk.show_mode("ab")
            self.show_ab()

    def show_ab(self) -> None:
        """Show what is kept as A and B."""
        info = self.link.info
        same = {s.model for s in self._slots.values() if s} <= ({info.name} if info else set())
        images = {
            slot: None if step is None else step.thumb or QImage() for slot, step in self._slots.items()
        }
        self.desk.ab.show_slots(images, stages=info.stages if info else 1, usable=same)

    def _go(self, step: Step) -> None:
        self._moves.flush()
        self.time.go(step)

    def _go_to_slot(self, slot: str) -> None:
        step = self._slots[slot]
        if step is not None:
            self._go(step)

    def _both(self) -> tuple[Point, Point] | None:
        a, b = self._slots["a"], self._slots["b"]
        return (a.point, b.point) if a is not None and b is not None else None

    def _between(self, share: float) -> None:
        both = self._both()
        if both is not None:
            self._share = share
            self.film.stop()
            self.link.wish(lambda player: player.between(*both, share))

    def _mix(self, stage: int) -> None:
        both = self._both()
        if both is not None:
            self._stage_from = stage
            self.film.stop()
            self.link.wish(lambda player: player.mix(*both, stage))

    def _settle_ab(self, what: str) -> None:
        both, share, stage = self._both(), self._share, self._stage_from
        if both is None:
            return

        def maker(player: Player) -> Point:
            return player.between(*both, share) if what == "between" else player.mix(*both, stage)

        label = mark("Between A and B") if what == "between" else mark("Layout of A, colours of B")
        self.link.call("make", maker, lambda point: self._moves.to(point, label))

    # --- walks --------------------------------------------------------------------------------------

    def toggle_key(self) -> None:
        """Make the current picture a key point of the walk, or no longer one."""
        self._moves.flush()
        if self.time.current is not None:
            self.film.stop()
            self.desk.show_mode("walk")
            self.time.model.toggle_key(self.time.current)

    def _show_keys(self) -> None:
        model, now = self.time.model, self.time.current
        self.desk.walk.show_keys(len(model.keys), is_key=now is not None and now.id in model.keys)

    def _walked(self) -> list[Step]:
        """The key points that the loaded model can go through, the current picture where there are none."""
        info, now = self.link.info, self.time.current
        steps = self.time.model.key_steps() or ([now] if now is not None else [])
        return [step for step in steps if info is not None and step.model == info.name]

    def play(self) -> None:
        """Play the walk in the page, or stop it."""
        if self.film.playing:
            self.film.stop()
            return
        self._moves.flush()
        steps, kind = self._walked(), self.desk.walk.kind
        if kind == "walk" and len(steps) < 2:
            self.context.notify(
                tr("A walk needs two key points."), tr("Choose pictures in the history and press K.")
            )
            return
        if steps:
            self._moves.leave_grid()
            self.desk.show_mode("walk")
            points = [step.point for step in steps]
            self.film.play(points, self.desk.walk.seconds.value(), kind)  # type: ignore[arg-type]
            self.desk.walk.show_playing(True)

    def _show_frame(self, image: QImage) -> None:
        self.desk.show_picture(None, image)

    def _film_ended(self) -> None:
        self.desk.walk.show_playing(False)
        self.noted.emit()
        if self.time.current is not None and self._moves.live is None:
            self.link.wish(self.time.current.point)

    def export(self) -> None:
        """Ask for a file and film the walk."""
        steps = self._walked()
        if steps and self.link.info is not None:
            walk = self.desk.walk
            self._work.choose_film(
                self.desk, self.link.info.name, [s.point for s in steps], walk.seconds.value(), walk.kind
            )
