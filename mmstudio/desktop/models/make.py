"""What the Make page offers: recipes by use, and what of the library they may be given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.recipe import BrokenRecipe, Recipe
    from mmstudio.library import Library
    from mmstudio.settings import Settings
    from mmstudio.studio import Studio

_SOUNDS = 400  # sounds that are offered
_VOICES = 200  # voices that are offered
_SHEETS = 200  # character sheets that are offered

# what a recipe needs or takes -> which field of the form asks for it
FIELDS: dict[str, str] = {
    "item": "item",
    "items": "items",
    "pictures": "pictures",
    "clips": "pictures",
    "records": "pictures",
    "track": "track",
    "text": "text",
    "question": "text",
    "character": "character",
}


@dataclass(slots=True)
class MakeChoices:
    """What can be chosen from: pairs of (words, value)."""

    recipes: list[Recipe] = field(default_factory=list)
    broken: list[BrokenRecipe] = field(default_factory=list)
    audiences: list[tuple[str, int]] = field(default_factory=list)
    sounds: list[tuple[str, int]] = field(default_factory=list)
    characters: list[tuple[str, int]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


def read_choices(studio: Studio) -> MakeChoices:
    """Everything the page needs to know; in a worker."""
    from mmstudio.composition.recipe import broken_recipes, recipes
    from mmstudio.desktop.words import duration_text
    from mmstudio.library import AssetFilter

    library = studio.library
    ids = library.assets.ids(AssetFilter(kinds=("audio",)))[: _SOUNDS * 2]
    sounds = [asset for asset in library.assets.get_many(ids) if asset.status == "ok"]
    sounds.sort(key=lambda asset: (-(asset.duration or 0.0), asset.title.casefold()))
    return MakeChoices(
        recipes=recipes(),
        broken=broken_recipes(),
        audiences=[(one.name, one.id) for one in library.audiences.list()],
        sounds=[(f"{a.title} · {duration_text(a.duration or 0.0)}", a.id) for a in sounds[:_SOUNDS]],
        characters=_characters(library),
        models=[
            one.name
            for one in studio.trainings.models()
            if one.family.startswith("image") and one.status in ("ready", "training")
        ],
    )


def _characters(library: Library) -> list[tuple[str, int]]:
    rows = [row for row in library.storyboards.list() if row.recipe == "character"]
    return [(row.name, row.id) for row in rows[:_SHEETS]]


def read_voices(settings: Settings) -> list[tuple[str, str]]:
    """(id, words) of this computer's voices, the person's language and English first; in a worker."""
    from mmstudio.generation.voice import Voices
    from mmstudio.generation.voice.service import speaks
    from mmstudio.i18n import language

    own = language().split("_")[0].split("-")[0]
    found = Voices(settings).voices()
    found.sort(key=lambda one: (not speaks(one, own), not speaks(one, "en"), one.name.casefold()))
    return [(one.id, one.name.replace("_", " ")) for one in found[:_VOICES]]


def fields_of(recipe: Recipe) -> tuple[list[str], set[str]]:
    """The fields a recipe asks for, in the order of the form, and which of them have to be filled."""
    order = ["text", "item", "items", "pictures", "track", "character"]
    wanted = {FIELDS[need] for need in (*recipe.needs, *recipe.takes) if need in FIELDS}
    needed = {FIELDS[need] for need in recipe.needs if need in FIELDS}
    if "records" in recipe.needs:  # pictures, notes, or both
        wanted |= {"text", "pictures"}
        needed -= {"pictures"}
    return [name for name in order if name in wanted], needed


def pictures_of(library: Library, ids: list[int]) -> dict[int, str]:
    """Titles of those of the assets that can be shown: pictures and clips; in a worker."""
    return {a.id: a.title for a in library.assets.get_many(ids) if a.kind in ("image", "video")}


def assets_of_files(library: Library, files: list[str]) -> list[int]:
    """The assets that files are known as, in order; in a worker, after they were imported."""
    found = []
    for file in files:
        try:
            with Path(file).open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError:
            continue
        found += [asset.id for asset in library.assets.by_sha256(digest)[:1]]
    return found


def read_text_file(path: str) -> str:
    """The text of a file; in a worker. Raises MediaError."""
    from mmstudio.media.text import load_text

    return load_text(Path(path)).text


def job_params(recipe: str, given: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the compose job from what the form was given; empty fields are left out."""
    inputs = {key: value for key, value in given.items() if value not in ("", None, [], {})}
    return {"recipe": recipe, "inputs": inputs}


def saying(recipe: Recipe) -> str:
    """The recipe's name for the person: translated where it is the program's own."""
    return recipe.label if recipe.own else tr(recipe.label)
