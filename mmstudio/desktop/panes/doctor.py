"""The library doctor: what is wrong, side by side where it is doubled, and one click to mend it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QListView,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.findings import (
    KindModel,
    KindRow,
    SubjectModel,
    SubjectRow,
    kind_rows,
    subject_rows,
)
from mmstudio.desktop.models.job_watch import JobWatch
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say, unsay
from mmstudio.desktop.views.controls import Role, action_tool, button, column, row
from mmstudio.desktop.views.doctor_compare import CompareView
from mmstudio.desktop.views.doctor_lists import KindDelegate, SubjectDelegate
from mmstudio.desktop.views.doctor_note import DoctorNote
from mmstudio.desktop.views.doctor_single import SingleView
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.words import date_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.cleaning import Report
    from mmstudio.desktop.context import AppContext
    from mmstudio.jobs import JobEvent

_COPIES = ("exact", "near")


def _push(made: QAction, role: Role, words: str) -> QPushButton:
    """A button that follows an action."""
    shown = button(words, made.trigger, role)

    def follow() -> None:
        shown.setVisible(made.isVisible())
        shown.setEnabled(made.isEnabled())
        shown.setToolTip(f"{made.statusTip()} ({made.shortcut().toString()})")

    made.changed.connect(follow)
    follow()
    return shown


class DoctorPane(Pane):
    """Kinds at the left, subjects of the kind beside them, the chosen one large."""

    key = "doctor"
    name = mark("Library doctor")
    icon = "first-aid-kit"
    with_inspector = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.report: Report | None = None
        self._watch: JobWatch | None = None
        self._wanted_kind = ""
        self._keep: int | None = None
        self._make_actions()
        self._make_lists()
        self._make_detail()
        split = QSplitter(Qt.Orientation.Horizontal)
        for widget, stretch in ((self.kinds, 0), (self._middle, 0), (self._detail, 1)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, stretch)
        split.setSizes([200, 240, 600])
        split.setChildrenCollapsible(False)
        self.stack = StateStack(split)
        self.root.addWidget(self._make_bar())
        self.note = DoctorNote(context)
        self.note.extracted.connect(self.start)
        self.root.addWidget(self.note)
        self.root.addWidget(self.stack, 1)
        self.kinds.selectionModel().currentChanged.connect(lambda _now, _before: self._kind_chosen())
        self.subjects.selectionModel().currentChanged.connect(lambda _now, _before: self._subject_chosen())
        context.thumbnails.ready.connect(lambda _sha: self.subjects.viewport().update())
        self._show_state()

    # --- building -----------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        def made(words: str, slot: Callable[[], Any], key: str, icon: str, tip: str = "") -> QAction:
            one = action(self, words, slot, shortcut=key, icon=icon, tip=tip)
            one.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            return one

        self.check = made(mark("Check the library again"), self.start, "F5", "arrow-clockwise")
        self.merge = made(
            mark("Merge"),
            self.merge_one,
            "M",
            "git-merge",
            mark("Keep one copy with everything the others have"),
        )
        self.trash = made(mark("Move to the trash"), self.trash_one, "Del", "trash")
        self.relink = made(
            mark("Relink…"), self.choose_folder, "R", "link", mark("Look for missing files in another folder")
        )
        self.ignore = made(
            mark("Ignore"), self.ignore_one, "I", "eye-slash", mark("Leave this finding alone")
        )
        self.swap = made(mark("Keep the other copy"), lambda: self.compare.swap(), "X", "arrows-left-right")
        self.next = made(mark("Next finding"), lambda: self.step(1), "N", "caret-down")
        self.previous = made(mark("Previous finding"), lambda: self.step(-1), "P", "caret-up")

    def _make_bar(self) -> QWidget:
        self.said = label(role="muted")
        self.progress = QProgressBar()
        self.progress.setFixedWidth(160)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress of the check"))
        self.progress.hide()
        self.cancel = button(mark("Cancel"), self.stop, "quiet")
        self.cancel.hide()
        again = action_tool(self.check)
        again.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.again = again
        bar = QWidget()
        bar.setLayout(
            row(self.said, None, self.progress, self.cancel, again, margins=(16, 8, 16, 8), spacing=12)
        )
        return bar

    def _make_lists(self) -> None:
        self.kind_model, self.subject_model = KindModel(self), SubjectModel(self)
        self.kinds, self.subjects = QListView(), QListView()
        for view, model, accessible in (
            (self.kinds, self.kind_model, mark("Kinds of findings")),
            (self.subjects, self.subject_model, mark("Findings of this kind")),
        ):
            view.setModel(model)
            view.setUniformItemSizes(True)
            view.setMouseTracking(True)
            name(view, accessible)
        self.kinds.setItemDelegate(KindDelegate(self.kinds))
        self.subjects.setItemDelegate(SubjectDelegate(self.context.thumbnails, self.subjects))
        self.kinds.setMinimumWidth(180)
        self._middle = QWidget()
        self._middle.setMinimumWidth(170)
        self.sentence = label(wrap=True)
        self.ignored_note = button(mark("Show what is ignored"), self.mind_kind, "link")
        self.all_button = button(
            mark("Merge all"), self.fix_all, tip=mark("Everything of this kind, in one step")
        )
        self._middle.setLayout(
            column(self.sentence, self.all_button, self.ignored_note, self.subjects, margins=(8, 8, 8, 8))
        )

    def _make_detail(self) -> None:
        self.compare = CompareView(self.context)
        self.compare.keeper_changed.connect(self._keeper_changed)
        self.single = SingleView(self.context)
        self.nothing = label(role="muted", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.views = QStackedWidget()
        for view in (self.nothing, self.single, self.compare):
            self.views.addWidget(view)
        self.buttons = [
            _push(self.merge, "primary", mark("Merge")),
            _push(self.relink, "primary", mark("Relink…")),
            _push(self.trash, "", mark("Move to the trash")),
            _push(self.ignore, "", mark("Ignore")),
        ]
        steps = [action_tool(made) for made in (self.previous, self.next)]
        line = QWidget()
        line.setLayout(row(*self.buttons, None, *steps))
        self._detail = QWidget()
        self._detail.setProperty("surface", "window")
        self._detail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self._detail)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(self.views, 1)
        layout.addWidget(line)

    # --- the pane's life ----------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """Arguments: ``kind`` chooses a kind of finding, ``check`` starts a new check."""
        self._wanted_kind = args.get("kind", self._wanted_kind)
        if args.get("check"):
            self.start()
        elif self.report is None:
            self._read()
        else:
            self._choose_kind()

    def library_changed(self) -> None:
        for key in ("doctor-report", "doctor-subjects"):
            self.context.drop(key)
        self.report, self._watch = None, None
        self.note.forget()
        self.kind_model.set_rows([])
        self.subject_model.set_rows([])
        self.compare.clear()
        self.single.clear()
        self._working(False)
        self._show_state()
        if self.context.studio is not None and self.isVisible():
            self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("findings", "assets") and self.report is not None and self._watch is None:
            self._read()

    def retranslate(self) -> None:
        self._show_report()

    def close_pane(self) -> None:
        self.compare.close_view()
        self.single.close_view()

    # --- the report ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Check the whole library in the background."""
        if self._watch is not None or self.context.studio is None:
            return
        handle = self.context.submit("doctor", {})
        if handle is not None:
            self._working(True)
            self._watch = JobWatch(
                self.context,
                handle,
                self,
                on_event=self._progressed,
                on_done=self._done,
                on_ended=self._ended,
            )

    def stop(self) -> None:
        """Cancel the check."""
        if self._watch is not None:
            self._watch.handle.cancel()

    def _progressed(self, event: JobEvent) -> None:
        if event.progress is not None:
            self.progress.setRange(0, event.progress.total or 0)
            self.progress.setValue(event.progress.done)
            unsay(self.said)
            self.said.setText(event.progress.note)

    def _done(self, _result: dict[str, Any]) -> None:
        self._watch = None
        self._working(False)
        self._read()

    def _ended(self, event: JobEvent) -> None:
        self._watch = None
        self._working(False)
        if event.state == "failed" and self.report is None:
            self.stack.show_message(
                "{what}", "{hint}", mark("Try again"), self.start, what=event.error, hint=event.hint
            )
            return
        self._show_report()

    def _working(self, on: bool) -> None:
        self.progress.setVisible(on)
        self.progress.setRange(0, 0)
        self.cancel.setVisible(on)
        self.again.setVisible(not on and self.report is not None)
        self.check.setEnabled(not on)

    def _read(self) -> None:
        studio = self.context.studio
        if studio is None:
            return
        library = studio.library

        def load() -> Report | None:
            from mmstudio.cleaning import last_report

            return last_report(library)

        self.context.background(load, self._loaded, self._failed, key="doctor-report", owner=self)

    def _loaded(self, report: Report | None) -> None:
        self.report = report
        self._show_report()

    def _failed(self, error: Exception) -> None:
        self.stack.show_failure(error, self.start)

    def _show_report(self) -> None:
        if self.report is not None:
            self.kind_model.set_rows(kind_rows(self.report))
            when = date_text(self.report.made_at)
            unsay(self.said)
            report = self.report
            self.said.setText(
                tr(
                    "Checked {when}: {n} media, {items} items.",
                    when=when,
                    n=report.assets,
                    items=report.items,
                )
            )
        self.note.show_notes(self.report.notes if self.report is not None else [])
        self._show_state()
        if self.report is not None and self.report.findings:
            self._choose_kind()
            self._kind_chosen()

    def _show_state(self) -> None:
        self.again.setVisible(self._watch is None and self.report is not None)
        if self.report is None:
            self.said.clear()
            self.stack.show_message(
                mark("Nothing was checked yet."),
                mark(
                    "The doctor looks for missing, damaged and unusable files, for copies, and for items that"
                    " lack something. It changes nothing by itself."
                ),
                "" if self.context.read_only else mark("Check the library"),
                self.start,
            )
        elif not self.report.findings:
            self.stack.show_message(
                mark("All is well."),
                mark("Nothing is missing, damaged or doubled in {n} media."),
                mark("Check again"),
                self.start,
                n=self.report.assets,
            )
        else:
            self.stack.show_content()

    # --- choosing -----------------------------------------------------------------------------------

    def _choose_kind(self) -> None:
        at = self.kind_model.row_of(self._wanted_kind) if self._wanted_kind else -1
        self._wanted_kind = ""
        if at < 0 and self.kinds.currentIndex().isValid():
            return
        found = [i for i, one in enumerate(self.kind_model.rows) if one.count]
        self.kinds.setCurrentIndex(self.kind_model.index(at if at >= 0 else (found or [0])[0]))

    @property
    def kind(self) -> str:
        """The chosen kind; empty where there is none."""
        chosen = self.kinds.currentIndex().data(ROW_ROLE)
        return chosen.kind if isinstance(chosen, KindRow) else ""

    @property
    def subject(self) -> SubjectRow | None:
        """The chosen subject."""
        chosen = self.subjects.currentIndex().data(ROW_ROLE)
        return chosen if isinstance(chosen, SubjectRow) else None

    def _kind_chosen(self) -> None:
        finding = self.report.finding(self.kind) if self.report is not None and self.kind else None
        if finding is None:
            return
        unsay(self.sentence)
        self.sentence.setText(finding.message if finding.subjects else tr("Nothing is left to do here."))
        fixes = finding.fixes
        open_to_write = not self.context.read_only
        self.all_button.setVisible(bool({"merge", "trash"} & set(fixes)) and finding.count > 1)
        say(self.all_button, mark("Merge all {n}") if "merge" in fixes else mark("Move all {n} to the trash"),
            n=finding.count)  # fmt: skip
        self.all_button.setEnabled(open_to_write)
        self.ignored_note.setVisible(bool(finding.ignored))
        say(self.ignored_note, mark("{n} ignored: show again"), n=finding.ignored)
        self.ignored_note.setEnabled(open_to_write)
        for made, key in ((self.merge, "merge"), (self.trash, "trash"), (self.relink, "relink")):
            made.setVisible(key in fixes or (key == "trash" and "merge" in fixes))
            made.setEnabled(open_to_write)
        self.ignore.setEnabled(open_to_write)
        self.swap.setVisible("merge" in fixes)
        library, kind = self.context.library, self.kind

        def done(rows: list[SubjectRow]) -> None:
            self._fill(kind, rows)

        self.context.background(
            lambda: subject_rows(library, finding), done, key="doctor-subjects", owner=self
        )

    def _fill(self, kind: str, rows: list[SubjectRow]) -> None:
        if kind != self.kind:
            return
        at = max(0, self.subjects.currentIndex().row())
        self.subject_model.set_rows(rows)
        if rows:
            self.subjects.setCurrentIndex(self.subject_model.index(min(at, len(rows) - 1)))
        self._subject_chosen()

    def _subject_chosen(self) -> None:
        shown = self.subject
        self._keep = None
        for made in (self.merge, self.trash, self.ignore, self.swap):
            made.setEnabled(shown is not None and not self.context.read_only)
        if shown is None:
            self.compare.clear()
            self.single.clear()
            say(self.nothing, mark("Nothing is left to do here. Choose another kind at the left."))
            self.views.setCurrentWidget(self.nothing)
        elif self.kind in _COPIES:
            self.single.clear()
            self.compare.show_group(shown.subject)
            self.views.setCurrentWidget(self.compare)
        else:
            self.compare.clear()
            self.single.show_subject(self.kind, shown)
            self.views.setCurrentWidget(self.single)

    def step(self, by: int) -> None:
        """Go to the next or previous finding; after the last of a kind, to the next kind."""
        at = self.subjects.currentIndex().row() + by
        if 0 <= at < self.subject_model.rowCount():
            self.subjects.setCurrentIndex(self.subject_model.index(at))
            return
        rows = self.kind_model.rows
        here = self.kinds.currentIndex().row()
        for further in range(1, len(rows)):
            row_at = (here + by * further) % len(rows)
            if rows[row_at].count:
                self.subjects.setCurrentIndex(self.subject_model.index(-1))
                self.kinds.setCurrentIndex(self.kind_model.index(row_at))
                return

    def neighbour(self, step: int) -> int | None:
        self.step(step)
        shown = self.subject
        return shown.asset.id if shown is not None and shown.asset is not None else None

    def _keeper_changed(self, asset_id: int) -> None:
        self._keep = asset_id

    # --- mending ------------------------------------------------------------------------------------

    def merge_one(self) -> None:
        """Merge the group that is shown."""
        shown, keep = self.subject, self._keep
        if shown is None or self.kind not in _COPIES:
            return
        library, subject = self.context.library, shown.subject

        def work() -> int:
            from mmstudio.cleaning import merge

            return merge(library, [subject], keep=keep)

        self._mend(
            work, mark("Merged. {n} copies went to the trash."), mark("Merged. One copy went to the trash.")
        )

    def trash_one(self) -> None:
        """Move what is shown to the trash; of copies, the one at the right."""
        shown, kind = self.subject, self.kind
        if shown is None or not self.trash.isVisible():
            return
        library, subject = self.context.library, shown.subject
        if kind in _COPIES:
            self._trash_right()
            return

        def work() -> int:
            from mmstudio.cleaning import trash

            return trash(library, kind, [subject])

        self._mend(work, mark("{n} files moved to the trash."), mark("One file moved to the trash."))

    def _trash_right(self) -> None:
        right = self.compare.right
        if right is None:
            return
        from mmstudio.cleaning import Subject

        library, kind = self.context.library, self.kind

        def work() -> int:
            from mmstudio.cleaning import trash

            return trash(library, kind, [Subject(str(right), (right,))])

        self._mend(work, mark("{n} files moved to the trash."), mark("One file moved to the trash."))

    def ignore_one(self) -> None:
        """Leave what is shown alone from now on."""
        shown, kind = self.subject, self.kind
        if shown is None:
            return
        library = self.context.library

        def work() -> int:
            from mmstudio.cleaning import ignore

            return ignore(library, kind, [shown.key])

        self._mend(work, mark("Ignored. It will not be reported again."))

    def mind_kind(self) -> None:
        """Report again what was ignored of this kind; the next check shows it."""
        library, kind = self.context.library, self.kind

        def work() -> int:
            from mmstudio.cleaning import mind

            return mind(library, kind)

        def done(_n: int) -> None:
            self.start()

        self.context.background(work, done, owner=self)

    def fix_all(self) -> None:
        """Mend everything of the chosen kind, as a job and one step of undo."""
        handle = self.context.submit("clean", {"kind": self.kind})
        if handle is not None:
            JobWatch(self.context, handle, self, on_done=self._fixed_all)

    def _fixed_all(self, result: dict[str, Any]) -> None:
        self._say(tr("Mended {n}.", n=result.get("fixed", 0)))
        self._read()

    def choose_folder(self) -> None:
        """Ask for the folder where missing files may be now, and look there."""
        chosen = QFileDialog.getExistingDirectory(self, tr("Where are the files now?"))
        if chosen:
            self.look_in(Path(chosen))

    def look_in(self, folder: Path) -> None:
        """Look for the missing files below a folder and relink those with the same content."""
        handle = self.context.submit("relink", {"folder": str(folder)})
        if handle is not None:
            JobWatch(self.context, handle, self, on_done=self._relinked)

    def _relinked(self, result: dict[str, Any]) -> None:
        found, left = int(result.get("fixed", 0)), int(result.get("missing", 0))
        if found:
            self._say(tr("Found {n} files again, {left} are still missing.", n=found, left=left))
        else:
            self.context.notify(
                tr("None of the missing files is there."),
                tr("Choose a folder above or beside the one where they were."),
                level="warning",
            )
        self._read()

    def _mend(self, work: Callable[[], int], words: str, of_one: str = "") -> None:
        def done(n: int) -> None:
            self._say(tr(of_one if of_one and n == 1 else words, n=n))
            self._read()

        self.context.background(work, done, owner=self)

    def _say(self, text: str) -> None:
        self.context.notify(text, action=(tr("Undo"), self._undo), level="success")

    def _undo(self) -> None:
        """Undo, then look again: what came back is a finding again."""
        library = self.context.library

        def work() -> None:
            library.undo.undo()

        self.context.background(work, lambda _none: self.start(), owner=self)
