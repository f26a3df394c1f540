"""The brand: kits of colours, fonts, logo and words; a live sample; a check of what was composed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models import brand_work as work
from mmstudio.desktop.models.latest import Latest
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, name, say
from mmstudio.desktop.views.brand_form import BrandForm, new_kit
from mmstudio.desktop.views.brand_report import BrandReportView
from mmstudio.desktop.views.canvas import PictureCanvas
from mmstudio.desktop.views.controls import button, tool
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.composition.brand import BrandKit, Finding
    from mmstudio.desktop.context import AppContext

_SAVE_MS = 350


class BrandPane(Pane):
    """Everything is kept as it is changed; the sample follows."""

    key: ClassVar[str] = "brand"
    name: ClassVar[str] = mark("Brand")
    icon: ClassVar[str] = "palette"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.kit: BrandKit | None = None
        self._wanted: int | None = None
        self._latest = Latest(context, self)
        self._saver = QTimer(self)
        self._saver.setSingleShot(True)
        self._saver.setInterval(_SAVE_MS)
        self._saver.timeout.connect(self._save)
        self._build()
        self.library_changed()

    def _build(self) -> None:
        # From the outside in: see docs/adr/0207.
        whole = QWidget(self)
        self.states = StateStack(whole, self)
        self.root.addWidget(self.states)
        split = QSplitter(whole)
        self.back_button = button(mark("Back to Preview"), self._back, icon="arrow-left")
        self.kits = QComboBox()
        name(self.kits, mark("Brand kit"))
        self.kits.setMinimumWidth(160)
        self.kits.activated.connect(lambda _i: self._chose_kit())
        self.title_ = QLineEdit()
        name(self.title_, mark("Name of the kit"))
        self.title_.setMaximumWidth(200)
        self.title_.editingFinished.connect(self._renamed)
        self.used = QCheckBox()
        say(self.used, mark("New storyboards take it"))
        self.used.clicked.connect(self._use)
        self.new_button = tool("plus", mark("New brand kit"), self.new)
        self.remove_button = tool("trash", mark("Remove this kit"), self._remove)
        bar = QWidget(whole)
        flow = FlowLayout(bar)
        flow.setContentsMargins(16, 12, 16, 4)
        for widget in (
            self.back_button,
            self.kits,
            self.title_,
            self.used,
            self.new_button,
            self.remove_button,
        ):
            flow.addWidget(widget)
        self.form = BrandForm(split)
        self.form.changed.connect(self._changed)
        self.form.logo_dropped.connect(self._take_logo)
        self.form.logo_from_selection.connect(lambda: self._take_logo(list(self.context.selection)))
        self.form.logo_from_file.connect(self._ask_logo)
        self.form.rules_wanted.connect(lambda: self.context.navigate("write", rules=True))
        split.setChildrenCollapsible(False)
        split.addWidget(self.form)
        split.addWidget(self._build_right(split))
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setSizes([420, 620])
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(split, 1)
        action(self, mark("Check the brand again"), self._look, icon="arrows-clockwise")
        self.new_action = action(self, mark("New brand kit"), self.new, icon="plus")

    def _build_right(self, parent: QWidget) -> QWidget:
        made = QWidget(parent)
        self.boards = QComboBox()
        name(self.boards, mark("Storyboard"))
        self.boards.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.boards.setMinimumContentsLength(18)
        self.boards.activated.connect(lambda _i: self._look())
        self.with_look = QCheckBox()
        say(self.with_look, mark("Show it in this look"))
        self.with_look.setChecked(True)
        self.with_look.toggled.connect(lambda _on: self._look())
        self.apply_button = button(
            mark("Give it this look"), self.apply, icon="paint-brush",
            tip=mark("The storyboard takes colours, fonts, logo and disclaimers; locked layers stay"),
        )  # fmt: skip
        top = QWidget(made)
        flow = FlowLayout(top)
        flow.setContentsMargins(16, 8, 16, 8)
        for widget in (self.boards, self.with_look, self.apply_button):
            flow.addWidget(widget)
        area = QScrollArea(made)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        area.setWidget(body)
        self.canvas = PictureCanvas(hug=True, parent=body)
        self.canvas.setAccessibleName(tr("Sample"))
        self.report = BrandReportView(body)
        self.report.fix_wanted.connect(self.fix)
        self.report.all_wanted.connect(self.fix_all)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 0, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.canvas)
        column.addWidget(self.report)
        column.addStretch(1)
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(area, 1)
        return made

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``storyboard``: number of the one to check."""
        if args.get("storyboard") is not None:
            self._wanted = int(args["storyboard"])
        self._read()

    def library_changed(self) -> None:
        self.kit = None
        self._saver.stop()
        self._latest.forget()
        if self.context.studio is None:
            self.states.show_message(
                mark("Brand"), mark("Open a library first."), mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )  # fmt: skip
            return
        self.states.show_loading(mark("Reading the brand"))
        if self.isVisible():
            self._read()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("brand", "storyboards") and self.isVisible() and not self._saver.isActive():
            self._read()

    def retranslate(self) -> None:
        self.form.retranslate()
        self._look()

    def close_pane(self) -> None:
        self._saver.stop()

    # --- reading ------------------------------------------------------------------------------------

    def _read(self) -> None:
        studio = self.context.studio
        if studio is None:
            return
        self.context.background(
            lambda: work.load(studio),
            self._fill,
            lambda error: self.states.show_failure(error, self._read),
            key="brand",
            owner=self,
        )

    def _fill(self, there: work.There) -> None:
        wanted = self.kit.id if self.kit is not None else there.chosen
        kit = next((one for one in there.kits if one.id == wanted), there.kits[0] if there.kits else None)
        self.kits.clear()
        for one in there.kits:
            mark_ = "  ✓" if one.id == there.chosen else ""
            self.kits.addItem(one.name + mark_, one)
        board = self._wanted if self._wanted is not None else self.boards.currentData()
        self._wanted = None
        self.boards.clear()
        for number, words in there.boards:
            self.boards.addItem(f"{words}  (#{number})", number)
        if board is not None:
            self.boards.setCurrentIndex(max(self.boards.findData(board), 0))
        self.boards.setVisible(bool(there.boards))
        self.with_look.setVisible(bool(there.boards))
        self.apply_button.setVisible(bool(there.boards))
        if kit is None:
            self.kit = None
            self.states.show_message(
                mark("No brand kit yet"),
                mark("Colours, fonts and logo that storyboards take, and a check whether they follow."),
                "" if self.context.read_only else mark("Make a brand kit"), self.new,
            )  # fmt: skip
            return
        self.states.show_content()
        self.kits.setCurrentIndex([one.id for one in there.kits].index(kit.id))
        self.used.setChecked(kit.id == there.chosen)
        writing = not self.context.read_only
        for widget in (self.used, self.new_button, self.remove_button, self.title_, self.apply_button):
            widget.setEnabled(writing)
        if self.kit is None or kit != self.kit:
            self._show_kit(kit)
        self._look()

    def _show_kit(self, kit: BrandKit) -> None:
        self.kit = kit
        self.title_.setText(kit.name)
        self.form.show_kit(kit, read_only=self.context.read_only)
        studio = self.context.studio
        if studio is not None and kit.logo is not None:
            logo = kit.logo
            self.context.background(
                lambda: work.logo_pixels(studio, logo),
                self._show_logo,
                lambda _e: self._show_logo(None),
                owner=self,
            )

    def _show_logo(self, pixels: NDArray[np.uint8] | None) -> None:
        from mmstudio.composition.render.pictures import qimage

        self.form.show_logo(None if pixels is None else qimage(pixels))

    def _look(self) -> None:
        studio, kit, number = self.context.studio, self.kit, self.boards.currentData()
        if studio is None or kit is None:
            return
        dressed = self.with_look.isChecked()
        self._latest.ask(
            lambda: work.look_at(studio, kit, number, dressed),
            self._show,
            lambda error: self.states.show_failure(error, self._read),
        )

    def _show(self, looked: work.Looked) -> None:
        from mmstudio.composition.render.pictures import qimage

        self.canvas.show_image(qimage(looked.pixels))
        self.report.show_report(looked.report, writing=not self.context.read_only)

    # --- changing -----------------------------------------------------------------------------------

    def new(self) -> None:
        """Make a kit with colours to begin with."""
        studio = self.context.studio
        if studio is None or self.context.read_only:
            return
        taken = {self.kits.itemData(at).name for at in range(self.kits.count())}
        plain, number = tr("Our brand"), 2
        words = plain
        while words in taken:
            words, number = f"{plain} {number}", number + 1
        self.context.background(lambda: work.save(studio, new_kit(words)), self._made, owner=self)

    def _made(self, kit: BrandKit) -> None:
        self._show_kit(kit)
        self._read()

    def _chose_kit(self) -> None:
        kit = self.kits.currentData()
        if kit is not None:
            self._flush()
            self._show_kit(kit)
            self._read()

    def _changed(self, kit: BrandKit) -> None:
        before = self.kit
        self.kit = kit
        self._saver.start()
        if before is not None and before.logo != kit.logo and kit.logo is not None:
            studio, logo = self.context.studio, kit.logo
            if studio is not None:
                self.context.background(lambda: work.logo_pixels(studio, logo), self._show_logo, owner=self)
        self._look()

    def _renamed(self) -> None:
        words = " ".join(self.title_.text().split())
        if self.kit is None or not words or words == self.kit.name:
            self.title_.setText(self.kit.name if self.kit is not None else "")
            return
        self.kit = replace(self.kit, name=words)
        self.form.kit.name = words
        self._saver.start()

    def _flush(self) -> None:
        if self._saver.isActive():
            self._saver.stop()
            self._save()

    def _save(self) -> None:
        studio, kit = self.context.studio, self.kit
        if studio is None or kit is None or self.context.read_only:
            return
        self.context.background(
            lambda: work.save(studio, kit), lambda _kit: None, self._not_saved, owner=self
        )

    def _not_saved(self, error: Exception) -> None:
        self.kit = None  # show what is kept
        self.context.report(error)
        self._read()

    def _use(self, on: bool) -> None:
        studio, kit = self.context.studio, self.kit
        if studio is not None and kit is not None:
            number = kit.id if on else None
            self.context.background(
                lambda: studio.library.brand_kits.choose(number), lambda _none: self._read(), owner=self
            )

    def _remove(self) -> None:
        studio, kit = self.context.studio, self.kit
        if studio is None or kit is None or kit.id is None:
            return
        number = kit.id

        def removed(_none: object) -> None:
            self.kit = None
            self._read()
            self.context.notify(
                tr("Removed: {what}", what=kit.name),
                action=(tr("Undo"), lambda: self._bring_back(kit)),
            )

        self._saver.stop()
        self.context.background(lambda: studio.library.brand_kits.remove(number), removed, owner=self)

    def _bring_back(self, kit: BrandKit) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(lambda: work.save(studio, replace(kit, id=None)), self._made, owner=self)

    def _ask_logo(self) -> None:
        pictures = tr("Pictures") + " (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp)"
        file, _kind = QFileDialog.getOpenFileName(self, tr("Logo"), str(Path.home()), pictures)
        if file:
            self._take_logo([file])

    def _take_logo(self, what: list[int] | list[str]) -> None:
        studio = self.context.studio
        if studio is None or not what or self.context.read_only:
            if not what:
                self.context.notify(tr("Nothing is selected in the Library."))
            return
        first = what[0]
        self.context.background(lambda: work.logo_asset(studio, first), self.form.take_logo, owner=self)

    # --- the storyboard -----------------------------------------------------------------------------

    def apply(self) -> None:
        """Give the storyboard the kit's look."""
        self._mend(
            None, tr("The storyboard has the look of {name} now.", name=self.kit.name if self.kit else "")
        )

    def fix(self, finding: Finding) -> None:
        """Put one finding right."""
        self._mend([finding], tr("Put right: {what}", what=finding.message))

    def fix_all(self) -> None:
        """Put everything right that can be."""
        self._mend([], tr("Everything that can be put right is."))

    def _mend(self, findings: list[Finding] | None, said: str) -> None:
        studio, kit, number = self.context.studio, self.kit, self.boards.currentData()
        if studio is None or kit is None or number is None or self.context.read_only:
            return

        def done(before: dict[str, Any]) -> None:
            self._look()
            self.context.notify(
                said, level="success", action=(tr("Undo"), lambda: self._undo(number, before))
            )

        self.context.background(lambda: work.mend(studio, kit, number, findings), done, owner=self)

    def _undo(self, number: int, before: dict[str, Any]) -> None:
        studio = self.context.studio
        if studio is not None:
            self.context.background(
                lambda: work.restore(studio, number, before), lambda _n: self._look(), owner=self
            )

    def _back(self) -> None:
        number = self.boards.currentData()
        self.context.navigate("preview", **({"storyboard": number} if number is not None else {}))
