"""A matrix as one encrypted bundle: made in the library's folder, packed and encrypted; only that stays."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import UsageError
from mmstudio.export.encrypt import (
    check_passphrase,
    check_recipient,
    encrypt_folder,
    encrypt_with_passphrase,
)
from mmstudio.export.matrix.state import read_state
from mmstudio.export.matrix.working import Ask, matrix_work
from mmstudio.export.writer import OutputFolder
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from mmstudio.composition import Composer
    from mmstudio.export.exporter import Exporter
    from mmstudio.library import Library

BUNDLE = "rows.zip.age"
_TOLD = ("rows", "done", "failed", "same", "files", "failures")


def matrix_for(
    library: Library,
    composer: Composer,
    exporter: Exporter,
    *,
    out: str | Path,
    encrypt: Mapping[str, Any] | None = None,
    ask: Ask | None = None,
    **params: Any,
) -> Work:
    """The job of kind "matrix": into a folder (:func:`matrix_work`), or into one encrypted bundle.

    Args:
        encrypt: ``recipient`` (an age public key) or ``passphrase`` (eight characters and more, never kept
            with the job); None writes a folder of rows. The bundle is ``out/rows.zip.age``, always made anew,
            since what is inside cannot be compared; a large one with a passphrase has
            ``rows.zip.age.key.age`` beside it.

    Result of a bundle: ``rows``, ``done``, ``failed``, ``same``, ``files``, ``failures`` as for a folder,
    ``states`` (folder of the row → its state) and ``bundles`` (``path``, ``encrypted_to``).

    Raises (in the job): UsageError for a wrong recipient, a passphrase that is short or was not kept;
    as :func:`matrix_work`.
    """
    if encrypt is None:
        return matrix_work(library, composer, exporter, out=out, ask=ask, **params)
    recipient, passphrase = str(encrypt.get("recipient") or ""), str(encrypt.get("passphrase") or "")

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        if recipient:
            check_recipient(recipient)
        elif not passphrase:
            raise UsageError(
                "The passphrase of this export was not kept.",
                hint="Start the export again and give the passphrase.",
            )
        else:
            check_passphrase(passphrase)
        target = OutputFolder(out).folder / BUNDLE
        with tempfile.TemporaryDirectory(prefix="export-", dir=library.path) as temporary:
            folder = Path(temporary)
            work = matrix_work(library, composer, exporter, out=folder, ask=ask, **params)
            try:
                result: dict[str, Any] = yield from work(context)
            finally:
                if not library.read_only:
                    library.exports.forget_in(temporary)
            context.raise_if_cancelled()
            states = {state.folder: state.state for state in read_state(folder)}
            made: list[Path] = []
            if result["files"]:
                yield Progress(result["rows"], result["rows"], tr("Encrypting"))
                if recipient:
                    made = [encrypt_folder(folder, target, recipient)]
                else:
                    made = encrypt_with_passphrase(folder, target, passphrase)
        bundles = [{"path": str(path), **({"encrypted_to": recipient} if recipient else {})} for path in made]
        return {**{key: result[key] for key in _TOLD}, "states": states, "bundles": bundles}

    return run
