"""Teach a tag: a few examples, then yes or no to what the library suggests; every answer counts at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.asset_model import AssetModel
from mmstudio.desktop.models.rows import ID_ROLE
from mmstudio.desktop.models.suggestions import SuggestionModel
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.asset_grid import AssetGrid
from mmstudio.desktop.views.controls import button, help_dot, tool
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.desktop.context import AppContext
    from mmstudio.features.tagging import Lesson

    _Answer = tuple[str, list[int], list[Lesson], list[str]]

TAUGHT = mark("Tag {n} with {tag}")
_WAIT_MS = 120  # typing and quick clicks ask once
_EXAMPLES = 132  # height of the strip
_LIST = 300  # examples shown at most


class TeachPane(Pane):
    """A tag, its examples, and the suggestions for it."""

    key = "teach"
    name = mark("Teach a tag")
    icon = "graduation-cap"
    shares_selection = True

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._given: list[int] = []  # examples that may not carry the tag yet
        self._lessons: list[Lesson] = []
        self.tag = QLineEdit()
        self.tag.setFixedWidth(220)
        say(self.tag, mark("A tag, for example beach"), "setPlaceholderText")
        name(self.tag, mark("Tag to teach"))
        self.told = label(role="muted", wrap=True)
        self.advice = label(role="small", wrap=True)
        self.example_model = AssetModel(context, self)
        self.examples = AssetGrid(context, self.example_model, 112)
        self.examples.setFixedHeight(_EXAMPLES)
        self.example_count = label(role="strong")
        self.model = SuggestionModel(context, self)
        self.grid = AssetGrid(context, self.model, 144)
        self.use_selection = button(mark("Use the selection"), self._use_selection, icon="plus")
        self.accept_button = button(mark("Accept"), self.accept, icon="check", tip=mark("Enter"))
        self.refuse_button = button(mark("Refuse"), self.refuse, icon="x", tip=mark("Backspace"))
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(10, 99)
        self.threshold.setValue(50)
        self.threshold.setMinimumWidth(64)
        self.threshold.setMaximumWidth(180)
        name(self.threshold, mark("How sure a suggestion must be"))
        self.all_button = button("", self.accept_sure, "primary")
        self.root.addWidget(self._top())
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._examples_part())
        self.suggestions = StateStack(self._suggestions_part())
        column.addWidget(self.suggestions, 1)
        self.stack = StateStack(whole)
        self.root.addWidget(self.stack, 1)
        self._hover = _Answers(self.grid, self._answer_one)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(_WAIT_MS)
        self._asking.timeout.connect(self.ask)
        self._connect()
        self._make_actions()
        self.library_changed()

    # --- parts ----------------------------------------------------------------------------------------

    def _top(self) -> QWidget:
        bar = QWidget()
        lines = QVBoxLayout(bar)
        lines.setContentsMargins(12, 8, 12, 4)
        lines.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.tag)
        line.addWidget(
            help_dot(
                mark(
                    "Mark three to ten examples of a tag. What else looks or sounds like them is suggested; "
                    "say yes or no, and the next suggestions are better. The percentage estimates how likely "
                    "a suggestion is right."
                )
            )
        )
        line.addWidget(self.told, 1)
        lines.addLayout(line)
        lines.addWidget(self.advice)
        return bar

    def _examples_part(self) -> QWidget:
        part = QWidget()
        lines = QVBoxLayout(part)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        line = QHBoxLayout()
        line.setContentsMargins(12, 0, 12, 0)
        line.addWidget(self.example_count)
        line.addStretch(1)
        line.addWidget(self.use_selection)
        lines.addLayout(line)
        lines.addWidget(self.examples)
        return part

    def _suggestions_part(self) -> QWidget:
        part = QWidget()
        lines = QVBoxLayout(part)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        line = QHBoxLayout()
        line.setContentsMargins(12, 4, 12, 0)
        line.setSpacing(8)
        line.addWidget(label(mark("Suggestions"), "strong"))
        line.addWidget(self.accept_button)
        line.addWidget(self.refuse_button)
        line.addStretch(1)
        line.addWidget(self.threshold)
        line.addWidget(self.all_button)
        lines.addLayout(line)
        lines.addWidget(self.grid, 1)
        return part

    def _connect(self) -> None:
        self.tag.textEdited.connect(lambda _text: self._asking.start())
        self.tag.returnPressed.connect(self.grid.setFocus)
        self.threshold.valueChanged.connect(lambda _value: self._tell_sure())
        self.grid.selection_changed.connect(self._chosen)
        self.examples.selection_changed.connect(self._chosen)
        self.grid.opened.connect(lambda _id: self.accept())
        for grid in (self.grid, self.examples):
            grid.looked.connect(self.context.quick_look)
        view = self.grid.findChild(QListView)
        assert view is not None
        view.installEventFilter(self)

    def _make_actions(self) -> None:
        self.accept_action = action(self, mark("Accept the selected suggestions"), self.accept, icon="check")
        self.refuse_action = action(self, mark("Refuse the selected suggestions"), self.refuse, icon="x")
        self.use_action = action(
            self, mark("Use the selection as examples"), self._use_selection, icon="plus"
        )

    # --- what the window asks -----------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        if "tag" in args:
            self.tag.setText(str(args["tag"]))
            self._given = []
        chosen = args.get("examples", [] if "tag" in args else self.context.selection)
        if chosen and not set(chosen) <= set(self.model.ids):
            self._given = list(chosen)
        self.tag.setFocus()
        self.ask()

    def library_changed(self) -> None:
        self._asking.stop()
        self.context.drop("teach")
        self._given, self._lessons = [], []
        self.tag.clear()
        self.example_model.set_ids([])
        self.model.set_suggestions({})
        self._say_nothing()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("tags", "features", "assets") and self.isVisible():
            if topic == "assets":
                self.model.forget(ids)
                self.example_model.forget(ids)
            self._asking.start()

    def retranslate(self) -> None:
        self._show_lessons()

    def search_field(self) -> QLineEdit | None:
        return self.tag

    def neighbour(self, step: int) -> int | None:
        return self.grid.neighbour(step)

    # --- learning -----------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Learn the tag anew, in a worker."""
        self._asking.stop()
        studio, tag, given = self.context.studio, " ".join(self.tag.text().split()), list(self._given)
        if studio is None:
            return
        if not self.model.ids:
            self.suggestions.show_loading(mark("Learning…"))

        def learn() -> _Answer:
            from mmstudio.library import AssetFilter

            library = studio.library
            known = [word for word, _n in library.assets.all_tags()]
            carried = library.assets.ids(AssetFilter(tags=(tag,))) if tag else []
            examples = list(dict.fromkeys([*given, *carried]))
            lessons = studio.features.tagger.learn(tag, examples) if tag and examples else []
            return tag, examples, lessons, known

        self.context.background(learn, self._learned, self._failed, key="teach", owner=self)

    def _learned(self, answer: _Answer) -> None:
        tag, examples, self._lessons, known = answer
        completer = self.tag.completer()
        if completer is None or completer.property("known") != known:
            completer = QCompleter(known, self.tag)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setProperty("known", known)
            completer.activated.connect(lambda _text: self._asking.start())
            self.tag.setCompleter(completer)
        self.example_model.set_ids(examples[:_LIST])
        say(self.example_count, mark("Examples: {n}"), n=f"{len(examples):,}")
        if not tag or not examples:
            self.model.set_suggestions({})
            self._say_nothing()
            return
        self.stack.show_content()
        self._show_lessons()

    def _show_lessons(self) -> None:
        sure = sorted(
            ((s.asset_id, s.confidence) for lesson in self._lessons for s in lesson.suggestions),
            key=lambda pair: -pair[1],
        )
        self.model.set_suggestions(dict(sure))
        self.told.setText(
            "  ·  ".join(self._words(lesson) for lesson in self._lessons if lesson.accuracy is not None)
        )
        self.advice.setText(
            " ".join(dict.fromkeys(lesson.advice for lesson in self._lessons if lesson.advice))
        )
        self.advice.setVisible(bool(self.advice.text()))
        self._tell_sure()
        if sure:
            self.suggestions.show_content()
        elif self._lessons and not any(lesson.space for lesson in self._lessons):
            self.suggestions.show_message(
                mark("The examples have no features yet."),
                mark("Features are numbers that say what is alike."),
                "" if self.context.read_only else mark("Extract features"),
                lambda: self.context.submit("features", {}),
            )
        elif self._lessons:
            self.suggestions.show_message(
                mark("Nothing is left to suggest."), mark("Everything of this kind has been answered.")
            )

    def _words(self, lesson: Lesson) -> str:
        return tr(
            "{n} examples, {refused} refused: {percent} % right when left out (guessing: {chance} %)",
            n=lesson.examples,
            refused=lesson.refused,
            percent=round(100 * (lesson.accuracy or 0.0)),
            chance=round(100 * lesson.baseline),
        )

    def _failed(self, error: Exception) -> None:
        self.suggestions.show_failure(error, self.ask)

    def _say_nothing(self) -> None:
        self.told.clear()
        self.advice.clear()
        self.advice.hide()
        say(self.example_count, mark("Examples: {n}"), n=f"{len(self.example_model.ids):,}")
        if self.example_model.ids:
            self.stack.show_content()
            self.suggestions.show_message(
                mark("Name the tag."), mark("Type above what the examples have in common.")
            )
        elif self.tag.text().strip():
            self.stack.show_message(
                mark("No examples yet."),
                mark("Select three to ten media in the library that deserve this tag, then come back."),
                mark("Go to the library"),
                partial(self.context.navigate, "library"),
            )
        else:
            self.stack.show_message(
                mark("Teach the library a tag"),
                mark(
                    "Type a tag above. Media that carry it, or those selected in the library, are the "
                    "examples; what is like them is suggested."
                ),
                mark("Go to the library"),
                partial(self.context.navigate, "library"),
            )
        self._tell_sure()

    def _tell_sure(self) -> None:
        count = len(self._sure_ids())
        say(
            self.all_button,
            mark("Accept all above {percent} % ({n})"),
            percent=self.threshold.value(),
            n=f"{count:,}",
        )
        writing = not self.context.read_only
        self.all_button.setEnabled(writing and count > 0)
        for part in (self.accept_button, self.refuse_button):
            part.setEnabled(writing and self.grid.has_selection)
        self._hover.writing = writing

    def _sure_ids(self) -> list[int]:
        least = self.threshold.value() / 100
        return [asset_id for asset_id, sure in self.model.sure.items() if sure >= least]

    # --- answers ------------------------------------------------------------------------------------------

    def _chosen(self, ids: list[int]) -> None:
        if ids:
            self.context.select_assets(ids)
        self._tell_sure()

    def _use_selection(self) -> None:
        chosen = [i for i in self.context.selection if i not in self._given]
        if chosen:
            self._given += chosen
            self.ask()

    def accept(self) -> None:
        """The selected suggestions deserve the tag."""
        self._accept(self.grid.selected())

    def refuse(self) -> None:
        """The selected suggestions do not."""
        self._refuse(self.grid.selected())

    def accept_sure(self) -> None:
        """Everything that is surer than the slider says deserves the tag."""
        self._accept(self._sure_ids())

    def _answer_one(self, asset_id: int, yes: bool) -> None:
        (self._accept if yes else self._refuse)([asset_id])

    def _accept(self, ids: list[int]) -> None:
        tag = " ".join(self.tag.text().split())
        if not ids or not tag or self.context.read_only:
            return
        library, chosen = self.context.library, list(dict.fromkeys([*self._given, *ids]))

        def write() -> None:
            with library.undo.as_one(TAUGHT, n=len(chosen), tag=tag):
                library.assets.add_tags(chosen, [tag])

        self._answered(ids, write)

    def _refuse(self, ids: list[int]) -> None:
        tag = " ".join(self.tag.text().split())
        if not ids or not tag or self.context.read_only:
            return
        library = self.context.library
        self._answered(ids, lambda: library.assets.refuse_tag(ids, tag))

    def _answered(self, ids: list[int], write: Callable[[], None]) -> None:
        """What was answered goes at once; the next best is current, so that keys can go on."""
        gone = set(ids)
        rest = {i: sure for i, sure in self.model.sure.items() if i not in gone}
        row = min((self.model.row_of(i) for i in ids), default=0)
        self.model.set_suggestions(rest)
        if rest:
            self.grid.select([list(rest)[min(max(row, 0), len(rest) - 1)]])
        self._tell_sure()
        self.context.background(write, lambda _none: self._asking.start())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
            and not event.modifiers()
        ):
            self.refuse()
            return True
        return super().eventFilter(watched, event)


class _Answers(QWidget):
    """Yes and no over the cell under the pointer."""

    def __init__(self, grid: AssetGrid, answer: Callable[[int, bool], None]) -> None:
        view = grid.findChild(QListView)
        assert view is not None
        super().__init__(view.viewport())
        self._view, self._answer = view, answer
        self._asset_id: int | None = None
        self.writing = True
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QHBoxLayout(self)
        line.setContentsMargins(2, 2, 2, 2)
        line.setSpacing(2)
        for sign, words, yes in (("check", mark("Accept"), True), ("x", mark("Refuse"), False)):
            made = tool(sign, words, partial(self._pressed, yes))
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            line.addWidget(made)
        self.hide()
        view.viewport().installEventFilter(self)

    def _pressed(self, yes: bool) -> None:
        asset_id, self._asset_id = self._asset_id, None
        self.hide()
        if asset_id is not None:
            self._answer(asset_id, yes)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._follow(event.position().toPoint())
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.Wheel):
            self.hide()
        return super().eventFilter(watched, event)

    def _follow(self, at: QPoint) -> None:
        index = self._view.indexAt(at)
        self._asset_id = index.data(ID_ROLE) if index.isValid() else None
        if self._asset_id is None or not self.writing:
            self.hide()
            return
        place = self._view.visualRect(index)
        self.adjustSize()
        self.move(place.right() - self.width() - 8, place.top() + 8)
        self.show()
        self.raise_()
