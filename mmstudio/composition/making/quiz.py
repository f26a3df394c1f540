"""Questions out of a lesson's own sentences: what is right stands in the lesson word for word.

Nothing is invented, so the wrong answers are the lesson's too: a sentence of another step, a word that
another sentence uses. A question is only made where the wrong answers are wrong by the lesson itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from mmstudio.composition.making.lesson_source import LessonSource, Part, Question
from mmstudio.composition.making.plain import shortened
from mmstudio.features.texts.sentences import sentences
from mmstudio.features.texts.words import tokens
from mmstudio.i18n import tr

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_DULL_LIST = """
thing things kind something everything people example until while during first without because every
before after these those their there other which between again almost about above below under around
along always never often still where whose through across toward towards against within rather quite
perhaps
"""
_DULL = frozenset(_DULL_LIST.split())
_LONGEST = 150  # letters of an answer


def questions_of(lesson: LessonSource, count: int, random_: random.Random) -> list[Question]:
    """Up to ``count`` questions: the person's own, else made; a gap and a matching question in turns."""
    if lesson.questions:
        return lesson.questions[: max(count, 0)]
    makers: list[Iterator[Question]] = [_gaps(lesson, random_), _matches(lesson, random_)]
    if lesson.numbered:
        makers.append(_orders(lesson, random_))
    made: list[Question] = []
    while makers and len(made) < count:
        for maker in list(makers):
            question = next(maker, None)
            if question is None:
                makers.remove(maker)
            elif len(made) < count:
                made.append(question)
    return made


def _told(part: Part) -> list[str]:
    found = [one.strip() for text in [*part.texts, *part.points] for one in sentences(text)]
    return [one for one in found if len(one) * (2 if _HAN.search(one) else 1) >= 20 and len(one) <= _LONGEST]


def _matches(lesson: LessonSource, random_: random.Random) -> Iterator[Question]:
    """Which sentence belongs to a step; the others are of other steps."""
    named = [(part, _told(part)) for part in lesson.parts if part.heading]
    for part, told in named:
        about = set(tokens(part.heading))
        others = [
            one[0]
            for other, one in named
            if other is not part and one and one[0] not in told and not about & set(tokens(one[0]))
        ]
        if told and len(others) >= 2:
            right = told[-1]
            wrong = random_.sample(others, min(3, len(others)))
            yield _shuffled(
                tr("What does the lesson say about “{heading}”?", heading=part.heading),
                right,
                wrong,
                "",
                random_,
            )


def _orders(lesson: LessonSource, random_: random.Random) -> Iterator[Question]:
    """What comes next, of steps that are numbered."""
    steps = [shortened(part.heading or part.said(), 90) for part in lesson.parts]
    steps = [one for one in steps if one]
    if len(steps) < 4 or len(set(steps)) < len(steps):
        return
    for place in range(len(steps) - 1):
        wrong = [one for n, one in enumerate(steps) if n not in (place, place + 1)]
        yield _shuffled(
            tr("What comes right after “{step}”?", step=steps[place]),
            steps[place + 1],
            random_.sample(wrong, min(3, len(wrong))),
            "",
            random_,
        )


def _gaps(lesson: LessonSource, random_: random.Random) -> Iterator[Question]:
    """Which word is missing in a sentence; the others are words of other sentences."""
    told = [(part, one) for part in lesson.parts for one in _told(part)]
    words_in = {one: _terms(one) for _part, one in told}
    used: set[str] = set()
    for part, sentence in _spread(told):
        heading = set(tokens(part.heading))
        own = [w for w in words_in[sentence] if sentence.count(w) == 1 and w.casefold() not in used]
        if not own:
            continue
        right = max(own, key=lambda w: (bool(set(tokens(w)) & heading), len(w)))
        near = {w.casefold() for w in _WORD.findall(sentence)}
        pool = sorted(
            {
                word
                for _other, one in told
                if one != sentence
                for word in words_in[one]
                if _alike(word, right) and word.casefold() not in near and word not in sentence
            }
        )
        if len(pool) < 2:
            continue
        used.add(right.casefold())
        gap = sentence.replace(right, "＿＿＿" if _HAN.search(right) else "____", 1)
        yield _shuffled(
            tr("Which word is missing? {sentence}", sentence=gap),
            right,
            random_.sample(pool, min(3, len(pool))),
            sentence,
            random_,
        )


def _spread(told: list[tuple[Part, str]]) -> Iterator[tuple[Part, str]]:
    """The first sentence of every step, then the second of every step, and so on."""
    by_part: dict[int, list[tuple[Part, str]]] = {}
    for part, sentence in told:
        by_part.setdefault(id(part), []).append((part, sentence))
    for row in range(max((len(one) for one in by_part.values()), default=0)):
        for one in by_part.values():
            if row < len(one):
                yield one[row]


def _terms(sentence: str) -> list[str]:
    """Words that carry meaning: long ones of spaced languages, two letters and more of Chinese."""
    if _HAN.search(sentence):
        return [w for w in dict.fromkeys(tokens(sentence)) if len(w) >= 2 and _HAN.fullmatch(w[0])]
    found = [w for w in dict.fromkeys(_WORD.findall(sentence)[1:]) if len(w) >= 5 and w.lower() not in _DULL]
    return [w for w in found if tokens(w)]


def _alike(one: str, other: str) -> bool:
    """Whether two words could stand in the same place, by their look."""
    if one == other or one.casefold()[:4] == other.casefold()[:4]:
        return False
    shape: Callable[[str], tuple[bool, bool, str]] = lambda w: (  # noqa: E731
        bool(_HAN.search(w)),
        w[0].isupper(),
        next((end for end in ("ing", "ed", "ly", "s") if w.endswith(end)), ""),
    )
    return shape(one) == shape(other)


def _shuffled(text: str, right: str, wrong: list[str], why: str, random_: random.Random) -> Question:
    choices = [right, *wrong]
    random_.shuffle(choices)
    return Question(text, choices, choices.index(right), why)
