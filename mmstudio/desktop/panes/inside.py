"""See inside one asset: what was measured, who is near and why, what a network looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QSlider, QVBoxLayout, QWidget

from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.controls import button, section
from mmstudio.desktop.views.flow import let_wrap
from mmstudio.desktop.views.heat import HeatPicture, HeatPlot
from mmstudio.desktop.views.inside_parts import Colours, MeasureTable, Neighbours, Phrases, Scenes, Vectors
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.features.inside.explain import Explanation
    from mmstudio.features.inside.reasons import Neighbour, VectorRow
    from mmstudio.features.inside.sounds import SoundImages
    from mmstudio.library import Asset, Scene
    from mmstudio.studio import Studio

_PICTURE_SIDE = 900
_Question = tuple[str, Any]  # ("tag", name) or ("like", asset id)


@dataclass(frozen=True, slots=True)
class Inside:
    """Everything one look brings."""

    asset: Asset
    measures: dict[str, float]
    colours: dict[str, float]
    palette: list[tuple[int, int, int]]
    scenes: list[Scene]
    tags: list[str]
    neighbours: list[tuple[Neighbour, str]]
    vectors: list[VectorRow]
    phrases: list[tuple[str, float]]
    picture: QImage | None


class InsidePane(Pane):
    """One scrolling page; parts that say nothing about the kind are not shown."""

    key = "inside"
    name = mark("See inside")
    icon = "eye"
    shares_selection = True

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._asset_id: int | None = None
        self._shown: Inside | None = None
        self._frames: list[QImage] = []  # of the scenes shown
        self._pictures = Pictures(context, 144, self)
        self.picture = HeatPicture(mark("What the network looks at"))
        self.question = QComboBox()
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.answer = label(role="muted", wrap=True)
        self.mel = HeatPlot(
            mark("Mel spectrogram"), mark("Energy of 128 tone bands over time; bright is loud")
        )
        self.mfcc = HeatPlot(mark("MFCC"), mark("Twenty numbers for the timbre of every moment"), 84)
        self.chroma = HeatPlot(mark("Chroma"), mark("How strong each of the twelve tones is over time"), 84)
        self.measures = MeasureTable()
        self.colours = Colours()
        self.scenes = Scenes()
        self.phrases = Phrases()
        self.neighbours = Neighbours(self._pictures)
        self.vectors = Vectors()
        self._parts: dict[str, tuple[QWidget, ...]] = {}
        self.heading = label(role="heading", wrap=True)
        self.stack = StateStack(self._build())
        self.root.addWidget(self.stack)
        self._connect()
        self._nothing()

    def _build(self) -> QWidget:
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(24, 16, 24, 24)
        lines.setSpacing(8)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(button(mark("Back to the library"), self._back, icon="squares-four"))
        lines.addLayout(top)

        def part(key: str, words: str, explanation: str, *widgets: QWidget) -> None:
            heading = section(words, explanation)
            self._parts[key] = (heading, *widgets)
            for widget in (heading, *widgets):
                lines.addWidget(widget)

        part(
            "picture", mark("What the network looks at"),
            mark(
                "Bright places speak for the tag or for being like the other picture (Grad-CAM: the last "
                "maps of the network, weighted by how they move the score). Dark places do not matter for it."
            ),
            self._picture_part(),
        )  # fmt: skip
        part(
            "sound", mark("Over time"),
            mark(
                "The mel spectrogram shows which tones sound when. MFCC are the same in twenty numbers a "
                "moment, the ones that sounds are compared by; chroma folds all octaves into twelve tones."
            ),
            label(mark("Mel spectrogram"), "small"), self.mel, label(mark("MFCC"), "small"), self.mfcc,
            label(mark("Chroma"), "small"), self.chroma,
        )  # fmt: skip
        part(
            "scenes",
            mark("Scenes"),
            mark("Shots between two cuts. Their key frames are what it is compared by."),
            self.scenes,
        )
        part(
            "phrases",
            mark("What it is about"),
            mark("Words that are frequent here and rare in the library (TF-IDF)."),
            self.phrases,
        )
        part("measures", mark("Measured"), "", self.measures)
        part("colours", mark("Colours"), "", self.colours)
        part(
            "neighbours", mark("Nearest neighbours"),
            mark("What lies nearest in the features, and what the two share. 100 % is the same."),
            self.neighbours,
        )  # fmt: skip
        part(
            "vectors", mark("As numbers"),
            mark(
                "Every column is one number of the feature vector: red above the library's mean, blue below, "
                "pale where it is ordinary. `mmstudio features LIB --export` writes them."
            ),
            self.vectors,
        )  # fmt: skip
        self.unready = button(
            mark("Extract features"), lambda: self.context.submit("features", {}), "primary", icon="sparkle"
        )
        part(
            "unready",
            mark("There are no features of this yet."),
            mark("Features are the numbers that things are found, compared and explained by."),
            self.unready,
        )
        lines.setAlignment(self.unready, Qt.AlignmentFlag.AlignLeft)
        lines.addStretch(1)
        let_wrap(body)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        return area

    def _picture_part(self) -> QWidget:
        name(self.question, mark("Explain"), mark("Which tag or which other picture to explain"))
        name(self.opacity, mark("Strength of the overlay"))
        self.opacity.setRange(0, 100)
        self.opacity.setValue(55)
        self.opacity.setMaximumWidth(160)
        self.picture.setFixedHeight(320)
        whole = QWidget()
        lines = QVBoxLayout(whole)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(8)
        controls = QHBoxLayout()
        controls.addWidget(label(mark("Explain"), "small"))
        controls.addWidget(self.question, 1)
        controls.addWidget(label(mark("Overlay"), "small"))
        controls.addWidget(self.opacity)
        lines.addLayout(controls)
        lines.addWidget(self.picture)
        lines.addWidget(self.answer)
        return whole

    def _connect(self) -> None:
        self.question.activated.connect(lambda _row: self._explain())
        self.opacity.valueChanged.connect(self._set_opacity)
        self.neighbours.opened.connect(self.look)
        self.neighbours.explained.connect(lambda other: self._ask_about(("like", other)))
        self.scenes.chosen.connect(self._play)
        action(self, mark("Back to the library"), self._back, icon="squares-four")
        action(self, mark("Map of the library"), partial(self.context.navigate, "map"), icon="map-trifold")

    # --- what the window asks -----------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """Arguments: ``asset`` (an id; the selection without it), ``tag`` (a tag to explain)."""
        asset_id = args.get("asset") or next(iter(self.context.selection), None)
        if asset_id is None:
            if self._asset_id is None:
                self._nothing()
            return
        self.look(int(asset_id), tag=args.get("tag"))

    def library_changed(self) -> None:
        for key in ("inside", "inside-sound", "inside-frames"):
            self.context.drop(key)
        self._asset_id = self._shown = None
        self._frames = []
        self._nothing()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        mine = ids is None or self._asset_id in ids
        about = topic == "features" or (topic in ("facts", "assets") and mine)
        if about and self._asset_id is not None and self.isVisible():
            self.look(self._asset_id)

    def retranslate(self) -> None:
        if self._shown is not None:
            self._show(self._shown)

    def _nothing(self) -> None:
        self.stack.show_message(
            mark("Nothing to look into yet."),
            mark("Select a picture, sound, video or text in the library, then see inside it here."),
            mark("Go to the library"),
            self._back,
        )

    def _play(self, _scene: int) -> None:
        if self._asset_id is not None:
            self.context.quick_look([self._asset_id])

    def _back(self) -> None:
        chosen = {} if self._asset_id is None else {"select": [self._asset_id]}
        self.context.navigate("library", **chosen)

    # --- one asset ----------------------------------------------------------------------------------

    def look(self, asset_id: int, *, tag: str | None = None) -> None:
        """Show an asset; ``tag`` is explained at once."""
        studio = self.context.studio
        if studio is None:
            return
        another = asset_id != self._asset_id
        self._asset_id = asset_id
        if another:
            self._shown = None
            self._frames = []
            self.question.clear()
            self.stack.show_loading(mark("Looking inside…"))
            self.context.select_assets([asset_id])
        self.context.background(
            lambda: _gather(studio, asset_id),
            partial(self._looked, tag),
            self._failed,
            key="inside",
            owner=self,
        )

    def _failed(self, error: Exception) -> None:
        asset_id = self._asset_id
        self.stack.show_failure(error, lambda: self.look(asset_id) if asset_id is not None else None)

    def _looked(self, tag: str | None, found: Inside) -> None:
        if found.asset.id != self._asset_id:
            return
        new = self._shown is None
        self._shown = found
        self._show(found)
        self.stack.show_content()
        if new and found.asset.kind == "audio":
            self._ask_sound(found.asset.id)
        if new and found.asset.kind == "video" and found.scenes:
            self._ask_frames(found)
        if tag is not None:
            self._ask_about(("tag", tag))

    def _show(self, found: Inside) -> None:
        kind = found.asset.kind
        self.heading.setText(found.asset.title)
        shown = {
            "picture": kind == "image" and found.picture is not None,
            "sound": kind == "audio",
            "scenes": kind == "video" and bool(found.scenes),
            "phrases": bool(found.phrases),
            "measures": self.measures.show_measures(found.measures),
            "colours": self.colours.show_colours(found.palette, found.colours),
            "neighbours": bool(found.neighbours),
            "vectors": bool(found.vectors),
            "unready": not found.vectors and not self.context.read_only,
        }
        for key, widgets in self._parts.items():
            for widget in widgets:
                widget.setVisible(shown[key])
        if found.picture is not None:
            self.picture.show_picture(found.picture)
            self._fill_questions(found)
        self.scenes.show_scenes(found.scenes)
        self.scenes.show_frames(self._frames)  # those that came before a change of words
        self.phrases.show_phrases(found.phrases, lambda words: self.context.navigate("library", query=words))
        self.neighbours.show_neighbours(found.neighbours, explain=kind == "image")
        self.vectors.show_vectors(found.vectors)

    # --- what the network looks at ------------------------------------------------------------------

    def _fill_questions(self, found: Inside) -> None:
        before = self.question.currentData()
        self.question.clear()
        self.question.addItem(tr("Nothing: the picture as it is"), None)
        for tag in found.tags:
            self.question.addItem(tr("Why “{tag}”?", tag=tag), ("tag", tag))
        for neighbour, title in found.neighbours[:8]:
            self.question.addItem(tr("Why like “{title}”?", title=title), ("like", neighbour.asset_id))
        self.question.setCurrentIndex(max(0, self._row_of(before)))
        if before is not None:
            self._ask_about(before)
        else:
            self._tell_salient(found)

    def _tell_salient(self, found: Inside) -> None:
        x, y, w, h = (found.measures.get(f"salient_{side}", -1.0) for side in "xywh")
        self.picture.show_salient((x, y, w, h) if w > 0 else None)
        self.answer.setText(tr("The dashed box is where one looks first.") if w > 0 else "")

    def _row_of(self, question: _Question | None) -> int:
        rows = range(self.question.count())
        return next((row for row in rows if self.question.itemData(row) == question), -1)

    def _ask_about(self, question: _Question) -> None:
        at = self._row_of(question)
        if at < 0 and question[0] == "tag":
            self.question.addItem(tr("Why “{tag}”?", tag=question[1]), question)
            at = self.question.count() - 1
        self.question.setCurrentIndex(max(0, at))
        self._explain()

    def _explain(self) -> None:
        studio, asset_id = self.context.studio, self._asset_id
        question: _Question | None = self.question.currentData()
        if studio is None or asset_id is None:
            return
        if question is None:
            self.picture.show_heat(None, None)
            if self._shown is not None:
                self._tell_salient(self._shown)
            return
        self.answer.setText(tr("Asking the network…"))
        inside = studio.features.inside
        about, subject = question

        def ask() -> Explanation:
            if about == "tag":
                return inside.explain_tag(asset_id, str(subject))
            return inside.explain_likeness(asset_id, int(subject))

        self.context.ask("explain", ask, partial(self._explained, asset_id, question), self._unexplained)

    def _explained(self, asset_id: int, question: _Question, found: Explanation) -> None:
        if asset_id != self._asset_id or question != self.question.currentData():
            return
        self.picture.show_salient(None)
        self.picture.show_heat(found.heat, found.box)
        if question[0] == "tag":
            words = (
                mark("The picture speaks for “{tag}” (score {score}); it does so where it is bright.")
                if found.score > 0
                else mark(
                    "The picture speaks against “{tag}” (score {score}); bright places speak for it most."
                )
            )
            self.answer.setText(tr(words, tag=question[1], score=f"{found.score:+.2f}"))
        else:
            self.answer.setText(tr("Bright places make the two pictures alike."))

    def _unexplained(self, error: Exception) -> None:
        sentence, hint = tr_error(error)
        self.picture.show_heat(None, None)
        self.answer.setText(f"{sentence} {hint}".strip())

    def _set_opacity(self, percent: int) -> None:
        self.picture.opacity = percent / 100
        self.picture.update()

    # --- sounds and videos --------------------------------------------------------------------------

    def _ask_sound(self, asset_id: int) -> None:
        studio = self.context.studio
        if studio is None:
            return
        for plot in (self.mel, self.mfcc, self.chroma):
            plot.clear()
        inside = studio.features.inside
        self.context.background(
            lambda: inside.sound(asset_id), partial(self._heard, asset_id), key="inside-sound", owner=self
        )

    def _heard(self, asset_id: int, found: SoundImages) -> None:
        if asset_id != self._asset_id:
            return
        self.mel.show_values(found.mel, found.seconds, ("0 Hz", tr("11 kHz")))
        self.mfcc.show_values(found.mfcc, found.seconds, ("1", "20"))
        self.chroma.show_values(found.chroma, found.seconds, ("C", "B"))

    def _ask_frames(self, found: Inside) -> None:
        studio, asset = self.context.studio, found.asset
        if studio is None:
            return
        inside = studio.features.inside
        self.context.background(
            lambda: inside.scene_frames(asset.id),
            partial(self._framed, found),
            key="inside-frames",
            owner=self,
        )

    def _framed(self, found: Inside, frames: list[Any]) -> None:
        if found.asset.id == self._asset_id:
            self._frames = [to_qimage(frame) for frame in frames]
            self.scenes.show_frames(self._frames)


def _gather(studio: Studio, asset_id: int) -> Inside:
    from mmstudio.media.image import image_array

    library, inside = studio.library, studio.features.inside
    asset = library.assets.get(asset_id)
    near = inside.neighbours(asset_id)
    titles = {one.id: one.title for one in library.assets.get_many([n.asset_id for n in near])}
    picture = None
    palette: list[tuple[int, int, int]] = []
    if asset.kind == "image":
        picture = to_qimage(image_array(library.assets.path_of(asset), max_side=_PICTURE_SIDE))
    if asset.kind in ("image", "video"):
        palette = studio.features.palette(asset_id)
    return Inside(
        asset,
        library.facts.measures_of([asset_id])[asset_id],
        library.facts.colours_of([asset_id])[asset_id],
        palette,
        library.facts.scenes_of(asset_id),
        library.assets.tags_of([asset_id])[asset_id],
        [(n, titles.get(n.asset_id, "")) for n in near],
        inside.vectors_of(asset_id),
        inside.telling_words(asset_id),
        picture,
    )
