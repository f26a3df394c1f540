"""Steps of the music video: pictures, clips and a model's moving pictures, cut on the beats of a track."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.beats import RATE, Beats, find_beats
from mmstudio.composition.making.finding import chosen_pictures, usable
from mmstudio.composition.parts import track_of
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import Caption, ImageLayer, Transition, VideoLayer
from mmstudio.errors import MediaError, StudioError, UsageError
from mmstudio.jobs import JobContext
from mmstudio.library import AssetFilter
from mmstudio.media.audio import load_audio

_BEATS = {"calm": (8, 8, 4), "normal": (4, 4, 2), "fast": (4, 2, 1)}  # of a shot: quiet, middling, loud
_SHORTEST, _LONGEST = 0.4, 6.0  # seconds of a shot
_OWN = 24  # pictures of the library, where none were chosen
_STEP = 0.25  # seconds between the points of a walk
_FPS, _SIDE = 24.0, 720  # of the film a model makes
_PACE = (0.12, 0.75)  # pictures a second that the walk passes, quiet and loud


@dataclass(slots=True)
class Shot:
    """A stretch between two cuts; ``asset_id`` None is the model's film from its second ``film`` on."""

    start: float
    end: float
    asset_id: int | None = None
    film: float = 0.0


def listen(draft: Draft) -> Iterator[float]:
    """Hear the track, its first three minutes at most, and find its beats; leaves them in the draft's plan.

    Raises:
        MediaError: the track is no sound or cannot be read.
    """
    track_id = draft.inputs.track_id
    asset = draft.asset(track_id) if track_id is not None else None
    if asset is None or asset.kind != "audio":
        name = asset.title if asset is not None else ""
        raise MediaError("{title} is not a sound.", status="unsupported", title=name)
    yield 0.0
    samples, rate = load_audio(
        draft.library.assets.path_of(asset), RATE, mono=True, duration=float(draft.option("seconds"))
    )
    draft.breathe()
    heard = find_beats(np.atleast_2d(samples)[0], rate)
    if heard.seconds < 2 * _SHORTEST:
        raise MediaError(
            "{title} is too short to cut pictures on.", status="unsupported", hint="Choose a longer sound.",
            title=asset.title,
        )  # fmt: skip
    draft.plan["beats"] = heard
    track, source = track_of(asset)
    track.loop, track.length, track.fade_in = False, round(heard.seconds, 3), 0.0
    track.fade_out = min(1.2, heard.seconds / 8)
    draft.board.music = track
    draft.board.sources.append(source)
    yield 1.0


def shots(draft: Draft) -> None:
    """Choose what is seen between the cuts: pictures and clips in turns, some shots for a model's film."""
    heard: Beats = draft.plan["beats"]
    pictures = _pictures(draft)
    loops = str(draft.option("loops"))
    able = _model(draft) if loops != "none" else ""
    if not pictures and not able:
        raise UsageError(
            "There is nothing to show: no pictures, and no model that makes any.",
            hint="Choose pictures or clips, or train a model of pictures.",
        )
    cuts = cut_points(heard, str(draft.option("pace")), draft.board.fps)
    found, turn, filmed = [], 0, 0.0
    for number, (start, end) in enumerate(pairwise(cuts)):
        shot = Shot(start, end)
        if able and (loops == "all" or not pictures or number % 3 == 2):
            shot.film, filmed = filmed, filmed + end - start
        else:
            shot.asset_id, turn = pictures[turn % len(pictures)], turn + 1
        found.append(shot)
    draft.plan["shots"], draft.plan["filmed"] = found, filmed
    draft.model = able
    still = next((s.asset_id for s in found if s.asset_id and draft.asset(s.asset_id).kind == "image"), None)
    if still is not None:
        draft.pictures["hero"] = still


def cut_points(heard: Beats, pace: str, fps: int) -> list[float]:
    """Seconds of the cuts, the first 0.0 and the last the end: on beats, moved to the nearest frame.

    Loud parts are cut every one or two beats, quiet ones every four or eight; no shot is under 0.4 s, none
    over 6 s unless beats are that far apart.
    """
    counts, times = _BEATS[pace], heard.times
    cuts = [0.0]
    last = 0 if len(times) and times[0] < _SHORTEST else -1  # the beat of the last cut
    while True:
        level = float(heard.energy[max(last, 0)]) if len(times) else 0.5
        step = last + (counts[0] if level < 0.34 else counts[1] if level < 0.67 else counts[2])
        while step > last + 1 and (step >= len(times) or times[step] - cuts[-1] > _LONGEST):
            step -= 1
        while step < len(times) and times[step] - cuts[-1] < _SHORTEST:
            step += 1
        if step >= len(times) or heard.seconds - times[step] < _SHORTEST:
            return [*cuts, round(heard.seconds, 4)]
        cuts.append(_on_frame(float(times[step]), fps))
        last = step


def _on_frame(seconds: float, fps: int) -> float:
    """The nearest frame's second, never a hair after it: the cut is seen on that frame."""
    return math.floor(round(seconds * fps) / fps * 1e4) / 1e4


def _model(draft: Draft) -> str:
    """The model that films, "" where there is none; one that was named must be there."""
    if draft.generation is None:
        return ""
    if draft.inputs.model:
        draft.generation.player(draft.inputs.model)
        return draft.inputs.model
    try:
        return draft.generation.default_model()
    except StudioError:
        return ""


def _pictures(draft: Draft) -> list[int]:
    """The chosen pictures and clips, else up to 24 of the library, shuffled by the seed."""
    chosen = chosen_pictures(draft)
    if chosen:
        return chosen
    if draft.item is not None or draft.items:
        links = [link for item in draft.items for link in draft.library.items.assets_of(item.id)]
        ids = list(dict.fromkeys(link.asset_id for link in links if link.role in ("hero", "detail", "clip")))
    else:
        heroes = set(draft.library.items.heroes_of(draft.library.items.ids()[:2000]).values())
        clips = draft.library.assets.ids(AssetFilter(kinds=("video",)))[:100]
        ids = sorted(heroes) + clips
        if not heroes:  # nobody's catalogue: the pictures themselves are what there is to see, not one clip
            ids += draft.library.assets.ids(AssetFilter(kinds=("image",), origin="imported"))[:2000]
        ids = ids or draft.library.assets.ids(AssetFilter(kinds=("image",)))[:2000]
    known = draft.library.assets.get_many(ids)
    found = [
        asset.id
        for asset in known
        if usable(asset) or (asset.kind == "video" and asset.status == "ok" and asset.rights != "restricted")
    ]
    random.Random(draft.seed).shuffle(found)
    return found[:_OWN]


def film(draft: Draft) -> Iterator[float]:
    """Have the model film a walk through what it can draw, faster where the track is louder."""
    shown: list[Shot] = [shot for shot in draft.plan["shots"] if shot.asset_id is None]
    if not shown or draft.generation is None:
        return
    from mmstudio.generation.latents.point import Point

    generation, heard = draft.generation, draft.plan["beats"]
    seconds = max(draft.plan["filmed"], 2 * _STEP)
    player = generation.player(draft.model)
    keys, places = walk_places(heard, shown, draft.seed, seconds)
    points = []
    for place in places:
        leg = min(int(place), len(keys) - 2)
        points.append(player.between(Point(seed=keys[leg]), Point(seed=keys[leg + 1]), place - leg).as_json())
        draft.breathe()
    count = max(round(seconds * _FPS), 2)
    work = generation.film_work(
        model=draft.model, points=points, kind="walk", frames=count, fps=_FPS, size=_SIDE
    )
    going = work(draft.context or JobContext(0, {}))
    while True:
        try:
            progress = next(going)
        except StopIteration as stop:
            draft.plan["film"] = int(stop.value["assets"][0])
            return
        if progress.total:
            yield progress.done / progress.total


def walk_places(heard: Beats, shown: list[Shot], seed: int, seconds: float) -> tuple[list[int], list[float]]:
    """The seeds a walk passes, and where on it (0 to their number less one) it is every quarter second.

    The way made in a quarter second grows with the track's energy at that moment of the video.
    """
    steps = max(math.ceil(seconds / _STEP), 1)
    at = np.arange(steps) * _STEP
    real = np.zeros(steps)
    for shot in shown:
        inside = (at >= shot.film) & (at < shot.film + shot.end - shot.start)
        real[inside] = shot.start + at[inside] - shot.film
    pace = _PACE[0] + (_PACE[1] - _PACE[0]) * heard.energy_at(real)
    places = np.concatenate([[0.0], np.cumsum(pace * _STEP)])
    keys = [abs(seed) * 1009 + n for n in range(int(places[-1]) + 2)]
    return keys, [float(place) for place in places]


def video_scenes(draft: Draft) -> None:
    """Lay one scene a shot, cut hard, each picture drifting; the title over the first where there is one."""
    title = draft.inputs.title[:200]
    for number, shot in enumerate(draft.plan["shots"]):
        asset_id = shot.asset_id if shot.asset_id is not None else draft.plan.get("film")
        opening = number == 0 and bool(title)
        scene = make_scene(
            draft,
            "opening" if opening else "shot",
            shot.start,
            round(shot.end - shot.start, 4),
            copy={"title": title} if opening else {},
            pictures={"picture": asset_id},
            name=f"shot{number + 1}",
            transition=Transition("cut", 0.0),
        )
        for layer in scene.layers:
            if isinstance(layer, ImageLayer | VideoLayer):
                near = number % 2 == 0
                layer.motion.zoom = (1.0, 1.1) if near else (1.12, 1.02)
                if asset_id is not None:
                    draft.add_asset_source(layer.source, asset_id)
            if isinstance(layer, VideoLayer) and shot.asset_id is None:
                layer.clip_start = round(shot.film, 4)
        if opening:
            draft.add_source(f"{scene.name}.title", "person", None, title)
            draft.board.captions = [Caption(0.1, round(min(scene.end, 3.0) - 0.05, 3), title)]
    finish_scenes(draft)
