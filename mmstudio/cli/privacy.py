"""The command of privacy: copies of files without metadata, faces and personal data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, warn
from mmstudio.cli.options import Json
from mmstudio.errors import ERROR, MediaError
from mmstudio.i18n import tr, tr_error


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(privacy)


def privacy(
    files: Annotated[list[Path], typer.Argument(help="Pictures, sounds, films and texts.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for the copies.")],
    keep_metadata: Annotated[
        bool, typer.Option("--keep-metadata", help="Leave camera data, places and tags in.")
    ] = False,
    keep_names: Annotated[bool, typer.Option("--keep-names", help="Keep the names of the files.")] = False,
    blur_faces: Annotated[
        bool, typer.Option("--blur-faces", help="Hide faces seen from the front; not all are found.")
    ] = False,
    mask: Annotated[
        bool, typer.Option("--mask", help="Mask e-mail, phone, card and ID numbers in texts.")
    ] = False,
    locale: Annotated[
        str, typer.Option("--locale", help="Whose phone numbers have no country code, such as en_GB.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Copy files without what they say of cameras, places and people; the originals stay as they are."""
    from mmstudio.export.options import ExportOptions
    from mmstudio.export.privacy.loose import copy_files

    options = ExportOptions(keep_metadata=keep_metadata, blur_faces=blur_faces, mask_personal=mask)
    result: dict[str, Any] = {"files": [], "failed": []}
    for source, outcome in copy_files(files, out, options, names=keep_names, locale=locale):
        if isinstance(outcome, MediaError | OSError):
            result["failed"].append({"file": source.name, "why": tr_error(outcome)[0]})
        else:
            result["files"].append(outcome)
    if as_json:
        print_json(result)
    else:
        for entry in result["files"]:
            say(f"{entry['path']}: {entry['said']}")
        for entry in result["failed"]:
            warn(entry["why"])
        if blur_faces:
            from mmstudio.export.privacy.faces import LIMITS

            say(tr(LIMITS))
    if result["failed"]:
        raise typer.Exit(ERROR)
