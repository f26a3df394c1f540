"""The certificate a person signs with: a PEM file with the chain and the key, and one to try signing with."""

from __future__ import annotations

import datetime
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.atomic import atomic_path, write_bytes
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from cryptography import x509

PASSPHRASE = "MMSTUDIO_CERTIFICATE_PASSPHRASE"  # the name of a variable
_BIGGEST = 1_000_000  # bytes of a PEM file


@dataclass(frozen=True, slots=True)
class Certificate:
    """What signs: ``chain`` PEM (leaf first), ``key`` PEM (PKCS 8), ``algorithm`` as C2PA names it."""

    chain: bytes
    key: bytes
    algorithm: str
    name: str


def load_certificate(path: str | Path, passphrase: str | None = None) -> Certificate:
    """Read a PEM file with certificates (leaf first) and the leaf's private key.

    A key that is itself encrypted opens with ``passphrase`` or the variable
    ``MMSTUDIO_CERTIFICATE_PASSPHRASE``.

    Raises:
        StudioError: the file is not there, holds no pair that fits, is out of date, or its key is of a kind
            that C2PA does not sign with (RSA keys under 2048 bits, other curves).
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    path = Path(path).expanduser()
    try:
        data = path.read_bytes() if path.stat().st_size <= _BIGGEST else b""
    except OSError as error:
        raise StudioError(
            "The certificate {name} cannot be read.",
            hint="Name a PEM file with the chain and the key; “mmstudio certificate new” makes one to try.",
            name=path.name,
        ) from error
    secret = passphrase or os.environ.get(PASSPHRASE) or None
    try:
        chain = x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise _unusable(path, "it holds no certificate") from error
    try:
        key = serialization.load_pem_private_key(
            _key_block(data), password=secret.encode() if secret and _encrypted(data) else None
        )
    except TypeError as error:
        raise StudioError(
            "The key in {name} is locked with a passphrase.",
            hint="Set the variable {variable} for this command.",
            variable=PASSPHRASE,
            name=path.name,
        ) from error
    except ValueError as error:
        why = "the passphrase does not open its key" if _encrypted(data) else "it holds no private key"
        raise _unusable(path, why) from error
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    der = serialization.Encoding.DER
    leaf = chain[0]
    if key.public_key().public_bytes(der, public) != leaf.public_key().public_bytes(der, public):
        raise _unusable(path, "its key belongs to another certificate")
    now = datetime.datetime.now(datetime.UTC)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise _unusable(path, "it is out of date")
    pem = serialization.Encoding.PEM
    return Certificate(
        b"".join(one.public_bytes(pem) for one in chain),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        _algorithm(path, key),
        common_name(leaf),
    )


def new_certificate(folder: str | Path, name: str, *, days: int = 365) -> tuple[Path, Path]:
    """Make an authority and a signing certificate of one's own, to try signing with.

    Nobody vouches for them: programs that check show "valid, signer not trusted" unless they are given the
    authority. For work that others must trust, get a certificate for C2PA from a public authority.

    Args:
        folder: where ``signing.pem`` (chain and key, readable by its owner alone) and ``authority.pem``
            (to be given to those who check) go. name: of the person or firm, shown by every reader.
        days: how long it can sign, 1 to 3650.

    Returns:
        Paths of the two files.

    Raises:
        UsageError: an empty name, or days outside. StudioError: a file of that name is there already.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    shown = " ".join(name.split())
    if not shown or len(shown) > 64:
        raise UsageError("A certificate needs a name of 1 to 64 letters.", hint="The name of the signer.")
    if not 1 <= days <= 3650:
        raise UsageError("A certificate lasts 1 to 3650 days, not {days}.", days=days)
    folder = Path(folder).expanduser()
    signing, authority = folder / "signing.pem", folder / "authority.pem"
    for path in (signing, authority):
        if path.exists():
            raise StudioError(
                "{name} is there already.", hint="Choose another folder; it is not replaced.", name=path.name
            )
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip

    def issue(subject: str, of: Any, by: Any, *, ca: bool) -> x509.Certificate:
        def named(common: str) -> x509.Name:
            return x509.Name(
                [
                    x509.NameAttribute(NameOID.COMMON_NAME, common),
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, "self-made with MM Studio"),
                ]
            )

        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(f"{shown[:50]} (authority)"))
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
            )
            .add_extension(
                x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True
            )
        )
        if not ca:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(by, hashes.SHA256())

    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = issue(f"{shown[:50]} (authority)", root_key, root_key, ca=True)
    leaf = issue(shown, leaf_key, root_key, ca=False)
    pem = serialization.Encoding.PEM
    key = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with atomic_path(signing) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem) + key)
    write_bytes(authority, root.public_bytes(pem))
    return signing, authority


def limits_of(authority: str | Path) -> str:
    """What a certificate of one's own is not good for; ``authority``: the file given to those who check."""
    return tr(
        "Made by yourself: readers show “valid, signer not trusted” unless they are given {authority}. For"
        " work that others must trust, get a certificate from a public authority for C2PA.",
        authority=Path(authority).name,
    )


def certificate_work(folder: str | Path, name: str, days: int = 365) -> Work:
    """The job of kind "certificate": :func:`new_certificate`, and what it is not good for.

    Result: ``signing`` and ``authority`` (paths), ``limits`` (a sentence or two). Raises (in the job) as
    :func:`new_certificate`.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        yield Progress(0, 1)
        context.raise_if_cancelled()
        signing, authority = new_certificate(folder, name, days=days)
        yield Progress(1, 1)
        return {"signing": str(signing), "authority": str(authority), "limits": limits_of(authority)}

    return run


def common_name(certificate: x509.Certificate) -> str:
    """The name in a certificate; "" where it has none."""
    from cryptography.x509.oid import NameOID

    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _algorithm(path: Path, key: Any) -> str:
    """C2PA's name of the signature (C2PA 2.1, section 13.2.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    curves = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in curves:
        return curves[key.curve.name]
    raise _unusable(path, "its key is of a kind that C2PA does not sign with")


def _key_block(data: bytes) -> bytes:
    """The first private key in a PEM file; certificates around it are nothing to the key's reader."""
    begin = data.find(b"PRIVATE KEY-----")
    begin = data.rfind(b"-----BEGIN", 0, begin) if begin >= 0 else -1
    end = data.find(b"PRIVATE KEY-----", data.find(b"-----END", begin)) if begin >= 0 else -1
    return data[begin : end + len(b"PRIVATE KEY-----")] + b"\n" if end >= 0 else b""


def _encrypted(data: bytes) -> bool:
    return b"ENCRYPTED" in data


def _unusable(path: Path, why: str) -> StudioError:
    return StudioError(
        "{name} cannot sign: {why}.",
        hint="Name a PEM file with the chain (signer first) and its key, for the purpose e-mail protection.",
        name=path.name,
        why=why,
    )
