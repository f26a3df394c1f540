"""The settings of a training that nobody must touch: folded away, empty means as usual."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import help_dot, row
from mmstudio.i18n import mark, tr


@dataclass(frozen=True, slots=True)
class Setting:
    """A number (or a switch: ``most`` 1 and ``whole``) with its usual value from the family."""

    key: str
    label: str
    explanation: str
    least: float
    most: float
    whole: bool = False
    switch: bool = False


SETTINGS = (
    Setting(
        "rate",
        mark("Learning rate"),
        mark(
            "How far each step goes. Too large and the training becomes unstable; too small and it is slow."
        ),
        1e-6,
        1.0,
    ),
    Setting(
        "batch",
        mark("Examples per step"),
        mark("How many pictures, sounds or texts each step looks at. More are calmer and need more memory."),
        1,
        1024,
        whole=True,
    ),
    Setting(
        "width",
        mark("Width of the network"),
        mark("How wide its layers are. Twice as wide makes a model four times as large and slower."),
        2,
        1024,
        whole=True,
    ),
    Setting(
        "latent",
        mark("Numbers per example"),
        mark("How many numbers each is made from. More can say more, fewer are easier to play with."),
        2,
        1024,
        whole=True,
    ),
    Setting(
        "gamma",
        mark("Gamma (strength of the penalty)"),
        mark(
            "How strongly the judging network is held back. Higher is calmer; too high draws soft pictures."
        ),
        0.0,
        10000.0,
    ),
    Setting(
        "penalty_every",
        mark("Penalty every … steps"),
        mark("1 is as in the paper. The penalty is costly, so that more steps between two are faster."),
        1,
        64,
        whole=True,
    ),
    Setting(
        "generator_rate",
        mark("Rate of the one that draws"),
        mark("Its learning rate as a part of the judging network's."),
        0.01,
        10.0,
    ),
    Setting(
        "beta",
        mark("Beta (order of the numbers)"),
        mark(
            "How strongly the numbers are kept in order. Higher samples better, lower draws more faithfully."
        ),
        0.0,
        100.0,
    ),
    Setting(
        "free_bits",
        mark("Free bits"),
        mark("How much each number may say at no cost, so that none falls silent."),
        0.0,
        10.0,
    ),
    Setting(
        "edges",
        mark("Weight of edges"),
        mark("How much outlines count beside colours, at several sizes. Higher is crisper."),
        0.0,
        10.0,
    ),
    Setting(
        "spatial",
        mark("Spatial latent"),
        mark(
            "Numbers for places in the picture instead of for the whole: drawn again better, fewer sliders."
        ),
        0.0,
        64.0,
        whole=True,
    ),
    Setting(
        "adversarial",
        mark("Judging network (VAE-GAN)"),
        mark("Weight of a second network that tells drawn from real, for crisper pictures. 0 is without."),
        0.0,
        10.0,
    ),
    Setting(
        "perceptual",
        mark("Weight of features"),
        mark("How much alike features of a network count beside alike pixels."),
        0.0,
        10.0,
    ),
    Setting(
        "vocabulary",
        mark("Vocabulary"),
        mark("How many pieces of words it knows at most. More of them need more texts to learn from."),
        258,
        16384,
        whole=True,
    ),
    Setting(
        "layers",
        mark("Layers"),
        mark("How deep the network is. More can learn more from many texts and are slower."),
        1,
        24,
        whole=True,
    ),
    Setting(
        "context",
        mark("Pieces it looks back"),
        mark("How much of a text it keeps in mind while it writes on."),
        8,
        1024,
        whole=True,
    ),
    Setting(
        "n_gram",
        mark("Longest phrases it counts"),
        mark("In pieces. Phrases of your texts are counted beside the network; 0 leaves them out."),
        0,
        5,
        whole=True,
    ),
    Setting(
        "length",
        mark("Longest sentence in pieces"),
        mark("Longer sentences are left out. Short ones are learned better."),
        4,
        256,
        whole=True,
    ),
    Setting(
        "word_dropout",
        mark("Words held back"),
        mark("Part of the words that it must guess while learning, so that it relies on its numbers."),
        0.0,
        0.9,
    ),
    Setting(
        "dropout",
        mark("Dropout"),
        mark("Part of the network that rests at each step. More learns slower and copies less."),
        0.0,
        0.9,
    ),
    Setting(
        "modality_drop",
        mark("Parts held back"),
        mark("How often a part of a set is hidden while it learns, so that it can do without."),
        0.0,
        0.9,
    ),
    Setting(
        "half_life",
        mark("Averaging (pictures)"),
        mark("The kept weights are an average over about so many pictures seen. Longer is smoother."),
        10.0,
        1e6,
    ),
    Setting(
        "flip",
        mark("Mirror pictures"),
        mark("Half of the pictures are seen mirrored. Not for writing or things that have a side."),
        0.0,
        1.0,
        switch=True,
    ),
)


class AdvancedSettings(QWidget):
    """A fold-out; :attr:`values` holds only what was changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._usual: dict[str, float] = {}
        self._touched: set[str] = set()
        self.fold = QToolButton()
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        say(self.fold, mark("Advanced"))
        self.fold.toggled.connect(self._unfold)
        self.fields: dict[str, QLineEdit] = {}
        self.switches: dict[str, QCheckBox] = {}
        self.body = QWidget()
        self._form = QFormLayout(self.body)
        self._form.setContentsMargins(24, 0, 0, 0)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(6)
        self._form.addRow(
            label(
                mark("Empty fields stay as usual; the usual value stands in them in grey."),
                "small",
                wrap=True,
            )
        )
        self._rows: dict[str, QWidget] = {}
        for setting in SETTINGS:
            self._add(setting)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.body)
        self._unfold(False)

    def _add(self, setting: Setting) -> None:
        line = QWidget()
        control: QWidget
        if setting.switch:
            control = self.switches[setting.key] = QCheckBox()
            self.switches[setting.key].clicked.connect(lambda _on=False: self._touched.add(setting.key))
            name(control, setting.label)
        else:
            field = self.fields[setting.key] = QLineEdit()
            field.setMaximumWidth(140)
            validator = QDoubleValidator(setting.least, setting.most, 0 if setting.whole else 8, field)
            validator.setNotation(
                QDoubleValidator.Notation.StandardNotation
                if setting.whole
                else QDoubleValidator.Notation.ScientificNotation
            )
            field.setValidator(validator)
            name(field, setting.label, setting.explanation)
            control = field
        inner = row(control, help_dot(setting.explanation), None, spacing=4)
        line.setLayout(inner)
        self._rows[setting.key] = line
        self._form.addRow(label(setting.label, "muted"), line)

    def set_usual(self, usual: dict[str, float]) -> None:
        """Show the settings in ``usual`` (key to usual value) and hide the others; what was typed is kept."""
        self._usual = dict(usual)
        for setting in SETTINGS:
            known = setting.key in usual
            self._form.setRowVisible(self._rows[setting.key], known)
            if not known:
                continue
            if setting.switch:
                if setting.key not in self._touched:
                    self.switches[setting.key].setChecked(usual[setting.key] > 0)
            else:
                self.fields[setting.key].setPlaceholderText(f"{usual[setting.key]:g}")
        self.setVisible(bool(usual))

    @property
    def values(self) -> dict[str, float]:
        """What differs from the usual; half a number does not count."""
        found: dict[str, float] = {}
        for key, usual in self._usual.items():
            if key in self.switches:
                value = float(self.switches[key].isChecked())
            elif key in self.fields and self.fields[key].hasAcceptableInput() and self.fields[key].text():
                value = self.fields[key].locale().toDouble(self.fields[key].text())[0]
            else:
                continue
            if abs(value - usual) > 1e-12:
                found[key] = value
        return found

    def use(self, values: dict[str, float]) -> None:
        """Fill in settings that a search found."""
        for key, field in self.fields.items():
            field.setText(f"{values[key]:.6g}" if key in values else "")
        for key, switch in self.switches.items():
            if key in values:
                switch.setChecked(values[key] > 0)
        if values:
            self.fold.setChecked(True)

    def clear(self) -> None:
        """As usual again."""
        for field in self.fields.values():
            field.clear()

    def _unfold(self, open_: bool) -> None:
        self.fold.setIcon(icon("caret-down" if open_ else "caret-right", "muted"))
        self.fold.setAccessibleDescription(tr("Open") if open_ else tr("Closed"))
        self.body.setVisible(open_)
