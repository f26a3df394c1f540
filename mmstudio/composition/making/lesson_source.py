"""A lesson as a person writes it: a text or Markdown with headings, pictures and, if wanted, questions.

    # Title                      ## Heading of a step            ![what it shows](file name or #asset)
    ? A question                 * the right answer              - a wrong one            = why
    ~ what the slider shows

Without headings every paragraph, or every numbered line, is a step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mmstudio.composition.making.plain import clean

MOST_PARTS = 60
MOST_QUESTIONS = 20
LONGEST_LINE = 20_000
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\(\s*<?([^)>\n]{1,300}?)>?(?:\s+\"[^\"\n]*\")?\s*\)")
_NUMBERED = re.compile(r"\s{0,3}(?:\d{1,3}[.)、]|第[一二三四五六七八九十\d]{1,3}步[：:、]?)\s*(.+)$")
_POINT = re.compile(r"\s{0,3}[-*•·+]\s+(.+)$")
_RULE = re.compile(r"\s*([-*_=])(?:\s*\1){2,}\s*$")


@dataclass(slots=True)
class Question:
    """A question with one right answer; ``why`` is shown after it was answered."""

    text: str
    choices: list[str]
    answer: int
    why: str = ""


@dataclass(slots=True)
class Part:
    """A step: ``heading`` may be "", ``texts`` are paragraphs, ``picture`` is a name as it was written."""

    heading: str = ""
    texts: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    picture: str = ""
    shows: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.heading or self.texts or self.points or self.picture)

    def said(self) -> str:
        """All its words but the heading."""
        return " ".join([*self.texts, *self.points])


@dataclass(slots=True)
class LessonSource:
    """A lesson, read. ``slider`` is what the person wrote about the slider, "" without it."""

    title: str = ""
    intro: Part = field(default_factory=Part)
    parts: list[Part] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    slider: str = ""
    numbered: bool = False
    left_out: int = 0


def read_lesson(text: str) -> LessonSource:
    """Read a lesson; never fails, whatever the text."""
    lesson = LessonSource()
    current = lesson.intro
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            current.texts.append(clean(" ".join(paragraph)))
            paragraph.clear()

    lines = [line[:LONGEST_LINE] for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or _RULE.match(line):
            close()
            continue
        if line.lstrip().startswith(("? ", "？")) and (found := _question(lines, at - 1)) is not None:
            close()
            question, at = found
            lesson.questions.append(question)
            continue
        if line.lstrip().startswith("~ "):
            close()
            lesson.slider = clean(line.lstrip()[2:], 160)
            continue
        if heading := _HEADING.match(line):
            close()
            words = clean(heading[2], 160)
            if not lesson.title and len(heading[1]) == 1 and not lesson.parts:
                lesson.title = words
                continue
            current = Part(words)
            lesson.parts.append(current)
            continue
        line = _take_picture(line, current)
        if not line.strip():
            continue
        if numbered := _NUMBERED.match(line):
            close()
            current.points.append(clean(numbered[1]))
            lesson.numbered = True
        elif point := _POINT.match(line):
            close()
            current.points.append(clean(point[1]))
        else:
            paragraph.append(line)
    close()
    return _shaped(lesson)


def _shaped(lesson: LessonSource) -> LessonSource:
    """Steps out of numbered lines or paragraphs where there are no headings; a title in any case."""
    if not lesson.parts:
        intro = lesson.intro
        if not lesson.title and intro.texts and len(intro.texts[0]) <= 90 and len(intro.texts) > 1:
            lesson.title = intro.texts.pop(0)
        if len(intro.points) > 1:
            lesson.parts = [Part("", [point]) for point in intro.points]
            lesson.intro = Part("", intro.texts, [], intro.picture, intro.shows)
        else:
            lesson.parts = [Part("", [text]) for text in intro.texts] + (
                [Part("", [], intro.points)] if intro.points else []
            )
            lesson.intro = Part("", [], [], intro.picture, intro.shows)
    lesson.parts = [part for part in lesson.parts if not part.empty]
    lesson.left_out = max(0, len(lesson.parts) - MOST_PARTS)
    lesson.parts = lesson.parts[:MOST_PARTS]
    lesson.questions = lesson.questions[:MOST_QUESTIONS]
    return lesson


def _take_picture(line: str, part: Part) -> str:
    found = _PICTURE.search(line)
    if found is None:
        return line
    if not part.picture:
        part.shows, part.picture = clean(found[1], 160), found[2].strip()
    return _PICTURE.sub(" ", line)


def _question(lines: list[str], at: int) -> tuple[Question, int] | None:
    """A question and where it ends; None where it has no right and no wrong answer, so that it is text."""
    asked = clean(lines[at].lstrip().lstrip("?？").strip(), 300)
    right: list[str] = []
    choices: list[str] = []
    answer, why, at = 0, "", at + 1
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith("* "):
            answer = len(choices)
            right.append(clean(line[2:], 200))
            choices.append(right[-1])
        elif line.startswith("- "):
            choices.append(clean(line[2:], 200))
        elif line.startswith("= "):
            why = clean(line[2:], 300)
        else:
            break
        at += 1
    choices = choices[:8]
    if not asked or len(right) != 1 or len(choices) < 2 or answer >= len(choices):
        return None
    return Question(asked, choices, answer, why), at
