"""The steps recipes are made of, by the name a recipe.toml calls them; loaded when first used.

A step is a function of the :class:`mmstudio.composition.draft.Draft`; a long one yields its progress
(0 to 1).
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from mmstudio.composition.draft import Draft, Step
from mmstudio.errors import NotFound

_HERE = "mmstudio.composition.steps"
_MAKING = "mmstudio.composition.making"

# name in a recipe.toml -> module:function
STEPS: dict[str, str] = {
    "pictures": f"{_HERE}.pictures:pictures",
    "palette": f"{_HERE}.pictures:palette",
    "background": f"{_HERE}.pictures:background",
    "copy": f"{_HERE}.words:copy_lines",
    "scenes": f"{_HERE}.scenes:scenes",
    "music": f"{_HERE}.sound:music",
    "captions": f"{_HERE}.words:captions",
    "rating": f"{_MAKING}.product:rating",
    "ad-scenes": f"{_MAKING}.product:ad_scenes",
    "outline": f"{_MAKING}.story:outline",
    "story-pictures": f"{_MAKING}.story:story_pictures",
    "story-models": f"{_MAKING}.story:story_models",
    "story-scenes": f"{_MAKING}.story:story_scenes",
    "listen": f"{_MAKING}.music_video:listen",
    "shots": f"{_MAKING}.music_video:shots",
    "film": f"{_MAKING}.music_video:film",
    "video-scenes": f"{_MAKING}.music_video:video_scenes",
    "entries": f"{_MAKING}.catalogue:entries",
    "catalogue-scenes": f"{_MAKING}.catalogue:catalogue_scenes",
    "email": f"{_MAKING}.catalogue:email_blocks",
    "lesson": f"{_MAKING}.lesson:lesson",
    "lesson-music": f"{_MAKING}.lesson:music_if_given",
    "reply": f"{_MAKING}.reply:reply",
    "character": f"{_MAKING}.character:character",
    "case-report": f"{_MAKING}.case_report:case_report",
}

__all__ = ["STEPS", "Draft", "Step", "load_step"]


def load_step(name: str) -> Step:
    """The function of a step. Raises NotFound."""
    try:
        module, function = STEPS[name].split(":")
    except KeyError as error:
        raise NotFound("There is no step named {name}.", name=name[:60]) from error
    return cast(Step, getattr(import_module(module), function))
