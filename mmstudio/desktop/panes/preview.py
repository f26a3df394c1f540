"""Preview: item + audience + recipe become an ad that plays, is edited in place, judged and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.models.board import BoardFacts, SavedBoard, read_board, saved_boards
from mmstudio.desktop.models.board_problems import board_clock, problems_of, tell_problems
from mmstudio.desktop.models.channels import ChannelRow, default_folder, read_channels
from mmstudio.desktop.models.held import ExportWish, HeldBoard
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.panes.preview_ahead import DrawnAhead
from mmstudio.desktop.panes.preview_review import PreviewReview
from mmstudio.desktop.texts import action, label
from mmstudio.desktop.views.board_frames import KeptPictures, frame_source
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.export_gate import ExportGate
from mmstudio.desktop.views.export_popup import ExportPopup
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.preview_bar import PreviewBar
from mmstudio.desktop.views.preview_panel import PreviewPanel
from mmstudio.desktop.views.preview_words import mockup_words, refill, remark_files, sound_words
from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock
from mmstudio.desktop.views.stage import FORMATS, Stage
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.composition.sound import MixReport
    from mmstudio.desktop.context import AppContext
    from mmstudio.export.copy_gate import Held
    from mmstudio.jobs import JobEvent
    from mmstudio.library.records import Audience

_RATE = 48_000
Choices = tuple[list["Audience"], list[tuple[str, str]], int, list[ChannelRow], list[SavedBoard]]


class PreviewPane(Pane):
    """Chooser above, stage in the middle; the panel with words and sources stands in the inspector."""

    key: ClassVar[str] = "preview"
    name: ClassVar[str] = mark("Preview")
    icon: ClassVar[str] = "monitor-play"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._facts: BoardFacts | None = None
        self._wanted: dict[str, Any] = {}
        self._watch: JobWatch | None = None
        self._channels: list[ChannelRow] = []
        self._saved: list[SavedBoard] = []
        self._folder = ""
        self._ready = False
        self._play_next = False
        self._kept: tuple[int | None, KeptPictures] | None = None
        self._ahead = DrawnAhead(context, self._ahead_board, self._ahead_drawn, self)
        self.pictures = Pictures(context, parent=self)
        self._build()
        self.library_changed()

    def _build(self) -> None:
        bar = PreviewBar(self.context, self.pictures, self.compose, self._offer_saved, self.edit_board)
        self.item, self.audience, self.recipe = bar.item, bar.audience, bar.recipe
        self.compose_button, self.saved_button = bar.compose_button, bar.saved_button
        self.edit_button = bar.edit_button
        self.beside_button = tool("columns", mark("Side by side"), self._offer_beside)
        self.beside_button.setEnabled(False)
        self.export_button = button(mark("Export"), self._offer_export, icon="export")
        self.export_button.setEnabled(False)
        self.popup = ExportPopup(self)
        self.popup.wanted.connect(self.export)
        self.popup.check_wanted.connect(self.check_board)
        self.stage = Stage(self.beside_button, self.export_button)
        self.stage.volume.setValue(round(self.context.settings.volume * 100))
        self.stage.volume.sliderReleased.connect(self._keep_volume)
        self.stage.player.failed.connect(self._frame_failed)
        self.stage.format_chosen.connect(lambda _key: self._load_player(keep_position=True))
        self.progress = label(role="muted")
        self.stage_states = StateStack(self.stage)
        self.gate = ExportGate(self.context)
        self.middle = QStackedWidget()
        self.middle.addWidget(self.stage_states)
        self.middle.addWidget(self.gate)
        self.gate.opened.connect(self._gate_opened)
        self.gate.closed.connect(self._gate_closed)
        self.gate.passed.connect(self._gate_passed)
        self.gate.edit_wanted.connect(self._edit_held)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.middle, 1)
        self.states = StateStack(body)
        self.root.addWidget(self.states)
        self.panel = PreviewPanel(self.pictures)
        self.panel.copy_edited.connect(lambda slot, words: self._edit(**{slot: words}))
        self.panel.hero_chosen.connect(lambda asset: self._edit(hero=asset))
        self.review = PreviewReview(self.context, self.stage, self.panel, self)
        self.middle.addWidget(self.review.beside)
        self.review.beside.closed.connect(self.close_beside)
        self.review.beside.opened.connect(self._open_beside)
        self.review.beside.heard.connect(self.review.hear)
        self.setAcceptDrops(True)
        self._compose_action = action(self, mark("Compose the ad"), self.compose, icon="film-strip")
        self._export_action = action(
            self, mark("Export this ad"), self._offer_export, icon="export", shortcut="Ctrl+E"
        )
        self._check_action = action(
            self, mark("Compliance"), self.check_board, icon="shield-check",
            tip=mark("Rights, consent, dates, countries, AI label, claims and brand before it leaves"),
        )  # fmt: skip
        self._brand_action = action(
            self, mark("Check the brand"), self.check_brand, icon="palette",
            tip=mark("Colours, fonts, logo, contrast and words against the brand kit, with fixes"),
        )  # fmt: skip
        self._play_action = action(self, mark("Play or pause"), self.stage.player.toggle, icon="play")
        self._edit_action = action(
            self, mark("Edit the storyboard"), self.edit_board, icon="pencil-simple", shortcut="E"
        )

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``item``, ``audience``, ``storyboard`` ids, ``recipe`` name. An item composes at once.

        ``beside`` is a list of storyboards to show side by side.
        With ``held`` the texts of the storyboard that may not leave are shown; ``channels`` and ``folder``
        are those of the export that waits for them.
        """
        wanted = {k: v for k, v in args.items() if v is not None}
        if wanted:
            self._wanted = wanted
            self._fulfil()
        elif self._ready:
            self._open_newest()

    def make_ready(self, done: Callable[[], Any]) -> None:
        """Before it is first shown: read the choices, and draw the newest storyboard once; then ``done``."""
        self._ahead.ask(done)
        if self._ready:
            self._ahead.go_on()

    def library_changed(self) -> None:
        self._facts, self._ready, self._folder, self._kept = None, False, "", None
        self.gate.close_gate()
        self.pictures.forget()
        self.item.clear()
        self.stage.player.unload()
        self.stage.set_enabled(False)
        self.export_button.setEnabled(False)
        self.edit_button.setEnabled(False)
        self.beside_button.setEnabled(False)
        self.close_beside()
        self.panel.show_facts(None, read_only=True)
        self.review.show_facts(None)
        if self.context.studio is None:
            self._show_empty()
        else:
            self.states.show_loading(mark("Reading audiences and recipes"))
            self._read_choices()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        self.gate.data_changed(topic)
        if topic in ("audiences", "items", "storyboards"):
            self._read_choices()
        if topic == "remarks" and self._facts is not None and self._facts.board.id in (ids or []):
            self.review.read_again(self._facts.board.id or 0)

    def retranslate(self) -> None:
        self.gate.retranslate()
        self.review.retranslate()
        self._read_choices()
        if self._facts is not None and self._facts.board.id is not None:
            self._open(self._facts.board.id)

    def inspector(self) -> QWidget:
        return self.review.side

    def actions_menu(self) -> list[QAction]:
        return [
            self._compose_action, self._edit_action, self._play_action, *self.review.actions(),
            self._export_action,
        ]  # fmt: skip

    def close_pane(self) -> None:
        self.stage.close_stage()
        self.review.beside.close_view()

    # --- choices ------------------------------------------------------------------------------------

    def _read_choices(self) -> None:
        studio = self.context.studio
        if studio is None:
            return

        def work() -> Choices:
            from mmstudio.composition import recipes
            from mmstudio.composition.recipe import for_items

            library = studio.library
            return (
                library.audiences.list(),
                [(r.name, r.label if r.own else tr(r.label)) for r in for_items(recipes())],
                library.items.count(),
                read_channels(),
                saved_boards(library),
            )

        self.context.background(work, self._choices_read, self._choices_failed, key="preview-choices")

    def _choices_read(self, choices: Choices) -> None:
        audiences, recipes, items, self._channels, self._saved = choices
        refill(self.audience, [(tr("Everyone"), None), *((a.name, a.id) for a in audiences)], prefer=1)
        refill(self.recipe, [(words, key) for key, words in recipes])
        self.saved_button.setEnabled(bool(self._saved))
        self.review.saved = self._saved
        self.beside_button.setEnabled(len(self._saved) > 1 and self._facts is not None)
        self._set_busy(self._watch is not None)
        if not items and not self._saved and not self._wanted:
            self._show_empty()
            self._ahead.go_on()
            return
        self.states.show_content()
        first = not self._ready
        self._ready = True
        if self._wanted:
            self._fulfil()
        elif first and self._saved and self.isVisible():
            self._open_newest()
        elif self._facts is None and self._watch is None and not self._saved:
            self._show_idle()
        self._ahead.go_on()

    def _open_newest(self) -> None:
        if self._facts is None and self._saved and self._watch is None:
            self._open(self._saved[0].id)

    def _ahead_board(self) -> tuple[int, tuple[int, int], QSize] | None:
        """The storyboard to draw before somebody asks for it, its shape and size; None where that is over."""
        if not self._saved or self._facts is not None or self.isVisible():
            return None
        return self._saved[0].id, FORMATS[self.stage.format], self.stage.wanted_size()

    def _ahead_drawn(self, storyboard: int, kept: KeptPictures) -> None:
        if self._kept is None and self._facts is None:
            self._kept = storyboard, kept

    def _choices_failed(self, error: Exception) -> None:
        self._ahead.go_on()
        self.states.show_failure(error, self.library_changed)

    def _show_empty(self) -> None:
        self.states.show_message(
            mark("Nothing to preview yet"),
            mark("An ad is made from an item and an audience. Import a catalogue first."),
            mark("Go to the items"),
            lambda: self.context.navigate("items"),
        )

    def _show_idle(self) -> None:
        self.stage_states.show_message(
            mark("Choose an item and an audience"),
            mark(
                "The studio puts pictures, words and music together; you see at once what would be exported."
            ),
            mark("Choose an item"),
            lambda: self.item.picker.open_below(self.item),
        )

    def _fulfil(self) -> None:
        if not self._ready or not self._wanted:
            return
        wanted, self._wanted = self._wanted, {}
        if "beside" in wanted:
            self.show_beside([int(one) for one in wanted["beside"]])
            return
        if "storyboard" in wanted:
            self._open(int(wanted["storyboard"]))
            if wanted.get("held"):
                channels = tuple(wanted.get("channels") or ())
                folder = str(wanted.get("folder", ""))
                self.gate.ask(ExportWish(int(wanted["storyboard"]), channels, folder, look_only=True))
            return
        for box, key in ((self.audience, "audience"), (self.recipe, "recipe")):
            if key in wanted and box.findData(wanted[key]) >= 0:
                box.setCurrentIndex(box.findData(wanted[key]))
        if "item" in wanted:
            self.item.show_item(int(wanted["item"]))
            self._compose_item(int(wanted["item"]))

    # --- composing ----------------------------------------------------------------------------------

    def compose(self) -> None:
        """Compose the chosen item for the chosen audience; asks for an item where none is chosen."""
        item = self.item.item_id
        if item is None:
            self.item.picker.open_below(self.item)
        else:
            self._compose_item(item)

    def _compose_item(self, item: int) -> None:
        if self.context.read_only or self._watch is not None:
            return
        params = {
            "recipe": self.recipe.currentData(),
            "item_id": item,
            "audience_id": self.audience.currentData(),
        }
        handle = self.context.submit("compose", params)
        if handle is None:
            return
        self._set_busy(True)
        self.stage.player.pause()
        if self._facts is None:
            self.stage_states.show_loading(mark("Composing the ad"))
        self._watch = JobWatch(
            self.context, handle, self, on_done=self._composed, on_ended=self._compose_ended
        )

    def _composed(self, result: dict[str, Any]) -> None:
        self._watch = None
        self._set_busy(False)
        self._play_next = self.isVisible()  # what was just made is shown moving
        self._open(int(result["storyboard"]))

    def _compose_ended(self, _event: JobEvent) -> None:
        self._watch = None
        self._set_busy(False)
        if self._facts is None:
            self._show_idle()
        else:
            self.stage_states.show_content()

    def _set_busy(self, busy: bool) -> None:
        self.compose_button.setEnabled(not busy and not self.context.read_only)
        self._compose_action.setEnabled(not busy and not self.context.read_only)

    # --- showing ------------------------------------------------------------------------------------

    def _open(self, storyboard: int) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: read_board(studio.library, storyboard),
                self._opened,
                self._open_failed,
                key="preview-open",
            )

    def _opened(self, facts: BoardFacts) -> None:
        again = self._facts is not None and self._facts.board.id == facts.board.id
        self._facts = facts
        board = facts.board
        if self.gate.wish is not None and self.gate.wish.storyboard != board.id:
            self.gate.close_gate()
        if board.item_id is not None:
            self.item.show_item(board.item_id)
        for box, value in ((self.audience, board.audience_id), (self.recipe, board.recipe)):
            box.setCurrentIndex(max(0, box.findData(value)))
        self.panel.show_facts(facts, read_only=self.context.read_only)
        self.export_button.setEnabled(not self.context.read_only)
        self.edit_button.setEnabled(True)
        self.beside_button.setEnabled(len(self._saved) > 1)
        self.stage.canvas.set_words(mockup_words(facts))
        self.review.show_facts(facts)
        self.stage_states.show_content()
        self._load_player(keep_position=again)
        if self._play_next:
            self._play_next = False
            self.stage.player.play()
            self.stage.canvas.setFocus()
        elif not again:
            self.stage.player.show_poster(board.card_time)
        self.stage.player.once_drawn(self._load_sound)

    def _open_failed(self, error: Exception) -> None:
        self._facts = None
        self.stage_states.show_failure(error, self._show_idle)

    def _load_player(self, *, keep_position: bool) -> None:
        studio, facts = self.context.studio, self._facts
        if studio is None or facts is None:
            return
        board = facts.board
        if self._kept is None or self._kept[0] != board.id:
            self._kept = board.id, KeptPictures(studio.library)
        self.stage.player.load(
            frame_source(board, studio.library, FORMATS[self.stage.format], self._kept[1]),
            board.duration,
            board.fps,
            keep_position,
        )
        self.stage.set_enabled(True)

    def _load_sound(self) -> None:
        studio, facts = self.context.studio, self._facts
        if studio is None or facts is None:
            return
        volume = self.stage.volume.value() / 100

        board, library = facts.board, studio.library
        self.context.background(
            lambda: board_clock(board, library, _RATE, volume), self._sound_ready, self._sound_failed,
            key="preview-sound",
        )  # fmt: skip
        self.context.background(
            lambda: problems_of(library, board), lambda found: tell_problems(self.context, board, found),
            self._sound_failed, key="preview-problems", owner=self,
        )  # fmt: skip

    def _sound_ready(self, made: tuple[SoundClock | SilentClock, MixReport | None]) -> None:
        clock, report = made
        self.panel.show_sound(sound_words(report))
        self.stage.player.set_clock(clock)
        self.stage.set_silent(clock.silent)

    def _sound_failed(self, error: Exception) -> None:
        self._sound_ready((SilentClock(), None))
        self.context.notify(tr("The sound could not be mixed."), tr_error(error)[0], level="warning")

    def _frame_failed(self, message: str) -> None:
        self.stage.canvas.show_message(tr("This frame cannot be drawn. {why}", why=message))

    def _keep_volume(self) -> None:
        self.context.change_setting("volume", self.stage.volume.value() / 100)

    def _offer_saved(self) -> None:
        menu = QMenu(self)
        for saved in self._saved:
            words = tr("{item} for {audience}", item=saved.title, audience=saved.audience or tr("Everyone"))
            entry = menu.addAction(f"{words}   {saved.when.replace('T', ' ')}")
            entry.triggered.connect(lambda _checked=False, id_=saved.id: self._open(id_))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.saved_button.mapToGlobal(self.saved_button.rect().bottomLeft()))

    # --- editing ------------------------------------------------------------------------------------

    def edit_board(self) -> None:
        """Show the storyboard in the editor."""
        if self._facts is not None and self._facts.board.id is not None:
            self.stage.player.pause()
            self.context.navigate("editor", storyboard=self._facts.board.id)

    def check_board(self) -> None:
        """Show what holds the storyboard back, or does not."""
        if self._facts is not None and self._facts.board.id is not None:
            self.stage.player.pause()
            self.context.navigate("compliance", storyboard=self._facts.board.id)

    def check_brand(self) -> None:
        """Hold the storyboard against the brand kit."""
        if self._facts is not None and self._facts.board.id is not None:
            self.stage.player.pause()
            self.context.navigate("brand", storyboard=self._facts.board.id)

    def _edit(self, **changes: Any) -> None:
        studio, facts = self.context.studio, self._facts
        if studio is None or facts is None or facts.board.id is None or self.context.read_only:
            return
        id_ = facts.board.id

        def work() -> BoardFacts:
            studio.composer.edit(id_, **changes)
            return read_board(studio.library, id_)

        self.context.background(work, self._edited, owner=self)

    def _edited(self, facts: BoardFacts) -> None:
        if self._facts is None or self._facts.board.id != facts.board.id:
            return
        self._facts = facts
        self.panel.show_facts(facts, read_only=self.context.read_only)
        self.stage.canvas.set_words(mockup_words(facts))
        self.review.show_facts(facts)
        self._load_player(keep_position=True)

    # --- side by side -------------------------------------------------------------------------------

    def _offer_beside(self) -> None:
        self.review.offer_beside(self._saved, self.beside_button, self.show_beside)

    def show_beside(self, storyboards: list[int]) -> None:
        """Show two to four storyboards beside each other, in the shape of the stage."""
        self.stage.player.pause()

        def shown() -> None:
            self.middle.setCurrentWidget(self.review.beside)
            self.review.beside.setFocus()

        self.review.show_beside(storyboards, FORMATS[self.stage.format], shown)

    def close_beside(self) -> None:
        """Back to one."""
        self.review.beside.clear()
        if self.middle.currentWidget() is self.review.beside:
            self.middle.setCurrentWidget(self.stage_states)
            self.stage.canvas.setFocus()

    def _open_beside(self, storyboard: int) -> None:
        self.close_beside()
        self._open(storyboard)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if remark_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = remark_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.review.take_in(files)

    # --- export -------------------------------------------------------------------------------------

    def _offer_export(self) -> None:
        studio = self.context.studio
        if studio is not None and self._facts is not None and not self.context.read_only:
            folder = self._folder or default_folder(studio.library)
            self.popup.offer(self._channels, folder, self.export_button)

    def export(self, channels: list[str], folder: str) -> None:
        """Export the ad shown for these channels, once its texts may leave."""
        if self._facts is None or self._facts.board.id is None:
            return
        self._folder = folder
        self.gate.ask(ExportWish(self._facts.board.id, tuple(channels), folder))

    def _gate_passed(self, wish: ExportWish) -> None:
        if not self.context.read_only:
            params = {"storyboard_id": wish.storyboard, "channels": list(wish.channels), "out": wish.folder}
            self.context.submit("export", params)

    def _gate_opened(self) -> None:
        self.stage.player.pause()
        self.middle.setCurrentWidget(self.gate)

    def _gate_closed(self) -> None:
        if self.middle.currentWidget() is self.gate:
            self.middle.setCurrentWidget(self.stage_states)
            self.export_button.setFocus()

    def _edit_held(self, held: Held, board: HeldBoard) -> None:
        """The field of the panel that holds a text; the Write page where there is none."""
        slot = self._slot_of(held)
        if slot is None:
            self.context.navigate("write", item=board.item, audience=board.audience)
            return
        self.context.change_setting("inspector_visible", True)
        field = self.panel.fields[slot]
        self.panel.ensureWidgetVisible(field)
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        field.selectAll()

    def _slot_of(self, held: Held) -> str | None:
        if self._facts is None:
            return None
        shown = [slot for slot, field in self.panel.fields.items() if not field.isHidden()]
        if held.slot in shown:
            return held.slot
        if not held.slot:  # a sentence that is missing can stand in any text
            return "line" if "line" in shown else None
        copy = self._facts.board.copy
        return next((slot for slot in shown if held.text in copy.get(slot, "")), None)
