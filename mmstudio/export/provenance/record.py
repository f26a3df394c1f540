"""What a file says of its origin: plain values, the same for the same storyboard, without names of people."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard
from mmstudio.composition.storyboard import GeneratedLayer, Source
from mmstudio.export.provenance.label import law_of
from mmstudio.media.metadata import COMPOSITE, TRAINED
from mmstudio.paths import resource

if TYPE_CHECKING:
    from mmstudio.library import Library

SOFTWARE = "MM Studio"
_LONGEST = 300  # characters of a title: a JPEG segment holds 64 KB in all


def storyboard_hash(board: Storyboard) -> str:
    """SHA-256 of a storyboard's content: the same for the same picture and sound."""
    plain = json.dumps(board.content(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=64)
def recipe_hash(recipe: str) -> str:
    """SHA-256 of a recipe's ``recipe.toml``; "" for a storyboard made by hand or a recipe that is gone."""
    if not recipe or "/" in recipe or "\\" in recipe or recipe.startswith("."):
        return ""
    file = resource("recipes", recipe) / "recipe.toml"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def source_type(board: Storyboard) -> str:
    """The IPTC digital source type of a storyboard.

    ``trainedAlgorithmicMedia`` where a model made everything that is seen and heard apart from words and
    plain shapes, ``compositeWithTrainedAlgorithmicMedia`` for mixtures, "" where no model took part (IPTC
    Photo Metadata Standard 2023.1, digital source type vocabulary).
    """
    if not board.has_generated_part():
        return ""
    generated = {s.asset_id for s in board.sources if s.kind == "generated" and s.asset_id is not None}
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, GeneratedLayer) and layer.asset_id is not None:
                generated.add(layer.asset_id)
    used = set(board.asset_ids())
    return TRAINED if used and used <= generated else COMPOSITE


def with_origins(library: Library, board: Storyboard) -> Storyboard:
    """The storyboard with a source for every generated asset that none of its sources names.

    A picture that a model made may come in by hand, or in a block of a page: it is still said.
    """
    named = {source.asset_id for source in board.sources if source.kind == "generated"}
    found = [
        Source("picture", "generated", asset.id)
        for asset in library.assets.get_many(board.asset_ids())
        if asset.origin == "generated" and asset.id not in named
    ]
    return replace(board, sources=[*board.sources, *found]) if found else board


def record_of(board: Storyboard, market: str = "") -> dict[str, Any]:
    """What is stamped into every file of a storyboard: no path, name or place of the sources, no time.

    Keys: ``title``, ``software``, ``recipe``, ``recipe_hash``, ``seed``, ``storyboard`` (its hash) and, where
    a model took part, ``digital_source_type``, and in China ``aigc``, the implicit label its rules ask for
    (our reading, see ``label``). ``market``: the country it is made for, "" for the locale's.
    """
    record: dict[str, Any] = {
        "title": " ".join((board.copy.get("headline") or board.name).split())[:_LONGEST],
        "software": SOFTWARE,
        "recipe": board.recipe,
        "seed": board.seed,
        "storyboard": storyboard_hash(board),
    }
    if found := recipe_hash(board.recipe):
        record["recipe_hash"] = found
    if kind := source_type(board):
        record["digital_source_type"] = kind
        if law_of(board.locale, market) == "cn":
            # GB 45438-2025: label 1, "is generated content"; who made it is the person's to add.
            label = {"Label": "1", "ContentProducer": SOFTWARE, "ProduceID": record["storyboard"][:32]}
            record["aigc"] = json.dumps(label)
    return record
