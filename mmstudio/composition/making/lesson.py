"""The lesson: a text becomes scenes with pictures and a voice, and a page with a quiz and a slider."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.finding import chosen_pictures, picture_about, picture_named
from mmstudio.composition.making.lesson_source import LessonSource, Part, Question, read_lesson
from mmstudio.composition.making.narration import Narrator, lead, scene_seconds, weight
from mmstudio.composition.making.plain import clean, joined, shortened
from mmstudio.composition.making.quiz import questions_of
from mmstudio.composition.making.sequence import FRAMES, generated_sequence
from mmstudio.composition.palette import scheme
from mmstudio.composition.steps.pictures import palette
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.steps.sound import music
from mmstudio.composition.storyboard import AnyLayer, Block, ImageLayer
from mmstudio.errors import UsageError
from mmstudio.features.texts.sentences import sentences
from mmstudio.i18n import speaking, tr
from mmstudio.media.text import language_of

_SCENE_WEIGHT = 230  # letters of a scene; what is longer goes on in the next
_MOST_SCENES = 60
_MOST_POINTS = 4
_MOST_FRAMES = 24
_LETTERS = "ABCDEFGH"


@dataclass(slots=True)
class _Planned:
    """A scene to come: its pattern, words, picture, and what is said over it."""

    pattern: str
    copy: dict[str, str]
    picture: int | None = None
    spoken: str = ""
    seconds: float = 0.0
    frames: list[int] = field(default_factory=list)


def lesson(draft: Draft) -> Iterator[float]:
    """Fill in a lesson: scenes, narration, captions and the blocks of its page.

    Raises UsageError where the text says nothing.
    """
    source = read_lesson(draft.inputs.text)
    if not source.parts and not source.intro.texts:
        raise UsageError("This text has nothing to teach.", hint="Write a few sentences and compose again.")
    set_language(draft, draft.inputs.text)
    with speaking(draft.board.locale):
        title = clean(draft.inputs.title, 160) or source.title or tr("Lesson")
        draft.board.name = title[:120]
        pictures = _pictures(draft, source, title)
        _colours(draft, [one for one in pictures if one is not None])
        yield 0.1
        frames: list[int] = []
        if draft.option("slider") != "none":
            for frame in _frames(draft, bool(source.slider)):
                frames.append(frame)
                yield min(0.1 + 0.2 * len(frames) / FRAMES, 0.3)
        count = int(draft.option("questions"))
        questions = questions_of(source, count, random.Random(draft.seed))
        planned = _plan(source, title, pictures)
        if frames:
            caption = _slider_words(draft, source, frames)
            planned.append(
                _Planned("sequence", {"heading": caption}, frames=frames, seconds=len(frames) * 0.55)
            )
        for number, one in enumerate(questions, 1):
            asked = [f"{_LETTERS[n]}.  {choice}" for n, choice in enumerate(one.choices)]
            words = {"heading": tr("Question {n}", n=number), "line": one.text, "answer": asked[one.answer]}
            words |= {f"choice{n}": choice for n, choice in enumerate(asked, 1)}
            seconds = max(6.0, weight(one.text + "".join(asked)) / 18)
            planned.append(_Planned("quiz", words, seconds=seconds))
        closing = "title" if pictures[0] is not None else "title_plain"
        planned.append(_Planned(closing, {"headline": title, "line": ""}, pictures[0], seconds=2.5))
        yield from _lay(draft, planned, title)
        _page(draft, source, title, pictures, frames, questions)


def music_if_given(draft: Draft) -> None:
    """Lay the track that was given; a lesson has no music of itself."""
    if draft.inputs.track_id is not None:
        music(draft)


def set_language(draft: Draft, text: str) -> None:
    """The storyboard speaks the language of its text where nothing else was asked for."""
    if draft.inputs.locale or (draft.audience is not None and draft.audience.locale):
        return
    draft.board.locale = {"zh": "zh-CN"}.get(language_of(text) or "", language_of(text) or draft.board.locale)


def _pictures(draft: Draft, source: LessonSource, title: str) -> list[int | None]:
    """A picture for the title and for each step: named in the text, given, or found; None where none fits."""
    given = chosen_pictures(draft)
    found: list[int | None] = []
    taken: set[int] = set()
    for part in [source.intro, *source.parts]:
        picture = picture_named(draft, part.picture) if part.picture else None
        if picture is not None and picture in given:
            given.remove(picture)
        found.append(picture)
        taken |= {picture} if picture is not None else set()
    for place in [*range(1, len(found)), 0]:
        if found[place] is None and given:
            found[place] = given.pop(0)
            taken.add(found[place] or 0)
    if draft.option("find"):
        for place, part in enumerate([source.intro, *source.parts]):
            if found[place] is None:
                words = title if place == 0 else part.heading or shortened(part.said(), 80)
                found[place] = picture_about(draft, words, taken)
                taken |= {found[place] or 0}
    for place, picture in enumerate(found):
        if picture is not None:
            draft.add_asset_source("title.picture" if place == 0 else f"step{place}.picture", picture)
    draft.plan |= {"left_over": given, "given": chosen_pictures(draft)}
    return found


def _colours(draft: Draft, pictures: list[int]) -> None:
    first = next((one for one in pictures if draft.asset(one).kind == "image"), None)
    if first is None:
        draft.board.palette = scheme([], draft.seed)
        return
    draft.pictures["hero"] = first
    palette(draft)


def _frames(draft: Draft, told: bool) -> Iterator[int]:
    """The slider's pictures: a model's walk, else the given ones: all where the text says what the slider
    shows or the option says so, else those that no step took."""
    wanted = draft.option("slider")
    count = 0
    for number, asset_id in enumerate(generated_sequence(draft) if wanted != "pictures" else ()):
        made = draft.library.generations.of_asset(asset_id)
        draft.add_source(
            f"slider.{number + 1}", "generated", asset_id, made.model if made is not None else ""
        )
        count += 1
        yield asset_id
    if count == 0 and wanted != "model":
        every = wanted == "pictures" or told
        shown: list[int] = draft.plan["given"] if every else draft.plan["left_over"]
        if len(shown) >= 3:
            for number, asset_id in enumerate(shown[:_MOST_FRAMES]):
                draft.add_asset_source(f"slider.{number + 1}", asset_id)
                yield asset_id


def _plan(source: LessonSource, title: str, pictures: list[int | None]) -> list[_Planned]:
    intro = joined(source.intro.texts)
    opening = _chunks(source.intro)[0][0]
    said = f"{title}. {intro}" if intro else title
    planned = [
        _Planned(
            "title" if pictures[0] is not None else "title_plain",
            {"headline": title, "line": opening},
            pictures[0],
            shortened(said, 600),
        )
    ]
    for number, part in enumerate(source.parts, 1):
        chunks = _chunks(part)
        for place, chunk in enumerate(chunks):
            if len(planned) >= _MOST_SCENES:
                return planned
            picture = pictures[number]
            heading = part.heading or tr("Step {n}", n=number)
            line, points = chunk
            told = " ".join(
                [line, *(point if point[-1:] in ".!?。！？" else f"{point}." for point in points)]
            )
            said = f"{heading}. {told}" if place == 0 and part.heading else told
            words = {"number": str(number), "heading": heading, "line": line}
            words |= {f"point{n}": f"•  {point}" for n, point in enumerate(points, 1)}
            planned.append(_Planned("step" if picture is not None else "step_plain", words, picture, said))
    return planned


def _chunks(part: Part) -> list[tuple[str, list[str]]]:
    """The words of a step cut into scenes, (line, points) each, at the ends of sentences; at least one."""
    chunks: list[tuple[list[str], list[str]]] = [([], [])]
    filled = 0

    def begin(piece: str) -> None:
        """Go on in a new scene where this one is full."""
        nonlocal filled
        if filled and (filled + weight(piece) > _SCENE_WEIGHT or len(chunks[-1][1]) >= _MOST_POINTS):
            chunks.append(([], []))
            filled = 0
        filled += weight(piece)

    for text in part.texts:
        for piece in sentences(text) or [text]:
            piece = shortened(piece, 2 * _SCENE_WEIGHT)
            begin(piece)
            chunks[-1][0].append(piece)
    for point in part.points:
        point = shortened(point, _SCENE_WEIGHT)
        begin(point)
        chunks[-1][1].append(point)
    return [(joined(line), points) for line, points in chunks]


def _lay(draft: Draft, planned: list[_Planned], title: str) -> Iterator[float]:
    """Speak and lay the scenes one after the other."""
    narrator = Narrator(draft, str(draft.option("voice")))
    start, placed = 0.0, []
    for index, speech in narrator.speak([one.spoken for one in planned]):
        one = planned[index]
        read = " ".join(value for key, value in one.copy.items() if key not in ("number", "answer"))
        seconds = max(one.seconds, scene_seconds(read, speech))
        shown: dict[str, int | None] = {} if one.picture is None else {"picture": one.picture}
        scene = make_scene(draft, one.pattern, start, seconds, copy=one.copy, pictures=shown)
        if one.pattern == "quiz":
            for layer in scene.layers:
                if layer.name in ("bar", "answer"):
                    layer.begin = round(seconds * 0.65, 3)
        if one.frames:
            _show_frames(scene.layers, one.frames, seconds)
        if speech is not None:
            placed.append((start + lead(), speech))
        start = scene.end
        yield 0.3 + 0.6 * (index + 1) / len(planned)
    finish_scenes(draft)
    narrator.keep(placed, title)


def _show_frames(layers: list[AnyLayer], frames: list[int], seconds: float) -> None:
    """Put the frames of the slider one after the other in the place of the pattern's one picture."""
    place = next(n for n, layer in enumerate(layers) if isinstance(layer, ImageLayer))
    pattern = layers.pop(place)
    assert isinstance(pattern, ImageLayer)
    each = seconds / len(frames)
    for number, asset_id in enumerate(frames):
        last = number == len(frames) - 1
        layers.insert(
            place + number,
            ImageLayer(
                name=f"frame{number + 1}",
                slot=pattern.slot,
                asset_id=asset_id,
                fit=pattern.fit,
                radius=pattern.radius,
                source=f"slider.{number + 1}",
                begin=round(number * each, 3),
                end=0.0 if last else round((number + 1) * each, 3),
            ),
        )


def _page(
    draft: Draft,
    source: LessonSource,
    title: str,
    pictures: list[int | None],
    frames: list[int],
    questions: list[Question],
) -> None:
    """The same as a page that flows."""
    board = draft.board
    blocks = [Block("heading", title, None, {"level": 1}, "headline")]
    if pictures[0] is not None:
        blocks.append(_shown(draft, pictures[0], source.intro.shows or title))
    blocks += [Block("text", text) for text in source.intro.texts]
    if board.voice is not None:
        blocks.append(Block("sound", tr("Listen to the lesson"), board.voice.asset_id, {}, "voice"))
    for number, part in enumerate(source.parts, 1):
        heading = part.heading or tr("Step {n}", n=number)
        blocks.append(Block("heading", heading, None, {"level": 2}))
        if pictures[number] is not None:
            blocks.append(_shown(draft, pictures[number], part.shows or heading))
        blocks += [Block("text", text) for text in part.texts]
        if part.points:
            blocks.append(
                Block("steps" if source.numbered else "list", "", None, {"items": list(part.points)})
            )
    if frames:
        caption = _slider_words(draft, source, frames)
        assets = [draft.asset(one) for one in frames]
        plain = all(asset.origin == "imported" and asset.title for asset in assets)
        labels = [
            clean(asset.title, 60) if plain else f"{n} / {len(frames)}" for n, asset in enumerate(assets, 1)
        ]
        blocks.append(Block("heading", tr("Try it"), None, {"level": 2}))
        blocks.append(Block("slider", caption, None, {"assets": list(frames), "labels": labels}, "slider"))
    if questions:
        blocks.append(Block("heading", tr("What do you remember?"), None, {"level": 2}))
        for one in questions:
            data = {"question": one.text, "choices": one.choices, "answer": one.answer, "why": one.why}
            blocks.append(Block("quiz", one.text, None, data, "quiz"))
        if not source.questions:
            blocks.append(Block("note", tr("The questions were made from the lesson’s own sentences.")))
    if source.left_out:
        blocks.append(Block("note", tr("{n} more steps of the text were left out.", n=source.left_out)))
    board.blocks = blocks
    if questions:
        own = bool(source.questions)
        draft.add_source(
            "quiz", "person" if own else "drawn", None, "" if own else tr("the lesson’s own sentences")
        )
    draft.add_source("text", "person", None, title)


def _label(title: str) -> str:
    """A title as words: many are file names."""
    return clean(title.replace("_", " ").replace("-", " "), 60)


def _slider_words(draft: Draft, source: LessonSource, frames: list[int]) -> str:
    """What stands beside the slider."""
    if source.slider:
        return source.slider
    if draft.asset(frames[0]).origin == "generated":
        return tr("A model’s pictures on the way from one to another")
    return tr("One picture after the other")


def _shown(draft: Draft, asset_id: int | None, alt: str) -> Block:
    kind = "video" if asset_id is not None and draft.asset(asset_id).kind == "video" else "picture"
    return Block("video" if kind == "video" else "picture", "", asset_id, {"alt": alt}, "picture")
