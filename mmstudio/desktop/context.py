"""What the panes share: the open library's services, settings, notices, selection, background work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from mmstudio.desktop import texts
from mmstudio.desktop.models.job_model import JobModel
from mmstudio.desktop.theme import Theme
from mmstudio.desktop.thumbnails import ThumbnailLoader
from mmstudio.desktop.workers import Background, Bell, JobBridge
from mmstudio.errors import Cancelled, LibraryBusy, StudioError
from mmstudio.i18n import mark, set_language, tr, tr_error
from mmstudio.settings import Settings, load_settings, save_settings

if TYPE_CHECKING:
    from mmstudio.jobs import JobHandle
    from mmstudio.library import Library
    from mmstudio.studio import Studio

log = logging.getLogger(__name__)
Level = Literal["info", "success", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing the person should know; words are already in their language.

    Attributes:
        text: a sentence.
        hint: what to do next.
        level: decides icon and how long it stays; errors stay until closed.
        action: (label, callback) of a button.
    """

    text: str
    hint: str = ""
    level: Level = "info"
    action: tuple[str, Callable[[], Any]] | None = field(default=None, compare=False)


class AppContext(QObject):
    """Lives on the GUI thread; every method is called there.

    Attributes:
        studio: the open library's services, or None.
        settings: the person's choices; change them through :meth:`change_setting`.
        selection: ids of the selected assets, in the order of the view.
        thumbnails: the loader every view shares.
        jobs: the jobs of the open library, as a list model.
    """

    library_opened = Signal()
    library_closed = Signal()
    library_failed = Signal(str, str)  # sentence, hint
    changed = Signal(str, object)  # topic, list of ids or None
    job_event = Signal(object)  # jobs.JobEvent
    notice = Signal(object)  # Notice
    selection_changed = Signal(object)  # list[int]
    navigated = Signal(str, object)  # pane key, dict of arguments
    quick_look_requested = Signal(object)  # list[int] of asset ids, the first is shown
    setting_changed = Signal(str)
    language_changed = Signal()
    opening_changed = Signal(bool)
    theme_changed = Signal()

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.settings = settings if settings is not None else load_settings()
        set_language(self.settings.language)
        self.theme = Theme(app, self.settings.theme)
        self.theme.changed.connect(self.theme_changed)
        self.studio: Studio | None = None
        self.selection: list[int] = []
        self.opening = False
        self._saving = self._unsaved = False
        self.thumbnails = ThumbnailLoader(self)
        self._background = Background(self.report, parent=self)
        self._bridge = JobBridge(self)
        self._bridge.arrived.connect(self.job_event)
        self._from_library = Bell()
        self._from_library.rung.connect(self._library_changed)
        self._unsubscribe: Callable[[], Any] | None = None
        self.jobs = JobModel(self)

    # library

    @property
    def library(self) -> Library:
        """The open library. Raises StudioError where none is open."""
        if self.studio is None:
            raise StudioError(mark("No library is open."), hint=mark("Open one from the File menu."))
        return self.studio.library

    @property
    def read_only(self) -> bool:
        """True where nothing can be changed now: no library, or another program holds it."""
        return self.studio is None or self.studio.library.read_only

    def open_library(
        self, path: Path | str, *, create: bool = False, then: Callable[[], Any] | None = None
    ) -> None:
        """Open (or create) a library in a worker; ``library_opened`` or ``library_failed`` follows.

        A library that another program holds is opened read-only, with a notice.
        """
        folder = Path(path)
        self._set_opening(True)

        def work() -> tuple[Studio, bool]:
            import mmstudio.demo  # noqa: F401 - brings the kind of the sample's job
            from mmstudio.studio import Studio

            if create:
                return Studio.create(folder), False
            try:
                return Studio.open(folder), False
            except LibraryBusy:
                return Studio.open(folder, read_only=True), True

        def opened(result: tuple[Studio, bool]) -> None:
            self._adopt(*result)
            if then is not None:
                then()

        self.background(work, opened, self._open_failed, key="open-library")

    def close_library(self, then: Callable[[], Any] | None = None) -> None:
        """Close the open library in a worker; running jobs save their state first, for five seconds at most.

        Args:
            then: called on the GUI thread once it is closed.
        """
        if self.studio is None:
            return
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._bridge.detach()
        studio, self.studio = self.studio, None
        self.select_assets([])
        self.thumbnails.set_library(None)
        self.library_closed.emit()
        self.background(studio.close, lambda _stopped: then() if then is not None else None)

    def adopt(self, studio: Studio) -> None:
        """Show a library that is already open (tests, scripts)."""
        self._adopt(studio, False)

    def _adopt(self, studio: Studio, busy: bool) -> None:
        self.close_library()
        self.studio = studio
        studio.measure_first = False
        self.thumbnails.set_library(studio.library)
        bell = self._from_library
        self._unsubscribe = studio.library.changes.subscribe(
            lambda topic, ids: bell.ring((topic, ids)), last=True
        )
        self._bridge.attach(studio.runner)
        self._set_opening(False)
        self.settings.remember(Path(studio.library.path))
        self.save_settings()
        self.library_opened.emit()
        if busy:
            self.notify(
                tr("Another program is using this library, so it is open for reading only."),
                tr("Close the other program and open the library again to change things."),
                level="warning",
            )
        if studio.library.notice:
            self.notify(studio.library.notice, level="warning")

    @Slot(object)
    def _library_changed(self, message: tuple[str, list[int] | None]) -> None:
        self.changed.emit(*message)

    def _open_failed(self, error: Exception) -> None:
        self._set_opening(False)
        sentence, hint = tr_error(error)
        self.library_failed.emit(sentence, hint)
        self.report(error)

    def _set_opening(self, opening: bool) -> None:
        self.opening = opening
        self.opening_changed.emit(opening)

    # work

    def background(
        self,
        fn: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        key: Hashable = None,
        owner: QObject | None = None,
    ) -> None:
        """Run ``fn()`` in a worker and call back on the GUI thread; see :meth:`Background.run`."""
        self._background.run(fn, done, failed, key, owner)

    def drop(self, key: Hashable) -> None:
        """Drop the result of background work under way for ``key``."""
        self._background.drop(key)

    def ask(
        self,
        key: str,
        fn: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run ``fn`` on the device thread between the steps of its job; the latest request of a key wins."""
        if self.studio is None:
            return
        future: Future[Any] = self.studio.runner.ask(key, fn)

        def wait() -> Any:
            try:
                return future.result()
            except CancelledError:
                raise Cancelled from None

        self.background(wait, done, failed, key=("ask", key))

    def submit(self, kind: str, params: dict[str, Any], *, title: str | None = None) -> JobHandle | None:
        """Start a job of the studio; its events come as ``job_event``. A refusal becomes a notice.

        Args:
            kind: a key of :data:`mmstudio.studio.KINDS`.
            params: plain JSON.
            title: what the job list shows; the kind's own title where None.
        """
        if self.studio is None:
            return None
        try:
            return self.studio.submit(kind, params, title=title)
        except StudioError as error:
            self.report(error)
            return None

    @property
    def idle(self) -> bool:
        """True where no background call is under way (tests wait for it)."""
        return self._background.pending == 0

    # what the person hears

    def notify(
        self,
        text: str,
        hint: str = "",
        action: tuple[str, Callable[[], Any]] | None = None,
        level: Level = "info",
    ) -> None:
        """Show a notice; ``text`` and ``hint`` are translated already."""
        self.notice.emit(Notice(text, hint, level, action))

    def report(self, error: Exception) -> None:
        """Tell the person about an error; an unexpected one leaves its traceback in the log."""
        if isinstance(error, Cancelled):
            return
        if not isinstance(error, StudioError):
            log.error("unexpected error", exc_info=error)
        sentence, hint = tr_error(error)
        self.notify(sentence, hint, level="error")

    # moving about

    def navigate(self, pane: str, **args: Any) -> None:
        """Show a pane by its key; ``args`` go to its ``activated``."""
        self.navigated.emit(pane, args)

    def select_assets(self, ids: Sequence[int]) -> None:
        """Make these assets the selection that the inspector and the actions see."""
        self.selection = list(ids)
        self.selection_changed.emit(list(ids))  # the same again, too: it may be chosen on another page now

    def quick_look(self, ids: Sequence[int]) -> None:
        """Show assets large; Space in any list of assets."""
        if ids:
            self.quick_look_requested.emit(list(ids))

    def undo(self) -> None:
        """Undo the newest change of the library."""
        if not self.read_only:
            self.background(self.library.undo.undo, self._undone)

    def redo(self) -> None:
        """Do the newest undone change again."""
        if not self.read_only:
            self.background(self.library.undo.redo, self._redone)

    def _undone(self, label: str | None) -> None:
        self.notify(tr("Undone: {what}", what=tr(label)) if label else tr("There is nothing to undo."))

    def _redone(self, label: str | None) -> None:
        self.notify(tr("Redone: {what}", what=tr(label)) if label else tr("There is nothing to redo."))

    # settings

    def change_setting(self, name: str, value: Any) -> None:
        """Change a setting, apply it at once and save it."""
        if getattr(self.settings, name) == value:
            return
        setattr(self.settings, name, value)
        if self.studio is not None and name.startswith(("voice_", "piper_", "writing_")):
            setattr(self.studio.settings, name, value)  # read at every use
        if name == "theme":
            self.theme.set_choice(value)
        elif name == "language":
            set_language(value)
            texts.retranslate()
            self.language_changed.emit()
        self.setting_changed.emit(name)
        self.save_settings()

    def save_settings(self) -> None:
        """Write the settings in a worker; one write at a time, so that the newest is the last."""
        self._unsaved = True
        if self._saving:
            return
        self._saving, self._unsaved = True, False
        copy = self.settings.model_copy(deep=True)
        self.background(lambda: save_settings(copy), self._saved, self._not_saved)

    def _saved(self, _none: object) -> None:
        self._saving = False
        if self._unsaved:
            self.save_settings()

    def _not_saved(self, error: Exception) -> None:
        self._saving = False
        self.report(error)

    def close(self) -> None:
        """End of the program: stop workers and close the library."""
        self.close_library()
        self.thumbnails.close()
        self._background.close()
        if self._saving or self._unsaved:
            try:
                save_settings(self.settings)
            except OSError as error:
                log.warning("the settings were not saved: %s", error)
