"""Commands that hand over: export one storyboard, the page of recommendations, or a matrix of rows."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, say_text, table, warn
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import NotFound, UsageError
from mmstudio.i18n import tr
from mmstudio.studio import Studio

Out = Annotated[Path | None, typer.Option("--out", help="The folder to write to.")]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", help="Repeat for several; `mmstudio channels` lists them."),
]
Label = Annotated[
    str, typer.Option("--label", metavar="auto|always|never", help="A visible line where a model took part.")
]
Blur = Annotated[bool, typer.Option("--blur-faces", help="Blur the faces that are found.")]
Mask = Annotated[
    bool, typer.Option("--mask", help="Mask e-mail addresses, phone, card and ID numbers in texts.")
]
Keep = Annotated[
    bool, typer.Option("--keep-metadata", help="Leave names and places in media handed over as they are.")
]
Sign = Annotated[
    Path | None,
    typer.Option("--sign", metavar="PEM", help="Sign with this certificate and key (C2PA)."),
]
Market = Annotated[
    str, typer.Option("--market", metavar="CC", help="The country it is made for (two letters).")
]
Trim = Annotated[bool, typer.Option("--trim", help="Shorten a film that is too long for its channel.")]
Overwrite = Annotated[
    bool | None,
    typer.Option(
        "--overwrite/--number", help="Replace files of the same name (the default), or number new ones."
    ),
]
EncryptTo = Annotated[
    str | None,
    typer.Option("--encrypt-to", metavar="RECIPIENT", help="Write one bundle only this recipient can read."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Write one bundle that the file's first line opens."
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (export, matrix, share):
        app.command()(command)


def export(
    lib: Lib,
    out: Out = None,
    storyboard: Annotated[int | None, typer.Option("--storyboard", help="The storyboard's number.")] = None,
    channel: Channels = None,
    page: Annotated[
        bool, typer.Option("--page", help="The page and feed of recommendations for all audiences.")
    ] = False,
    list_channels: Annotated[bool, typer.Option("--channels", help="Name the channels and stop.")] = False,
    label: Label = "auto",
    blur_faces: Blur = False,
    mask: Mask = False,
    keep_metadata: Keep = False,
    sign: Sign = None,
    market: Market = "",
    trim: Trim = False,
    overwrite: Overwrite = None,
    encrypt_to: EncryptTo = None,
    passphrase_file: PassphraseFile = None,
    override: Annotated[
        str | None,
        typer.Option("--override", metavar="REASON", help="Answer for texts that facts do not support."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who answers for them.")] = "",
    as_json: Json = False,
) -> None:
    """Export a storyboard for its channels, or the page of all recommendations."""
    with studio(lib, write=not list_channels) as opened:
        if list_channels:
            _list_channels(opened, as_json)
            return
        if (storyboard is None) == (not page):
            raise typer.BadParameter("Give either --storyboard ID or --page.")
        if out is None:
            raise typer.BadParameter("Say where to write with --out.")
        secret = _secret(encrypt_to, passphrase_file)
        options = options_of(label, blur_faces, mask, keep_metadata, sign, market, trim, overwrite)
        if override is not None and storyboard is not None:
            opened.exporter.answer_for(storyboard, who, override)
        params: dict[str, Any] = {} if page else {"storyboard_id": storyboard, "channels": channel or None}
        if page and (idle := sorted(set(options) - {"sign_with"})):
            raise typer.BadParameter(f"--page has none of these options: {', '.join(idle)}.")
        if options:
            params["options"] = options
        kind = "page" if page else "export"
        if encrypt_to is None and secret is None:
            result = run_job(opened, kind, {**params, "out": str(out.resolve())})
        else:
            result = _encrypted(opened, kind, params, out.resolve(), encrypt_to, secret)
    if as_json:
        print_json(result)
        return
    for file in result["files"]:
        say(str(file["path"]))
    for note in result.get("notes", []):
        warn(note)


def matrix(
    lib: Lib,
    out: Out = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Rows: sku (or storyboard), audience, channels, words."),
    ] = None,
    items: Annotated[
        str, typer.Option("--items", metavar="SKU,SKU…|all", help="These items, or all of them.")
    ] = "",
    audiences: Annotated[
        str, typer.Option("--audiences", metavar="NAME,NAME…|all", help="For each of these audiences.")
    ] = "",
    recipe: Annotated[str, typer.Option("--recipe", help="The recipe that rows without one take.")] = "",
    channel: Channels = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong with the rows.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Only into a folder where such an export was begun.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Also save each storyboard in the library.")] = False,
    label: Label = "auto",
    blur_faces: Blur = False,
    mask: Mask = False,
    sign: Sign = None,
    market: Market = "",
    trim: Trim = False,
    encrypt_to: EncryptTo = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Export many at once: items for audiences, or the rows of a table, a folder each.

    All rows are checked before the first file is written. The same command again does only what is missing,
    failed or changed; an encrypted bundle is always made anew, since what is inside cannot be compared.
    """
    from mmstudio.export.matrix import matrix_of, read_matrix, read_state

    if (csv is None) == (not items):
        raise typer.BadParameter("Give either --csv FILE or --items SKU,SKU.")
    if out is None and not check:
        raise typer.BadParameter("Say where to write with --out.")
    locked = encrypt_to is not None or passphrase_file is not None
    if locked and resume:
        raise typer.BadParameter("--resume goes on in a folder, and not in an encrypted bundle.")
    if resume and out is not None and not read_state(out):
        raise NotFound("No export of rows was begun in {path}.", hint="Leave --resume out.", path=str(out))
    secret = _secret(encrypt_to, passphrase_file)
    options = options_of(label, blur_faces, mask, False, sign, market, trim, None)
    with studio(lib, write=not check) as opened:
        chosen = tuple(channel or ())
        if csv is not None:
            if not csv.is_file():
                raise NotFound("There is no file {path}.", hint="Check its name.", path=str(csv))
            found = read_matrix(opened.library, csv, recipe=recipe, channels=chosen)
        else:
            ids, groups = _items(opened, items), _audiences(opened, audiences)
            found = matrix_of(opened.library, ids, groups, recipe=recipe, channels=chosen)
        if check or found.problems:
            _tell(found, as_json)
            if found.problems:
                raise typer.Exit(1)
            return
        assert out is not None
        params: dict[str, Any] = {"rows": [row.to_dict() for row in found.rows]}
        if options:
            params["options"] = options
        if keep:
            params["keep"] = True
        if locked:
            result = _encrypted(opened, "matrix", params, out.resolve(), encrypt_to, secret)
        else:
            result = run_job(opened, "matrix", {**params, "out": str(out.resolve())})
    if as_json:
        print_json(result)
    else:
        say(
            tr(
                "{done} of {total} rows exported, {files} files.",
                done=result["done"] + result["same"],
                total=result["rows"],
                files=result["files"],
            )
        )
        for failure in result["failures"]:
            warn(tr("Row {number}: {message}", number=failure["row"], message=failure["message"]))
        say(str(result["bundles"][0]["path"]) if locked else result["summary"])
    if result["failed"]:
        raise typer.Exit(1)


def options_of(
    label: str,
    blur_faces: bool,
    mask: bool,
    keep_metadata: bool,
    sign: Path | None,
    market: str,
    trim: bool,
    overwrite: bool | None,
) -> dict[str, Any]:
    """What differs from the defaults of an export, checked. Raises BadParameter, NotFound."""
    if label not in ("auto", "always", "never"):
        raise typer.BadParameter(f"'{label}' is not one of auto, always, never.", param_hint="--label")
    if market and not re.fullmatch(r"[A-Za-z]{2}", market):
        raise typer.BadParameter(f"'{market}' is no country of two letters.", param_hint="--market")
    if sign is not None and not sign.is_file():
        raise NotFound(
            "There is no file {path}.", hint="`mmstudio certificate` makes one to try with.", path=str(sign)
        )
    options: dict[str, Any] = {}
    if label != "auto":
        options["label"] = label
    for name, wanted in (
        ("blur_faces", blur_faces), ("mask_personal", mask), ("keep_metadata", keep_metadata), ("trim", trim),
    ):  # fmt: skip
        if wanted:
            options[name] = True
    if sign is not None:
        options["sign_with"] = str(sign.resolve())
    if market:
        options["market"] = market.upper()
    if overwrite is False:
        options["overwrite"] = "number"
    return options


def _list_channels(opened: Studio, as_json: bool) -> None:
    presets = opened.exporter.channels()
    if as_json:
        print_json({"channels": presets})
    else:
        table(["channel", "size"], [[c.name, f"{c.width}×{c.height}"] for c in presets])


def _encrypted(
    opened: Studio, kind: str, params: dict[str, Any], out: Path, recipient: str | None, secret: str | None
) -> dict[str, Any]:
    """Export to a folder of the library that is gone afterwards, and leave only the bundle in ``out``."""
    from mmstudio.export.encrypt import (
        check_passphrase,
        check_recipient,
        encrypt_folder,
        encrypt_with_passphrase,
    )

    if recipient is not None:
        check_recipient(recipient)
    elif secret is not None:
        check_passphrase(secret)
    names = {"page": "recommendations", "matrix": "rows"}
    name = names[kind] if kind in names else f"storyboard-{params['storyboard_id']}"
    target = out / f"{name}.zip.age"
    with tempfile.TemporaryDirectory(prefix="export-", dir=opened.library.path) as temporary:
        result = run_job(opened, kind, {**params, "out": temporary})
        opened.library.exports.forget_in(temporary)
        if recipient is not None:
            bundles = [encrypt_folder(Path(temporary), target, recipient)]
        else:
            bundles = encrypt_with_passphrase(Path(temporary), target, secret or "")
    found = [{"path": str(path), **({"encrypted_to": recipient} if recipient else {})} for path in bundles]
    if kind == "matrix":  # the counts are still told; the folder and what lay in it are gone
        told = {key: result[key] for key in ("rows", "done", "failed", "same", "files", "failures")}
        return {**told, "bundles": found}
    return {"files": found, "notes": result.get("notes", [])}


def _secret(recipient: str | None, file: Path | None) -> str | None:
    """The passphrase of a file, if one was named. Raises BadParameter, NotFound, UsageError."""
    if recipient is not None and file is not None:
        raise typer.BadParameter("Give either --encrypt-to or --passphrase-file.")
    return _passphrase(file) if file is not None else None


def _passphrase(file: Path) -> str:
    """The first line of a file. Raises NotFound, UsageError."""
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise NotFound("There is no file {path}.", hint="Check its name.", path=str(file)) from error
    except UnicodeDecodeError as error:
        raise UsageError("{path} is no text file.", path=str(file)) from error
    if os.name == "posix" and file.stat().st_mode & 0o077:
        warn(tr("Other users of this computer can read {path}.", path=str(file)))
    return (text.splitlines() or [""])[0].strip()


def _items(opened: Studio, text: str) -> list[int]:
    """Items by sku, each of which must be there. Raises NotFound."""
    if text.strip().lower() == "all":
        return list(opened.library.items.ids())
    found = []
    for sku in _split(text):
        item = opened.library.items.by_sku(sku)
        if item is None:
            raise NotFound(
                "There is no item with the sku {sku}.",
                hint="`mmstudio search LIB WORDS` finds items.",
                sku=sku,
            )
        found.append(item.id)
    return found


def _audiences(opened: Studio, text: str) -> list[int | None]:
    if text.strip().lower() == "all":
        return [audience.id for audience in opened.library.audiences.list()]
    found: list[int | None] = []
    for name in _split(text):
        audience = opened.library.audiences.by_name(name)
        if audience is None:
            raise NotFound(
                "There is no audience called {name}.",
                hint="`mmstudio audiences LIB list` names those there are.",
                name=name,
            )
        found.append(audience.id)
    return found


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _tell(found: Any, as_json: bool) -> None:
    """What a check found."""
    if as_json:
        print_json({"rows": [row.to_dict() for row in found.rows], "problems": list(found.problems)})
        return
    for problem in found.problems:
        warn(problem.sentence + (f" {problem.hint}" if problem.hint else ""))
    if not found.problems:
        say(tr("{rows} rows, {files} files: nothing is wrong.", rows=len(found.rows), files=found.files()))


def share(
    lib: Lib,
    storyboard: Annotated[int, typer.Option("--storyboard", help="The storyboard's number.")],
    channel: Channels = None,
    mask: Mask = False,
    as_json: Json = False,
) -> None:
    """The texts beside a post: title, text, hashtags, the picture's description, the link."""
    from mmstudio.composition import Storyboard
    from mmstudio.export.channels import chosen
    from mmstudio.export.options import ExportOptions
    from mmstudio.export.share import share_texts, whole_text

    options = ExportOptions(mask_personal=mask)
    with studio(lib) as opened:
        row = opened.library.storyboards.get(storyboard)
        board = Storyboard.from_dict(row.data, row.id)
        wanted = chosen(channel) if channel else [None]
        found = {
            one.name if one is not None else "": share_texts(opened.library, board, one, options)
            for one in wanted
        }
    if as_json:
        print_json({"texts": {name: texts.to_dict() for name, texts in found.items()}})
        return
    for name, texts in found.items():
        if name:
            most = f"/{texts.most}" if texts.most else ""
            say(f"{name} ({texts.length}{most})")
        say_text(whole_text(texts))
        say(tr("Picture: {alt}", alt=texts.alt))
