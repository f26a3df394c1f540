"""Verify: files dropped here say where they came from, whether they are signed, and whether that holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, name, say
from mmstudio.desktop.views.card_page import CardPage, SignCard
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.export.provenance import Verdict

_SIGNS = {
    "trusted": ("shield-check", "success"), "valid": ("shield-check", "warning"),
    "invalid": ("shield-warning", "danger"), "none": ("file", "muted"),
}  # fmt: skip
_MOST = 500  # files shown


class VerdictCard(SignCard):
    """What was found in one file."""

    def __init__(self, verdict: Verdict, parent: QWidget | None = None) -> None:
        sign, role = _SIGNS[verdict.signature] if verdict.ok else _SIGNS["invalid"]
        super().__init__(sign, role, verdict.file, "small", parent)
        self.verdict = verdict
        said = "\n".join(verdict.sentences())
        self.top.addStretch(1)
        self.setAccessibleName(verdict.file)
        self.say(said, " · ".join(verdict.facts()), said)


class VerifyPane(Pane):
    """Works without a library: the files lie anywhere."""

    key: ClassVar[str] = "verify"
    name: ClassVar[str] = mark("Verify files")
    icon: ClassVar[str] = "shield-checkered"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.files: list[str] = []
        self.cards: list[VerdictCard] = []
        self.trust = ""
        self.setAcceptDrops(True)
        self.back_button = button(
            mark("Back to Exports"), lambda: self.context.navigate("exports"), icon="arrow-left"
        )
        self.choose_button = button(mark("Choose files…"), self.choose, "primary", icon="folder-open")
        self.trust_button = button(
            mark("Trust an authority…"), self.choose_trust, icon="shield-plus",
            tip=mark("A PEM file: signatures of this authority count as trusted while this page is open"),
        )  # fmt: skip
        self.page = CardPage((self.back_button, self.choose_button, self.trust_button))
        self.summary = self.page.summary
        name(self.page.area, mark("What the files say"))
        self.states = StateStack(self.page)
        self.root.addWidget(self.states)
        action(self, mark("Choose files to verify…"), self.choose, icon="folder-open")
        self._show_empty()

    def activated(self, **args: Any) -> None:
        """``files``: paths to verify at once."""
        if args.get("files"):
            self.verify([str(path) for path in args["files"]])

    def retranslate(self) -> None:
        if self.files:
            self.verify(self.files)

    def verify(self, files: list[str]) -> None:
        """Read files, and all files in folders, in a worker."""
        self.files = list(files)
        trust = self.trust
        self.states.show_loading(mark("Reading the files"))

        def work() -> list[Verdict]:
            from mmstudio.export.provenance.verifying import verify_all

            return verify_all(self.files, trust)[:_MOST]

        self.context.background(
            work, self._show, lambda error: self.states.show_failure(error, self._show_empty), key="verify",
            owner=self,
        )  # fmt: skip

    def choose(self) -> None:
        """Ask for files."""
        files, _ = QFileDialog.getOpenFileNames(self, tr("Files to verify"))
        if files:
            self.verify(files)

    def choose_trust(self) -> None:
        """Ask for a file of authorities, and look again."""
        file, _ = QFileDialog.getOpenFileName(
            self, tr("Certificates of an authority"), "", "PEM (*.pem *.crt)"
        )
        if file:
            self.set_trust(file)

    def set_trust(self, file: str) -> None:
        """Let signatures below these certificates count as trusted; the files shown are read again."""
        self.trust = file
        say(self.trust_button, mark("Trusting {name}"), name=Path(file).name)
        if self.files:
            self.verify(self.files)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.verify(files)

    def _show_empty(self) -> None:
        self.states.show_message(
            mark("Where does a file come from?"),
            mark(
                "Drop pictures, films, sounds or documents here. What is written inside, the signature and"
                " the manifest beside them are read back."
            ),
            mark("Choose files…"), self.choose,
        )  # fmt: skip

    def _show(self, verdicts: list[Verdict]) -> None:
        if not verdicts:
            self._show_empty()
            return
        self.cards = [VerdictCard(verdict) for verdict in verdicts]
        bad = sum(not verdict.ok for verdict in verdicts)
        words = tr("Nothing speaks against these {n} files.", n=len(verdicts))
        if bad:
            words = tr("{n} of {total} files are not as they were.", n=bad, total=len(verdicts))
        self.page.show_cards(self.cards, words)
        self.states.show_content()
