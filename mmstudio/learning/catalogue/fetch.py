"""Fetching one file: only https, resumable, cancelled at once, checked against its hash.

The network is spoken to by a thread of its own, so that a stop is heard while a server is silent. What has
arrived stays as ``NAME.part`` beside ``NAME.part.json`` (address and the server's mark of the version), and
the next try asks for the rest (RFC 9110, Range and If-Range).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import queue
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from mmstudio import __version__
from mmstudio.atomic import write_text
from mmstudio.errors import DiskFull, StudioError, is_disk_full
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.catalogue.entries import WeightFile, is_allowed, is_loopback

CHUNK = 1 << 16
TIMEOUT = 30.0  # seconds without a byte before a connection counts as broken
TRIES = 3  # broken connections after which the person decides; a try that brought nothing ends it
_BEAT = 0.1  # seconds between progress events, and at most until a stop is heard
_MARGIN = 64 << 20  # bytes that stay free on the disk


def fetch(
    file: WeightFile, part: Path, context: JobContext, *, before: int = 0, total: int = 0
) -> Generator[Progress, None, Path | None]:
    """Bring ``file`` into ``part`` and verify it; the path, or None where the job was paused.

    Args:
        file: what to fetch and what it must be.
        part: the file to grow; what it holds already is continued where the server agrees.
        before: bytes of earlier files, for the progress.
        total: bytes in all.

    Yields Progress in bytes with ``data={"per_second": bytes}``.

    Raises:
        Cancelled: the part stays. DiskFull: not enough room; checked beforehand.
        StudioError: refused, unreachable, another size, another hash (the part is deleted).
    """
    if not is_allowed(file.url):
        raise _not_secure(file.url)
    part.parent.mkdir(parents=True, exist_ok=True)
    room(part.parent, file.size - _size(part))
    for attempt in range(TRIES):
        had = _size(part)
        try:
            done = yield from _one_try(file, part, context, before, total or file.size)
        except _Broken as error:
            if attempt + 1 == TRIES or _size(part) <= had:
                raise _stopped(file, part, error) from error
            continue
        if not done:
            return None
        break
    yield Progress(before + _size(part), total or file.size, tr("Checking"), {"per_second": 0.0})
    if not file.matches(sha256_of(part, context)):
        forget(part)
        raise StudioError(
            "What arrived from {host} is not the file the catalogue names: its checksum is another.",
            hint="It was deleted and nothing was installed. Try again later.",
            host=_host(file.url),
        )
    return part


def forget(part: Path) -> None:
    """Delete what arrived of a file."""
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def room(folder: Path, wanted: int) -> None:
    """Raise DiskFull where ``wanted`` bytes and a margin do not fit on the disk of ``folder``."""
    free = shutil.disk_usage(folder).free
    if wanted > 0 and free < wanted + _MARGIN:
        raise DiskFull(
            "The disk has {free} MB free, and this needs {wanted} MB.",
            hint="Free some space, then try again; nothing was lost.",
            free=f"{free / 1e6:.0f}",
            wanted=f"{(wanted + _MARGIN) / 1e6:.0f}",
        )


def sha256_of(path: Path, context: JobContext | None = None) -> str:
    """SHA-256 of a file in hex; a stop of the job is heard on the way."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            if context is not None:
                context.raise_if_cancelled()
    return digest.hexdigest()


class _Broken(Exception):
    """The connection ended early, or never began; trying again may help."""


def _one_try(
    file: WeightFile, part: Path, context: JobContext, before: int, total: int
) -> Generator[Progress, None, bool]:
    """One connection; True where the file is complete, False where the job was paused."""
    mark = _mark_of(part, file.url)
    if mark is None or _size(part) > file.most:
        forget(part)  # of another address, or of unknown origin
    have = _size(part)
    reader = _Reader(file.url, have, mark or "")
    reader.start()
    try:
        head = None
        while head is None:
            head = reader.next()
            context.raise_if_cancelled()
            yield Progress(before + have, total, tr("Connecting to {host}", host=_host(file.url)))
        if not isinstance(head, _Head):
            raise _Broken("empty answer")
        start = have if head.status == 206 and head.start == have else 0
        if head.status == 416 or (head.status == 206 and head.start != have):
            # The server has another version, or we have all of it and the hash decides.
            if head.status == 416 and file.least <= have <= file.most:
                return True
            forget(part)
            raise _Broken("range not satisfiable")
        whole = None if head.length is None else start + head.length
        if whole is not None and not file.least <= whole <= file.most:
            raise _other_size(file, whole)
        write_text(_notes(part), json.dumps({"url": file.url, "mark": head.mark}) + "\n")
        room(part.parent, (whole or file.size) - start)
        return (yield from _receive(reader, file, part, context, start, whole, before, total))
    finally:
        reader.stop()


def _receive(
    reader: _Reader,
    file: WeightFile,
    part: Path,
    context: JobContext,
    start: int,
    whole: int | None,
    before: int,
    total: int,
) -> Generator[Progress, None, bool]:
    done, began, shown = start, time.monotonic(), 0.0
    try:
        with part.open("r+b" if start else "wb") as out:
            if start:
                out.seek(start)
            while True:
                piece = reader.next()
                if piece is _END:
                    break
                if isinstance(piece, bytes):
                    done += len(piece)
                    if done > file.most:
                        raise _other_size(file, done)
                    out.write(piece)
                context.raise_if_cancelled()
                if context.pause_requested():
                    _settle(out)
                    context.paused()
                    return False
                if time.monotonic() - shown >= _BEAT:
                    shown = time.monotonic()
                    speed = (done - start) / max(1e-3, shown - began)
                    yield Progress(
                        before + done, total, _words(before + done, total, speed), {"per_second": speed}
                    )
            _settle(out)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                "There is no room left for the download.",
                hint="Free some space, then try again: it goes on from where it stopped.",
            ) from error
        raise
    if whole is not None and done < whole:
        raise _Broken(f"{done} of {whole} bytes")
    if done < file.least:
        raise _Broken(f"{done} bytes")
    return True


def _settle(out: IO[bytes]) -> None:
    out.flush()
    os.fsync(out.fileno())


# -- the network, on its own thread ----------------------------------------------------------------------


class _Head:
    """Status, first byte, bytes to come and the version mark of an answer."""

    def __init__(self, status: int, headers: Any) -> None:
        self.status = status
        length = headers.get("Content-Length", "")
        self.length = int(length) if length.isdigit() else None
        self.start = _range_start(headers.get("Content-Range", ""))
        etag = headers.get("ETag", "")
        # A weak tag does not promise the same bytes (RFC 9110, 13.1.5).
        self.mark = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


_END = object()


class _Reader:
    """Opens an address and hands over its head, then its bytes, through a short queue."""

    def __init__(self, url: str, start: int, mark: str) -> None:
        headers = {"User-Agent": f"mmstudio/{__version__}", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if mark:
                headers["If-Range"] = mark
        self._request = urllib.request.Request(url, headers=headers)
        self._queue: queue.Queue[Any] = queue.Queue(maxsize=16)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="download", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The thread ends by itself at its next byte or time-out; nobody waits for it."""
        self._stop.set()

    def next(self) -> Any:
        """A :class:`_Head`, bytes, ``_END``, or None where nothing came within a beat."""
        try:
            found = self._queue.get(timeout=_BEAT)
        except queue.Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        return found

    def _put(self, thing: Any) -> None:
        while not self._stop.is_set():
            with suppress(queue.Full):
                self._queue.put(thing, timeout=_BEAT)
                return

    def _run(self) -> None:
        try:
            with _opener(self._request.full_url).open(self._request, timeout=TIMEOUT) as answer:
                self._put(_Head(answer.status, answer.headers))
                while not self._stop.is_set():
                    piece = answer.read1(CHUNK)
                    if not piece:
                        break
                    self._put(piece)
            self._put(_END)
        except urllib.error.HTTPError as error:
            with error:
                self._put(
                    _Head(error.code, error.headers) if error.code == 416 else _refused(error, self._request)
                )
        except StudioError as error:
            self._put(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._put(_Broken(str(getattr(error, "reason", None) or error or type(error).__name__)))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows https to https (and http on this computer); anything else is refused."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        downgraded = urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https"
        if downgraded or not is_allowed(newurl):
            raise _not_secure(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    # Proxies are those of the environment or the system, except for this computer.
    proxies = [urllib.request.ProxyHandler({})] if is_loopback(urlsplit(url).hostname or "") else []
    return urllib.request.build_opener(_Redirects, *proxies)


def _refused(error: urllib.error.HTTPError, request: urllib.request.Request) -> StudioError | _Broken:
    host = _host(request.full_url)
    if error.code in (404, 410):
        return StudioError(
            "{host} no longer has this file.",
            hint="Look for a newer MM Studio, or import the model from a folder.",
            host=host,
        )
    if 300 <= error.code < 400:
        return _not_secure(str(error.headers.get("Location") or host))
    if error.code >= 500 or error.code in (408, 429):
        return _Broken(f"{error.code}")
    return StudioError(
        "{host} does not give this file out (answer {code}).",
        hint="Try again later, or import the model from a folder.",
        host=host,
        code=error.code,
    )


# -- words and small things ------------------------------------------------------------------------------


def _words(done: int, total: int, speed: float) -> str:
    return tr(
        "{done} of {total} MB, {speed} MB a second",
        done=f"{done / 1e6:.1f}",
        total=f"{total / 1e6:.1f}",
        speed=f"{speed / 1e6:.1f}",
    )


def _stopped(file: WeightFile, part: Path, error: _Broken) -> StudioError:
    if _size(part):
        return StudioError(
            "The connection to {host} broke off.",
            hint="Try again: what has arrived is kept, and the download goes on from there.",
            host=_host(file.url),
        )
    return StudioError(
        "{host} cannot be reached ({why}).",
        hint="Check the network and try again, or import the model from a folder.",
        host=_host(file.url),
        why=str(error),
    )


def _other_size(file: WeightFile, size: int) -> StudioError:
    return StudioError(
        "{host} offers a file of {size} bytes where the catalogue names one of about {wanted}.",
        hint="It is not the same file, so nothing was installed. Try again later.",
        host=_host(file.url),
        size=f"{size:,}",
        wanted=f"{file.size:,}",
    )


def _not_secure(url: str) -> StudioError:
    return StudioError(
        "The download was led to an address that is not secure: {url}.",
        hint="Nothing was fetched from there. Only https addresses are used.",
        url=url[:120],
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _mark_of(part: Path, url: str) -> str | None:
    """The server's mark of the version ``part`` is of, "" where it gave none; None: another address."""
    try:
        kept = json.loads(_notes(part).read_text(encoding="utf-8"))
        return str(kept["mark"]) if kept["url"] == url else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _range_start(header: str) -> int:
    """The first byte of a Content-Range such as ``bytes 200-999/1000``; -1 where there is none."""
    first = header.removeprefix("bytes ").split("-", 1)[0].strip()
    return int(first) if header.startswith("bytes ") and first.isdigit() else -1
