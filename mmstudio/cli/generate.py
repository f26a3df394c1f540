"""The command generate: pictures, sounds and films from a trained model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli import sounding, texts_generate
from mmstudio.cli.assets import named_audience
from mmstudio.cli.console import print_json, run_job, say, wrote
from mmstudio.cli.options import Device, Json, Lib, Seed, studio
from mmstudio.cli.sets import any_from_any, taste_of
from mmstudio.errors import UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.generation.latents.point import Point
    from mmstudio.studio import Studio


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(generate)


def generate(
    lib: Lib,
    model: Annotated[str, typer.Option("--model", help="A model of the library or a starter model.")],
    out: Annotated[Path | None, typer.Option("--out", help="The folder to write to.")] = None,
    n: Annotated[
        int | None, typer.Option("-n", min=1, help="How many; 8, or 1 set of a joint model.")
    ] = None,
    seed: Seed = 0,
    like: Annotated[str | None, typer.Option("--like", help="A file or asset id to vary.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Words to steer by.")] = None,
    image: Annotated[
        str | None, typer.Option("--image", help="For a joint model: a file or asset id to go with.")
    ] = None,
    sound: Annotated[
        str | None, typer.Option("--sound", help="For a joint model: a file or asset id to go with.")
    ] = None,
    want: Annotated[
        str,
        typer.Option(
            "--want", metavar="picture,sound,text,tags", help="For a joint model: only these are written."
        ),
    ] = "",
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", help="Joint models and texts: 0 the likeliest, 1 as it learned."),
    ] = None,
    prompt: texts_generate.Prompt = "",
    top_p: texts_generate.TopP = 0.95,
    longest: texts_generate.Longest = 200,
    stop: texts_generate.Stop = None,
    truncation: Annotated[
        float, typer.Option("--truncation", help="0 is the model's middle, 1 what it learned.")
    ] = 1.0,
    slider: Annotated[
        list[str] | None,
        typer.Option("--slider", metavar="NAME=AMOUNT", help="e.g. warmer=1.5 (can be repeated)."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="A tag that the model learned (can be repeated).")
    ] = None,
    palette: Annotated[
        str, typer.Option("--palette", metavar="#RRGGBB,…", help="Colours, for a model that learned them.")
    ] = "",
    audience: Annotated[
        str | None, typer.Option("--audience", help="Pictures for these people, towards what they like.")
    ] = None,
    strength: Annotated[
        float, typer.Option("--strength", min=0.0, max=1.0, help="How far towards that, 0 to 1.")
    ] = 1.0,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option("--between", help="In-betweens of two seeds, two sounds (files or ids) or two texts."),
    ] = None,
    mix: Annotated[
        str, typer.Option("--mix", metavar="SEED:STAGE", help="From this stage on take another seed's look.")
    ] = "",
    project: Annotated[
        str | None, typer.Option("--project", help="Find this file or asset in the model, then vary it.")
    ] = None,
    walk: Annotated[
        str, typer.Option("--walk", metavar="SEED,SEED,…", help="A film along these seeds (see --film).")
    ] = "",
    loop: Annotated[
        str, typer.Option("--loop", metavar="SEED,SEED,…", help="A film that repeats without a seam.")
    ] = "",
    film: Annotated[
        Path | None, typer.Option("--film", metavar="FILE.mp4|gif", help="Where --walk or --loop goes.")
    ] = None,
    frames: Annotated[int | None, typer.Option("--frames", help="Of a film; 4 seconds by default.")] = None,
    fps: Annotated[float, typer.Option("--fps", help="Frames per second of a film.")] = 24.0,
    size: Annotated[int | None, typer.Option("--size", help="Shorter side of a film in pixels.")] = None,
    no_floor: Annotated[
        bool,
        typer.Option(
            "--no-floor",
            help="Keep every sample, also flat and soft ones: for comparisons with other packages.",
        ),
    ] = False,
    seconds: sounding.Seconds = None,
    tempo: sounding.Tempo = None,
    key: sounding.Key = "",
    one_shot: sounding.OneShot = False,
    seamless: sounding.Seamless = False,
    bed: sounding.Bed = False,
    timbre_of: sounding.TimbreOf = "",
    amount: sounding.Amount = None,
    continue_from: sounding.ContinueFrom = "",
    spread: sounding.Spread = None,
    loudness: sounding.Loudness = None,
    stereo: sounding.Stereo = None,
    keep: Annotated[bool, typer.Option("--keep", help="Also add the results to the library.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Generate pictures, sounds or texts with a trained model, or a film of a walk through its pictures."""
    fields = sounding.sound_fields(
        one_shot=one_shot, seamless=seamless, bed=bed, continue_from=continue_from,
        tempo=tempo, key=key, timbre_of=timbre_of, amount=amount, spread=spread, loudness=loudness,
        stereo=stereo,
    )  # fmt: skip
    sliders = dict(_slider(one) for one in slider or [])
    told = {"tags": list(tag or []), "palette": _colours(palette)}
    common: dict[str, Any] = {"model": model}
    points = bool(between or mix or project)
    if walk and loop:
        raise UsageError("Choose either --walk or --loop.")
    ways = {"--film": film, "--between": between, "--mix": mix, "--project": project}
    chosen = [name for name, given in ways.items() if given]
    chosen += ["--like"] * (like is not None) + ["--text"] * (text is not None)
    if len(chosen) > 1 and set(chosen) & set(ways):
        raise UsageError(
            "{first} and {second} do not go together.",
            hint="Give one of them.",
            first=chosen[0],
            second=chosen[1],
        )
    if audience is not None and (points or film is not None):
        raise UsageError(
            "{first} and {second} do not go together.",
            hint="Give one of them.",
            first="--audience",
            second=next(name for name, given in ways.items() if given),
        )
    if film is not None and not (walk or loop):
        raise UsageError("A film needs seeds.", hint="Give them with --loop 1,2,3 or --walk 1,2,3.")
    if (walk or loop) and film is None:
        raise UsageError("Nowhere to put the film.", hint="Name a file with --film FILE.mp4.")
    if _is_joint(lib, model, device):
        if audience is not None:
            raise UsageError(
                "--audience is for pictures alone.", hint="“mmstudio set --audience” makes sets for people."
            )
        given = {"picture": image, "sound": sound, "text": text}
        heat = 1.0 if temperature is None else temperature
        any_from_any(lib, model, given, n=n or 1, seed=seed, temperature=heat, out=out, keep=keep,
                     device=device, as_json=as_json, want=want)  # fmt: skip
        return
    n = n or 8
    if image is not None or sound is not None or want:
        raise UsageError(
            "“{model}” is no joint model.", hint="Give what it should vary with --like.", model=model
        )
    words = {"prompt": prompt, "top_p": top_p, "longest": longest, "stop": stop}
    with studio(lib, write=keep, device=device) as opened:
        if texts_generate.is_text(opened, model, words):
            params = common | {"n": n, "seed": seed, "like": like, "text": text, "add_to_library": keep}
            params |= {"out": str(out.resolve()) if out else None}
            words |= {"between": between, "temperature": temperature, "spread": fields.pop("spread", None)}
            others = {"--film": film, "--mix": mix, "--project": project, "--slider": sliders}
            others |= {"--audience": audience}
            others |= {"--tag": tag, "--palette": palette, "--seconds": seconds} | sounding.given_as(fields)
            result = texts_generate.write_texts(opened, params, words, others)
        elif film is None and out is None:
            raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
        elif film is not None:
            path = [_point(number, truncation, sliders, told) for number in _seeds(walk or loop)]
            params = common | {"points": [_named(opened, model, point).as_json() for point in path]}
            params |= {"kind": "walk" if walk else "loop", "frames": frames, "fps": fps, "size": size}
            params |= {"out": str(film.resolve()), "add_to_library": keep}
            result = run_job(opened, "film", params)
        elif points and not (between and _makes_sounds(opened, model)):
            start = _point(seed, truncation, sliders, told)
            places = _places(opened, model, start, n, sounding.seeds_between(between), mix, project)
            params = common | {"points": [place.as_json() for place in places]}
            params |= {"out": str(out.resolve()) if out else None, "add_to_library": keep}
            params |= {"sources": [int(project)] if project and project.isdigit() else []}
            result = run_job(opened, "draw", params)
        else:
            params = common | {"n": n, "seed": seed, "like": like, "text": text}
            params |= {"out": str(out.resolve()) if out else None, "add_to_library": keep}
            # What is as always is left out: the same command goes on with a job of an earlier version.
            params |= {"truncation": truncation} if truncation != 1.0 else {}
            params |= {"sliders": sliders} if sliders else {}
            params |= {key: value for key, value in told.items() if value}
            params |= {"floor": False} if no_floor else {}
            if audience is not None:
                if _makes_sounds(opened, model):
                    raise UsageError(
                        "--audience is for pictures alone.",
                        hint="“mmstudio set --audience” makes sets for people.",
                    )
                likes = taste_of(opened, named_audience(opened, audience).id)
                params |= {"taste": likes, "strength": strength}
            params |= {"seconds": seconds} if seconds is not None else {}
            fields |= {"between": list(between)} if between else {}
            params |= {"sound": fields} if fields else {}
            result = run_job(opened, "generate", params)
    if as_json:
        print_json(result)
    elif "texts" in result:
        texts_generate.show(result, out)
    elif film is not None:
        say(tr("Wrote {path}", path=film))
    else:
        say(wrote(len(result["files"]), out))


def _is_joint(lib: Path, model: str, device: str | None) -> bool:
    """Whether a model makes several kinds of media. Raises NotFound, StudioError."""
    from mmstudio.learning.config import load_config

    with studio(lib, device=device) as opened:
        return load_config(opened.trainings.folder(model)).family == "joint"


def _makes_sounds(opened: Studio, model: str) -> bool:
    from mmstudio.learning.config import load_config

    return load_config(opened.trainings.folder(model)).family.startswith("sound")


def _places(
    opened: Studio,
    model: str,
    start: Point,
    n: int,
    between: tuple[int, int] | None,
    mix: str,
    project: str | None,
) -> list[Point]:
    """The ``n`` points that are asked for; seeds count upwards from the given one."""
    from dataclasses import replace

    player = opened.generation.player(model)
    start = _named(opened, model, start)
    if project is not None:
        found = run_job(opened, "project", {"model": model, "picture": project, "seed": start.seed})
        say(tr("On average {percent} % away per pixel", percent=f"{100 * found['distance']:.1f}"))
        base = replace(start, base=found["point"]["base"])
        return [base, *player.vary(base, n - 1, start.seed)]
    if between is not None:
        a, b = (replace(start, seed=number) for number in between)
        return player.walk([a, b], n) if n > 1 else [player.between(a, b, 0.5)]
    number, _, stage = mix.partition(":")
    if not (_is_whole(number) and stage.isdigit()):
        raise UsageError("--mix takes a seed and a stage, e.g. 7:3.", hint="Stage 0 decides on the layout.")
    if player.stages == 1:
        raise UsageError(
            "“{model}” has one latent for the whole picture: there are no stages to mix.",
            hint="Models trained with this version have stages.",
            model=model,
        )
    if int(stage) >= player.stages:
        raise UsageError(
            "“{model}” has the stages 0 to {last}.",
            hint="Stage 0 decides on the layout.",
            model=model,
            last=player.stages - 1,
        )
    other = replace(start, seed=int(number))
    return [player.mix(replace(start, seed=start.seed + i), other, int(stage)) for i in range(n)]


def _named(opened: Studio, model: str, point: Point) -> Point:
    """Sliders by the names people give them → by their keys; finds the sliders where there are none yet."""
    from dataclasses import replace

    from mmstudio.generation.latents.steer import known_sliders

    if not point.sliders:
        return point
    player = opened.generation.player(model)
    for _progress in player.find_sliders():
        pass
    return replace(point, sliders=known_sliders(player, point.sliders))


def _point(seed: int, truncation: float, sliders: dict[str, float], told: dict[str, Any]) -> Point:
    from mmstudio.generation.latents.point import Point

    if not 0.0 <= truncation <= 2.0:
        raise UsageError("Truncation goes from 0 to 2.", hint="1 is what the model learned.")
    return Point(seed, truncation, dict(sliders), condition={key: v for key, v in told.items() if v})


def _slider(text: str) -> tuple[str, float]:
    name, _, amount = text.rpartition("=")
    try:
        value = float(amount)
        if not (name.strip() and math.isfinite(value)):
            raise ValueError(text)
        return name.strip(), value
    except ValueError as error:
        raise UsageError(
            "“{text}” is not a slider.",
            hint="Give a name and an amount, e.g. --slider warmer=1.5.",
            text=text,
        ) from error


def _seeds(text: str) -> list[int]:
    parts: Sequence[str] = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts or not all(map(_is_whole, parts)):
        raise UsageError("“{text}” is not a list of seeds.", hint="Give numbers, e.g. 1,2,3.", text=text)
    return [int(part) for part in parts]


def _is_whole(text: str) -> bool:
    return text.strip().removeprefix("-").isdecimal() and len(text) < 19


def _colours(text: str) -> list[list[int]]:
    found = []
    for part in filter(None, (part.strip().lstrip("#") for part in text.split(","))):
        try:
            if len(part) != 6:
                raise ValueError(part)
            found.append(list(bytes.fromhex(part)))
        except ValueError as error:
            raise UsageError(
                "“{text}” is not a colour.", hint="Give colours like #1e6e78,#e07a3c.", text=part
            ) from error
    return found
