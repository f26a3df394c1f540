"""Sets: a picture, a sound and a text that belong together, made from one thing or from nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.models.set_board import assets_of, board_of, choices_of, part_note
from mmstudio.desktop.models.sets import SetHistory, SetMaker, SetStep, Shown, making_of, reroll_of
from mmstudio.desktop.pane import OwnKeysPane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import action_tool, button, row
from mmstudio.desktop.views.files import copy_text
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.set_controls import SetControls
from mmstudio.desktop.views.set_delegate import SetStrip
from mmstudio.desktop.views.set_hearing import SetHearing
from mmstudio.desktop.views.set_shared import SharedBar
from mmstudio.desktop.views.set_slots import PictureSlot, Slot, SoundSlot, TextSlot
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.views.taste_pair import TastePair
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

    from mmstudio.desktop.context import AppContext
    from mmstudio.generation.sets.contract import Part

_MOST_SEED = 9999
_VARIATIONS = 3


class SetsPane(OwnKeysPane):
    """Controls at the left, three slots in the middle, what was made before below."""

    key: ClassVar[str] = "sets"
    name: ClassVar[str] = mark("Make a set")
    icon: ClassVar[str] = "puzzle-piece"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._wanted: dict[str, Any] = {}
        self._random = Random()
        self._saving = False
        self._composing = False
        self.pictures = Pictures(context, parent=self)
        self.history = SetHistory(self)
        self.maker = SetMaker(context, self)
        self._build()
        self._make_actions()
        self.history.moved.connect(self._moved)
        self.maker.progressed.connect(self._progressed)
        self.maker.made.connect(self._made)
        self.maker.failed.connect(self._failed)
        self.maker.ended.connect(self._ended)
        context.selection_changed.connect(lambda _ids: self.controls.show_selection())
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.states = StateStack(self.splitter, self)
        self.root.addWidget(self.states)
        self.controls = SetControls(self.context, self.pictures, self.splitter)
        middle = QWidget(self.splitter)
        self.views = QStackedWidget(middle)
        holder = QWidget(self.views)
        self.controls.make_wanted.connect(self.make)
        self.controls.both_wanted.connect(self.make_both)
        self.controls.source_changed.connect(self._enable)
        self.slots: dict[str, Slot] = {}
        self.picture = PictureSlot(holder)
        self.sound, self.text = SoundSlot(self.context, holder), TextSlot(holder)
        for slot in (self.picture, self.sound, self.text):
            self.slots[slot.part] = slot
            slot.rolled.connect(self.reroll)
            slot.dropped.connect(self._dropped)
            slot.locked.connect(lambda _part, _on: self._enable())
        self.text.copied.connect(self._copy)
        self.text.spoken.connect(self.speak)
        self.picture.surprise_wanted.connect(self.surprise)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.sound, 3)
        right.addWidget(self.text, 2)
        slots = QHBoxLayout(holder)
        slots.setContentsMargins(12, 0, 12, 0)
        slots.setSpacing(12)
        slots.addWidget(self.picture, 1)
        slots.addLayout(right, 1)
        self.shared = SharedBar(middle)
        self.pair = TastePair(self.views)
        self.pair.closed.connect(lambda: self._show_pair(False))
        self.pair.compared.connect(self._compare_pair)
        self.views.addWidget(holder)
        self.views.addWidget(self.pair)
        self.hearing = SetHearing(self.context, self.history)
        self.note = label(role="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        name(self.bar, mark("Progress of the set"))
        self.stop_button = button(mark("Stop"), self.maker.stop, icon="x")
        self.vary_button = button(mark("Variations"), self.vary, icon="shuffle")
        self.save_button = button(mark("Save to library"), self.save, "primary", icon="floppy-disk")
        self._tools = QHBoxLayout()
        self._tools.setSpacing(0)
        bar = row(self.note, self.bar, self.stop_button, spacing=6, margins=(12, 8, 12, 8))
        bar.setStretch(0, 1)
        bar.addLayout(self._tools)
        bar.addWidget(self.vary_button)
        bar.addWidget(self.save_button)
        self.strip = SetStrip(self.history.model)
        self.strip.clicked.connect(self._go)
        self.strip.activated.connect(self._go)
        shared = QHBoxLayout()
        shared.setContentsMargins(16, 8, 12, 4)
        shared.addWidget(self.shared, 1)
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        self.doubts = label(role="warning", wrap=True)  # models that have learned little
        self.doubts.setContentsMargins(16, 0, 16, 8)
        self.doubts.hide()
        layout.addWidget(self.doubts)
        layout.addWidget(self.views, 1)
        layout.addLayout(shared)
        layout.addWidget(self.hearing)
        layout.addWidget(self.strip)
        self.splitter.addWidget(self.controls)
        self.splitter.addWidget(middle)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([288, 800])

    def _make_actions(self) -> None:
        add = partial(action, self)
        self._make_action = add(mark("Make a set"), self.make, shortcut="Ctrl+G", icon="sparkle")
        self._stop_action = add(mark("Stop making"), self.maker.stop, icon="x")
        self._undo = add(
            mark("Undo the last change"), self.history.undo, icon="arrow-counter-clockwise",
            tip=mark("Back to where you were before (Ctrl+Z)"),
        )  # fmt: skip
        self._redo = add(
            mark("Do it again"), self.history.redo, icon="arrow-clockwise",
            tip=mark("What was undone, again (Ctrl+Shift+Z)"),
        )  # fmt: skip
        self._vary_action = add(mark("Variations"), self.vary, shortcut="V", icon="shuffle")
        self._rolls = {
            part: add(words, partial(self.reroll, part), shortcut=key, icon="dice-five")
            for part, words, key in (
                ("picture", mark("Another picture"), "Alt+1"),
                ("sound", mark("Another sound"), "Alt+2"),
                ("text", mark("Another text"), "Alt+3"),
            )
        }
        self._locks = {
            part: add(words, self.slots[part].lock.toggle, shortcut=key, icon="lock-simple")
            for part, words, key in (
                ("picture", mark("Keep the picture or let it change"), "Alt+Shift+1"),
                ("sound", mark("Keep the sound or let it change"), "Alt+Shift+2"),
                ("text", mark("Keep the text or let it change"), "Alt+Shift+3"),
            )
        }
        self._compare = add(
            mark("Compare the sound with the one before"), self.compare_sounds, icon="swap",
            tip=mark("Hear this set's sound and the earlier one in turn, equally loud"),
        )  # fmt: skip
        self._save_action = add(mark("Save to library"), self.save, shortcut="Ctrl+S", icon="floppy-disk")
        self._compose_action = add(
            mark("Use in a storyboard"), self.compose, icon="film-strip",
            tip=mark("Save the set and show it as an ad: its picture, bed and line in their places"),
        )  # fmt: skip
        self._speak_action = add(mark("Speak the line"), self.speak, icon="speaker-high")
        self._again = add(mark("Copy how it was made"), self.copy_manifest, icon="copy")
        self._write = add(
            mark("Write more about it"), self._go_write, icon="note-pencil",
            tip=mark("More texts about the item, with every claim checked"),
        )  # fmt: skip
        for made in (self._undo, self._redo, self._compare):
            self._tools.addWidget(action_tool(made))
        self.board_button = action_tool(self._compose_action)
        self._tools.addWidget(self.board_button)
        self._enable()

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``item``, ``asset``, ``audience`` or ``text``: what to start from; ``make``: make it at once."""
        self._wanted = {key: value for key, value in args.items() if value is not None}
        self.controls.show_selection()
        if self.context.studio is not None:
            self._fulfil()

    def library_changed(self) -> None:
        self.maker.stop()
        self.history.clear()
        self.pictures.forget()
        self.controls.clear()
        self.hearing.drop()
        self.strip.hide()
        for slot in self.slots.values():
            slot.set_locked(False)
        if self.context.studio is None:
            self.states.show_message(
                mark("A picture, a sound and a text that belong together"),
                mark("Made from an item, a picture, a sentence or an audience. Open a library first."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
            return
        self.states.show_content()
        self._read()
        self._enable()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("models", "audiences"):
            self._read()
        elif topic == "assets":
            self.pictures.forget_assets(ids)

    def retranslate(self) -> None:
        self.controls.retranslate()
        self.shared.retranslate()
        self.hearing.retranslate()
        self.pair.retranslate()
        self.history.model.refresh()
        self._show_step(self.history.current)

    def actions_menu(self) -> list[QAction]:
        return [made for made in self.actions() if made.text()]

    def close_pane(self) -> None:
        self.maker.stop()
        self.sound.view.clear()
        self.hearing.drop()

    def _read(self) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: choices_of(studio), self._read_done, key="sets-choices", owner=self
            )

    def _read_done(self, choices: tuple[list[str], list[Any], list[str]]) -> None:
        models, audiences, engines = choices
        self.controls.set_models(models)
        self.controls.set_audiences(audiences)
        self.controls.set_engines(engines)
        self._fulfil()

    def _fulfil(self) -> None:
        wanted = self._wanted
        if "audience" in wanted and self.controls.audience.findData(wanted["audience"]) < 0:
            return  # once the audiences are read
        self._wanted = {}
        if "audience" in wanted:
            self.controls.use_audience(int(wanted["audience"]))
        for key, use in (("item", self.controls.use_item), ("asset", self.controls.use_asset)):
            if key in wanted:
                use(int(wanted[key]))
        if "text" in wanted:
            self.controls.use_text(str(wanted["text"]))
        self._enable()

    # --- making -------------------------------------------------------------------------------------

    @property
    def locks(self) -> tuple[Part, ...]:
        """The parts that are kept."""
        return tuple(part for part, slot in self.slots.items() if slot.lock.isChecked())  # type: ignore[misc]

    def make(self) -> None:
        """Make a set of what is chosen."""
        problem = self.controls.problem
        if problem:
            self.context.notify(tr(problem), level="warning")
            return
        wish = self.controls.wish(first=not self.history.model.rows, locks=self.locks)
        self._begin(making_of(wish), mark("Set, seed {seed}"), {"seed": wish.seed})

    def make_both(self) -> None:
        """Make the set without the audience's taste and with it, from one seed, and show both."""
        if self.controls.problem or not self.controls.audience_id or self.maker.busy:
            return
        wish = self.controls.wish(first=not self.history.model.rows, locks=self.locks)
        share = wish.strength or 1.0
        for part, words in (
            (0.0, mark("Without their taste, seed {seed}")),
            (share, mark("With {percent} % of their taste, seed {seed}")),
        ):
            values = {"seed": wish.seed, "percent": round(100 * part), "pair": True}
            self._begin(making_of(replace(wish, strength=part)), words, values)

    def surprise(self) -> None:
        """A set from nothing."""
        self.controls.set_kind("nothing")
        self.make()

    def reroll(self, part: str) -> None:
        """Make one part of the set that is shown again."""
        step = self.history.current
        if step is None or self.maker.busy:
            return
        if part in self.locks:
            self.context.notify(
                tr("This part is kept as it is."), tr("Take its lock off to change it."), level="warning"
            )
            return
        words = {
            "picture": mark("Picture, seed {seed}"),
            "sound": mark("Sound, seed {seed}"),
            "text": mark("Text, seed {seed}"),
        }
        seed = self._random.randrange(_MOST_SEED)
        self._begin(reroll_of(step.made, part, seed), words[part], {"seed": seed}, (part,))  # type: ignore[arg-type]

    def vary(self) -> None:
        """Three more like the one that is shown; what is kept stays the same."""
        step = self.history.current
        if step is None or self.maker.busy:
            return
        wish = replace(step.made.wish, locks=self.locks, seeds=step.made.seeds)
        first = self._random.randrange(1, _MOST_SEED)
        for n in range(_VARIATIONS):
            self._begin(
                making_of(wish.variation(first + n)), mark("Variation {n}"), {"n": n + 1}, (), show=False
            )

    def _begin(
        self,
        start: Any,
        words: str,
        values: dict[str, Any],
        parts: tuple[str, ...] | None = None,
        *,
        show: bool = True,
    ) -> None:
        self._working = parts if parts is not None else tuple(p for p in self.slots if p not in self.locks)
        self._shows = show
        if show:
            for part in self._working:
                self.slots[part].show_busy()
        self.bar.setRange(0, 0)
        self.maker.begin(start, words, values, show=show)
        self._enable()

    def _progressed(self, progress: Any, shown: Shown) -> None:
        if progress.note:
            self.note.setText(progress.note)
        if self._shows:
            self._show_parts(shown)

    def _made(self, step: SetStep, show: bool) -> None:
        self.history.add(step, show=show)
        if self.pair.take(step):
            self._show_pair(True)
        self.strip.setVisible(len(self.history.model.rows) > 1)
        self._enable()

    def _failed(self, error: Exception) -> None:
        if self.history.current is None:
            for part in self.slots:
                self.slots[part].show_failed(tr_error(error)[0])
        self.context.report(error)

    def _ended(self) -> None:
        failed = [slot for slot in self.slots.values() if slot.message.text() and not slot.bar.isVisible()]
        if self.history.current is not None:
            self._show_step(self.history.current)
        elif not failed:
            for slot in self.slots.values():
                slot.show_empty()
        self._enable()

    def _dropped(self, part: str, mime: QMimeData) -> None:
        before = (self.controls.asset, self.controls.file)
        self.controls.take(mime)
        if self.controls.kind == "media" and (self.controls.asset, self.controls.file) != before:
            self.slots[part].set_locked(True)  # what was put here is to stay; the rest is made to go with it
        self._enable()

    # --- what is shown ------------------------------------------------------------------------------

    def _moved(self, step: SetStep | None) -> None:
        self._show_pair(False)
        self._show_step(step)

    def _show_pair(self, on: bool) -> None:
        self.views.setCurrentIndex(int(on))
        step = self.history.current
        self.shared.show_set(step.made if step is not None and not on else None)

    def _compare_pair(self, without: SetStep, with_taste: SetStep) -> None:
        self.sound.view.pause()
        self.hearing.compare(without, with_taste)

    def _show_step(self, step: SetStep | None) -> None:
        self.shared.show_set(step.made if step is not None and not self.views.currentIndex() else None)
        notes = step.made.notes if step is not None else ()
        self.doubts.setText("⚠ " + "\n⚠ ".join(notes) if notes else "")
        self.doubts.setVisible(bool(notes))
        if step is None:
            for slot in self.slots.values():
                slot.show_empty()
                slot.set_note("")
            self.sound.view.clear()
        else:
            self._show_parts(step.shown)
            for part, how in step.made.parts.items():
                self.slots[part].set_note(part_note(step.made, part, how))
            place = self.history.model.row_of(step.id)
            if place >= 0:
                self.strip.setCurrentIndex(self.history.model.index(place))
        self._enable()

    def _show_parts(self, shown: Shown) -> None:
        if shown.picture is not None:
            self.picture.show_picture(shown.picture)
        if shown.sound is not None and (shown.sound is not self._heard or not self.sound.there):
            self._heard = shown.sound
            self.sound.show_sound(shown.sound)
        if shown.text or shown.title:
            self.text.show_text(shown.title, shown.text, shown.lines)

    _heard: Any = None
    _working: tuple[str, ...] = ()
    _shows = True

    def _go(self, index: QModelIndex) -> None:
        step = index.data(ROW_ROLE)
        if step is not None and not self.maker.busy:
            self.history.go(step)

    def _enable(self) -> None:
        if not hasattr(self, "_undo"):
            return
        step, busy = self.history.current, self.maker.busy
        there = step is not None and not busy
        self.controls.make_button.setEnabled(not busy and not self.controls.problem)
        self.controls.both_button.setEnabled(self.controls.make_button.isEnabled())
        self.controls.say_lacking()
        say(self.controls.make_button, mark("Make a set"), "setText")
        tip = self.controls.problem or mark("Make a picture, a sound and a text that belong together")
        say(self.controls.make_button, tip, "setToolTip")
        self._make_action.setEnabled(self.controls.make_button.isEnabled())
        for part, slot in self.slots.items():
            may = there and not slot.lock.isChecked()
            slot.dice.setEnabled(may)
            self._rolls[part].setEnabled(may)
        self._undo.setEnabled(self.history.can_undo and not busy)
        self._redo.setEnabled(self.history.can_redo and not busy)
        for made in (self._vary_action, self.vary_button, self._again):
            made.setEnabled(there)
        self._compare.setEnabled(there and self.hearing.other() is not None)
        self._write.setEnabled(there and step is not None and step.made.wish.item_id is not None)
        self._speak_action.setEnabled(there and bool(step is not None and step.made.text))
        self._compose_action.setEnabled(there and not self._composing and not self.context.read_only)
        saved = step is not None and bool(step.assets)
        self._save_action.setEnabled(there and not saved and not self._saving and not self.context.read_only)
        self.save_button.setEnabled(self._save_action.isEnabled())
        say(self.save_button, mark("Saved") if saved else mark("Save to library"))
        for widget in (self.bar, self.stop_button):
            widget.setVisible(busy)
        self._stop_action.setEnabled(busy)
        if not busy:
            self.note.setText(self._state_words(step))

    def _state_words(self, step: SetStep | None) -> str:
        if step is not None:
            return step.words
        if self.context.read_only and self.context.studio is not None:
            return tr("This library is open for reading only: sets can be made here, not saved.")
        return tr("Everything is made on this computer; nothing is kept until you save it.")

    # --- with a set ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Put picture, sound and text into the library, with one lineage."""
        step = self.history.current
        if step is None or step.assets or self._saving or self.context.read_only:
            return
        handle = self.context.submit("set", {"manifest": step.made.manifest()})
        if handle is None:
            return
        self._saving = True
        self._enable()

        def saved(result: dict[str, Any]) -> None:
            self._saving = False
            step.assets = tuple(int(asset) for asset in assets_of(result))
            self.history.model.refresh()
            self._enable()  # the notice of the job says that it is there

        def ended(_event: Any) -> None:
            self._saving = False
            self._enable()

        JobWatch(self.context, handle, self, on_done=saved, on_ended=ended)

    def compose(self) -> None:
        """Save the set where it is not, make a storyboard of it and show that."""
        step, studio = self.history.current, self.context.studio
        if step is None or studio is None or self._composing or self.context.read_only:
            return
        self._composing = True
        self._enable()
        self.note.setText(tr("Composing the ad"))

        def done(result: tuple[int, tuple[int, ...]]) -> None:
            self._composing = False
            board, step.assets = result
            self.history.model.refresh()
            self._enable()
            self.context.navigate("preview", storyboard=board)

        def failed(error: Exception) -> None:
            self._composing = False
            self._enable()
            self.context.report(error)

        self.context.background(
            lambda: board_of(studio, step.made, step.assets), done, failed, key="set-board", owner=self
        )

    def speak(self) -> None:
        """Speak the line of the set that is shown."""
        step = self.history.current
        if step is None or not step.made.text:
            return
        self.sound.view.pause()
        self.hearing.speak(step)

    def copy_manifest(self) -> None:
        """Put the set's manifest on the clipboard: it makes the same set again."""
        import json

        step = self.history.current
        if step is not None:
            copy_text(json.dumps(step.made.manifest(), ensure_ascii=False, indent=1))
            self.context.notify(tr("Copied. The manifest makes the same set again."))

    def compare_sounds(self) -> None:
        """Hear the sound of this set against the one before."""
        step, other = self.history.current, self.hearing.other()
        if step is not None and other is not None:
            self.sound.view.pause()
            self.hearing.compare(step, other)

    def _copy(self) -> None:
        copy_text(self.text.text.text())
        self.context.notify(tr("Copied."))

    def _go_write(self) -> None:
        step = self.history.current
        if step is not None:
            wish = step.made.wish
            self.context.navigate("write", item=wish.item_id, audience=wish.audience_id)

    # --- keys ---------------------------------------------------------------------------------------

    def own_undo(self) -> None:
        self.history.undo()

    def own_redo(self) -> None:
        self.history.redo()

    def own_space(self) -> None:
        self.sound.view.toggle()

    def own_escape(self) -> Callable[[], object] | None:
        return self.maker.stop if self.maker.busy else None
