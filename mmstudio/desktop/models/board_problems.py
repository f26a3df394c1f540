"""What is not as it should be with a storyboard that is opened: said once, in words, before exporting."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from mmstudio.errors import StudioError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.composition.sound import MixReport
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock
    from mmstudio.library import Library

HEARD_MINUTES = 10  # longer ones are not mixed for the preview: a sound of ten minutes takes 230 MB
_NAMED = 3
_told: WeakKeyDictionary[AppContext, set[tuple[int | None, tuple[str, ...]]]] = WeakKeyDictionary()


def problems_of(library: Library, board: Storyboard) -> list[str]:
    """Sentences about media that are gone, clips without the sound asked for, fonts, length; reads files."""
    found = _media(library, board)
    try:
        from mmstudio.composition.render import fonts

        found += fonts.changed(board)
    except (StudioError, OSError):
        pass  # a font that cannot be looked at is replaced like one that is gone
    if too_long(board):
        found.append(
            tr("It is longer than {n} minutes, so it plays here without sound; the export has it.",
               n=HEARD_MINUTES)
        )  # fmt: skip
    return found


def too_long(board: Storyboard) -> bool:
    """Whether its sound is not mixed for the preview."""
    return board.duration > HEARD_MINUTES * 60


def board_clock(
    board: Storyboard, library: Library, rate: int, volume: float
) -> tuple[SoundClock | SilentClock, MixReport | None]:
    """The storyboard's sound, ready to play, with what it measures; silence where it is too long.

    Slow: for a worker.
    """
    from mmstudio.composition.sound import mix, mix_report
    from mmstudio.desktop.views.sound_clock import SilentClock, open_clock

    if too_long(board):
        return SilentClock(), None
    samples = mix(board, library, rate=rate)
    report = mix_report(samples, rate) if samples.any() else None
    return open_clock(samples, rate, volume), report


def _media(library: Library, board: Storyboard) -> list[str]:
    ids = board.asset_ids()
    known = {asset.id: asset for asset in library.assets.get_many(ids)}
    gone = [tr("something that is no longer in the library")] if len(known) < len(set(ids)) else []
    silent: list[str] = []
    wanted = _with_sound(board)
    for asset in known.values():
        title = asset.title or asset.rel_path
        try:
            path = library.assets.path_of(asset)
            if not path.is_file():
                gone.append(title)
            elif asset.id in wanted and not _has_sound(str(path)):
                silent.append(title)
        except (StudioError, OSError):
            gone.append(title)
    said: list[str] = []
    if gone:
        said.append(tr("Missing: {names}.", names=_some(gone)))
    if silent:
        said.append(tr("Without sound: {names}.", names=_some(silent)))
    return said


def _with_sound(board: Storyboard) -> set[int]:
    """Clips whose own sound is asked for."""
    from mmstudio.composition.storyboard import VideoLayer

    return {
        layer.asset_id
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, VideoLayer) and layer.gain is not None and layer.asset_id is not None
    }


def _has_sound(path: str) -> bool:
    from mmstudio.media.video import VideoReader

    with VideoReader(path) as reader:
        return bool(reader.has_audio)


def _some(names: list[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:_NAMED])
    return tr("{names} and {n} more", names=shown, n=len(names) - _NAMED) if len(names) > _NAMED else shown


def tell_problems(context: AppContext, board: Storyboard, problems: list[str]) -> None:
    """A notice, once for a storyboard in this state."""
    told = _told.setdefault(context, set())
    key = (board.id, tuple(problems))
    if not problems or key in told:
        return
    told.add(key)
    more = len(problems) > _NAMED
    words = " ".join(problems[:_NAMED]) + (" …" if more else "")
    hint = tr("The Library doctor finds files that moved; in the editor something else can be chosen.")
    context.notify(words, hint, level="warning")
