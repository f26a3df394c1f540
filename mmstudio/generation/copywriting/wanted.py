"""What a person typed as a kind of text, a tone or a language, understood or refused with what is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from mmstudio.errors import UsageError
from mmstudio.generation.copywriting.contract import TASKS, TONES, Task, Tone
from mmstudio.generation.copywriting.lines import is_chinese
from mmstudio.generation.copywriting.tones import known_tone
from mmstudio.i18n import tr

_TASKS: Mapping[str, Task] = {
    "title": "headline",
    "line": "one_liner",
    "one_line": "one_liner",
    "bullet": "bullets",
    "bullet_points": "bullets",
    "points": "bullets",
    "cta": "call_to_action",
    "call": "call_to_action",
    "story": "story_outline",
    "outline": "story_outline",
    "character": "character_sheet",
    "sheet": "character_sheet",
    "lesson": "lesson_outline",
    "answer": "reply",
    "report": "report_summary",
    "summary": "report_summary",
    "why": "explanation",
    "explain": "explanation",
    "dialogue": "script",
}
_LOCALES: Mapping[str, str] = {
    "english": "en",
    "chinese": "zh-CN",
    "mandarin": "zh-CN",
    "cn": "zh-CN",
    "中文": "zh-CN",
    "简体中文": "zh-CN",
    "英文": "en",
}
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}", re.IGNORECASE)
_WRITTEN = ("en", "zh")  # what the facts writer and the guard know by themselves


def task_of(text: str) -> Task:
    """A kind of text by its name or a short one ("lesson", "report", "cta"). Raises UsageError."""
    word = re.sub(r"[\s-]+", "_", text.strip().lower())
    if word in TASKS:
        return word
    if word in _TASKS:
        return _TASKS[word]
    raise UsageError(
        "“{task}” is no kind of text.",
        hint="{near}Use one of: {known}.",
        task=text,
        near=_near(word, [*TASKS, *_TASKS]),
        known=", ".join(TASKS),
    )


def tone_wanted(text: str) -> str:
    """The tone of a person's words; "" where nothing was said. Raises UsageError for words that name none."""
    if not text.strip():
        return ""
    found: Tone | None = known_tone(text)
    if found is None:
        raise UsageError(
            "“{tone}” is no tone that is known here.",
            hint="{near}Use one of: {known}; or words like them.",
            tone=text,
            near=_near(text.strip().lower(), TONES),
            known=", ".join(TONES),
        )
    return text.strip()


def locale_wanted(text: str, engine: str = "facts") -> str:
    """A language tag; "" where nothing was said.

    Raises:
        UsageError: no language tag; a language that only a language model (another ``engine``) writes.
    """
    said = text.strip()
    if not said:
        return ""
    found = _LOCALES.get(said.lower(), said)
    if not _TAG.fullmatch(found):
        raise UsageError(
            "“{locale}” is no language tag.",
            hint="{near}Known: en, zh-CN.",
            locale=text,
            near=_near(said.lower(), ["en", "zh-CN", *_LOCALES]),
        )
    if engine == "facts" and not (found.lower().startswith("en") or is_chinese(found)):
        raise UsageError(
            "The facts writer knows no “{locale}”.",
            hint="Known: en, zh-CN. A language model may know more (--engine folder or server).",
            locale=text,
        )
    return found


def _near(word: str, known: Iterable[str]) -> str:
    """A question for the word that was perhaps meant, or nothing."""
    found = get_close_matches(word, list(known), 1, 0.6)
    return tr("Did you mean {word}?", word=found[0]) + " " if found else ""
