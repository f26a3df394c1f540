"""The command line: parsing, dispatch and exit statuses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmstudio import __version__
from mmstudio.cli import (
    assets,
    audiences,
    augment,
    catalogue,
    cleaning,
    datasets,
    evaluate,
    generate,
    library,
    models,
    recommend,
    search,
    sets,
    system,
    tags,
    texts,
    variants,
    voice,
    write,
)
from mmstudio.cli.console import make_streams_safe, show_error, warn
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
    assets,
    audiences,
    recommend,
    system,
    augment,
    texts,
    tags,
    voice,
    write,
    variants,
)
for room in rooms:
    room.register(app)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"mmstudio {__version__}")
        raise typer.Exit
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
        result = app(arguments, standalone_mode=False)
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
