"""The options of "generate" that are about sounds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mmstudio.errors import UsageError

PANEL = "Sounds"

Seconds = Annotated[
    float | None,
    typer.Option("--seconds", help="Length; alone it asks for a seamless loop.", rich_help_panel=PANEL),
]
Tempo = Annotated[
    float | None, typer.Option("--tempo", help="Beats per minute, 40 to 210.", rich_help_panel=PANEL)
]
Key = Annotated[str, typer.Option("--key", metavar="C|F#m|…", help="The key.", rich_help_panel=PANEL)]
OneShot = Annotated[
    bool, typer.Option("--one-shot", help="A sound that ends by itself.", rich_help_panel=PANEL)
]
Seamless = Annotated[
    bool, typer.Option("--seamless", help="A loop that runs into its beginning.", rich_help_panel=PANEL)
]
Bed = Annotated[
    bool, typer.Option("--bed", help="Music of any length, e.g. --seconds 60.", rich_help_panel=PANEL)
]
TimbreOf = Annotated[
    str,
    typer.Option("--timbre-of", help="A file or asset id whose colour is taken on.", rich_help_panel=PANEL),
]
Amount = Annotated[
    float | None, typer.Option("--amount", help="How much of it, 0 to 1.", rich_help_panel=PANEL)
]
ContinueFrom = Annotated[
    str, typer.Option("--continue", help="A file or asset id to go on from, as a bed.", rich_help_panel=PANEL)
]
Spread = Annotated[
    float | None, typer.Option("--spread", help="How far from --like, 0 to 1.", rich_help_panel=PANEL)
]
Loudness = Annotated[
    float | None, typer.Option("--loudness", help="LUFS; -18 by default.", rich_help_panel=PANEL)
]
Stereo = Annotated[
    bool | None, typer.Option("--stereo/--mono", help="Wide, or alike on both sides.", rich_help_panel=PANEL)
]


def sound_fields(
    *,
    one_shot: bool,
    seamless: bool,
    bed: bool,
    continue_from: str,
    **rest: Any,
) -> dict[str, Any]:
    """Fields of a `SoundWish` for what was given; empty where nothing was.

    Raises:
        UsageError: two kinds at once.
    """
    kinds = {"one-shot": one_shot, "loop": seamless, "bed": bed or bool(continue_from)}
    chosen = [kind for kind, given in kinds.items() if given]
    if len(chosen) > 1:
        raise UsageError("Choose one of --one-shot, --seamless and --bed.", hint="--continue makes a bed.")
    fields: dict[str, Any] = {"kind": chosen[0]} if chosen else {}
    fields |= {name: value for name, value in rest.items() if value not in (None, "")}
    if continue_from:
        fields["continue_from"] = continue_from
    return fields


def seeds_between(between: tuple[str, str] | None) -> tuple[int, int] | None:
    """For pictures: the two seeds. Raises UsageError."""
    if between is None:
        return None
    try:
        return int(between[0]), int(between[1])
    except ValueError as error:
        raise UsageError("Pictures lie between two seeds.", hint="Give two numbers.") from error


def given_as(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of :func:`sound_fields` by the options that gave them, for a sentence about them."""
    kinds = {"one-shot": "--one-shot", "loop": "--seamless", "bed": "--bed"}
    names = {"continue_from": "--continue", "timbre_of": "--timbre-of"}
    found: dict[str, Any] = {}
    for key, value in fields.items():
        if key == "kind":
            if "continue_from" not in fields:
                found[kinds[value]] = True
        elif key == "stereo":
            found["--stereo" if value else "--mono"] = True
        else:
            found[names.get(key, "--" + key)] = value if value else True
    return found
