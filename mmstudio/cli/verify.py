"""Commands of provenance: verify files, make a certificate to try signing with, open encrypted bundles."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mmstudio.cli.console import print_json, say, warn
from mmstudio.cli.options import Json
from mmstudio.errors import ERROR, UsageError
from mmstudio.i18n import mark, tr

PASSPHRASE = "MMSTUDIO_PASSPHRASE"  # the name of a variable


class CertificateAction(StrEnum):
    """What ``mmstudio certificate`` does."""

    NEW = "new"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (verify, certificate, decrypt):
        app.command()(command)


def verify(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders with them.")],
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="PEM", help="Authorities whose signatures count.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say where files came from, whether their signatures hold, and whether a manifest lists them."""
    from mmstudio.export.provenance.verifying import verify_all

    verdicts = verify_all(files, trust or "")
    if as_json:
        print_json({"files": [verdict.as_json() for verdict in verdicts]})
    else:
        for verdict in verdicts:
            say(f"{verdict.file}: {' '.join(verdict.sentences())}")
            if facts := verdict.facts():
                say(f"  {' · '.join(facts)}")
        if not verdicts:
            warn(tr("There is no file to verify."))
    if not verdicts or not all(verdict.ok for verdict in verdicts):
        raise typer.Exit(ERROR)


def certificate(
    action: Annotated[CertificateAction, typer.Argument()],
    name: Annotated[str, typer.Option("--name", help="Who signs: a person or a firm.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for the two files.")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long it can sign.")] = 365,
    as_json: Json = False,
) -> None:
    """Make a certificate of one's own to try signing with; nobody vouches for it."""
    from mmstudio.export.provenance.certificate import limits_of, new_certificate

    signing, authority = new_certificate(out, name, days=days)
    limits = limits_of(authority)
    if as_json:
        print_json({"signing": str(signing), "authority": str(authority), "limits": limits})
        return
    say(tr("Sign with {path}; keep it to yourself, it holds the key.", path=str(signing)))
    give = mark("Give {path} to those who check: mmstudio verify FILE --trust {name}")
    say(tr(give, path=str(authority), name=authority.name))
    say(limits)


def decrypt(
    bundle: Annotated[Path, typer.Argument(help="The bundle, NAME.zip.age.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to unpack into.")],
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="An age identity, for a recipient.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open an encrypted bundle. A passphrase is asked for, or taken from MMSTUDIO_PASSPHRASE."""
    from mmstudio.export.encrypt import decrypt_bundle, needs_passphrase

    secret = (
        ask_passphrase() if identity is None and needs_passphrase(bundle) else os.environ.get(PASSPHRASE, "")
    )
    made = decrypt_bundle(bundle, out, passphrase=secret, identity=identity)
    if as_json:
        print_json({"files": [str(path) for path in made]})
        return
    for path in made:
        say(str(path))


def ask_passphrase(*, twice: bool = False) -> str:
    """The passphrase from the environment, else typed unseen. Raises UsageError where nobody can type it."""
    if found := os.environ.get(PASSPHRASE):
        return found
    try:
        return str(typer.prompt(tr("Passphrase"), hide_input=True, confirmation_prompt=twice, err=True))
    except typer.Abort as error:
        raise UsageError(
            "No passphrase was given.", hint="Type it, or set {variable}.", variable=PASSPHRASE
        ) from error
