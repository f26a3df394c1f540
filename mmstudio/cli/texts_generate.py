"""What "generate" does with a model of texts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import run_job, say, say_text
from mmstudio.errors import UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.studio import Studio

Prompt = Annotated[
    str, typer.Option("--prompt", help="Texts: what they begin with; for a text VAE the sentence to vary.")
]
TopP = Annotated[float, typer.Option("--top-p", help="Texts: the likeliest words of this share.")]
Longest = Annotated[int, typer.Option("--longest", min=1, help="Texts: tokens at most.")]
Stop = Annotated[
    list[str] | None, typer.Option("--stop", help="Texts: end before this, e.g. \\n (can be repeated).")
]
USUAL: dict[str, Any] = {"top_p": 0.95, "longest": 200, "stop": None, "prompt": ""}


def is_text(opened: Studio, model: str, given: dict[str, Any]) -> bool:
    """Whether a model writes texts.

    Raises:
        NotFound, StudioError: no such model. UsageError: what only texts have was ``given`` to another model.
    """
    if opened.trainings.modality(model) == "text":
        return True
    changed = [key for key, value in given.items() if value != USUAL[key]]
    if changed:
        raise UsageError(
            "“{model}” writes no texts: {option} says nothing to it.",
            hint="Leave it out, or choose a text writer or a text VAE.",
            model=model,
            option="--" + changed[0].replace("_", "-"),
        )
    return False


def write_texts(
    opened: Studio, params: dict[str, Any], given: dict[str, Any], others: dict[str, Any]
) -> dict[str, Any]:
    """Run the job "generate" with ``params``; ``given`` are fields of a ``TextWish``. Where nothing says what
    becomes of the texts, they are only shown: "files" is then empty.

    Raises:
        UsageError: one of ``others``, which say nothing to a model of texts, was given.
    """
    refused = [name for name, value in others.items() if value]
    if refused:
        raise UsageError(
            "“{model}” writes texts: {option} says nothing to it.",
            hint="“mmstudio generate --help” shows what texts take.",
            model=params["model"],
            option="--" + refused[0].removeprefix("--").replace("_", "-"),
        )
    writing = {key: value for key, value in given.items() if value is not None and value != USUAL.get(key)}
    if "stop" in writing:
        writing["stop"] = [word.replace("\\n", "\n") for word in writing["stop"]]
    params |= {"writing": writing}
    if params.get("out") or params.get("add_to_library"):
        result: dict[str, Any] = run_job(opened, "generate", params)
        return result
    with TemporaryDirectory(prefix="mmstudio-") as folder:
        shown: dict[str, Any] = run_job(opened, "generate", params | {"out": folder})
    return shown | {"files": []}


def show(result: dict[str, Any], out: Path | None) -> None:
    """Each text, with how much of it stands in the training texts."""
    for made in result["texts"]:
        say_text(made["text"])
        share = f"{100 * made['copy_rate']:.0f}"
        words = made["longest_copied"]
        say(tr("({share} % copied; the longest copied run has {n} words)", share=share, n=words))
        say("")
    if result["rejected"]:
        say(tr("{n} came out empty and were left out", n=result["rejected"]))
    if out is not None:
        say(tr("Wrote {path}", path=out))
