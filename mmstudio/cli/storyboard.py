"""The command that shows and edits a storyboard: what the editor of the window does, by words."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, table
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import NotFound, UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.storyboard import Storyboard
    from mmstudio.studio import Studio


class Action(StrEnum):
    """What ``mmstudio storyboard`` does."""

    SHOW = "show"
    EDIT = "edit"
    REPLACE = "replace"
    ALTERNATIVES = "alternatives"
    LOCK = "lock"
    UNLOCK = "unlock"
    REROLL = "reroll"
    PLACE = "place"
    ORDER = "order"
    DELETE = "delete"
    TRIM = "trim"
    MOVE = "move"
    SPLIT = "split"
    TRANSITION = "transition"
    CAMERA = "camera"
    SOUND = "sound"


_READS = (Action.SHOW, Action.ALTERNATIVES)
Layer = Annotated[
    str, typer.Option("--layer", metavar="SCENE/LAYER", help="The layer, e.g. card/price; or its name alone.")
]


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(storyboard)


def storyboard(
    lib: Lib,
    number: Annotated[int, typer.Argument(metavar="ID", help="The storyboard's number.")],
    action: Annotated[Action, typer.Argument()] = Action.SHOW,
    words: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SLOT=WORDS", help="To edit: new words of a slot; repeat for several."),
    ] = None,
    layer: Layer = "",
    slot: Annotated[
        list[str] | None,
        typer.Option("--slot", help="To lock or unlock: a sound, a slot of words, or SCENE/LAYER."),
    ] = None,
    asset: Annotated[int | None, typer.Option("--asset", help="An asset's number.")] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="To replace: in every scene that shows the same part.")
    ] = False,
    pick: Annotated[
        int | None, typer.Option("--pick", help="To replace: by this alternative, counted from 1.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="To reroll: the seed of what is made anew.")
    ] = None,
    rect: Annotated[
        str, typer.Option("--rect", metavar="X,Y,W,H", help="To place: fractions of the canvas.")
    ] = "",
    to: Annotated[
        str,
        typer.Option(
            "--to", help="To order: front, forward, backward, back. To move: the scene's new place."
        ),
    ] = "",
    scene: Annotated[str, typer.Option("--scene", help="A scene's number from 1, or its name.")] = "",
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="To trim, or how long a transition takes.")
    ] = None,
    at: Annotated[
        float | None, typer.Option("--at", help="To split: the second. A sound: where it begins.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="A transition: cut, fade, push, wipe, zoom. A camera: none, in, out, left, right."
        ),
    ] = "",
    track: Annotated[str, typer.Option("--track", help="A sound: music, voice, effect, or its name.")] = "",
    gain: Annotated[float | None, typer.Option("--gain", help="A sound: dB, from -60 to 12.")] = None,
    as_json: Json = False,
) -> None:
    """Show a storyboard, or edit it: words, places, pictures, order, times, sounds, locks."""
    given: dict[str, Any] = {
        "words": words or [], "layer": layer, "slot": slot or [], "asset": asset, "everywhere": everywhere,
        "pick": pick, "seed": seed, "rect": rect, "to": to, "scene": scene, "seconds": seconds, "at": at,
        "kind": kind, "track": track, "gain": gain,
    }  # fmt: skip
    with studio(lib, write=action not in _READS) as opened:
        from mmstudio.composition.editing import Keeper, named
        from mmstudio.composition.storyboard import Storyboard

        row = opened.library.storyboards.get(number)  # the composer would bring models along
        board = named(Storyboard.from_dict(row.data, row.id))
        if action is Action.ALTERNATIVES:
            _alternatives(opened, board, given, as_json)
            return
        if action is not Action.SHOW:
            keeper = Keeper(opened.library, board)
            board = _EDITS[action](opened, board, given)
            keeper.save(board)
        if as_json:
            print_json({"id": number, "name": board.name, "storyboard": board.to_dict()})
        elif action is Action.SHOW:
            _show(board)
        else:
            say(tr("Storyboard {id}: {name}", id=number, name=board.name))


def _show(board: Storyboard) -> None:
    from mmstudio.composition.editing import tracks_named
    from mmstudio.composition.storyboard import TextLayer

    say(tr("Storyboard {id}: {name}", id=board.id, name=board.name))
    rows: list[list[str]] = []
    for scene in board.scenes:
        for layer in reversed(scene.layers):
            what = (
                board.text_of(layer)
                if isinstance(layer, TextLayer)
                else str(getattr(layer, "asset_id", "") or "")
            )
            place = ", ".join(f"{v:.3g}" for v in (layer.rect.x, layer.rect.y, layer.rect.w, layer.rect.h))
            marks = " ".join(w for w, on in (("locked", layer.locked), ("hidden", layer.hidden)) if on)
            kind = type(layer).__name__.removesuffix("Layer").lower()
            rows.append([f"{scene.name}/{layer.name}", kind, " ".join(what.split())[:48], place, marks])
    table(["layer", "kind", "shows", "x, y, w, h", ""], rows)
    table(
        ["scene", "from", "seconds", "transition"],
        [[s.name, f"{s.start:g}", f"{s.duration:g}", s.transition.kind] for s in board.scenes],
    )
    sounds = tracks_named(board)
    if sounds:
        table(["sound", "asset", "from", "dB"],
              [[n, str(t.asset_id), f"{t.start:g}", f"{t.gain:g}"] for n, t in sounds.items()])  # fmt: skip
    if board.locks:
        say(tr("Locked: {names}", names=", ".join(board.locks)))


def _alternatives(opened: Studio, board: Storyboard, given: dict[str, Any], as_json: bool) -> None:
    from mmstudio.composition.editing import alternatives

    scene, layer = _layer(board, given["layer"])
    found = alternatives(opened.library, board, scene, layer, opened)
    if as_json:
        print_json(
            {
                "alternatives": [
                    {
                        "pick": n, "origin": one.origin, "title": one.title, "why": one.why, "kind": one.kind,
                        "asset": one.asset_id, "text": one.text, "model": one.model, "seed": one.seed,
                    }
                    for n, one in enumerate(found, 1)
                ]
            }
        )  # fmt: skip
        return
    table(["pick", "what", "why"], [[str(n), one.title, one.why] for n, one in enumerate(found, 1)])


def _layer(board: Storyboard, name: str) -> tuple[int, str]:
    """The scene and name of a layer from "scene/layer" or a name alone. Raises UsageError, NotFound."""
    if not name:
        raise UsageError("Say which layer with --layer SCENE/LAYER.")
    wanted, _slash, own = name.rpartition("/")
    for number, scene in enumerate(board.scenes):
        if wanted in ("", scene.name, str(number + 1)) and any(one.name == own for one in scene.layers):
            return number, own
    raise NotFound(
        "The storyboard has no layer {name}.",
        hint="“mmstudio storyboard LIB ID show” names them.",
        name=name,
    )


def _scene(board: Storyboard, name: str) -> int:
    """A scene's place from its number or name. Raises UsageError, NotFound."""
    if not name:
        raise UsageError("Say which scene with --scene.")
    for number, scene in enumerate(board.scenes):
        if name in (scene.name, str(number + 1)):
            return number
    raise NotFound(
        "The storyboard has no scene {name}.",
        hint="“mmstudio storyboard LIB ID show” names them.",
        name=name,
    )


def _needed(value: Any, option: str) -> Any:
    if value in (None, ""):
        raise UsageError("Say {option}, too.", option=option)
    return value


def _edit(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import layers

    if not given["words"]:
        raise UsageError("Say new words with --set SLOT=WORDS.")
    for pair in given["words"]:
        slot, sign, words = pair.partition("=")
        if not sign:
            raise UsageError("“{given}” has no =.", hint="Write --set headline=“New words”.", given=pair)
        if slot in board.copy or "/" not in slot:
            board = layers.write_slot(board, slot, words)
        else:
            scene, layer = _layer(board, slot)
            board = layers.write(board, scene, layer, words)
    return board


def _replace(opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import alternatives, choose, place

    scene, layer = _layer(board, given["layer"])
    if given["pick"] is not None:
        found = alternatives(opened.library, board, scene, layer, opened)
        if not 1 <= given["pick"] <= len(found):
            raise UsageError("There are {n} alternatives.", n=len(found))
        return choose(opened.library, board, scene, layer, found[given["pick"] - 1], opened)
    asset = _needed(given["asset"], "--asset")
    return place(opened.library, board, scene, layer, asset, everywhere=given["everywhere"])


def _lock(_opened: Studio, board: Storyboard, given: dict[str, Any], on: bool = True) -> Storyboard:
    from mmstudio.composition.editing import lock_slot

    for name in [*given["slot"], *([given["layer"]] if given["layer"] else [])] or [_needed("", "--slot")]:
        board = lock_slot(board, name, on)
    return board


def _unlock(opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    return _lock(opened, board, given, on=False)


def _reroll(opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import reroll

    return reroll(opened.composer, board, board.seed + 1 if given["seed"] is None else given["seed"])


def _place(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import put
    from mmstudio.composition.storyboard import Rect

    scene, layer = _layer(board, given["layer"])
    try:
        x, y, w, h = (float(part) for part in _needed(given["rect"], "--rect").split(","))
    except ValueError:
        raise UsageError(
            "“{given}” is no box.", hint="Write --rect 0.1,0.1,0.5,0.3.", given=given["rect"]
        ) from None
    if not (abs(x) <= 4 and abs(y) <= 4 and 0.001 <= w <= 4 and 0.001 <= h <= 4):
        raise UsageError("A box is given in fractions of the canvas.", hint="Write --rect 0.1,0.1,0.5,0.3.")
    return put(board, scene, layer, Rect(x, y, w, h))


def _order(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import layers

    scene, layer = _layer(board, given["layer"])
    where: Any = given["to"] or "front"
    if where not in ("front", "forward", "backward", "back"):
        raise UsageError("Say --to front, forward, backward or back.")
    return layers.order(board, scene, layer, where)


def _delete(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import layers, sounds, timeline

    if given["track"]:
        return sounds.remove_track(board, given["track"])
    if given["layer"]:
        scene, layer = _layer(board, given["layer"])
        return layers.delete(board, scene, [layer])
    return timeline.delete_scene(board, _scene(board, given["scene"]))


def _trim(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import timeline

    return timeline.trim(board, _scene(board, given["scene"]), _needed(given["seconds"], "--seconds"))


def _move(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import timeline

    try:
        place = int(_needed(given["to"], "--to"))
    except ValueError:
        raise UsageError("Say the scene's new place with --to, counted from 1.") from None
    return timeline.move_scene(board, _scene(board, given["scene"]), place - 1)


def _split(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import timeline

    return timeline.split(board, _needed(given["at"], "--at"))[0]


def _transition(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import timeline

    scene = _scene(board, given["scene"])
    return timeline.set_transition(board, scene, _needed(given["kind"], "--kind"), given["seconds"])


def _camera(_opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import layers

    scene, layer = _layer(board, given["layer"])
    return layers.ken_burns(board, scene, layer, _needed(given["kind"], "--kind"))


def _sound(opened: Studio, board: Storyboard, given: dict[str, Any]) -> Storyboard:
    from mmstudio.composition.editing import lay_sound, tracks_named
    from mmstudio.composition.editing.sounds import set_track

    name = _needed(given["track"], "--track")
    if given["asset"] is not None:
        role: Any = name if name in ("music", "voice") else "effect"
        start = given["at"] or 0.0
        if given["at"] is None and name in tracks_named(board):
            start = tracks_named(board)[name].start
        board, name = lay_sound(opened.library, board, role, given["asset"], start)
    values = {
        key: value for key, value in (("gain", given["gain"]), ("start", given["at"])) if value is not None
    }
    return set_track(board, name, **values) if values else board


_EDITS: dict[Action, Callable[[Studio, Storyboard, dict[str, Any]], Storyboard]] = {
    Action.EDIT: _edit,
    Action.REPLACE: _replace,
    Action.LOCK: _lock,
    Action.UNLOCK: _unlock,
    Action.REROLL: _reroll,
    Action.PLACE: _place,
    Action.ORDER: _order,
    Action.DELETE: _delete,
    Action.TRIM: _trim,
    Action.MOVE: _move,
    Action.SPLIT: _split,
    Action.TRANSITION: _transition,
    Action.CAMERA: _camera,
    Action.SOUND: _sound,
}
