"""The form of a recipe: asks for what it needs and may take, and for its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop.models.make import MakeChoices, fields_of, saying
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, inset, row, rule
from mmstudio.desktop.views.controls import column as column_of
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import empty, let_wrap
from mmstudio.desktop.views.item_picker import ItemButton
from mmstudio.desktop.views.item_shelf import ItemShelf
from mmstudio.desktop.views.make_fields import WIDTH, field_of, fill_voices, is_voice, value_of
from mmstudio.desktop.views.picture_shelf import PictureShelf
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.recipe import Recipe
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.pictures import Pictures

_TEXTS = {
    "question": (mark("Question"), mark("What does somebody ask?")),
    "records": (mark("Notes"), mark("What was found, in your own words. Names and numbers are masked.")),
    "story": (
        mark("Outline"),
        mark("One line or paragraph for each scene. A first line with # is the title."),
    ),
    "character": (
        mark("About the character"),
        mark("Name: Mira, Role: keeper of the light, Line: what she says; other lines: what she is like."),
    ),
    "lesson": (
        mark("Lesson"),
        mark("A title, then steps: a heading and a few sentences or points for each."),
    ),
    "entries": (mark("Introduction"), mark("A sentence or two that stand before the items.")),
    "": (mark("Text"), mark("Write here, or open a text.")),
}
_STEPS = {"outline": "story", "character": "character", "lesson": "lesson", "entries": "entries"}
_TRACKS = {  # what the sound is to a recipe, by a step of it
    "character": mark("Recorded voice"),
    "music": mark("Music"),
    "lesson-music": mark("Music"),
    "": mark("Sound"),
}
# One of these has to be there, though none of them alone is asked for.
_EITHER = {"case-report": ("text", "pictures"), "character": ("text", "title")}
_NAMES = {
    "item": mark("Item"),
    "items": mark("Items"),
    "pictures": mark("Pictures and clips"),
    "character": mark("Character"),
    "title": mark("Title"),
}
_MODEL_OPTIONS = {"pictures", "loops"}
_SEEDS = 1_000_000


class MakeForm(QWidget):
    """Asks for the inputs of one recipe at a time; what was given stays when the recipe changes.

    Signals:
        compose_wanted: recipe name and its inputs. cancel_wanted: stop the job.
        track_file, text_file: the path of a file to take it from.
    """

    compose_wanted = Signal(str, dict)
    cancel_wanted = Signal()
    track_file = Signal(str)
    text_file = Signal(str)

    def __init__(self, context: AppContext, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.recipe: Recipe | None = None
        self._needed: set[str] = set()
        self._either: tuple[str, ...] = ()  # one of these has to be there
        self.options: dict[str, QWidget] = {}
        self._voices: list[tuple[str, str]] = []
        self.read_only = False
        self._busy = False
        self.title = label(role="title", wrap=True)
        self.summary = label(role="muted", wrap=True)
        self.text_label = label(role="strong")
        self.text = TextField(4, 10)
        self.text_button = button(mark("Open a text…"), self._open_text, "quiet", icon="folder-open")
        self.item = ItemButton(context, pictures)
        self.items = ItemShelf(
            context, pictures, mark("Items"), mark("Drop items here, or add them; they keep their order.")
        )
        self.shelf = PictureShelf(pictures)
        self.track_label = label(mark("Sound"), "strong")
        self.track = QComboBox()
        name(self.track, mark("Sound"))
        self.track_button = button(mark("Choose a file…"), self._open_track, "quiet", icon="folder-open")
        self.character = QComboBox()
        name(self.character, mark("Character"))
        self.audience = QComboBox()
        name(self.audience, mark("Audience"))
        self.name_field = QLineEdit()
        name(self.name_field, mark("Title"))
        say(self.name_field, mark("Made from what is given"), "setPlaceholderText")
        self.model = QComboBox()
        name(self.model, mark("Model that makes pictures"))
        self.seed = QSpinBox()
        self.seed.setRange(0, _SEEDS)
        self.seed.setFixedWidth(WIDTH)
        inset(self.seed)
        name(self.seed, mark("Seed"), mark("The same seed gives the same result"))
        self.optional = {
            key: label(mark("optional"), "small") for key in ("text", "item", "track", "character")
        }
        free = self.optional
        self.groups: dict[str, QWidget] = {
            "text": self._group(row(self.text_label, free["text"], None, self.text_button), self.text),
            "item": self._group(row(label(mark("Item"), "strong"), free["item"], None), self.item),
            "items": self.items,
            "pictures": self.shelf,
            "track": self._group(row(self.track_label, free["track"], None, self.track_button), self.track),
            "character": self._group(
                row(label(mark("Character"), "strong"), free["character"], None), self.character
            ),
            "model": self._group(row(label(mark("Model that makes pictures"), "strong")), self.model),
        }
        self._options = QWidget()
        self._option_rows = QVBoxLayout(self._options)
        self._option_rows.setContentsMargins(0, 0, 0, 0)
        self._option_rows.setSpacing(8)
        self.compose_button = button(mark("Compose"), self._compose, "primary", icon="film-strip")
        self.cancel_button = button(mark("Cancel"), self.cancel_wanted.emit, icon="x")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of composing"))
        self.note = label(role="muted", wrap=True)
        self.needs = label(role="small", wrap=True)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(12)
        for part in (self.title, self.summary, *self.groups.values()):
            column.addWidget(part)
        column.addWidget(self._group(row(label(mark("Title"), "strong")), self.name_field))
        column.addWidget(self._group(row(label(mark("Audience"), "strong")), self.audience))
        column.addWidget(self._options)
        column.addLayout(row(label(mark("Seed")), None, self.seed))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        name(area, mark("What the recipe asks for"))
        foot = QWidget()
        foot.setLayout(
            column_of(
                self.note,
                self.needs,
                self.bar,
                _side_by_side(self.compose_button, self.cancel_button),
                margins=(16, 8, 16, 12),
            )
        )
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(rule())
        whole.addWidget(foot)
        self.items.added.connect(lambda _ids: self.check())
        self.item.shown.connect(self.check)
        self.text.textChanged.connect(self.check)
        self.track.currentIndexChanged.connect(lambda _i: self.check())
        self.name_field.textChanged.connect(lambda _text: self.check())
        self.character.currentIndexChanged.connect(lambda _i: self.check())
        self.busy(False)
        let_wrap(body)

    def _group(self, head: Any, field: QWidget) -> QWidget:
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(field)
        return made

    # --- filling ------------------------------------------------------------------------------------

    def show_choices(self, choices: MakeChoices) -> None:
        """Offer what the library has; what was chosen stays chosen."""
        _refill(self.audience, [(tr("Everyone"), None), *choices.audiences])
        _refill(self.track, [(tr("Choose a sound"), None), *choices.sounds])
        _refill(self.character, [(tr("Nobody"), None), *choices.characters])
        models = [(tr("The default"), ""), (tr("None"), "none"), *((one, one) for one in choices.models)]
        _refill(self.model, models)

    def show_voices(self, voices: list[tuple[str, str]]) -> None:
        """Offer the voices of this computer: (id, words)."""
        self._voices = voices
        for key, field in self.options.items():
            option = self.recipe.options[key] if self.recipe is not None else None
            if option is not None and is_voice(option) and isinstance(field, QComboBox):
                fill_voices(field, option, voices)

    def show_recipe(self, recipe: Recipe) -> None:
        """Ask for what this recipe needs."""
        self.recipe = recipe
        shown, self._needed = fields_of(recipe)
        self._either = next((keys for step, keys in _EITHER.items() if step in recipe.steps), ())
        if _MODEL_OPTIONS & set(recipe.options):
            shown.append("model")
        for key, group in self.groups.items():
            group.setVisible(key in shown)
            if key in self.optional:
                self.optional[key].setVisible(key not in self._needed and key not in self._either)
        self.title.setText(saying(recipe))
        self.summary.setText(recipe.summary if recipe.own else tr(recipe.summary))
        asks = "question" if "question" in recipe.needs else "records" if "records" in recipe.needs else ""
        asks = asks or next((words for step, words in _STEPS.items() if step in recipe.steps), "")
        track = _TRACKS[next((step for step in recipe.steps if step in _TRACKS), "")]
        say(self.track_label, track)
        name(self.track, track)
        words, hint = _TEXTS[asks]
        say(self.text_label, words)
        name(self.text, words)
        say(self.text, hint, "setPlaceholderText")
        self._show_options(recipe)
        self.say_note("")
        self.check()

    def _show_options(self, recipe: Recipe) -> None:
        empty(self._option_rows)
        self.options = {}
        for option in recipe.options.values():
            words = option.label if recipe.own else tr(option.label)
            field = field_of(option, own=recipe.own, voices=self._voices)
            field.setAccessibleName(words)
            told = option.help if recipe.own or not option.help else tr(option.help)
            field.setToolTip(told)
            field.setAccessibleDescription(told)
            self.options[option.name] = field
            holder = QWidget()
            line = label()
            line.setText(words)
            line.setToolTip(told)
            holder.setLayout(row(line, None, field))
            self._option_rows.addWidget(holder)
        self._options.setVisible(bool(recipe.options))

    # --- what was given -----------------------------------------------------------------------------

    def inputs(self) -> dict[str, Any]:
        """What was given, as the inputs of a compose job."""
        if self.recipe is None:
            return {}
        shown, _ = fields_of(self.recipe)
        given: dict[str, Any] = {
            "title": self.name_field.text().strip(),
            "audience_id": self.audience.currentData(),
            "seed": self.seed.value(),
            "options": self._given_options(),
        }
        if "text" in shown:
            given["text"] = self.text.words()
        if "item" in shown:
            given["item_id"] = self.item.item_id
        if "items" in shown:
            given["item_ids"] = self.items.ids
        if "pictures" in shown:
            given["asset_ids"] = list(self.shelf.ids)
        if "track" in shown:
            given["track_id"] = self.track.currentData()
        if "character" in shown and self.character.currentData() is not None:
            given["characters"] = [self.character.currentData()]
        if not self.groups["model"].isHidden():
            given["model"] = self.model.currentData() or ""
        return {key: value for key, value in given.items() if value not in ("", None, [], {}, 0)}

    def _given_options(self) -> dict[str, Any]:
        """Options that are not as by default."""
        assert self.recipe is not None
        found: dict[str, Any] = {}
        for key, field in self.options.items():
            value = value_of(field)
            if value is None:
                continue
            default = self.recipe.options[key].default
            if value != default and (value != "" or isinstance(field, QComboBox)):
                found[key] = value
        return found

    def missing(self) -> list[str]:
        """Fields that have to be filled and are not."""
        filled = {
            "text": bool(self.text.words()),
            "item": self.item.item_id is not None,
            "items": bool(self.items.ids),
            "pictures": bool(self.shelf.ids),
            "track": self.track.currentData() is not None,
            "character": self.character.currentData() is not None,
            "title": bool(self.name_field.text().strip()),
        }
        missing = [key for key in self.groups if key in self._needed and not filled.get(key, True)]
        if self._either and not any(filled[key] for key in self._either):
            missing = [*missing, "/".join(self._either)]
        return missing

    def check(self) -> None:
        """Let the button be pressed once everything is there."""
        missing = self.missing() if self.recipe is not None else []
        ready = self.recipe is not None and not missing and not self.read_only
        words = ", ".join(tr(" or ").join(self._called(one) for one in key.split("/")) for key in missing)
        self.needs.setText(tr("Still needed: {what}", what=words))
        self.needs.setVisible(bool(missing) and not self._busy)
        self.compose_button.setEnabled(ready and not self._busy)

    def _called(self, key: str) -> str:
        own = {"text": self.text_label, "track": self.track_label}.get(key)
        return own.text() if own is not None else tr(_NAMES[key])

    # --- states -------------------------------------------------------------------------------------

    def busy(self, on: bool, share: float | None = None) -> None:
        """Show that it is being composed, and how far it is (0 to 1, None where nobody knows)."""
        self._busy = on
        self.bar.setVisible(on)
        self.cancel_button.setVisible(on)
        if on:
            self.bar.setRange(0, 0 if share is None else 100)
            self.bar.setValue(round(100 * (share or 0.0)))
        self.check()

    def say_note(self, text: str) -> None:
        """A sentence above the button; "" for none."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _compose(self) -> None:
        if self.recipe is not None and not self.missing():
            self.compose_wanted.emit(self.recipe.name, self.inputs())

    def _open_track(self) -> None:
        file, _kind = QFileDialog.getOpenFileName(self, tr("Choose a sound"))
        if file:
            self.track_file.emit(file)

    def _open_text(self) -> None:
        file, _kind = QFileDialog.getOpenFileName(self, tr("Open a text"))
        if file:
            self.text_file.emit(file)


def _side_by_side(*widgets: QWidget) -> QWidget:
    made = QWidget()
    made.setLayout(row(*widgets, None))
    return made


def _refill(box: QComboBox, entries: list[tuple[str, Any]]) -> None:
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for words, value in entries:
        box.addItem(words, value)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(12)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
