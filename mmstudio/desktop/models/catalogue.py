"""The catalogue of networks as rows, with words for what they are and how they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.desktop.words import size_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.learning.catalogue import Row
    from mmstudio.studio import Studio

KINDS = {
    "image-backbone": mark("Pictures"),
    "image-text": mark("Pictures and words"),
    "sentence": mark("Texts"),
    "word-vectors": mark("Words"),
    "": mark("Unknown"),
}
STATES = {
    "installed": mark("installed"),
    "damaged": mark("damaged"),
    "available": mark("available"),
    "partial": mark("partly downloaded"),
    "running": mark("downloading"),
}
ORIGINS = {
    "yours": mark("added by you"),
    "catalogue": mark("from the catalogue"),
    "starter": mark("ships with the program"),
}
ICONS = {"image-text": "chats", "sentence": "text-t", "word-vectors": "text-aa"}


class CatalogueModel(RowListModel["Row"]):
    """Every network; ``running`` names those that are being downloaded."""

    running: frozenset[str] = frozenset()

    def text(self, row: Row) -> str:
        return row.title

    def spoken(self, row: Row) -> str:
        return f"{row.title}, {self.line(row)}"

    def identity(self, row: Row) -> str:
        return row.name

    def state(self, row: Row) -> str:
        """A key of STATES."""
        return "running" if row.name in self.running else row.state

    def line(self, row: Row) -> str:
        """ "Pictures · 46.8 MB · available"."""
        state = tr(STATES[self.state(row)])
        if row.origin == "starter" and row.state == "installed":
            state = tr("starter")
        return " · ".join((tr(KINDS.get(row.kind, row.kind)), size_text(row.size), state))


@dataclass(frozen=True, slots=True)
class TuningOffer:
    """What a fine-tuning could start from and learn on now.

    Attributes:
        bases: networks that can be fine-tuned, the starter first.
        counts: how many imported pictures have an item with a category, a tag, or are there at all, by what
            would be learned: "categories", "tags", "self".
        taken: names that are in use.
        step_seconds: how long a step takes here, roughly, by architecture.
    """

    bases: list[Row]
    counts: dict[str, int]
    taken: frozenset[str] = field(default_factory=frozenset)
    step_seconds: dict[str, float] = field(default_factory=dict)


def read_tuning_offer(studio: Studio) -> TuningOffer:
    """Look into the library and the model folder; not for the GUI thread."""
    from mmstudio.learning.finetune import estimate
    from mmstudio.library import AssetFilter

    library, rows = studio.library, studio.catalogue.rows()
    bases = [
        row for row in rows if row.kind == "image-backbone" and row.state == "installed" and row.dimension > 0
    ]
    bases.sort(key=lambda row: row.origin != "starter")
    pictures = set(library.assets.ids(AssetFilter(kinds=("image",), origin="imported")))
    with_item = {
        link.asset_id
        for item in library.items.get_many(library.items.ids())
        if item.category.strip()
        for link in library.items.assets_of(item.id)
    }
    tagged = {asset for asset, names in library.assets.tags_of(pictures).items() if names}
    counts = {"categories": len(pictures & with_item), "tags": len(tagged), "self": len(pictures)}
    seconds = {row.architecture: estimate(row.architecture, 1) for row in bases}
    return TuningOffer(bases, counts, frozenset(row.name for row in rows), seconds)
