"""The command set: a picture, a music bed and a line that belong together; any part from any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Device, Json, Lib, Seed, studio
from mmstudio.errors import NotFound, UsageError
from mmstudio.generation.copywriting.wanted import locale_wanted
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.studio import Studio


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("set")(make_set)


def make_set(
    lib: Lib,
    item: Annotated[str | None, typer.Option("--item", metavar="SKU", help="Made for this item.")] = None,
    picture: Annotated[
        str | None, typer.Option("--picture", help="An asset id or file: the set takes its colours.")
    ] = None,
    sound: Annotated[
        str | None, typer.Option("--sound", help="An asset id or file: the set takes its tempo and mood.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="A sentence, a word or a text file.")] = None,
    audience: Annotated[str | None, typer.Option("--audience", help="For these people.")] = None,
    strength: Annotated[
        float | None,
        typer.Option(
            "--strength",
            min=0.0,
            max=1.0,
            help="How far to go towards what the audience likes, 0 to 1 (0; 1 with --with-and-without).",
        ),
    ] = None,
    both: Annotated[
        bool,
        typer.Option(
            "--with-and-without", help="Two sets of one seed: without the audience's taste, and with it."
        ),
    ] = False,
    model: Annotated[
        str, typer.Option("--model", help="A joint model; “none” ties the parts by rules alone.")
    ] = "",
    picture_model: Annotated[str, typer.Option("--picture-model", help="What draws the picture.")] = "",
    sound_model: Annotated[str, typer.Option("--sound-model", help="What makes the sound.")] = "",
    engine: Annotated[
        str, typer.Option("--engine", help="Who writes an item's line: facts, folder or server.")
    ] = "facts",
    seconds: Annotated[float, typer.Option("--seconds", help="Length of the music bed.")] = 12.0,
    size: Annotated[int, typer.Option("--size", help="Pixels of the picture's sides.")] = 512,
    temperature: Annotated[
        float, typer.Option("--temperature", help="0 is the models' middle, 1 what they learned.")
    ] = 1.0,
    seed: Seed = 0,
    n: Annotated[int, typer.Option("-n", min=1, help="How many variations.")] = 1,
    lock: Annotated[
        list[str] | None,
        typer.Option(
            "--lock",
            metavar="picture|sound|text",
            help="Keep what was given, or keep this part over variations.",
        ),
    ] = None,
    part_seed: Annotated[
        list[str] | None,
        typer.Option("--part-seed", metavar="PART=SEED", help="Another seed for one part."),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Make the set of this file once more.")
    ] = None,
    locale: Annotated[str, typer.Option("--locale", help="Language of the words, e.g. en or zh_CN.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The folder to write to.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Also add the set to the library.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Make a picture, a music bed and a line that share colours, mood and words.

    From an item, a picture, a sound, a sentence or an audience; from nothing, a set of its own. Of two or
    three things given, each is a part of the set and the rest is made to go with them.
    """
    if out is None and not keep:
        raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
    taken = (1.0 if both else 0.0) if strength is None else strength
    if audience is None and (taken > 0 or both):
        raise UsageError("A taste needs an audience.", hint="Name one with --audience.")
    wish: dict[str, Any] = {
        "model": model, "picture_model": picture_model, "sound_model": sound_model, "engine": engine,
        "seconds": seconds, "size": size, "temperature": temperature, "seed": seed,
        "locale": locale_wanted(locale, engine),
    }  # fmt: skip
    with studio(lib, write=keep, device=device) as opened:
        params: dict[str, Any] = {"out": str(out.resolve()) if out is not None else None}
        params |= {"add_to_library": keep}
        if manifest is not None:
            params["manifest"] = _read(manifest)
        else:
            wish |= _given(opened, item, picture, sound, text, audience)
            wish |= {"locks": list(lock or []), "seeds": dict(_part_seed(one) for one in part_seed or [])}
            if taken > 0 or both:
                wish |= {"taste": taste_of(opened, wish["audience_id"]), "strength": taken}
            params |= {"wish": _plain(wish), "n": n}
        result = _pair(opened, params) if both else run_job(opened, "set", params)
    show(result, out, as_json)


def taste_of(opened: Studio, audience_id: int) -> dict[str, Any]:
    """What an audience likes, as a set's wish takes it; says what it rests on."""
    from mmstudio.recommendation.taste import taste

    found = taste(opened.recommender, audience_id)
    if not found.known:
        raise UsageError(
            "Nothing is known yet about what this audience likes.",
            hint="Like a few items first: mmstudio audiences LIB edit NAME --like SKU.",
        )
    warn(found.evidence)
    return found.wish()


def _pair(opened: Studio, params: dict[str, Any]) -> dict[str, Any]:
    """The set without taste, then with it, from one seed; into folders of their own."""
    found: dict[str, Any] = {"sets": [], "files": [], "assets": []}
    plain = {key: value for key, value in params["wish"].items() if key not in ("taste", "strength")}
    for name, wish in (("without", plain), ("with", params["wish"])):
        place = params["out"] and str(Path(params["out"]) / name)
        made = run_job(opened, "set", {**params, "wish": wish, "out": place})
        found["sets"] += [{**one, "taste": name} for one in made["sets"]]
        found["files"] += made["files"]
        found["assets"] += made["assets"]
    return found


def any_from_any(
    lib: Path,
    model: str,
    given: dict[str, str | None],
    *,
    n: int,
    seed: int,
    temperature: float,
    out: Path | None,
    keep: bool,
    device: str | None,
    as_json: bool,
    want: str = "",
) -> None:
    """``generate`` with a joint model: what is given stays, the other parts are made to go with it; ``want``
    names those that are written, "tags" among them."""
    from mmstudio.generation.sets.contract import parts_of

    if out is None and not keep:
        raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
    parts = {part: _place(value) if part != "text" else value for part, value in given.items() if value}
    wish = {"model": model, "seed": seed, "temperature": temperature, "given": parts}
    with studio(lib, write=keep, device=device) as opened:
        params = {"wish": wish, "n": n, "out": str(out.resolve()) if out is not None else None}
        wanted = [name.strip().lower() for name in want.split(",") if name.strip()]
        if wanted:
            params |= {"parts": list(parts_of(name for name in wanted if name != "tags"))}
            params |= {"tags": True} if "tags" in wanted else {}
        result = run_job(opened, "set", params | {"add_to_library": keep})
    if "tags" in wanted and not all(one["tags"] for one in result["sets"]):
        warn(tr("The joint model gave no tags for this."))
    show(result, out, as_json)


def show(result: dict[str, Any], out: Path | None, as_json: bool) -> None:
    """What a job "set" made, for a person or a program."""
    if as_json:
        print_json(result)
        return
    names = {"without": tr("without their taste"), "with": tr("with their taste")}
    rows = [
        [names.get(one.get("taste", ""), one["title"]), one["text"], f"{one['tempo']:g}",
         ", ".join(one["mood"]), " ".join("#" + bytes(colour).hex() for colour in one["palette"][:3])]
        for one in result["sets"]
    ]  # fmt: skip
    table(["set", "line", "beats per minute", "mood", "colours"], rows)
    for one in result["sets"]:
        if one.get("tags"):
            say(tr("Tags: {tags}", tags=tr(", ").join(one["tags"])))
    for note in dict.fromkeys(note for one in result["sets"] for note in one.get("notes", ())):
        warn(note)
    if out is not None:
        say(tr("Wrote {path}", path=out))


def _given(
    opened: Studio,
    item: str | None,
    picture: str | None,
    sound: str | None,
    text: str | None,
    audience: str | None,
) -> dict[str, Any]:
    """The fields of a wish that say what it is made from."""
    wish: dict[str, Any] = {}
    if audience is not None:
        found = opened.library.audiences.by_name(audience)
        if found is None:
            raise NotFound(
                "There is no audience {name}.",
                hint="“mmstudio audiences LIB list” shows what there is.",
                name=audience,
            )
        wish["audience_id"] = found.id
    if item is not None:
        product = opened.library.items.by_sku(item)
        if product is None:
            raise NotFound("There is no item {sku}.", hint="Look for its sku in the catalogue.", sku=item)
        wish["item_id"] = product.id
    if text is not None and not text.strip():
        raise UsageError("There are no words in it.", hint="Write a sentence, a word or an emoji.")
    media = {"picture": picture, "sound": sound, "text": text}
    media = {part: value for part, value in media.items() if value is not None}
    if len(media) == 1 and item is None:
        part, value = next(iter(media.items()))
        assert value is not None
        if part == "text" and not (value.isdigit() or _is_file(value)):
            return wish | {"text": value}
        return wish | ({"asset_id": int(value)} if value.isdigit() else {"file": _place(value)})
    given = {part: value if part == "text" else _place(str(value)) for part, value in media.items()}
    return wish | ({"given": given} if given else {})


def _place(value: str) -> str:
    return value if value.isdigit() else str(Path(value).resolve())


def _is_file(value: str) -> bool:
    try:
        return Path(value).is_file()
    except OSError:  # longer than a name can be
        return False


def _plain(wish: dict[str, Any]) -> dict[str, Any]:
    """A wish checked here, so that what cannot be had is said before a job begins."""
    from mmstudio.generation.sets.contract import SetWish, parts_of

    wish["locks"] = parts_of(wish["locks"])
    return SetWish.of(wish).as_json()


def _part_seed(text: str) -> tuple[str, int]:
    part, _, number = text.partition("=")
    if not number.strip().removeprefix("-").isdecimal() or len(number) > 18:
        raise UsageError(
            "“{text}” is no part with a seed.", hint="Write it like --part-seed sound=7.", text=text
        )
    return part.strip(), int(number)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(
            "There is no file {name}.",
            hint="Give the manifest.json that was written beside a set.",
            name=path.name,
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(
            "This does not describe a set.", hint="Use the manifest that was written beside it."
        ) from error
    if not isinstance(found, dict):
        raise UsageError("This does not describe a set.", hint="Use the manifest that was written beside it.")
    return found
