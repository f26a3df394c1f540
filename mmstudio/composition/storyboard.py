"""The storyboard: everything a picture, a video or a sound needs, as plain data.

Places are fractions of the canvas (0 to 1), times are seconds, colours are ``#rrggbb`` or ``#rrggbbaa``.
The same document is previewed, edited, saved as JSON and exported; nothing else decides what is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from mmstudio.composition.plain import plain
from mmstudio.errors import StudioError

SCHEMA_VERSION = 2  # 2: visible times, crops, locks, effects, blocks, fonts, the inputs it was made from

Enter = Literal["none", "fade", "rise", "slide", "pop"]
Fit = Literal["cover", "contain", "whole"]
TransitionKind = Literal["cut", "fade", "push", "wipe", "zoom"]


@dataclass(slots=True)
class Rect:
    """A box in fractions of the canvas; x and y are its upper left corner."""

    x: float = 0.0
    y: float = 0.0
    w: float = 1.0
    h: float = 1.0


@dataclass(slots=True)
class Motion:
    """How a layer enters and how it drifts over its scene.

    ``zoom`` and ``pan`` run from the first to the second value over the scene (Ken Burns); pan is in
    fractions of the layer's own box.
    """

    enter: Enter = "none"
    delay: float = 0.0
    seconds: float = 0.6
    zoom: tuple[float, float] = (1.0, 1.0)
    pan_x: tuple[float, float] = (0.0, 0.0)
    pan_y: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Layer:
    """What every layer has. ``slot`` names its place in the recipe's layouts ("" when placed by hand).

    ``begin`` and ``end`` are seconds of its scene between which it is seen (``end`` 0: until the scene ends).
    ``locked``: a person wants it kept as it is when the rest is made anew. ``hidden``: kept, not drawn.
    ``crop``: the part of the picture that is used, in fractions of the picture, before it is fitted.
    """

    name: str = ""
    slot: str = ""
    rect: Rect = field(default_factory=Rect)
    motion: Motion = field(default_factory=Motion)
    opacity: float = 1.0
    source: str = ""
    begin: float = 0.0
    end: float = 0.0
    locked: bool = False
    hidden: bool = False
    crop: Rect = field(default_factory=Rect)


@dataclass(slots=True)
class ImageLayer(Layer):
    """A picture of the library. ``cutout`` lifts it off a plain background when it has one.

    ``fit``: "cover" fills the box, "contain" frames a photo in it and may trim a tall one, "whole" shows
    every pixel, up to the box's edge.

    ``edges`` lists the sides of the box that hide a subject the photo cuts off (canvas edge, sheet edge);
    ``foot`` is the part of the box's height that a subject standing free leaves clear below itself.
    """

    asset_id: int | None = None
    fit: Fit = "contain"
    cutout: bool = False
    radius: float = 0.0
    shadow: float = 0.0
    backdrop: str = ""
    focus: tuple[float, float] = (0.5, 0.5)
    edges: str = ""
    foot: float = 0.0


@dataclass(slots=True)
class GeneratedLayer(Layer):
    """A picture a model made, kept as an asset. Without one, the palette's gradient is drawn."""

    asset_id: int | None = None
    model: str = ""
    seed: int = 0
    colours: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ShapeLayer(Layer):
    """A filled, rounded box, or a vertical scrim from clear to its colour when ``fade`` is set."""

    colour: str = "#ffffff"
    radius: float = 0.0
    corners: str = "all"
    fade: bool = False
    shadow: float = 0.0


@dataclass(slots=True)
class TextLayer(Layer):
    """One text. ``bind`` takes the words from the storyboard's copy, so that an edit reaches every scene.

    ``size`` is the largest letter height in fractions of the canvas' short side; the text shrinks to
    ``least`` times that before it is cut with an ellipsis. ``family``: a font of the brand or of a person's
    choice ("" takes the recipe's); ``direction``: "auto" follows the first strong letter (UAX #9).
    """

    bind: str = ""
    text: str = ""
    colour: str = "#111111"
    size: float = 0.05
    least: float = 0.55
    weight: int = 400
    lines: int = 2
    align: Literal["left", "center", "right"] = "left"
    valign: Literal["top", "center", "bottom"] = "top"
    leading: float = 1.16
    tracking: float = 0.0
    upper: bool = False
    chip: str = ""
    quote: bool = False
    family: str = ""
    italic: bool = False
    direction: Literal["auto", "ltr", "rtl"] = "auto"


@dataclass(slots=True)
class LogoLayer(Layer):
    """A brand mark, drawn whole inside its box."""

    asset_id: int | None = None


@dataclass(slots=True)
class VideoLayer(Layer):
    """A clip of the library from ``clip_start`` on, looped when it is shorter than its scene.

    ``gain`` in dB mixes its own sound in, in step with its pictures; None leaves it silent.
    """

    asset_id: int | None = None
    clip_start: float = 0.0
    fit: Fit = "cover"
    radius: float = 0.0
    gain: float | None = None


AnyLayer = ImageLayer | GeneratedLayer | ShapeLayer | TextLayer | LogoLayer | VideoLayer
LAYER_KINDS: dict[str, type[AnyLayer]] = {
    "image": ImageLayer,
    "generated": GeneratedLayer,
    "shape": ShapeLayer,
    "text": TextLayer,
    "logo": LogoLayer,
    "video": VideoLayer,
}
_KIND_OF = {cls: kind for kind, cls in LAYER_KINDS.items()}


@dataclass(slots=True)
class Stack:
    """Text layers set one under the other inside a box, with no hole where one of them is empty."""

    rect: Rect = field(default_factory=Rect)
    members: list[str] = field(default_factory=list)
    justify: Literal["top", "center", "bottom"] = "center"
    gap: float = 0.02
    slot: str = ""


@dataclass(slots=True)
class Transition:
    """How a scene comes in over the one before."""

    kind: TransitionKind = "fade"
    seconds: float = 0.4


@dataclass(slots=True)
class Scene:
    """A stretch of time with its layers, back to front.

    ``pattern``: the scene of the recipe whose layers and places it takes ("" when that has its own name).
    """

    name: str = ""
    start: float = 0.0
    duration: float = 2.0
    layers: list[AnyLayer] = field(default_factory=list)
    stacks: list[Stack] = field(default_factory=list)
    transition: Transition = field(default_factory=Transition)
    pattern: str = ""

    @property
    def end(self) -> float:
        """Second at which the scene ends."""
        return self.start + self.duration


@dataclass(slots=True)
class SoundTrack:
    """A sound of the library under the pictures; ``gain`` in dB.

    ``start`` is where it begins in the storyboard, ``offset`` where in the file, ``length`` how much of it is
    heard (seconds; 0: to the end). ``duck``: whether music gives way to the voice.
    """

    asset_id: int | None = None
    gain: float = 0.0
    start: float = 0.0
    loop: bool = True
    fade_in: float = 0.05
    fade_out: float = 0.9
    source: str = ""
    offset: float = 0.0
    length: float = 0.0
    duck: bool = True
    name: str = ""


@dataclass(slots=True)
class Caption:
    """A line to read between two seconds."""

    start: float
    end: float
    text: str


SourceKind = Literal["asset", "generated", "drawn", "facts", "person"]


@dataclass(slots=True)
class Source:
    """Where a part came from: an asset, a model with its seed, or the item's own facts."""

    part: str
    kind: SourceKind
    asset_id: int | None = None
    detail: str = ""
    rights: str = ""


@dataclass(slots=True)
class Font:
    """A font file that texts are drawn with, as it was found when the storyboard was last resolved."""

    family: str
    style: str = ""
    file: str = ""  # name without folder
    sha256: str = ""


BlockKind = Literal[
    "heading", "text", "picture", "quote", "price", "button", "list", "table", "sound", "video", "quiz",
    "slider", "steps", "note", "disclaimer", "group",
]  # fmt: skip


@dataclass(slots=True)
class Block:
    """A part of a page that flows (web page, e-mail, lesson, report), in reading order.

    ``text`` is plain text, never markup; ``asset_id`` a picture, sound or video of the library. ``data`` by
    kind: heading {"level": 1-3}; button {"url"}; list and steps {"items": [str]}; table {"head": [str],
    "rows": [[str]]}; quiz {"question", "choices": [str], "answer": index, "why"}; slider {"assets": [ids],
    "labels": [str]}; group {"blocks": [plain blocks], "columns": n}.
    """

    kind: BlockKind
    text: str = ""
    asset_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(slots=True)
class Storyboard:
    """A whole composition; ``size`` in pixels, ``copy`` by slot, ``facts`` what each line rests on.

    ``blocks`` is the same content as a page that flows (empty: made of copy and pictures when asked for);
    ``pages``: scenes are pages that stand still rather than a film. ``inputs`` is what it was composed from
    (see :class:`mmstudio.composition.inputs.Inputs`), ``label`` the visible mark of generated content ("" for
    none), ``marks`` what must be written over it whatever is exported ("synthetic", "draft").
    ``loudness`` in LUFS where a channel asks for nothing else.
    ``places`` is what a person changed of the recipe's places: by shape (square, tall, wide; "*" for all), by
    "scene/layer", the fields and their values. ``locks`` are kept when the rest is made anew: "copy:SLOT",
    "music", "voice", "effect:NAME" (a layer carries its own).
    ``guides`` are a person's own lines to work along, "x" (upright) and "y" (level), in fractions of the
    canvas; they are never drawn or exported.
    """

    name: str = ""
    recipe: str = ""
    size: tuple[int, int] = (1080, 1080)
    fps: int = 30
    duration: float = 8.0
    scenes: list[Scene] = field(default_factory=list)
    music: SoundTrack | None = None
    voice: SoundTrack | None = None
    effects: list[SoundTrack] = field(default_factory=list)
    captions: list[Caption] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    item_id: int | None = None
    audience_id: int | None = None
    locale: str = "en"
    seed: int = 0
    palette: dict[str, str] = field(default_factory=dict)
    copy: dict[str, str] = field(default_factory=dict)
    facts: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    pages: bool = False
    fonts: list[Font] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    marks: list[str] = field(default_factory=list)
    loudness: float = -16.0
    places: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    locks: list[str] = field(default_factory=list)
    guides: dict[str, list[float]] = field(default_factory=dict)
    id: int | None = None

    def content(self) -> dict[str, Any]:
        """What is drawn, heard and read: :meth:`to_dict` without what only helps to edit."""
        return {key: value for key, value in self.to_dict().items() if key != "guides"}

    def to_dict(self) -> dict[str, Any]:
        """The storyboard as JSON-able data, with its schema version."""
        data: dict[str, Any] = plain(self)
        data.pop("id")
        if not self.guides:
            data.pop("guides")
        for scene, known in zip(self.scenes, data["scenes"], strict=True):
            for layer, entry in zip(scene.layers, known["layers"], strict=True):
                entry["kind"] = _KIND_OF[type(layer)]
        return {"schema": SCHEMA_VERSION, **data}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], id: int | None = None) -> Storyboard:  # noqa: A002 - the field's name
        """Rebuild what ``to_dict`` gave.

        Raises:
            StudioError: the data is no storyboard, or a newer program wrote it.
        """
        try:
            version = int(data.get("schema", 0))
            if version > SCHEMA_VERSION:
                raise StudioError(
                    "This storyboard was saved by a newer version of MM Studio.",
                    hint="Update the program to open it.",
                )
            board: Storyboard = _build(cls, data)
            board.scenes = [_scene(entry) for entry in data.get("scenes", [])]
            board.music = _build(SoundTrack, data["music"]) if data.get("music") else None
            board.voice = _build(SoundTrack, data["voice"]) if data.get("voice") else None
            board.effects = [_build(SoundTrack, entry) for entry in data.get("effects", [])]
            board.blocks = [_build(Block, entry) for entry in data.get("blocks", [])]
            board.fonts = [_build(Font, entry) for entry in data.get("fonts", [])]
            board.captions = [_build(Caption, entry) for entry in data.get("captions", [])]
            board.sources = [_build(Source, entry) for entry in data.get("sources", [])]
            board.guides = {
                axis: [float(at) for at in lines if 0.0 <= at <= 1.0]
                for axis, lines in board.guides.items()
                if axis in ("x", "y")
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StudioError(
                "This storyboard cannot be read.", hint="Compose it again from the item."
            ) from error
        board.id = id
        return board

    def text_of(self, layer: TextLayer) -> str:
        """The words a text layer shows now."""
        return layer.text or self.copy.get(layer.bind, "")

    def scene_at(self, t: float) -> int:
        """Index of the scene playing at second ``t`` (clamped to the first and the last)."""
        index = 0
        for number, scene in enumerate(self.scenes):
            if t >= scene.start:
                index = number
        return index

    @property
    def card_time(self) -> float:
        """The second whose frame is the still card: the end of the last scene, everything at rest."""
        return max(self.duration - 1.0 / self.fps, 0.0)

    def asset_ids(self) -> list[int]:
        """Every asset that is drawn or heard, each once, in order of use."""
        found: dict[int, None] = {}
        for scene in self.scenes:
            for layer in scene.layers:
                asset = getattr(layer, "asset_id", None)
                if asset is not None:
                    found[asset] = None
        for track in self.tracks():
            if track.asset_id is not None:
                found[track.asset_id] = None
        for block in self.blocks:
            for asset in _assets_of(block):
                found[asset] = None
        return list(found)

    def tracks(self) -> list[SoundTrack]:
        """Music, voice and effects, those that are there."""
        return [track for track in (self.music, self.voice, *self.effects) if track is not None]

    def has_generated_part(self) -> bool:
        """Whether a model made any part of it."""
        return any(source.kind == "generated" for source in self.sources)


def _build(cls: type[Any], data: Mapping[str, Any]) -> Any:
    """Make a dataclass from known keys; lists of numbers become tuples where the default is one."""
    known = {f.name: f for f in fields(cls)}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known or key in ("id", "scenes", "stacks", "layers"):
            continue
        if isinstance(value, list) and _is_pair(value) and key in _PAIRS:
            value = tuple(value)
        values[key] = value
    made = cls(**values)
    for key, part in _PARTS.items():
        if key in values and isinstance(values[key], Mapping):
            setattr(made, key, _build(part, values[key]))
    return made


_PAIRS = {"size", "zoom", "pan_x", "pan_y", "focus"}
_PARTS: dict[str, type[Any]] = {"rect": Rect, "crop": Rect, "motion": Motion, "transition": Transition}


def _assets_of(block: Block) -> list[int]:
    """Assets of a block and of the blocks in it."""
    found = [block.asset_id] if block.asset_id is not None else []
    found += [int(asset) for asset in block.data.get("assets", [])]
    for inner in block.data.get("blocks", []):
        found += _assets_of(_build(Block, inner))
    return found


def _is_pair(value: list[Any]) -> bool:
    return len(value) == 2 and all(isinstance(part, int | float) for part in value)


def layer_from_dict(entry: Mapping[str, Any]) -> AnyLayer:
    """A layer from its plain form; ``kind`` chooses the class."""
    made: AnyLayer = _build(LAYER_KINDS[entry["kind"]], entry)
    return made


def _scene(entry: Mapping[str, Any]) -> Scene:
    scene: Scene = _build(Scene, entry)
    scene.layers = [layer_from_dict(layer) for layer in entry.get("layers", [])]
    scene.stacks = [_build(Stack, stack) for stack in entry.get("stacks", [])]
    return scene
