"""The command line: parsing, dispatch and exit statuses."""

from __future__ import annotations

import os
from copy import copy
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command, get_command_name

from mmstudio import __version__
from mmstudio.cli import (
    audiences,
    augment,
    brand,
    catalogue,
    channels,
    cleaning,
    compose,
    datasets,
    evaluate,
    export,
    generate,
    gpu,
    library,
    models,
    privacy,
    recommend,
    review,
    rights,
    search,
    sets,
    storyboard,
    system,
    tags,
    texts,
    variants,
    verify,
    voice,
    write,
)
from mmstudio.cli.console import make_streams_safe, show_error, warn
from mmstudio.cli.gpu import run_probe
from mmstudio.cli.self_test import run_part
from mmstudio.cli.self_test import self_test as run_self_test
from mmstudio.cli.system import open_window
from mmstudio.errors import CANCELLED, ERROR, USAGE, Cancelled, StudioError, UsageError
from mmstudio.i18n import set_language, tr
from mmstudio.logs import set_up_logging
from mmstudio.settings import load_settings

app = typer.Typer(
    name="mmstudio",
    help="Keep media, learn from it, generate, recommend, compose and export, all on your own machine. "
    "Without a command the window opens.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
rooms = (
    library,
    search,
    cleaning,
    models,
    datasets,
    generate,
    sets,
    evaluate,
    catalogue,
    compose,
    storyboard,
    export,
    audiences,
    recommend,
    review,
    system,
    gpu,
    augment,
    texts,
    tags,
    voice,
    write,
    brand,
    variants,
    channels,
    rights,
    privacy,
    verify,
)
for room in rooms:
    room.register(app)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Try every part of this installation and show a table.")
    ] = False,
    self_test_json: Annotated[
        bool, typer.Option("--self-test-json", help="The same as one JSON document.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--self-test-keep", help="A folder for the self-test's picture of the window."),
    ] = None,
    part: Annotated[str, typer.Option("--self-test-part", hidden=True)] = "",
    gpu_probe: Annotated[Path | None, typer.Option("--gpu-probe", hidden=True)] = None,
) -> None:
    if version:
        typer.echo(f"mmstudio {__version__}")
        raise typer.Exit
    if gpu_probe is not None:
        raise typer.Exit(run_probe(gpu_probe))
    if part:
        raise typer.Exit(run_part(part, Path(os.environ["MMSTUDIO_SELF_TEST"])))
    if self_test or self_test_json:
        raise typer.Exit(run_self_test(as_json=self_test_json, keep=keep))
    if context.invoked_subcommand is None:
        raise typer.Exit(open_window(None))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status: 0, 1, 2 or 130."""
    make_streams_safe()
    set_up_logging()
    set_language(load_settings().language)
    try:
        for argument in arguments:
            if not _is_text(argument):
                raise UsageError(
                    "The name {name} is not valid text.",
                    hint="Rename the file or folder, then name it again.",
                    name=argument,
                )
        if len(arguments) == 1 and _is_library(arguments[0]):
            return open_window(Path(arguments[0]))
        named = arguments[0] if arguments and arguments[0] in _names() else ""
        result = _commands(named)(arguments, standalone_mode=False)
        if result == CANCELLED:  # Typer's word for Ctrl+C
            raise Cancelled
        return result if isinstance(result, int) else 0
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        warn(tr("Stopped. What was finished before is kept."))
        return CANCELLED
    except StudioError as error:
        show_error(error)
        return error.exit_code
    except BrokenPipeError:
        return ERROR
    except Exception as error:  # noqa: BLE001 - the last door: a sentence for the person, the rest to the log
        show = getattr(error, "show", None)  # Typer's own usage errors know how to show themselves
        if show is None:
            show_error(error)
            return ERROR
        show()
        return int(getattr(error, "exit_code", USAGE))


@cache
def _names() -> dict[str, Any]:
    """Name of a command → what Typer keeps of it."""
    return {info.name or get_command_name(info.callback.__name__): info for info in app.registered_commands}  # type: ignore[union-attr]


@cache
def _commands(name: str) -> Any:
    """What parses a command line: for the one command ``name``, or for all of them where it is empty.

    To make all of them ready is a fifth of the start: the types of hundreds of options are looked up.
    """
    chosen = copy(app)
    if name:
        chosen.registered_commands = [_names()[name]]
    return get_command(chosen)


def _is_text(argument: str) -> bool:
    """False for bytes of a file name that no encoding explains."""
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_library(argument: str) -> bool:
    path = Path(argument)
    return path.name == "open.mmstudio" or (path.is_dir() and (path / "open.mmstudio").is_file())
