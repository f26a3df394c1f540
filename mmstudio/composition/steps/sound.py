"""Steps that lay sound: a music bed, and the item's voice over it."""

from __future__ import annotations

from mmstudio.composition.draft import Draft
from mmstudio.composition.parts import choose_music, track_of
from mmstudio.composition.spoken import choose_voice
from mmstudio.errors import MediaError


def music(draft: Draft) -> None:
    """Lay a music bed under it, and over it the item's voice, where it has one.

    The bed is the track a person chose, else the item's own, a loop of the library, or one a
    sound model makes.
    """
    if draft.inputs.track_id is not None:
        asset = draft.asset(draft.inputs.track_id)
        if asset.kind != "audio":
            raise MediaError("{title} is not a sound.", status="unsupported", title=asset.title)
        draft.board.music, source = track_of(asset)
        draft.board.sources.append(source)
    else:
        track, found = choose_music(
            draft.library, draft.generation, draft.item, draft.seed, draft.board.duration
        )
        draft.board.music = track
        if found is not None:
            draft.board.sources.append(found)
    if draft.item is None:
        return
    spoken = choose_voice(draft.library, draft.item.id, draft.board.duration)
    if spoken is not None:
        draft.board.voice = spoken[0]
        draft.board.sources.append(spoken[1])
