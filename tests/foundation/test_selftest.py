"""The self-test looks at everything the program depends on, and at every line on standard error."""

from __future__ import annotations

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

from mmstudio.selftest import Outcome, Row, overall, unexpected_lines
from mmstudio.selftest.parts import MODULES

ROOT = Path(__file__).resolve().parents[2]


def test_every_dependency_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.match(r"[A-Za-z0-9_.-]+", line)[0] for line in project["dependencies"]}  # type: ignore[index]
    assert set(MODULES) == wanted
    assert [name for name, module in MODULES.items() if find_spec(module.split(".")[0]) is None] == []


def test_one_failure_or_one_unexpected_line_fails_the_whole() -> None:
    good = Row("a", True)
    assert overall(Outcome([good, Row("no sound card", False, needed=False)]))
    assert not overall(Outcome([good, Row("b", False)]))
    assert not overall(Outcome([good], ["Traceback (most recent call last):"]))
    assert not overall(Outcome())


def test_what_a_bare_machine_says_is_no_fault() -> None:
    said = "This plugin does not support propagateSizeHints()\n\nALSA lib conf.c:1: no card\nWarning: odd\n"
    assert unexpected_lines(said) == ["Warning: odd"]


def test_what_qt_says_of_a_locale_without_utf8_is_no_fault() -> None:
    said = (
        'Detected locale "C" with character encoding "ANSI_X3.4-1968", which is not UTF-8.\n'
        'Qt depends on a UTF-8 locale, and has switched to "C.UTF-8" instead.\n'
        "If this causes problems, reconfigure your locale. See the locale(1) manual\nfor more information.\n"
    )
    assert unexpected_lines(said) == []
