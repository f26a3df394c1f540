"""Pictures that a model makes for a scene, kept as assets of the library."""

from __future__ import annotations

from mmstudio.composition.draft import Draft
from mmstudio.composition.parts import make_background
from mmstudio.composition.steps.pictures import ground_colours
from mmstudio.errors import StudioError
from mmstudio.jobs import JobContext

_ABSTRACT = "starter-"  # these models draw shapes; they are repainted in the palette, crisp


def made_picture(draft: Draft, seed: int, words: str) -> int:
    """A picture of a model for a scene, as an asset id; the same seed gives the same picture.

    The model that was named, else the starter. Words that name colours colour it. Raises NotFound,
    StudioError where there is no such model.
    """
    generation = draft.generation
    if generation is None:
        raise StudioError(
            "There is no model that could make pictures.", hint="Train one, or choose pictures."
        )
    name = draft.inputs.model or generation.default_model()
    if not name.startswith(_ABSTRACT):
        context = draft.context or JobContext(0, {})
        going = generation.work(name, n=1, seed=seed, text=words[:200] or None)(context)
        while True:
            try:
                next(going)
                draft.breathe()
            except StopIteration as stop:
                return int(stop.value["assets"][0])
    colours = ground_colours(draft.board)
    made = make_background(
        draft.library, generation, draft.board.palette["accent"], colours, seed, draft.board.name, name
    )
    if made is None:
        raise StudioError(
            "There is no model that could make pictures.", hint="Train one, or choose pictures."
        )
    return made[0]
