"""Alternatives, drops and sounds: what comes into the editor's storyboard from the library and the models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from mmstudio.composition.editing import layers as edits
from mmstudio.composition.editing.alternatives import Alternative, choose, lay_sound, made_by
from mmstudio.composition.editing.base import free_layer, layer_of, tracks_named, with_layer
from mmstudio.composition.editing.filling import Filled, fill
from mmstudio.composition.storyboard import Storyboard
from mmstudio.desktop.models.editor_work import read_choices, read_library, sound_lengths
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.panes.editor_commands import EditorCommands
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.composition.editing.sounds import Role
    from mmstudio.jobs import JobEvent


class EditorChoices(EditorCommands):
    """Everything is read and made in workers; what comes back is put into what the storyboard is by then."""

    _sounds = False  # the strip shows the sounds of the library

    def _list_choices(self, kind: str, words: str) -> None:
        studio, board, model = self.context.studio, self.model.board, self.model
        if studio is None or board is None:
            self.strip.show_choices([])
            return
        scene, layer, own = model.scene, model.layer_now, model.sound
        self._sounds = self._sounds and kind == "library" and layer is None
        if kind == "library":
            sound = bool(own) or (self._sounds and layer is None)
            self.context.background(
                lambda: read_library(studio.library, words, sound),
                lambda rows: self.strip.show_choices(rows, "" if rows else tr("Nothing was found.")),
                key="editor-choices", owner=self,
            )  # fmt: skip
            return
        if layer is None and not own:
            self.strip.show_choices(
                [], tr("Choose a picture, a text or a sound to see what else could stand there.")
            )
            return
        if layer is not None and layer.locked:
            self.strip.show_choices([], tr("It is locked."))
            return
        name = layer.name if layer is not None else ""
        asked = board.audience_id is not None and hasattr(layer, "asset_id")

        def show(rows: list[Alternative]) -> None:
            """What the recommender says now comes after what is known at once."""
            if self.model.board is not None and asked and not live.get("asked"):
                live["asked"] = True
                self.strip.show_choices(rows, tr("Asking what suits this audience…"))
                self.context.background(
                    lambda: read_choices(studio, board, scene, name, own, True), show, self._told_nothing,
                    key="editor-choices", owner=self,
                )  # fmt: skip
                return
            self.strip.show_choices(rows, "" if rows else tr("There is nothing else for this place."))

        live: dict[str, bool] = {}
        self.context.background(
            lambda: read_choices(studio, board, scene, name, own, False), show, self._told_nothing,
            key="editor-choices", owner=self,
        )  # fmt: skip

    def _told_nothing(self, error: Exception) -> None:
        """The choices could not be listed; what is shown stays."""
        self.strip.note.setText(tr_error(error)[0])

    def next_choice(self) -> None:
        """Put the next alternative in the place in hand."""
        choice = self.strip.step()
        if choice is not None:
            self._take(choice)

    def _take(self, choice: Alternative) -> None:
        studio, model = self.context.studio, self.model
        board, scene, layer, own = model.board, model.scene, model.layer_now, model.sound
        if studio is None or board is None or not model.can_edit:
            return
        if choice.kind == "audio":
            self._lay(choice.asset_id, own)
            return
        if layer is None:
            self.context.notify(
                tr("Choose the place first that it shall stand in, or drag it onto the canvas.")
            )
            return
        name = layer.name
        made = choice.origin == "made" and choice.asset_id is None
        if made and choice.own:
            self._make(choice, scene, name)
            return

        def work() -> Any:
            return choose(studio.library, board, scene, name, choice, studio)

        def done(changed: Any) -> None:
            self._took(changed, scene, name)

        if made:
            self.strip.note.setText(tr("Making a picture…"))
            self.context.ask("editor-made", work, done, self._refused)
        else:
            self.context.background(work, done, self._refused, key="editor-take", owner=self)

    def _make(self, choice: Alternative, scene: int, name: str) -> None:
        """A picture of the person's own model: a job, with its progress, on the device."""
        studio = self.context.studio
        handle = self.context.submit("generate", made_by(choice)) if studio is not None else None
        if studio is None or handle is None:
            return
        self.strip.note.setText(tr("{model} is making a picture…", model=choice.model))

        def made(result: dict[str, Any]) -> None:
            board, newer = self.model.board, self.strip.taken_now
            self.strip.note.setText("")
            if board is None or not result.get("assets"):
                return
            if newer is not None and newer != choice:
                return  # something else was taken meanwhile; the picture stays in the library
            ready = replace(choice, asset_id=int(result["assets"][0]))
            self.context.background(
                lambda: choose(studio.library, board, scene, name, ready, studio),
                lambda changed: self._took(changed, scene, name), self._refused, key="editor-take",
                owner=self,
            )  # fmt: skip

        def ended(_event: JobEvent) -> None:
            self.strip.note.setText("")  # the job's own notice says why

        JobWatch(self.context, handle, self, on_done=made, on_ended=ended)

    def _took(self, changed: Storyboard, scene: int, name: str) -> None:
        """What was chosen, put into what the storyboard is by now."""
        self.strip.note.setText("")

        def edit(now: Storyboard) -> Storyboard:
            return _carried(now, changed, scene, name)

        self.model.do(edit, mark("Choose an alternative"), ("alternative", scene, name))

    def _dropped(self, ids: list[int], layer: str) -> None:
        """Everything that was dropped, in one step: the place under it, the next ones, new scenes."""
        studio, board, scene = self.context.studio, self.model.board, self.model.scene
        if studio is None or board is None or not ids or not self.model.can_edit:
            return
        library, t = studio.library, self.model.time

        def done(filled: Filled) -> None:
            if self.model.board is board:
                self.model.do(lambda _now: filled.board, mark("Drop"))
            elif filled.first is not None and filled.placed == 1 and not filled.added and not filled.sounds:
                at, name = filled.first
                self.model.do(lambda now: _carried(now, filled.board, at, name), mark("Drop"))
            elif self.model.board is not None and self.model.board.id == board.id:
                self._dropped(ids, layer)  # something was changed meanwhile: into what it is now
                return
            if filled.first is not None:
                self.model.choose([filled.first[1]], filled.first[0], seek=filled.first[0] != scene)
            self._read_lengths()
            self._say_filled(filled, len(ids))

        self.context.background(
            lambda: fill(library, board, scene, layer, ids, t), done, self._refused, owner=self
        )

    def _say_filled(self, filled: Filled, count: int) -> None:
        if filled.refused:
            more = len(filled.refused) - 1
            rest = tr("{n} more could not be used either.", n=more) if more else ""
            self.context.notify(filled.refused[0], rest, level="warning")
        if count > 1:
            said = [
                tr("{n} placed", n=filled.placed) if filled.placed else "",
                tr("{n} new", n=filled.added) if filled.added else "",
                tr("sounds: {n}", n=filled.sounds) if filled.sounds else "",
            ]
            self.context.notify(
                tr("Dropped: {what}.", what=", ".join(one for one in said if one)),
                tr("Undo takes all of it back."), level="success",
            )  # fmt: skip

    def show_sounds(self) -> None:
        """Have the strip show the sounds of the library; the one that is pressed is laid."""
        self._sounds = True
        self.model.choose([])
        self.strip.kind.setCurrentIndex(1)
        self.strip.ask()
        self.strip.list.setFocus()

    def _lay(self, asset_id: int | None, own: str) -> None:
        studio, board, t = self.context.studio, self.model.board, self.model.time
        if studio is None or board is None or asset_id is None:
            return
        now, role, start = tracks_named(board), "effect", t
        if own in ("music", "voice") and self.strip.kind.currentData() == "alternatives":
            role, start = own, now[own].start
        elif own and own in now and self.strip.kind.currentData() == "alternatives":
            self._swap(own, asset_id)
            return
        elif board.music is None:
            role, start = "music", 0.0

        def done(result: tuple[Storyboard, str]) -> None:
            if self.model.board is board and self.model.do(lambda _now: result[0], mark("Lay a sound")):
                self.model.choose_sound(result[1])
                self._read_lengths()

        self.context.background(
            lambda: lay_sound(studio.library, board, cast("Role", role), asset_id, start),
            done,
            self._refused,
            owner=self,
        )

    def _swap(self, own: str, asset_id: int) -> None:
        """Another sound in an effect's place and time."""

        def edit(board: Storyboard) -> Storyboard:
            effects = [replace(t, asset_id=asset_id) if t.name == own else t for t in board.effects]
            return replace(board, effects=effects)

        if self.model.do(edit, mark("Choose an alternative")):
            self._read_lengths()

    def _read_lengths(self) -> None:
        studio, board = self.context.studio, self.model.board
        if studio is not None and board is not None:
            self.context.background(
                lambda: sound_lengths(studio.library, board),
                self._lengths_read,
                key="editor-lengths",
                owner=self,
            )

    def _lengths_read(self, lengths: dict[int, float]) -> None:
        self.timeline.lengths = lengths
        model = self.model
        self.timeline.show_board(model.board, model.scene, model.layers, model.sound)


def _carried(now: Storyboard, changed: Storyboard, scene: int, layer: str) -> Storyboard:
    """One layer and its words as they are in ``changed``, everything else as it is now."""
    fresh = layer_of(changed, scene, layer)
    old = free_layer(now, scene, layer)
    fresh = replace(fresh, rect=old.rect, begin=old.begin, end=old.end, locked=False)
    made = with_layer(now, scene, fresh)
    sources = [s for s in changed.sources if s.part in (fresh.source, getattr(fresh, "bind", ""))]
    parts = {s.part for s in sources} | {getattr(fresh, "bind", "") or fresh.source}
    made = replace(made, sources=[*(s for s in made.sources if s.part not in parts), *sources])
    bind = getattr(fresh, "bind", "")
    if bind and changed.copy.get(bind) != now.copy.get(bind):
        made = edits.write_slot(made, bind, changed.copy[bind])
        kept = [s for s in made.sources if s.part != bind]
        made = replace(
            made, sources=[*kept, *sources], facts={**made.facts, bind: changed.facts.get(bind, [])}
        )
    return made
