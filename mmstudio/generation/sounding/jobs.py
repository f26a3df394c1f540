"""Sounds as files and assets: the sound half of the job "generate", and a kept sound made again."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.generation import keeping
from mmstudio.generation.sounding.make import make_sound, making_sound
from mmstudio.generation.sounding.wish import MadeSound, SoundWish
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation


def wishes(
    model: str,
    n: int,
    seed: int,
    seconds: float | None,
    like: str | int | None,
    sound: Mapping[str, Any] | None,
) -> list[SoundWish]:
    """The ``n`` wishes of a call; ``sound`` holds fields of a `SoundWish` beyond the others.

    With ``seconds`` and no kind it is a loop, as it always was; ``n`` results between two sounds lie evenly
    spread from one to the other.
    """
    given_fields: dict[str, Any] = {"model": model, "seed": seed, **(sound or {})}
    if seconds is not None:
        given_fields.setdefault("seconds", seconds)
        given_fields.setdefault("kind", "loop")
    if like not in (None, ""):
        given_fields.setdefault("like", like)
    wish = SoundWish.of(given_fields)
    made = [wish.nth(wish.index + i) for i in range(n)]
    if wish.between is not None and n > 1:
        made = [replace(one, at=i / (n - 1), index=wish.index) for i, one in enumerate(made)]
    return made


def making_files(
    generation: Generation,
    context: JobContext,
    wanted: list[SoundWish],
    out: str | Path | None,
    add: bool,
    more: Mapping[str, Any],
) -> Generator[Progress, None, dict[str, Any]]:
    """Make every wish, write it and keep it; see :meth:`Generation.work`."""
    result: dict[str, Any] = {"files": [], "assets": [], "rejected": 0, "below_floor": 0}
    count = len(wanted)
    for place, wish in enumerate(wanted):
        making = making_sound(generation, wish)
        while True:
            context.raise_if_cancelled()
            try:
                progress = next(making)
            except StopIteration as stop:
                made: MadeSound = stop.value
                break
            done = place + (progress.done / progress.total if progress.total else 0.0)
            note = tr("Made {done} of {total}", done=place, total=count)
            yield Progress(round(100 * done), 100 * count, note)
        result["rejected"] += made.params["rejected"]
        result["below_floor"] += made.params["below_floor"]
        _keep(generation, made, wish, place, out, add, more, result)
    yield Progress(100 * count, 100 * count, tr("Made {done} of {total}", done=count, total=count))
    return result


def _keep(
    generation: Generation,
    made: MadeSound,
    wish: SoundWish,
    place: int,
    out: str | Path | None,
    add: bool,
    more: Mapping[str, Any],
    result: dict[str, Any],
) -> None:
    config = generation.sound_model(wish.model).config
    params = {"index": place, **made.params, **more}
    title = f"{config.name} {wish.seed}-{place + 1}"
    folder = Path(out) if out is not None else generation.library.generated_dir
    file = folder / f"{config.name}-{wish.seed}-{place:04d}.wav"
    record = keeping.record_of(config, title, wish.seed, made.latent, params)
    file = keeping.write_sound(file, made.samples, record)
    if out is not None:
        result["files"].append(str(file))
    if not add:
        return
    asset = keeping.add_to_library(
        generation.library,
        file,
        kind="audio",
        title=title,
        model=config.name,
        seed=wish.seed,
        latent=made.latent,
        params=params,
        sources=made.params["sources"],
        stays=out is not None,
    )
    result["assets"].append(asset)
    if out is None:
        result["files"].append(keeping.asset_path(generation.library, asset))


def made_again(generation: Generation, params: Mapping[str, Any]) -> MadeSound:
    """The sound of a record, exactly as it was.

    Raises:
        NotFound, MediaError: a sound it was made from is gone. StudioError: one of them is another now.
    """
    made = make_sound(generation, SoundWish.kept(params["wish"]))
    if made.params["heard"] != params.get("heard", {}):
        raise StudioError(
            "A sound that this was made from has changed since.",
            hint="What was made of it before is kept in the library.",
        )
    return made
