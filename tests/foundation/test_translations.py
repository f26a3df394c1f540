"""Every sentence a person can read has its Chinese, with the same fields."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import mmstudio
from mmstudio.paths import resource

PACKAGE = Path(mmstudio.__file__).parent
WORDS = {"tr", "mark", "translate", "tr_here"}


def error_names() -> set[str]:
    tree = ast.parse((PACKAGE / "errors.py").read_text(encoding="utf-8"))
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    return classes - {"Cancelled"}


def sentences(value: ast.expr) -> Iterator[ast.Constant]:
    """The literals that ``value`` may be; what goes into a call in it is not said by itself."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.strip():
        yield value
    elif not isinstance(value, ast.Call | ast.Subscript):
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr):
                yield from sentences(child)


def literals() -> dict[str, str]:
    """Sentence -> where it stands, for every literal given to tr(), mark() or an error (hint included)."""
    found: dict[str, str] = {}
    errors = error_names()
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name not in WORDS | errors:
                continue
            said = list(node.args[:1])
            if name in errors:
                said += [keyword.value for keyword in node.keywords if keyword.arg == "hint"]
            for value in said:
                for leaf in sentences(value):
                    found.setdefault(leaf.value, f"{file.relative_to(PACKAGE)}:{leaf.lineno}")
    return found


def chinese() -> dict[str, str]:
    words: dict[str, str] = {}
    for file in sorted(resource("translations", "zh_CN").glob("*.json")):
        words.update(json.loads(file.read_text(encoding="utf-8")))
    return words


def fields(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        return set()


def test_every_sentence_has_its_chinese() -> None:
    words = chinese()
    missing = [f"{where}: {text!r}" for text, where in literals().items() if text not in words]
    assert not missing, f"{len(missing)} sentences have no Chinese:\n" + "\n".join(missing)


def test_translations_keep_the_fields() -> None:
    wrong = [f"{en!r} -> {zh!r}" for en, zh in chinese().items() if fields(en) != fields(zh)]
    assert not wrong, "\n".join(wrong)
