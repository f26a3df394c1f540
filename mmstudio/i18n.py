"""Words in the person's language. The English literal is the key; no catalogue is needed for English."""

from __future__ import annotations

import json
import locale
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeGuard

from mmstudio.errors import StudioError, of_a_library, of_the_system
from mmstudio.paths import resource

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
_SENTENCE = re.compile(r"(?:[^{}]|\{\w+\})*")  # with plain fields
_current = "en"
_here: ContextVar[str | None] = ContextVar("language of what is being written", default=None)


def set_language(code: str) -> None:
    """Choose the language of every later :func:`tr`; ``system`` follows the operating system."""
    global _current
    _current = system_language() if code == "system" else (code if code in LANGUAGES else "en")


def language() -> str:
    """The language in use: ``en`` or ``zh_CN``."""
    return _here.get() or _current


@contextmanager
def speaking(locale_tag: str) -> Iterator[None]:
    """Within the block, in this thread, :func:`tr` speaks the language of a locale such as ``zh-CN``.

    For what is written to an audience rather than to the person at the program.
    """
    token = _here.set("zh_CN" if locale_tag.lower().startswith(("zh", "cmn")) else "en")
    try:
        yield
    finally:
        _here.reset(token)


def system_language() -> str:
    """``zh_CN`` on a Chinese system, else ``en``."""
    name = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if not name:
        name = locale.getlocale()[0] or ""
    return "zh_CN" if name.lower().startswith(("zh", "chinese")) else "en"


def tr(text: str, /, **values: Any) -> str:
    """Translate ``text`` and fill its ``{name}`` fields.

    Example: ``tr("{n} files", n=3)``. A missing translation falls back to English.
    """
    return translate(text, language(), **values)


def translate(text: str, code: str, /, **values: Any) -> str:
    """Like :func:`tr`, in a given language (an audience's, say)."""
    words = text if code == "en" else _catalogue(code).get(text, text)
    try:
        return words.format(**values) if values else words
    except (KeyError, IndexError, ValueError):
        return words


def mark(text: str) -> str:
    """Mark a literal for translation where it is defined; :func:`tr` it where it is shown."""
    return text


def tr_error(error: BaseException) -> tuple[str, str]:
    """(sentence, hint) of an error in the person's language; never a traceback."""
    return retold(kept_error(error))


def kept_error(error: BaseException) -> dict[str, Any]:
    """What to keep of an error, as plain JSON, to say it later in whatever language is in use then.

    Returns {"template", "hint", "values"}: marked English and what goes into its fields.
    """
    if isinstance(error, OSError):
        error = of_the_system(error) or error
    elif isinstance(error, ImportError):
        error = of_a_library(error) or error
    if not isinstance(error, StudioError):
        error = StudioError(
            mark("Something went wrong that the program did not expect."),
            hint=mark("Trying again is safe. For support: {what}; the log file says more."),
            what=f"{type(error).__name__}: {error}",
        )
    values = {
        key: value if isinstance(value, int | float | str) else str(value)
        for key, value in error.values.items()
    }
    return {"template": error.template, "hint": error.hint_template, "values": values}


def can_be_retold(kept: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether this is what :func:`kept_error` keeps: a library may come from anywhere, and fields that look
    into their values, or ask for a billion spaces, are none of ours."""
    if not isinstance(kept, Mapping) or not isinstance(kept.get("values"), Mapping):
        return False
    sentences = (kept.get("template"), kept.get("hint"))
    return all(isinstance(one, str) and _SENTENCE.fullmatch(one) for one in sentences)


def retold(kept: Mapping[str, Any]) -> tuple[str, str]:
    """(sentence, hint) of what :func:`kept_error` kept, in the person's language."""
    template, hint, values = str(kept["template"]), str(kept["hint"]), dict(kept["values"])
    return tr(template, **values), tr(hint, **values) if hint else ""


@lru_cache(maxsize=4)
def _catalogue(code: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for file in sorted(resource("translations", code).glob("*.json")):
        words.update(json.loads(file.read_text(encoding="utf-8")))
    return words
