"""Generation: trained models at work on request, as a job, and as backgrounds."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import NotFound, ReadOnly, StudioError, UsageError
from mmstudio.generation import backgrounds, keeping, texts
from mmstudio.generation.latents.point import Point
from mmstudio.generation.latents.shape import shaped
from mmstudio.generation.latents.steer import steer
from mmstudio.generation.sampling import (
    Drawn,
    Steering,
    draw_pictures,
    drawing,
    project,
)
from mmstudio.generation.sounding.wish import SoundWish
from mmstudio.generation.steering import palette_of
from mmstudio.generation.texts import MadeText
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.generation.latents.player import Player
    from mmstudio.generation.sounding.wish import MadeSound
    from mmstudio.learning import Trainings
    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.library import Library

RGB = Sequence[int]
BACKGROUND_MODELS = ("starter-image-gan", "starter-image-vae")
SOUND_MODELS = ("starter-sound-vae",)
_STEERED = 512  # pixels of a picture repainted in colours named by words


class Generation:
    """What the trained models of a library (and the starters) can make."""

    def __init__(self, library: Library, trainings: Trainings) -> None:
        self.library, self.trainings = library, trainings
        self._players: dict[str, Player] = {}

    def player(self, model: str) -> Player:
        """A picture model to play with; kept until its weights change. Loads torch: for the device thread.

        Raises:
            NotFound, StudioError: see :meth:`Trainings.load`. UsageError: a sound model.
        """
        from mmstudio.generation.latents.jobs import player_of

        loaded = self._picture_model(model)
        kept = self._players.get(model)
        if kept is None or kept.model is not loaded:
            kept = player_of(self.library, loaded)
            self._players = {model: kept, **dict(list(self._players.items())[:3])}
        return kept

    # -- at once (for JobRunner.ask and for compositions) ------------------------------------------------

    def images(
        self,
        model: str,
        n: int = 8,
        seed: int = 0,
        size: int | None = None,
        like: str | int | None = None,
        taste: Mapping[str, Any] | None = None,
        strength: float = 0.0,
    ) -> list[Image.Image]:
        """``n`` RGB pictures that pass the quality floor, at the model's size or ``size`` pixels per side.

        ``taste`` and ``strength``: what an audience likes, and how far to go there; see `SetWish`.

        Raises:
            NotFound: no such model. UsageError: a sound model, n < 1, or one that cannot be told a taste.
        """
        loaded = self._picture_model(model)
        steering = Steering(self._around(loaded, like, seed))
        if taste and strength > 0:
            from mmstudio.generation.sets import liking

            liking.steer_all(self, self.player(model), taste, strength, steering)
        drawn = draw_pictures(loaded, _at_least_one(n), seed, steering=steering)
        pictures = [shaped(np.asarray(result.decoded), loaded.config) for result in drawn.results]
        return [_sized(Image.fromarray(picture), size) for picture in pictures]

    def sounds(
        self,
        model: str,
        n: int = 1,
        seed: int = 0,
        seconds: float | None = None,
        like: str | int | None = None,
        **sound: Any,
    ) -> list[tuple[NDArray[np.float32], int]]:
        """``n`` sounds as (float32[2, N], 44100), −18 LUFS unless wished otherwise, never clipped.

        With ``seconds`` they are seamless loops of that length, without they are one-shots; ``sound`` holds
        other fields of a `SoundWish`.
        """
        from mmstudio.generation.sounding.jobs import wishes
        from mmstudio.generation.sounding.make import make_sound

        made = [make_sound(self, w) for w in wishes(model, _at_least_one(n), seed, seconds, like, sound)]
        return [(one.samples, one.rate) for one in made]

    def sound(self, wish: SoundWish) -> MadeSound:
        """One sound as wished; see :func:`mmstudio.generation.sounding.make.make_sound`."""
        from mmstudio.generation.sounding.make import make_sound

        return make_sound(self, wish)

    def texts(self, model: str, n: int = 4, seed: int = 0, **wishes: Any) -> list[MadeText]:
        """``n`` texts of a text model; ``wishes``: fields of :class:`mmstudio.generation.texts.TextWish`."""
        return texts.make_texts(self, texts.TextWish.of({"model": model, "n": n, "seed": seed} | wishes))

    def background(
        self, model: str | None, palette: Sequence[RGB], size: tuple[int, int], seed: int = 0
    ) -> Image.Image:
        """A generated picture repainted in a product's colours, crisp at ``size`` (width, height) pixels.

        ``palette`` holds RGB 0–255, the product's main colour first. None as the model is the starter GAN.

        Raises:
            NotFound: no such model, or no picture model at all.
        """
        loaded = self._picture_model(model or self.default_model(BACKGROUND_MODELS))
        result = draw_pictures(loaded, 1, seed).results[0]
        return backgrounds.paint(np.asarray(result.decoded), palette, size, seed)

    def default_model(self, names: Sequence[str] = BACKGROUND_MODELS) -> str:
        """The first of ``names`` that can be used, else any model of the same families. Raises NotFound."""
        ready = {
            model.name: model for model in self.trainings.models() if model.status in ("ready", "training")
        }
        for name in names:
            if name in ready:
                return name
        wanted = [name.removeprefix("starter-") for name in names]
        for model in ready.values():
            if model.family in wanted:
                return model.name
        raise NotFound("There is no trained model yet.", hint="Train one first.")

    # -- as a job ----------------------------------------------------------------------------------------

    def work(
        self,
        model: str,
        n: int = 8,
        seed: int = 0,
        like: str | int | None = None,
        text: str | None = None,
        out: str | Path | None = None,
        add_to_library: bool = True,
        seconds: float | None = None,
        truncation: float = 1.0,
        sliders: dict[str, float] | None = None,
        tags: Sequence[str] = (),
        palette: Sequence[RGB] = (),
        floor: bool = True,
        sound: Mapping[str, Any] | None = None,
        writing: Mapping[str, Any] | None = None,
        taste: Mapping[str, Any] | None = None,
        strength: float = 0.0,
    ) -> Work:
        """A job that makes ``n`` files.

        Args:
            model: name of a model. like: asset id or file to vary. out: folder for the files.
            text: words; colours they name (English or Chinese) repaint pictures, and they shift the seed.
            seconds: length of sounds as seamless loops; one-shots where None.
            sound: fields of a `SoundWish` for a sound model: kind, tempo, key, between, timbre_of, …
            writing: fields of a `TextWish` for a text model: prompt (or ``text``), between, temperature, …
            truncation, sliders, tags, palette: pictures only; see :class:`mmstudio.generation.latents.Point`.
            floor: throw away pictures that are too flat or too soft to show.
            taste, strength: pictures only: what an audience likes, and how far to go there; see `SetWish`.

        Returns {"files": [paths], "assets": [ids], "rejected": how many were thrown away for quality,
        "below_floor": how many were kept although none better came}.
        """

        def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            if add_to_library and self.library.read_only:
                raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
            if out is None and not add_to_library:
                raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
            count = _at_least_one(n)
            yield Progress(0, count, tr("Preparing"))
            if self.trainings.modality(model) == "text" or writing:
                told = {"model": model, "n": n, "seed": seed, "like": like or "", "prompt": text or ""}
                wish = texts.TextWish.of(told | dict(writing or {}))
                write = texts.work(self, wish, out=out, add_to_library=add_to_library)
                written: dict[str, Any] = yield from write(context)
                return written
            loaded = self.trainings.load(model)
            used = seed + zlib.crc32(text.encode()) % 1_000_000 if text else seed
            if loaded.config.family.startswith("sound"):
                from mmstudio.generation.sounding.jobs import making_files, wishes

                wanted = wishes(model, count, used, seconds, like, sound)
                more = {"text": text} if text else {}
                return (yield from making_files(self, context, wanted, out, add_to_library, more))
            if sound:
                self.sound_model(model)  # says that it makes no sounds
            colours = palette_of(text or "")
            params = self._params(loaded, colours, text, like)
            steering = Steering(self._around(loaded, like, used), truncation=truncation, floor=floor)
            condition: dict[str, Any] = {"tags": tags, "palette": palette}
            if taste and strength > 0:
                from mmstudio.generation.sets import SetWish, liking

                liked = SetWish(taste=taste, strength=strength)
                condition |= liking.steered(self, self.player(model), liked, steering)
                params["strength"] = strength
            wished = Point(seed, truncation, dict(sliders or {}), condition=condition)
            params |= yield from steer(self.player(model), wished, steering)
            result: dict[str, Any] = {"files": [], "assets": [], "rejected": 0, "below_floor": 0}
            found = drawing(loaded, count, used, steering)
            while True:
                context.raise_if_cancelled()
                try:
                    drawn = next(found)
                except StopIteration as stop:
                    result["rejected"], result["below_floor"] = stop.value
                    return result
                done = len(result["files"])
                if drawn is not None:
                    own = {"index": done, **params}
                    made = self._finish(loaded, drawn, used, own)
                    self._keep(made, drawn, loaded, used, own, out, add_to_library, result)
                    done += 1
                yield Progress(done, count, tr("Made {done} of {total}", done=done, total=count))

        return run

    def draw_work(self, **wishes: Any) -> Work:
        """A job that saves points as pictures; see :func:`mmstudio.generation.latents.jobs.draw_work`."""
        from mmstudio.generation.latents.jobs import draw_work

        return draw_work(self, **wishes)

    def film_work(self, **wishes: Any) -> Work:
        """A job that films a walk; see :func:`mmstudio.generation.latents.film.film_work`."""
        from mmstudio.generation.latents.film import film_work

        return film_work(self, **wishes)

    def project_work(self, **wishes: Any) -> Work:
        """A job that finds a picture's place; see :func:`mmstudio.generation.latents.jobs.project_work`."""
        from mmstudio.generation.latents.jobs import project_work

        return project_work(self, **wishes)

    def again(self, asset_id: int) -> Image.Image | tuple[NDArray[np.float32], int] | str:
        """Make the content of a generated asset once more: the same picture, (samples, rate), or text.

        Raises:
            NotFound: the asset was not generated by a model. StudioError: the model has changed since.
        """
        import torch

        row = self.library.generations.of_asset(asset_id)
        if row is not None and "set" in row.params:
            from mmstudio.generation.sets.recipes import part_again

            return part_again(self, row.params)
        if row is not None and texts.is_text(row):
            return texts.again(self, row)
        if row is None or row.latent is None:
            raise NotFound("This was not made by a model.", hint="Only generated assets can be made again.")
        loaded = self.trainings.load(row.model)
        if row.params.get("weights") != loaded.fingerprint:
            raise StudioError(
                "The model “{name}” has been trained further since.",
                hint="What it made before is kept in the library.",
                name=row.model,
            )
        if "wish" in row.params:
            from mmstudio.generation.sounding.jobs import made_again

            sound = made_again(self, row.params)
            return sound.samples, sound.rate
        latent = torch.frombuffer(bytearray(row.latent), dtype=torch.float32)[None]
        if loaded.config.family.startswith("sound"):
            from mmstudio.generation.sounding import earlier

            random = torch.Generator().manual_seed(row.seed)
            mel = loaded.decode(latent)[0][0]
            return earlier.finish(mel, row.params.get("seconds"), random), earlier.RATE
        length = loaded.prior.mean.shape[1]
        rows = latent.view(1, -1, length) if latent.shape[1] > length else latent
        known = row.params.get("condition_row")
        c = None if known is None else torch.tensor([known], dtype=torch.float32)
        return self._finish(loaded, Drawn(latent, loaded.pictures(rows, c)[0], 1.0), row.seed, row.params)

    # -- inside ------------------------------------------------------------------------------------------

    def _finish(self, model: GenerativeModel, drawn: Drawn, seed: int, params: dict[str, Any]) -> Image.Image:
        picture = np.asarray(drawn.decoded)
        colours = params.get("palette")
        if colours:
            return backgrounds.paint(picture, colours, (_STEERED, _STEERED), seed)
        return Image.fromarray(shaped(picture, model.config))

    def _params(
        self,
        model: GenerativeModel,
        colours: Sequence[RGB],
        text: str | None,
        like: str | int | None,
    ) -> dict[str, Any]:
        params: dict[str, Any] = {
            "weights": model.fingerprint,
            "steps": model.config.trained.get("steps", 0),
        }
        if text:
            params |= {"text": text, "palette": [list(colour) for colour in colours]}
        if like is not None:
            params["like"] = str(like)
        return params

    def _keep(
        self,
        made: Image.Image,
        drawn: Drawn,
        model: GenerativeModel,
        seed: int,
        params: dict[str, Any],
        out: str | Path | None,
        add: bool,
        result: dict[str, Any],
    ) -> None:
        name = model.config.name
        title = f"{name} {seed}-{params['index'] + 1}"
        folder = Path(out) if out is not None else self.library.generated_dir
        file = folder / f"{name}-{seed}-{params['index']:04d}.png"
        latent: NDArray[np.float32] = drawn.latent.numpy()
        record = keeping.record_of(model.config, title, seed, latent, params)
        file = keeping.write_picture(file, made, record)
        if out is not None:
            result["files"].append(str(file))
        if not add:
            return
        like = params.get("like", "")
        asset = keeping.add_to_library(
            self.library,
            file,
            kind="image",
            title=title,
            model=name,
            seed=seed,
            latent=latent,
            params=params,
            sources=[int(like)] if like.isdigit() else [],
            stays=out is not None,  # the person's copy stays where it is
        )
        result["assets"].append(asset)
        if out is None:
            result["files"].append(keeping.asset_path(self.library, asset))

    def _around(self, model: GenerativeModel, like: str | int | None, seed: int) -> Tensor | None:
        if like is None or like == "":
            return None
        from mmstudio.learning.datasets.gather import picture_of

        return project(model, picture_of(self.path_of(like), model.config), seed)

    def path_of(self, like: str | int) -> Path:
        """The file of an asset id or a path. Raises NotFound."""
        if str(like).isdigit() and not Path(str(like)).exists():
            return self.library.assets.path_of(self.library.assets.get(int(like)))
        path = Path(str(like))
        if not path.is_file():
            raise NotFound("There is no file {name}.", hint="Give an asset id or a file.", name=path.name)
        return path

    def _picture_model(self, name: str) -> GenerativeModel:
        loaded = self.trainings.load(name)
        if loaded.config.channels != 3:
            raise UsageError(
                "“{name}” makes sounds, not pictures.", hint="Choose a picture model.", name=name
            )
        return loaded

    def sound_model(self, name: str) -> GenerativeModel:
        """A model of sounds. Raises UsageError for any other, NotFound."""
        loaded = self.trainings.load(name)
        if not loaded.config.family.startswith("sound"):
            raise UsageError("“{name}” makes pictures, not sounds.", hint="Choose a sound model.", name=name)
        return loaded


def _sized(picture: Image.Image, size: int | None) -> Image.Image:
    return picture if size is None else picture.resize((size, size), Image.Resampling.LANCZOS)


def _at_least_one(n: int) -> int:
    if n < 1:
        raise UsageError("At least one must be made.")
    return n
