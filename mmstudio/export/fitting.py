"""A storyboard held to what a channel takes: length, frames per second, and the text beside it."""

from __future__ import annotations

import copy

from mmstudio.composition import Storyboard
from mmstudio.errors import StudioError
from mmstudio.export.channels import Channel, chosen
from mmstudio.export.options import ExportOptions
from mmstudio.i18n import tr

_TIMED = ("mp4", "webm", "gif", "wav", "flac", "mp3", "opus")


def frame_count(duration: float, fps: int) -> int:
    """Frames of a video of some seconds; at least one."""
    return max(round(duration * fps), 1)


def steps_of(board: Storyboard, channel: Channel, options: ExportOptions) -> int:
    """Steps that a channel's progress has: the frames of a film, a dozen for anything else."""
    if channel.kind == "kit":
        held = [one for one in chosen(channel.holds) if fits(board, one, options)]
        return max(sum(steps_of(board, one, options) for one in held), 1)
    if not channel.moves and channel.kind != "otio":
        return 12
    fit = fitted(board, channel, options)
    return frame_count(fit.duration, fit.fps)


def fits(board: Storyboard, channel: Channel, options: ExportOptions) -> bool:
    """Whether a storyboard is of a length that the channel takes."""
    try:
        fitted(board, channel, options)
    except StudioError:
        return False
    return True


def fitted(board: Storyboard, channel: Channel, options: ExportOptions) -> Storyboard:
    """The storyboard as the channel takes it: no faster, and trimmed where that was asked for.

    Raises:
        StudioError: it is too short or too long for the channel.
    """
    if channel.kind not in _TIMED:
        return board
    low, high = channel.min_seconds, channel.max_seconds
    if options.trim and high and board.duration > high:
        board = trimmed(board, high)
    if (high and board.duration > high) or (low and board.duration < low):
        raise StudioError(
            "{seconds} seconds do not fit the channel {channel} ({low} to {high} s).",
            hint="Choose another channel, or let it end with the last scene that fits.",
            seconds=round(board.duration, 1),
            channel=channel.name,
            low=round(low),
            high=round(high),
        )
    if channel.fps and board.fps > channel.fps and channel.moves:
        board = copy.copy(board)
        board.fps = channel.fps
    return board


def trimmed(board: Storyboard, seconds: float) -> Storyboard:
    """A storyboard that ends with the last scene that is over by ``seconds``; as it is where none is."""
    kept = [scene for scene in board.scenes if scene.end <= seconds + 1e-6]
    if not kept:
        return board
    made = copy.copy(board)
    made.scenes, made.duration = kept, kept[-1].end
    made.captions = [copy.copy(caption) for caption in board.captions if caption.start < made.duration]
    for caption in made.captions:
        caption.end = min(caption.end, made.duration)
    return made


def copy_text(board: Storyboard) -> str:
    """The text that goes beside an export: the storyboard's words, a paragraph each, each once."""
    words = [board.copy.get(slot, "").strip() for slot in ("headline", "line", "body", "price", "cta")]
    return "\n".join(dict.fromkeys(word for word in words if word))


def copy_note(board: Storyboard, channel: Channel) -> str:
    """A sentence where the text beside it is longer than the channel takes; "" where it fits."""
    length = len(copy_text(board))
    if not channel.copy_length or length <= channel.copy_length:
        return ""
    return tr(
        "The text of {length} characters is too long for {channel}, which takes {limit}.",
        length=length,
        channel=tr(channel.label),
        limit=channel.copy_length,
    )
