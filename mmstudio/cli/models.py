"""The command "train" ("models" is in catalogue.py, "evaluate" in evaluate.py, "generate" in generate.py)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mmstudio.cli.augment import recipe_from
from mmstudio.cli.console import print_json, run_job, say
from mmstudio.cli.datasets import Aspect, Fit, LeaveOut, check_numbers, condition_from, settings_from
from mmstudio.cli.options import Device, Json, Lib, Seed, studio
from mmstudio.errors import UsageError
from mmstudio.i18n import tr


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(train)


def train(
    lib: Lib,
    family: Annotated[
        str, typer.Argument(help="image-gan, image-vae, sound-vae, sound-gan, text-lm, joint, …")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name; the family's by default.")
    ] = None,
    base: Annotated[str | None, typer.Option("--from", help="A model to start from.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Training steps.")] = None,
    size: Annotated[int | None, typer.Option("--size", help="Picture side in pixels.")] = None,
    seed: Seed = 0,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Media per step.")] = None,
    query: Annotated[str, typer.Option("--query", help="Train on what this search finds.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the model of this name.")] = False,
    augment: Annotated[
        str,
        typer.Option(
            "--augment", metavar="off|gentle|strong|FILE.json", help="Also learn from varied copies."
        ),
    ] = "off",
    fit: Fit = "crop",
    aspect: Aspect = 1.0,
    width: Annotated[
        int | None,
        typer.Option("--width", min=1, help="Channels of the finest stage: how large the model is."),
    ] = None,
    seamless: Annotated[
        bool, typer.Option("--seamless", help="Pictures that tile without a seam: textures, backgrounds.")
    ] = False,
    tags: Annotated[
        list[str] | None, typer.Option("--tag-condition", help="A tag to draw by later; may be repeated.")
    ] = None,
    palette: Annotated[
        int, typer.Option("--palette-condition", min=0, max=8, help="So many main colours to draw by later.")
    ] = 0,
    vector: Annotated[
        bool, typer.Option("--vector-condition", help="Draw by the shared vector of items and media later.")
    ] = False,
    leave_out: LeaveOut = None,
    freeze: Annotated[
        int | None,
        typer.Option("--freeze", min=0, help="With --from: so many early layers of the base stand still."),
    ] = None,
    texts: Annotated[
        str,
        typer.Option("--texts", metavar="files,captions,items,reviews", help="Texts: which to learn from."),
    ] = "",
    from_image: Annotated[
        str, typer.Option("--from-image", metavar="NAME", help="Joint: pictures through this picture VAE.")
    ] = "",
    from_sound: Annotated[
        str, typer.Option("--from-sound", metavar="NAME", help="Joint: sounds through this sound VAE.")
    ] = "",
    from_text: Annotated[
        str, typer.Option("--from-text", metavar="NAME", help="Joint: texts through this text VAE.")
    ] = "",
    modalities: Annotated[
        str,
        typer.Option(
            "--modalities",
            metavar="image,audio,text,tags,audience",
            help="Joint: only these are tied together; two at least.",
        ),
    ] = "",
    objective: Annotated[
        str, typer.Option("--objective", metavar="mvtcae|mmvae+|mopoe", help="Joint: what it learns by.")
    ] = "",
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Sounds: how long each is, 1 to 12 s.")
    ] = None,
    rate: Annotated[int | None, typer.Option("--rate", help="Sounds: 22050 or 44100 Hz.")] = None,
    stereo: Annotated[bool, typer.Option("--stereo", help="Sounds: left and right.")] = False,
    loop: Annotated[
        bool, typer.Option("--loop", help="Sounds: loops whose end runs into their beginning.")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="A setting of the family; may be repeated."),
    ] = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Train a model on the library's own media; stop with Ctrl+C, go on with --resume."""
    if name is not None and not name.strip():
        raise UsageError("“{name}” cannot be a model's name.", hint="Use letters and digits.", name=name)
    params: dict[str, Any] = {
        "family": family,
        "name": name or family,
        "steps": steps,
        "size": size,
        "seed": seed,
    }
    params |= {"base": base, "query": query, "resume": resume, "batch": batch}
    if augment != "off":
        params["augment"] = recipe_from(augment, seed).as_json()
    if texts:
        params["parts"] = {"texts": [word.strip() for word in texts.split(",") if word.strip()]}
    below = {"image": from_image, "audio": from_sound, "text": from_text}
    below = {part: model for part, model in below.items() if model}
    joined: dict[str, Any] = ({"from": below} if below else {}) | (
        {"objective": objective} if objective else {}
    )
    if modalities:
        joined["only"] = _modalities(modalities)
    asked = {"seconds": seconds, "rate": rate, "stereo": stereo or None, "loop": loop or None}
    joined |= {key: value for key, value in asked.items() if value is not None}
    if joined:
        params["parts"] = params.get("parts", {}) | joined
    settings = settings_from(option, seamless=seamless, freeze=freeze)
    more = {"fit": fit, "aspect": aspect, "width": width, "options": settings, "leave_out": leave_out}
    usual = {"fit": "crop", "aspect": 1.0, "width": None, "options": {}, "leave_out": None}
    params |= {key: value for key, value in more.items() if value != usual[key]}
    with studio(lib, write=True, device=device) as opened:
        check_numbers(opened, leave_out)
        if tags or palette or vector:
            params["condition"] = condition_from(opened, tags, palette, vector=vector)
        result = run_job(opened, "train", params)
    if as_json:
        print_json(result)
    else:
        done = result or {}
        called, steps = done.get("name", params["name"]), done.get("steps", "")
        if steps == 1:
            say(tr("Trained {name}: one step", name=called))
        else:
            say(tr("Trained {name}: {steps} steps", name=called, steps=steps))
        for line in (result or {}).get("notes", []):
            say(line)


def _modalities(text: str) -> list[str]:
    """What a joint model is to tie, as a training knows it. Raises UsageError for another word."""
    from mmstudio.learning.joint.parts import only_of

    usual = {"picture": "image", "pictures": "image", "images": "image", "sound": "audio", "sounds": "audio",
             "texts": "text", "tag": "tags", "audiences": "audience"}  # fmt: skip
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    return list(only_of({"only": [usual.get(word, word) for word in words] or [text]}))
