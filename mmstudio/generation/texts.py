"""Texts from a trained model: new ones, variations of one, in-betweens of two; each with what it copied."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import NotFound, ReadOnly, StudioError, UsageError
from mmstudio.generation import keeping
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.learning.texts.copying import Copied

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.learning.texts.model import TextModel
    from mmstudio.library.records import GenerationRow

_TITLE = 60  # characters
_TRIES = 4  # texts written per text wanted, before fewer are given: some come out empty
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class TextWish:
    """What to write; plain JSON.

    Attributes:
        model: a text writer or a text VAE. n: how many (in-betweens: with both ends). seed: of chance.
        prompt: what a writer's texts begin with; for a text VAE the sentence to vary.
        like: an asset id or a text file whose text is meant instead of ``prompt``; "" for none.
        between: two texts (or ids of text assets) to go between; empty for none. A text VAE only.
        spread: how far variations go, 0 to 2.
        temperature, top_p, longest, stop: see :meth:`TextModel.sample`; a temperature of None is 0.9 for new
            texts and 0 for variations and in-betweens.
        only: which of the ``n`` are made, counted from 0; all where empty. One in-between of a row by itself.
        pick: of variations and in-betweens several are written and the best is taken (see
            ``learning.texts.choosing``); without, the likeliest one is.
        words: variations and in-betweens change single words where the model knows which are used alike;
            without, the model writes each sentence whole.
    """

    model: str
    n: int = 4
    seed: int = 0
    prompt: str = ""
    like: str = ""
    between: tuple[str, str] | tuple[()] = ()
    spread: float = 0.5
    temperature: float | None = None
    top_p: float = 0.95
    longest: int = 200
    stop: tuple[str, ...] = ()
    only: tuple[int, ...] = ()
    pick: bool = True
    words: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> TextWish:
        """Back from :meth:`as_json`; unknown keys are left out."""
        known = {field.name for field in fields(cls)}
        given = {key: value for key, value in data.items() if key in known and value is not None}
        for key in ("between", "stop", "only"):
            given[key] = tuple(given.get(key, ()))
        given["like"] = str(given.get("like", ""))
        return cls(**given)


@dataclass(frozen=True, slots=True)
class MadeText:
    """One text: what it copied from the training texts, its latent (float32[1, L], None for a writer), and
    the numbers that make it again."""

    text: str
    copied: Copied
    latent: NDArray[np.float32] | None
    params: dict[str, Any]
    sources: tuple[int, ...] = ()


def making(generation: Generation, wish: TextWish) -> Iterator[MadeText | None]:
    """The texts of a wish, one by one; None where one came out empty.

    Raises:
        NotFound: no such model or asset. UsageError: not a model of texts, or a wish that it cannot meet.
    """
    if not 1 <= wish.n <= _MOST:
        raise UsageError("How many must be at least 1.", hint="Use -n 4, for example.")
    model = text_model(generation, wish.model)
    like, sources = _text_of(generation, wish.like) if wish.like else (wish.prompt, ())
    if wish.like and not like.strip():
        raise UsageError("There is no text to start from.", hint="Give a sentence.")
    if not wish.words:
        model = replace(model, likeness=None)
    ends: list[str] = []
    for one in wish.between:
        text, more = _text_of(generation, one, plain=True)
        ends.append(text)
        sources += more
    given = {
        "wish": wish.as_json(),
        "weights": model.fingerprint,
        "steps": model.config.trained.get("steps", 0),
    }
    for place, (text, latent) in enumerate(_written(model, wish, like, ends)):
        if wish.only and place not in wish.only:
            continue
        if not text.strip():
            yield None
            continue
        copied = model.copied(text)
        params = {"place": place, "copy_rate": round(copied.rate, 4), "longest_copied": copied.longest}
        yield MadeText(text, copied, latent, params | given, tuple(dict.fromkeys(sources)))


def make_texts(generation: Generation, wish: TextWish) -> list[MadeText]:
    """All texts of a wish at once, at most ``n``; see :func:`making`.

    Raises:
        StudioError: the model writes only empty texts.
    """
    found: list[MadeText] = []
    for made in making(generation, wish):
        if made is not None:
            found.append(made)
        if len(found) == _count(wish):
            break
    if not found:
        raise _only_empty(wish)
    return found


def work(
    generation: Generation, wish: TextWish, *, out: str | Path | None = None, add_to_library: bool = True
) -> Work:
    """A job that writes each text as a .txt file; in ``out`` a JSON file beside them says how they were made.

    Returns {"files": paths, "assets": ids, "texts": [{"text", "copy_rate", "longest_copied", "passage"}],
    "rejected": how many came out empty, "below_floor": 0}.

    Raises (inside the job):
        as :func:`make_texts`; ReadOnly, UsageError: nowhere to put the results.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        if add_to_library and generation.library.read_only:
            raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
        if out is None and not add_to_library:
            raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
        total = _count(wish)
        yield Progress(0, total, tr("Preparing"))
        result: dict[str, Any] = {"files": [], "assets": [], "texts": [], "rejected": 0, "below_floor": 0}
        records: list[dict[str, Any]] = []
        for made in making(generation, wish):
            context.raise_if_cancelled()
            if made is None:
                result["rejected"] += 1
            else:
                records.append(_keep(generation, wish, made, out, add_to_library, result))
            done = len(result["texts"])
            yield Progress(done, total, tr("Made {done} of {total}", done=done, total=total))
            if done == total:
                break
        if not result["texts"]:
            raise _only_empty(wish)
        if out is not None:
            written = json.dumps(records, ensure_ascii=False, indent=1) + "\n"
            keeping.write_new(Path(out) / f"{wish.model}-{wish.seed}.json", written.encode())
        return result

    return run


def again(generation: Generation, row: GenerationRow) -> str:
    """The text of a generated asset written once more.

    Raises:
        StudioError: the model has changed since.
    """
    model = text_model(generation, row.model)
    if row.params.get("weights") != model.fingerprint:
        raise StudioError(
            "The model “{name}” has been trained further since.",
            hint="What it made before is kept in the library.",
            name=row.model,
        )
    wish = TextWish.of({"pick": False, "words": False, **row.params["wish"]})  # of before these were
    for made in making(generation, wish):
        if made is not None and made.params["place"] == row.params["place"]:
            return made.text
    raise NotFound("This was not made by a model.", hint="Only generated assets can be made again.")


def is_text(row: GenerationRow) -> bool:
    """Whether a generation wrote a text."""
    return {"wish", "place", "copy_rate"} <= set(row.params)


def text_model(generation: Generation, name: str) -> TextModel:
    """A model of texts. Raises NotFound, StudioError (damaged), UsageError (of another kind)."""
    from mmstudio.learning.texts.model import TextModel

    model = generation.trainings.load_any(name)
    if not isinstance(model, TextModel):
        raise UsageError(
            "“{name}” is no model of texts.", hint="Choose a text writer or a text VAE.", name=name
        )
    return model


def _written(
    model: TextModel, wish: TextWish, like: str, ends: list[str]
) -> Iterator[tuple[str, NDArray[np.float32] | None]]:
    """Texts with their latents. New ones may come out empty: more are written than asked for."""
    warm = 0.9 if wish.temperature is None else wish.temperature
    calm = 0.0 if wish.temperature is None else wish.temperature
    if ends:
        z = model.latents_between(ends[0], ends[1], max(2, wish.n))
    elif like.strip() and model.has_latent:
        varied = model.varying(
            like, wish.n, wish.seed, wish.spread, temperature=calm, top_p=wish.top_p, pick=wish.pick
        )
        yield from ((text, one.numpy()) for text, one in varied)
        return
    else:
        drawn = model.sample(
            _TRIES * wish.n,
            wish.seed,
            temperature=warm,
            top_p=wish.top_p,
            prompt=like,
            longest=wish.longest,
            stop=wish.stop,
        )
        yield from ((text, None) for text in drawn)
        return
    if not calm and wish.pick:
        texts = model.decode_between(z, ends[0], ends[1])
        yield from ((text, z[place : place + 1].numpy()) for place, text in enumerate(texts))
        return
    for place in range(len(z)):
        one = z[place : place + 1]
        if wish.only and place not in wish.only:
            yield "", None  # nobody looks at it
            continue
        text = model.decode(one, wish.seed + place, calm, wish.top_p)[0]
        yield text, one.numpy()


def _text_of(generation: Generation, given: str, *, plain: bool = False) -> tuple[str, tuple[int, ...]]:
    """The text that is meant by an asset id or a path (``plain``: or by itself), and its assets."""
    from mmstudio.media.text import load_text

    if given.strip().isdecimal() and len(given.strip()) < 19:
        asset = generation.library.assets.get(int(given))
        text = generation.library.assets.text_of(asset.id) if asset.kind == "text" else asset.caption
        if not text.strip():
            raise UsageError(
                "Asset {id} has neither a text nor a caption.", hint="Choose a text.", id=asset.id
            )
        return text.strip(), (asset.id,)
    if plain:
        return given, ()
    path = Path(given)
    if not path.is_file():
        raise NotFound("There is no file {path}.", hint="Give a text file or an asset id.", path=given)
    return load_text(path).text.strip(), ()


def _keep(
    generation: Generation,
    wish: TextWish,
    made: MadeText,
    out: str | Path | None,
    add: bool,
    result: dict[str, Any],
) -> dict[str, Any]:
    library = generation.library
    place = len(result["texts"])
    folder = Path(out) if out is not None else library.generated_dir
    number = made.params["place"] if wish.only else place
    file = folder / f"{wish.model}-{wish.seed}-{number:04d}.txt"
    file = keeping.write_new(file, (made.text + "\n").encode(), durable=False)
    params = {"index": place, **made.params}
    config = text_model(generation, wish.model).config
    first = " ".join(made.text.split())
    title = first if len(first) <= _TITLE else first[: _TITLE - 1] + "…"
    record = keeping.record_of(config, title, wish.seed, made.latent, params)
    told = {"copy_rate": made.copied.rate, "longest_copied": made.copied.longest}
    result["texts"].append({"text": made.text, "passage": made.copied.passage, **told})
    if out is not None:
        result["files"].append(str(file))
    if add:
        asset = keeping.add_to_library(
            library,
            file,
            kind="text",
            title=title,
            model=wish.model,
            seed=wish.seed,
            latent=made.latent,
            params=params,
            sources=made.sources,
            stays=out is not None,
        )
        result["assets"].append(asset)
        if out is None:
            result["files"].append(keeping.asset_path(library, asset))
    return {"file": file.name, "text": made.text, **record}


def _count(wish: TextWish) -> int:
    return len(set(wish.only)) or wish.n


def _only_empty(wish: TextWish) -> StudioError:
    return StudioError(
        "“{name}” wrote only empty texts.",
        hint="Train it longer, or give it a beginning.",
        name=wish.model,
    )
