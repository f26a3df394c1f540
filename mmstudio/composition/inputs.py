"""What a recipe is given to compose from: plain data that travels in a job and is kept in the storyboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from mmstudio.errors import UsageError

# What a recipe may ask for in its recipe.toml: needs = [...] must be there, takes = [...] may be.
Need = Literal["item", "items", "pictures", "track", "text", "question", "records", "clips", "character"]


@dataclass(slots=True)
class Inputs:
    """What a storyboard is made from; a recipe says which of it it needs.

    Attributes:
        item_id, item_ids: one item (ad, card), several (catalogue page, banner set).
        asset_ids: pictures and clips of the person's choice, in order (story, music video, report).
        track_id: the sound a music video is cut on, or the music of anything else.
        audience_id: whom it is for. locale: BCP 47; "" takes the audience's.
        text: an outline (story), the content (lesson), the question (reply), notes (report).
        title: its name where nothing gives one.
        model: a trained model that makes the pictures that are missing ("" for the default; "none" for none).
        characters: character sheets (storyboard ids) that a story may use.
        seed: the same seed and inputs give the same storyboard.
        overrides: words by copy slot, and "hero", an asset id.
        options: what a single recipe knows ("scenes": 5, "mood": "calm"); unknown ones are refused by it.
    """

    item_id: int | None = None
    item_ids: list[int] = field(default_factory=list)
    asset_ids: list[int] = field(default_factory=list)
    track_id: int | None = None
    audience_id: int | None = None
    locale: str = ""
    text: str = ""
    title: str = ""
    model: str = ""
    characters: list[int] = field(default_factory=list)
    seed: int = 0
    overrides: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The inputs as JSON-able data, without what was not given."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "", [], {})}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Inputs:
        """Rebuild what :meth:`to_dict` gave. Raises UsageError for a name that is not known."""
        known = {spec.name for spec in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise UsageError("A recipe takes no {names}.", names=", ".join(unknown))
        return cls(**dict(data))
