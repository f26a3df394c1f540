"""Read back what a file says of its origin, and whether its signature holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mmstudio.errors import MediaError, NotFound, StudioError
from mmstudio.export.provenance.record import SOFTWARE
from mmstudio.export.provenance.signing import MIMES, SETTINGS, SIDECAR_MIME
from mmstudio.i18n import tr, tr_error
from mmstudio.media.metadata import read_stamp
from mmstudio.media.text_records import record_in

Signature = Literal["none", "valid", "trusted", "invalid"]
_BIGGEST_MANIFEST = 50_000_000  # bytes
_TRUST_WORDS = ("signingCredential.untrusted",)


@dataclass(slots=True)
class Verdict:
    """What was found in one file.

    Attributes:
        file: its name. sha256: of its bytes. record: what the studio, or another program, wrote inside.
        digital_source_type: IPTC, "" where the file says nothing.
        signature: C2PA: none, valid (whole, by a certificate nobody vouches for), trusted, invalid.
        signer: name in the certificate. sidecar: whether the manifest lies beside the file.
        ingredients: how many sources the manifest names.
        record_beside: whether the record stands in that manifest, since this kind of file holds none.
        listed: whether a manifest beside it lists exactly these bytes (None: no manifest lists it).
        recipe_title: what the recipe it names is called (in English), "" where it is not on this machine.
        problems: sentences; empty where all is well.
    """

    file: str
    sha256: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    digital_source_type: str = ""
    signature: Signature = "none"
    signer: str = ""
    sidecar: bool = False
    ingredients: int = 0
    record_beside: bool = False
    listed: bool | None = None
    recipe_title: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the file."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {**asdict(self), "ok": self.ok}

    def sentences(self) -> list[str]:
        """What was found, as sentences in the person's language."""
        said = {
            "trainedAlgorithmicMedia": tr("Made by a model."),
            "compositeWithTrainedAlgorithmicMedia": tr("Parts of it were made by a model."),
            "compositeCapture": tr("Composed; no model took part."),
        }.get(self.digital_source_type)
        if said is None:
            said = (
                tr("It says it is of the kind {kind}.", kind=self.digital_source_type)
                if self.digital_source_type
                else tr("It was composed with MM Studio; no model took part.")
                if self.record.get("storyboard") or self.record.get("software") == SOFTWARE
                else tr("It says nothing of its origin.")
            )
        signed = {
            "none": tr("It is not signed."),
            "valid": tr("Signed by {name}; whole, but nobody vouches for the certificate.", name=self.signer),
            "trusted": tr("Signed by {name}; whole, and the certificate is trusted.", name=self.signer),
            "invalid": "" if self.problems else tr("The signature does not hold."),
        }[self.signature]
        listed = {
            True: [tr("The manifest beside it lists exactly this file.")],
            False: [],
            None: [],
        }[self.listed]
        beside: list[str] = []
        if self.record_beside:
            beside.append(tr("The manifest beside it says so; this kind of file has no place for it."))
        return [said, *beside, *([signed] if signed else []), *listed, *self.problems]

    def facts(self) -> list[str]:
        """What it says it was made with: recipe, seed, storyboard, sources."""
        record = self.record
        recipe, title = str(record.get("recipe") or ""), tr(self.recipe_title) if self.recipe_title else ""
        shown = f"{title} ({recipe})" if title else recipe
        return [
            *([tr("recipe {name}", name=shown)] if recipe else []),
            *([tr("seed {n}", n=record["seed"])] if "seed" in record else []),
            *(
                [tr("storyboard {hash}", hash=str(record["storyboard"])[:12])]
                if record.get("storyboard")
                else []
            ),
            *(
                [tr("{n} sources with manifests of their own", n=self.ingredients)]
                if self.ingredients
                else []
            ),
        ]


def verify(path: str | Path, trust: str | Path = "") -> Verdict:
    """Read one file back.

    Args:
        trust: a PEM file with certificates of authorities; signatures below them count as trusted.

    Raises:
        NotFound: there is no file. StudioError: ``trust`` is no PEM file.
        What cannot be read inside the file is a problem of the verdict, not an error.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound("There is no file {path}.", path=str(path))
    anchors = _anchors(trust)
    verdict = Verdict(path.name)
    try:
        with path.open("rb") as file:
            verdict.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        verdict.record = read_stamp(path)
    except (MediaError, OSError) as error:
        verdict.problems.append(tr_error(error)[0])
    verdict.digital_source_type = str(verdict.record.get("digital_source_type", ""))
    _read_signature(verdict, path, anchors)
    _look_up(verdict, path)
    verdict.recipe_title = _recipe_title(str(verdict.record.get("recipe") or ""))
    return verdict


def _recipe_title(name: str) -> str:
    from mmstudio.composition.recipe import get_recipe

    try:
        return get_recipe(name).label if name else ""
    except StudioError:
        return ""  # somebody else's recipe, or one that is gone: its name says it


def verify_all(paths: Iterable[str | Path], trust: str | Path = "") -> list[Verdict]:
    """Verdicts on files, and on all files in folders (manifests and sidecars aside), in order.

    Raises as :func:`verify`.
    """
    found: list[Verdict] = []
    for given in paths:
        place = Path(given)
        files = sorted(p for p in place.rglob("*") if _speaks(p)) if place.is_dir() else [place]
        found += [verify(file, trust) for file in files]
    return found


def _speaks(path: Path) -> bool:
    return (
        path.is_file()
        and not path.is_symlink()
        and path.suffix != ".c2pa"
        and not path.name.startswith(".")
        and not path.name.endswith("manifest.json")
    )


def _anchors(trust: str | Path) -> str:
    if not trust:
        return ""
    from cryptography import x509

    try:
        data = Path(trust).expanduser().read_bytes()
        x509.load_pem_x509_certificates(data)
        return data.decode("ascii")
    except (OSError, ValueError) as error:
        raise StudioError(
            "{name} holds no certificates.", hint="Name a PEM file of an authority.", name=Path(trust).name
        ) from error


def _read_signature(verdict: Verdict, path: Path, anchors: str) -> None:
    import c2pa

    beside = next(
        (p for p in (path.with_name(path.name + ".c2pa"), path.with_suffix(".c2pa")) if p.is_file()), None
    )
    mime = MIMES.get(path.suffix.lower())
    if mime is None and beside is None:
        return
    settings = {**SETTINGS, **({"trust": {"user_anchors": anchors}} if anchors else {})}
    try:
        with c2pa.Context.from_dict(settings) as context, path.open("rb") as stream:
            if mime is not None:
                reader = c2pa.Reader.try_create(mime, stream, context=context)
                if reader is None and beside is not None:
                    stream.seek(0)
                    reader = c2pa.Reader(mime, stream, _sidecar(beside), context=context)
                    verdict.sidecar = True
            else:
                assert beside is not None
                reader = c2pa.Reader(SIDECAR_MIME, stream, _sidecar(beside), context=context)
                verdict.sidecar = True
            if reader is None:
                return
            with reader:
                _judge(verdict, reader)
    except (c2pa.C2paError, OSError, ValueError) as error:
        verdict.signature = "invalid"
        verdict.problems.append(tr("The signature cannot be read: {why}", why=str(error)[:200]))


def _judge(verdict: Verdict, reader: Any) -> None:
    state = str(reader.get_validation_state() or "")
    manifest = reader.get_active_manifest() or {}
    verdict.signer = str((manifest.get("signature_info") or {}).get("common_name") or "")
    verdict.ingredients = len(manifest.get("ingredients") or [])
    if not verdict.signer:
        verdict.signer = str((manifest.get("signature_info") or {}).get("issuer") or "")
    for assertion in manifest.get("assertions") or []:
        if assertion.get("label") == "app.mmstudio.record" and not verdict.record:
            verdict.record = dict(assertion.get("data") or {})
            verdict.digital_source_type = str(verdict.record.get("digital_source_type", ""))
    if state in ("Valid", "Trusted"):
        verdict.signature = "trusted" if state == "Trusted" else "valid"
        return
    verdict.signature = "invalid"
    results = (reader.get_validation_results() or {}).get("activeManifest") or {}
    codes = [str(one.get("code")) for one in results.get("failure") or []]
    codes = [code for code in codes if code not in _TRUST_WORDS]
    if any("Hash.mismatch" in code or "hash" in code.lower() for code in codes):
        verdict.problems.append(tr("The file was changed after it was signed."))
    else:
        why = ", ".join(codes[:3]) or state or "?"
        verdict.problems.append(tr("The signature does not hold: {why}", why=why))


def _sidecar(path: Path) -> bytes:
    if path.stat().st_size > _BIGGEST_MANIFEST:
        raise ValueError("a manifest of this size is none")
    return path.read_bytes()


def _look_up(verdict: Verdict, path: Path) -> None:
    """Compare the bytes with every manifest beside the file."""
    for manifest in sorted(path.parent.glob("*manifest.json")):
        try:
            if manifest.stat().st_size > _BIGGEST_MANIFEST:
                continue
            data = json.loads(manifest.read_bytes())
            files = data.get("files", [])
            entries = [f for f in files if isinstance(f, dict) and f.get("path") == path.name]
        except (OSError, ValueError, AttributeError, TypeError, RecursionError):
            continue
        for entry in entries:
            same = entry.get("sha256") == verdict.sha256
            verdict.listed = same if verdict.listed is None else verdict.listed or same
            if same and not verdict.record:
                verdict.record = record_in(data)
                verdict.record_beside = bool(verdict.record)
                verdict.digital_source_type = str(verdict.record.get("digital_source_type", ""))
    if verdict.listed is False:
        verdict.problems.append(tr("The manifest beside it lists another version of this file."))
