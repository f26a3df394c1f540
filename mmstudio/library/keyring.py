"""Secrets in the keyring of the system, where it has one (python-keyring)."""

from __future__ import annotations

import base64
import logging

log = logging.getLogger(__name__)
SERVICE = "MM Studio"


def read_secret(entry: str) -> bytes | None:
    """The secret of this name; None where there is no keyring, or it has none or stays shut."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(SERVICE, entry)
        return None if found is None else base64.b64decode(found, validate=True)
    except (KeyringError, ValueError, OSError, RuntimeError) as error:
        log.info("the keyring gives nothing: %s", error)
        return None


def write_secret(entry: str, secret: bytes) -> bool:
    """Keep a secret; False where the system has no keyring that keeps it."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, entry, base64.b64encode(secret).decode("ascii"))
    except (KeyringError, OSError, RuntimeError) as error:
        log.info("the keyring takes nothing: %s", error)
        return False
    # A backend may take everything and keep nothing (keyring.backends.null).
    return read_secret(entry) == secret
