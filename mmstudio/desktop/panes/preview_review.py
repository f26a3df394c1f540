"""What the Preview pane does with verdicts, remarks, packages, and several storyboards side by side."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from mmstudio.desktop.models.board import BoardFacts, SavedBoard
from mmstudio.desktop.models.channels import default_folder
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.texts import action
from mmstudio.desktop.views.board_frames import KeptPictures, frame_source
from mmstudio.desktop.views.files import open_path
from mmstudio.desktop.views.package_popup import PackagePopup
from mmstudio.desktop.views.review_panel import ReviewPanel
from mmstudio.desktop.views.side_by_side import MOST, Beside, SideBySide
from mmstudio.desktop.views.sound_clock import open_clock
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock
    from mmstudio.desktop.views.stage import Stage
    from mmstudio.jobs import JobEvent

_RATE = 48_000
_NEAR = 0.6  # seconds round a remark in which its pin is seen
_VERDICTS = {"approved": mark("approved"), "changes": mark("asks for changes"), "rejected": mark("rejected")}


class PreviewSide(QWidget):
    """The inspector of the pane: what the ad says, and what is said of it."""

    def __init__(self, content: QWidget, review: QWidget) -> None:
        super().__init__()
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.addTab("")
        self.tabs.addTab("")
        self.pages = QStackedWidget()
        self.pages.addWidget(content)
        self.pages.addWidget(review)
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addWidget(self.pages, 1)
        self.retranslate(0)

    def retranslate(self, remarks: int) -> None:
        """Say the names of the tabs; the second counts remarks that wait."""
        self.tabs.setTabText(0, tr("Content"))
        self.tabs.setTabText(1, f"{tr('Review')} ({remarks})" if remarks else tr("Review"))
        self.tabs.setAccessibleName(tr("Content and review"))


class PreviewReview(QObject):
    """Owned by the pane; ``shown`` are the facts of the storyboard on the stage."""

    def __init__(self, context: AppContext, stage: Stage, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.context, self.stage = context, stage
        self.panel = ReviewPanel()
        self.side = PreviewSide(content, self.panel)
        self.beside = SideBySide()
        self.popup = PackagePopup(parent)
        self.popup.wanted.connect(self.package)
        self.saved: list[SavedBoard] = []
        self.shown: BoardFacts | None = None
        self._place: tuple[float, float] | None = None
        self._watch: JobWatch | None = None
        self._clocks = 0
        panel, canvas = self.panel, stage.canvas
        panel.judged.connect(self.judge)
        panel.remarked.connect(self.remark)
        panel.done_changed.connect(self._set_done)
        panel.jump.connect(self.jump)
        panel.pointing.connect(self._point)
        panel.package_wanted.connect(self.offer_package)
        panel.import_wanted.connect(self._choose_file)
        panel.who_changed.connect(lambda who: context.change_setting("reviewer", who))
        canvas.pointed.connect(self._pointed)
        canvas.pin_clicked.connect(self._pin_clicked)
        stage.player.moved.connect(lambda _t: self._show_pins())
        self.remark_action = action(
            parent, mark("Leave a remark"), self._begin, icon="chat-circle", shortcut="R",
            tip=mark("Then click on the picture where it belongs"),
        )  # fmt: skip
        self.package_action = action(
            parent, mark("Make a preview package"), self.offer_package, icon="package"
        )
        self.import_action = action(
            parent, mark("Take in remarks"), self._choose_file, icon="download-simple"
        )

    def actions(self) -> list[QAction]:
        """For the pane's menu."""
        return [self.remark_action, self.package_action, self.import_action]

    def who(self) -> str:
        """Initials or name of the person here."""
        return self.context.settings.reviewer or getpass.getuser()

    # --- showing ------------------------------------------------------------------------------------

    def show_facts(self, facts: BoardFacts | None) -> None:
        """Another storyboard is on the stage, or this one changed."""
        if facts is None or self.shown is None or facts.board.id != self.shown.board.id:
            self._place = None
        self.shown = facts
        self.panel.show_facts(facts, read_only=self.context.read_only, who=self.context.settings.reviewer)
        self.retranslate()
        self._show_pins()

    def retranslate(self) -> None:
        """Say again what is not said with ``texts.say``."""
        waiting = 0 if self.shown is None else sum(not r.done for r in self.shown.remarks)
        self.side.retranslate(waiting)
        for column in self.beside.columns:
            column.retranslate()

    def _show_pins(self) -> None:
        pins: list[tuple[int, float, float, bool]] = []
        at = self.stage.player.position
        for number, remark in enumerate(self.shown.remarks if self.shown else [], 1):
            if remark.x is not None and remark.y is not None:
                near = remark.at is None or abs(remark.at - at) <= _NEAR
                if near and not (self.stage.player.is_playing and remark.done):
                    pins.append((number, remark.x, remark.y, remark.done))
        if self._place is not None:
            pins.append((0, *self._place, False))
        self.stage.canvas.set_pins(pins)

    # --- verdicts and remarks -----------------------------------------------------------------------

    def judge(self, verdict: str, comment: str) -> None:
        """Keep a verdict."""
        who = self.who()
        self._write(lambda library, id_: library.storyboards.approve(id_, who, verdict, comment))

    def remark(self, words: str, on_moment: bool) -> None:
        """Keep a remark on the moment shown, at the place pointed at."""
        who, place = self.who(), self._place
        at = round(self.stage.player.position, 3) if on_moment else None
        x, y = place if place is not None else (None, None)
        self._place = None
        self._write(lambda library, id_: library.remarks.add(id_, who, words, at, x, y))

    def _set_done(self, remark: int, done: bool) -> None:
        self._write(lambda library, _id: library.remarks.set_done(remark, done))

    def _write(self, change: Any) -> None:
        studio, facts = self.context.studio, self.shown
        if studio is None or facts is None or facts.board.id is None or self.context.read_only:
            return
        id_, library = facts.board.id, studio.library
        self.context.background(lambda: change(library, id_), lambda _r: self.read_again(id_), owner=self)

    def read_again(self, storyboard: int) -> None:
        """Read what is said of the storyboard on the stage."""
        from mmstudio.desktop.models.board import read_board

        studio = self.context.studio
        if studio is not None and self.shown is not None and self.shown.board.id == storyboard:
            self.context.background(
                lambda: read_board(studio.library, storyboard), self._read, key="preview-review"
            )

    def _read(self, facts: BoardFacts) -> None:
        if self.shown is not None and self.shown.board.id == facts.board.id:
            self.show_facts(facts)

    def jump(self, remark_id: int) -> None:
        """Go to the moment of a remark; its pin is seen there."""
        for remark in self.shown.remarks if self.shown else []:
            if remark.id == remark_id and remark.at is not None:
                self.stage.player.pause()
                self.stage.player.seek(remark.at)
        self._show_pins()

    def _begin(self) -> None:
        if self.shown is not None and not self.context.read_only:
            self.context.change_setting("inspector_visible", True)
            self.side.tabs.setCurrentIndex(1)
            self.panel.point_button.setChecked(True)

    def _point(self, pointing: bool) -> None:
        self.stage.canvas.pointing = pointing
        if pointing:
            self.stage.player.pause()

    def _pointed(self, x: float, y: float) -> None:
        if self.shown is None or self.context.read_only:
            return
        self.stage.player.pause()
        self._place = (x, y)
        self.context.change_setting("inspector_visible", True)
        self.side.tabs.setCurrentIndex(1)
        self.panel.begin_remark()
        self._show_pins()

    def _pin_clicked(self, number: int) -> None:
        self.side.tabs.setCurrentIndex(1)
        if number and self.shown is not None:
            self.jump(self.shown.remarks[number - 1].id)

    # --- packages -----------------------------------------------------------------------------------

    def offer_package(self) -> None:
        """Ask what goes into a preview package; what is shown is ticked."""
        studio = self.context.studio
        if studio is None or self.shown is None or self.context.read_only or self._watch is not None:
            return
        out = str(Path(default_folder(studio.library)) / "previews")
        here = self.shown.board.id or 0
        boards = [(here, self._title(self.shown.item_title, self.shown.audience_name))]
        boards += [(s.id, self._title(s.title, s.audience)) for s in self.saved if s.id != here]
        ticked = [c.beside.storyboard for c in self.beside.columns] or [here]
        self.popup.offer(boards[:20], ticked, out, self.panel.package_button)

    def _title(self, item: str, audience: str) -> str:
        return tr("{item} for {audience}", item=item, audience=audience or tr("Everyone"))

    def package(self, params: dict[str, Any]) -> None:
        """Write a preview package; ``params`` are those of the job."""
        handle = self.context.submit("package", params)
        if handle is not None:
            self.panel.package_button.setEnabled(False)
            self._watch = JobWatch(
                self.context, handle, self, on_done=self._packed, on_ended=self._package_ended
            )

    def _packed(self, result: dict[str, Any]) -> None:
        self._package_ended(None)
        path = Path(result["path"])
        hint = tr("Send it to the client; their remarks come back as a file.")
        to: tuple[str, Callable[[], Any]] = (tr("Open folder"), lambda: open_path(str(path.parent)))
        if path.suffix == ".zip":  # it stands among the finished files
            hint = tr("Drag it into a mail to the client; their remarks come back as a file.")
            to = (tr("Show"), lambda: self.context.navigate("exports", finished=True))
        self.context.notify(
            tr("The preview package {name} is ready.", name=path.name),
            hint,
            to,
            level="success",
        )

    def _package_ended(self, _event: JobEvent | None) -> None:
        self._watch = None
        self.panel.package_button.setEnabled(not self.context.read_only)

    def _choose_file(self) -> None:
        parent = self.panel.window()
        files, _filter = QFileDialog.getOpenFileNames(
            parent, tr("Remarks from a preview package"), "", tr("Remarks (*.json)")
        )
        self.take_in(files)

    def take_in(self, files: Sequence[str]) -> None:
        """Import files of remarks."""
        studio = self.context.studio
        if not files or studio is None or self.context.read_only:
            return

        def work() -> int:
            from mmstudio.export.package import import_remarks

            return sum(import_remarks(studio.library, file) for file in files)

        self.context.background(work, self._taken, owner=self)

    def _taken(self, new: int) -> None:
        self.context.notify(
            tr("{n} new remarks and verdicts.", n=new) if new else tr("Everything in it was here already."),
            level="success",
        )
        if self.shown is not None and self.shown.board.id is not None:
            self.read_again(self.shown.board.id)
        if new:
            self.side.tabs.setCurrentIndex(1)

    # --- side by side -------------------------------------------------------------------------------

    def offer_beside(self, saved: list[SavedBoard], anchor: QWidget, go: Any) -> None:
        """A menu of the other storyboards to tick; ``go(ids)`` is called with those chosen."""
        facts = self.shown
        if facts is None:
            return
        menu = QMenu(anchor)
        title = menu.addAction(tr("Show beside {name}:", name=facts.item_title))
        title.setEnabled(False)
        others = [s for s in saved if s.id != facts.board.id]
        others.sort(key=lambda s: s.title != facts.item_title)
        ticked: list[int] = []
        show = QAction(tr("Show side by side"), menu)
        show.setEnabled(False)

        def tick(id_: int, on: bool) -> None:
            if on:
                ticked.append(id_)
            else:
                ticked.remove(id_)
            show.setEnabled(0 < len(ticked) < MOST)

        for one in others[:14]:
            words = tr("{item} for {audience}", item=one.title, audience=one.audience or tr("Everyone"))
            menu.addAction(_ticking(menu, f"{words}   {one.when.replace('T', ' ')}", one.id, tick))
        menu.addSeparator()
        show.triggered.connect(lambda _checked=False: go([facts.board.id, *ticked]))
        menu.addAction(show)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))

    def show_beside(self, ids: Sequence[int], size: tuple[int, int] | None, shown: Any) -> None:
        """Read storyboards and show them; ``shown()`` is called when they are."""
        from mmstudio.desktop.models.board import read_board

        studio = self.context.studio
        if studio is None:
            return
        library = studio.library

        def work() -> list[BoardFacts]:
            return [read_board(library, id_) for id_ in list(dict.fromkeys(ids))[:MOST]]

        def ready(facts: list[BoardFacts]) -> None:
            columns = []
            for one in facts:
                board = one.board
                shape = size or tuple(board.size)
                verdict = _VERDICTS[one.approvals[0].verdict] if one.approvals else ""
                columns.append(
                    Beside(
                        board.id or 0, one.item_title, one.audience_name or "", verdict,
                        frame_source(board, library, (shape[0], shape[1]), KeptPictures(library)),
                        board.duration, board.fps, shape[0] / shape[1],
                    )
                )  # fmt: skip
            self.beside.show_all(columns)
            self.hear(columns[0].storyboard)
            shown()

        self.context.background(work, ready, owner=self)

    def hear(self, storyboard: int) -> None:
        """Let the sound of one of those side by side lead."""
        studio = self.context.studio
        if studio is None:
            return
        self.beside.mark_heard(storyboard)
        volume = self.stage.volume.value() / 100
        library = studio.library

        def work() -> SoundClock | SilentClock:
            from mmstudio.composition import Storyboard
            from mmstudio.composition.sound import mix

            row = library.storyboards.get(storyboard)
            return open_clock(mix(Storyboard.from_dict(row.data, row.id), library, rate=_RATE), _RATE, volume)

        self.context.background(work, self.beside.set_clock, key="preview-beside-sound", owner=self)


def _ticking(menu: QMenu, words: str, id_: int, tick: Any) -> QAction:
    """An entry that stays open when it is ticked."""
    from PySide6.QtWidgets import QCheckBox, QWidgetAction

    box = QCheckBox(words)
    box.setContentsMargins(12, 4, 12, 4)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.toggled.connect(lambda on: tick(id_, on))
    made = QWidgetAction(menu)
    made.setDefaultWidget(box)
    return made
