"""What the library keeps, as plain rows: frozen dataclasses without behaviour."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mmstudio.media.kinds import MediaKind

Status = Literal["ok", "missing", "corrupt", "trashed"]
Rights = Literal["unknown", "own", "licensed", "no-training", "restricted"]
Origin = Literal["imported", "generated"]
Role = Literal["hero", "detail", "voice", "music", "clip", "review", "text"]
Target = Literal["asset", "item"]
Order = Literal["added", "title", "captured", "size", "duration", "rating", "best"]

_IN_A_LANGUAGE = re.compile(r"(title|name|description)_[a-z]{2}")

STATUSES: tuple[Status, ...] = ("ok", "missing", "corrupt", "trashed")
RIGHTS: tuple[Rights, ...] = ("unknown", "own", "licensed", "no-training", "restricted")
ROLES: tuple[Role, ...] = ("hero", "detail", "voice", "music", "clip", "review", "text")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that assets are found under; ``own`` is the library's own folder."""

    id: int
    path: str
    watched: bool
    own: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """One media file.

    Attributes:
        rel_path: path below the root, with forward slashes.
        size: bytes. mtime_ns: modification time, nanoseconds since 1970.
        width, height: pixels, upright. duration: seconds.
        captured_at: ISO 8601, as the camera wrote it (usually without a zone).
        phash: perceptual hash, 16 hexadecimal digits.
        language: BCP 47 tag of a text. rating: 0 (none) to 5.
        status_note: why the asset is not ok, one sentence.
        added_at: ISO 8601, UTC.
    """

    id: int
    kind: MediaKind
    root_id: int
    rel_path: str
    sha256: str
    size: int
    mtime_ns: int
    width: int | None
    height: int | None
    duration: float | None
    captured_at: str | None
    phash: str | None
    title: str
    caption: str
    language: str | None
    rights: Rights
    origin: Origin
    status: Status
    status_note: str
    rating: int
    added_at: str


@dataclass(frozen=True, slots=True)
class NewAsset:
    """An asset to be added; ``text`` is the content that a search should find, ``tags`` its first tags."""

    kind: MediaKind
    root_id: int
    rel_path: str
    sha256: str
    size: int
    mtime_ns: int
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    captured_at: str | None = None
    phash: str | None = None
    title: str = ""
    caption: str = ""
    language: str | None = None
    rights: Rights = "unknown"
    origin: Origin = "imported"
    status: Status = "ok"
    status_note: str = ""
    rating: int = 0
    text: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileUpdate:
    """What changed about the file behind an asset; None leaves a field as it is."""

    asset_id: int
    root_id: int | None = None
    rel_path: str | None = None
    sha256: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    captured_at: str | None = None
    phash: str | None = None
    status: Status | None = None
    status_note: str | None = None
    text: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """What a rescan compares with the disk."""

    id: int
    size: int
    mtime_ns: int
    sha256: str
    status: Status


@dataclass(frozen=True, slots=True)
class Collection:
    """A named, ordered set of assets."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Item:
    """A product, lesson or film. ``price`` is in units of ``currency`` (ISO 4217), None when unknown."""

    id: int
    sku: str
    title: str
    description: str
    price: float | None
    currency: str
    category: str
    url: str
    attributes: dict[str, str]

    def in_locale(self, locale: str) -> Item:
        """The item with the title and description it has in this language, where the catalogue gives them.

        A catalogue gives them in columns such as ``title_zh`` and ``description_zh``; such attributes are
        words of other languages, not facts, and are left out here.
        """
        tag = locale.replace("-", "_").lower().split("_")[0]
        plain = {k: v for k, v in self.attributes.items() if not _IN_A_LANGUAGE.fullmatch(k.lower())}
        own = {k.lower(): v for k, v in self.attributes.items()}
        return replace(
            self,
            title=own.get(f"title_{tag}") or own.get(f"name_{tag}") or self.title,
            description=own.get(f"description_{tag}") or self.description,
            attributes=plain,
        )


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be added, or to replace the one with the same sku."""

    sku: str
    title: str = ""
    description: str = ""
    price: float | None = None
    currency: str = ""
    category: str = ""
    url: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    missing_media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemAsset:
    """An asset in its role for an item; position 0 comes first within a role."""

    asset_id: int
    role: Role
    position: int


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody wrote about an item; ``rating`` as given (usually 0 to 5), ``created_at`` ISO 8601.

    ``author`` is never shown as it is: :func:`mmstudio.library.reviewers.shown_author` gives the initials, or
    the name where ``consent`` is recorded.
    """

    id: int
    item_id: int
    author: str
    rating: float | None
    title: str
    text: str
    created_at: str | None
    consent: bool = False


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to be added; one that is there already is left alone, but for the author's consent.

    ``consent``: whether the author agreed to be named, None where the source does not say.
    """

    item_id: int
    text: str
    author: str = ""
    rating: float | None = None
    title: str = ""
    created_at: str | None = None
    consent: bool | None = None


@dataclass(frozen=True, slots=True)
class ItemLink:
    """A directed link between two items: ``related``, ``upsell``, ``crosssell`` or the shop's own word."""

    item_id: int
    linked_id: int
    kind: str = "related"


@dataclass(frozen=True, slots=True)
class Audience:
    """People to make something for; ``liked`` and ``disliked`` are item ids.

    Attributes:
        origin: "found" for a segment of the events, "hand" for all others.
        segment: how a segment was found (size, words, seed …); {} for an audience made by hand.
    """

    id: int
    name: str
    brief: str
    locale: str
    tone: str
    traits: dict[str, Any]
    liked: list[int]
    disliked: list[int]
    rules: dict[str, Any]
    origin: str = "hand"
    segment: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person in the studio decided about an item for an audience.

    Attributes:
        event: "approve" or "reject". weight: above 0.
        source: what it was decided on: "storyboard 12", "variant v-…", "window", "shell".
    """

    audience_id: int
    item_id: int
    event: str
    weight: float
    source: str
    created_at: str


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """What one member did with one item; ``time`` in seconds since 1970, UTC.

    ``member`` is any name that is stable within the source, kept as a keyed pseudonym
    (:mod:`mmstudio.library.pseudonyms`); empty stands for the audience as a whole.
    """

    member: str
    audience_id: int | None
    item_id: int
    event: str = "view"
    weight: float = 1.0
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Interactions:
    """All interactions as columns of one length.

    Attributes:
        member, item: ids. weight: as given. time: seconds since 1970, UTC; NaN where it is not known.
        code: index into `names`.
        names: the different events ("view", "buy", "rating" …).
    """

    member: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]
    time: npt.NDArray[np.float64]
    code: npt.NDArray[np.int16]
    names: tuple[str, ...]

    @property
    def event(self) -> list[str]:
        """The event of every row, in words; for millions of rows use `code`."""
        return [self.names[code] for code in self.code.tolist()]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """One extractor in one version with one set of parameters; ``count`` vectors are stored."""

    id: int
    extractor: str
    version: str
    params_hash: str
    dimension: int
    modality: str
    target: Target
    count: int


@dataclass(frozen=True, slots=True)
class FeatureStats:
    """Normalisation statistics of a set: float32 [D] each, over ``count`` vectors of ``fitted_on``."""

    mean: npt.NDArray[np.float32]
    std: npt.NDArray[np.float32]
    count: int
    fitted_on: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A shot of a video between two cuts; times in seconds, ``key_time`` is its most typical frame."""

    start: float
    stop: float
    key_time: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured of an asset, to be read, searched and sorted by a person.

    Attributes:
        measures: name → value; the names and their units are in docs/library-format.md.
        colours: name of a colour (``teal``) → share of the picture, 0…1.
        scenes: shots of a video in order; None leaves the ones that are stored.
    """

    asset_id: int = 0
    measures: dict[str, float] = field(default_factory=dict)
    colours: dict[str, float] = field(default_factory=dict)
    scenes: tuple[Scene, ...] | None = None


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A query line under a name."""

    id: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A trained model of this library; ``path`` is relative to the library folder when it lies inside."""

    id: int
    name: str
    family: str
    path: str
    created_at: str
    updated_at: str
    steps: int
    metrics: dict[str, Any]
    status: str


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """How a generated asset was made: enough to make the same thing again."""

    id: int
    asset_id: int | None
    model: str
    seed: int
    latent: bytes | None
    params: dict[str, Any]
    sources: list[int]
    created_at: str


@dataclass(frozen=True, slots=True)
class StoryboardRow:
    """A saved storyboard; ``data`` is its dictionary form."""

    id: int
    name: str
    recipe: str
    item_id: int | None
    audience_id: int | None
    data: dict[str, Any]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Approval:
    """One verdict on a storyboard: ``approved``, ``changes`` or ``rejected``."""

    id: int
    storyboard_id: int
    who: str
    verdict: str
    comment: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One exported file; ``seconds`` is how long it took, ``kind`` card, video, sound, page or feed."""

    id: int
    storyboard_id: int | None
    channel: str
    path: str
    sha256: str
    size: int
    seconds: float
    kind: str
    created_at: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The database compared with the disk; ``problems`` are sentences, already translated."""

    assets: int
    problems: tuple[str, ...]
    missing: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    stray_files: tuple[str, ...] = ()
    repaired: int = 0

    @property
    def ok(self) -> bool:
        """True where nothing was found."""
        return not self.problems
