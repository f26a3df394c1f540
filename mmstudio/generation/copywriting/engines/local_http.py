"""HTTP to this computer and nowhere else: loopback only, no redirects, no proxies, limits on everything."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit

from mmstudio.errors import StudioError, UsageError

_MOST = 4_000_000  # bytes of an answer
_LINE = 1_000_000  # bytes of one line of a stream
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """A server on this computer: ``hosts`` are numeric loopback addresses to try, ``base`` its API's path."""

    hosts: tuple[str, ...]
    port: int
    base: str

    @property
    def address(self) -> str:
        """For the person."""
        return f"{self.hosts[0]}:{self.port}"


def place_of(address: str) -> Place:
    """Where an address such as "http://localhost:11434" or "127.0.0.1:8080/v1" points.

    Names are not looked up: only "localhost" is known, so no name server can send us elsewhere.

    Raises:
        UsageError: not an address, not http, or any host but this computer.
    """
    text = address.strip()
    if "://" not in text:
        text = "http://" + text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if not host or any(c.isspace() or c < " " for c in text):
        raise UsageError(
            "“{address}” is not the address of a server.",
            hint="Write something like http://localhost:11434",
            address=address[:100],
        )
    if parts.scheme != "http":
        raise UsageError(
            "Only http:// works for a server on this computer.",
            hint="Write something like http://localhost:11434",
        )
    base = parts.path.rstrip("/")
    return Place(_loopback(host), port or 80, base or "/v1")


def _loopback(host: str) -> tuple[str, ...]:
    if host.lower().rstrip(".") == "localhost":
        return ("127.0.0.1", "::1")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        number = None
    if number is None or not number.is_loopback or getattr(number, "scope_id", None):
        raise UsageError(
            "“{host}” is not this computer, so nothing is sent there.",
            hint="Texts stay here: use a server at localhost, such as Ollama or llama.cpp.",
            host=host[:100],
        )
    return (str(number),)


class Exchange:
    """One request whose answer is read in a thread, so that waiting can end at any moment.

    Use as a context manager; leaving it closes the connection, also in the middle of an answer.
    """

    def __init__(
        self, place: Place, method: str, path: str, body: dict[str, Any] | None, timeout: float
    ) -> None:
        self.place, self.timeout = place, timeout
        self._method, self._path = method, place.base + path
        self._body = None if body is None else json.dumps(body).encode()
        self._lines: Queue[bytes | Exception | None] = Queue()
        self._socket: socket.socket | None = None
        self._closed = False
        self.status, self.kind = 0, ""

    def __enter__(self) -> Exchange:
        threading.Thread(target=self._read, name="mm-local-server", daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._closed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # wakes the thread that reads
                self._socket.shutdown(socket.SHUT_RDWR)

    def lines(self, cancelled: Callable[[], bool]) -> Iterator[bytes]:
        """Lines of the answer as they come; ends early on cancel.

        ``status`` and ``kind`` (the content type) are set before the first.

        Raises:
            StudioError: no server, silence for longer than the timeout, more than is sensible.
        """
        until = time.monotonic() + self.timeout
        total = 0
        while not cancelled():
            try:
                line = self._lines.get(timeout=_POLL_S)
            except Empty:
                if time.monotonic() > until:
                    raise silent(self.place, self.timeout) from None
                continue
            if line is None:
                return
            if isinstance(line, Exception):
                raise _trouble(self.place, line, self.timeout) from line
            if line.strip() and not line.startswith(b":"):  # comments only say that it still lives
                until = time.monotonic() + self.timeout
            total += len(line)
            if total > _MOST or len(line) >= _LINE:
                raise nonsense(self.place)
            yield line

    def whole(self, cancelled: Callable[[], bool]) -> bytes:
        """The whole answer; within the timeout altogether."""
        until = time.monotonic() + self.timeout
        found = b""
        for line in self.lines(lambda: cancelled() or time.monotonic() > until):
            found += line
        if time.monotonic() > until:
            raise silent(self.place, self.timeout)
        return found

    def _read(self) -> None:
        try:
            response = self._response()
            self.status = response.status
            self.kind = (response.getheader("content-type") or "").split(";")[0].strip().lower()
            self._lines.put(b"")  # the headers are there
            while not self._closed:
                line = response.readline(_LINE)
                if not line:
                    break
                self._lines.put(line)
                while self._lines.qsize() > 1000 and not self._closed:
                    time.sleep(0.01)  # whoever reads is slower than a mad server writes
            self._lines.put(None)
        except Exception as error:  # noqa: BLE001 - told where it can be heard
            self._lines.put(error)
        finally:
            if self._socket is not None:
                self._socket.close()

    def _response(self) -> http.client.HTTPResponse:
        headers = {"Accept": "text/event-stream, application/json", "Host": f"localhost:{self.place.port}"}
        if self._body is not None:
            headers["Content-Type"] = "application/json"
        refused: OSError | None = None
        for host in self.place.hosts:
            connection = http.client.HTTPConnection(host, self.place.port, timeout=self.timeout)
            try:
                connection.connect()
            except OSError as error:
                refused = refused or error
                continue
            self._socket = connection.sock
            connection.request(self._method, self._path, self._body, headers)
            return connection.getresponse()
        raise refused or OSError("no address")


def silent(place: Place, timeout: float) -> StudioError:
    """The server took the question and said nothing."""
    return StudioError(
        "The server at {address} did not answer within {seconds} seconds.",
        hint="It may still be loading the model: try again in a while, or restart it.",
        address=place.address,
        seconds=f"{timeout:g}",
    )


def nonsense(place: Place) -> StudioError:
    """The answer is not what such a server says."""
    return StudioError(
        "The server at {address} gave an answer that makes no sense.",
        hint="Check that it is Ollama, llama.cpp or another server that speaks like OpenAI's.",
        address=place.address,
    )


def _trouble(place: Place, error: Exception, timeout: float) -> StudioError:
    if isinstance(error, TimeoutError):
        return silent(place, timeout)
    if isinstance(error, OSError) and not isinstance(error, ConnectionResetError | BrokenPipeError):
        return StudioError(
            "No server answers at {address}.",
            hint="Start it (for Ollama: ollama serve), or check the address in Preferences.",
            address=place.address,
        )
    return nonsense(place)
