"""What the page of sets asks the library for: choices, notes, and a storyboard made of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmstudio.desktop.models.trained import model_lines
from mmstudio.desktop.views.set_controls import ENGINES
from mmstudio.desktop.views.set_shared import fit_text
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.generation.sets.contract import MadeSet
    from mmstudio.studio import Studio

PARTS = ("picture", "sound", "text")


def board_of(studio: Studio, made: MadeSet, assets: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """(storyboard, assets of the set: picture, sound, text). Not for the GUI thread.

    Args:
        assets: what it was saved as; none where it is not saved yet.

    Raises:
        StudioError: see :func:`mmstudio.composition.from_set.storyboard_of_set`.
    """
    from mmstudio.composition.from_set import storyboard_of_set
    from mmstudio.generation.sets.keeping import mark_of, save

    if len(assets) != len(PARTS):
        kept = save(studio.generation, made, None, True)["assets"]
        assets = tuple(int(kept[part]) for part in PARTS)
    board = storyboard_of_set(
        studio.composer,
        studio.library,
        dict(zip(PARTS, assets, strict=True)),
        title=made.title,
        text=made.text,
        item_id=made.wish.item_id,
        audience_id=made.wish.audience_id,
        mark=mark_of(made.manifest()),
    )
    assert board.id is not None  # saved above
    return board.id, assets


def choices_of(studio: Studio) -> tuple[list[str], list[Any], list[str]]:
    """Joint models, audiences, engines that are ready. Not for the GUI thread."""
    models = [
        line.name
        for line in model_lines(studio.trainings)
        if line.modality == "set" and line.info.status in ("ready", "training")
    ]
    copywriter = getattr(studio, "copywriter", None)
    engines = copywriter.engines if copywriter is not None else {}
    ready = [key for key, engine in engines.items() if engine.status().ready]
    return models, studio.library.audiences.list(), ready


def part_note(made: MadeSet, part: str, how: Any) -> str:
    """Where a part came from, in a few words."""
    if not how.model:
        return tr("given")
    model = tr(ENGINES[how.model]) if how.model in ENGINES else how.model
    return tr("{model}, seed {seed}, fits {how}", model=model, seed=how.seed, how=fit_text(how.fit))


def assets_of(result: dict[str, Any]) -> list[int]:
    """Assets of a finished job: picture, sound, text."""
    found = result.get("assets", [])
    return list(found.values()) if isinstance(found, dict) else list(found)
