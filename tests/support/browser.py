"""A headless Chromium that tests open exported pages with: what it drew, said, and tried to fetch.

It speaks the DevTools protocol over a pipe (``--remote-debugging-pipe``): no port, no package is needed.
"""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from PIL import Image

_WAIT_S = 60.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing leaves, whatever a page tries
    "--remote-debugging-pipe",
)
# DevTools wants its pipe at 3 and 4; Python hands file descriptors down under their own numbers.
_LAUNCH = (
    "import os, sys; r, w = int(sys.argv[1]), int(sys.argv[2]);"
    "r, w = os.dup(r), os.dup(w); r2, w2 = os.dup2(r, 203), os.dup2(w, 204);"
    "os.dup2(203, 3); os.dup2(204, 4); os.execvp(sys.argv[3], sys.argv[3:])"
)


@dataclass
class Page:
    """One open page.

    Attributes:
        console: "level: text" of everything the page and the browser wrote (errors, refused requests).
        requests: every address it tried, without data: and the document itself.
    """

    browser: Browser
    session: str
    target: str
    url: str
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    loaded: bool = False

    @property
    def errors(self) -> list[str]:
        """Console messages that tell of something wrong."""
        return [line for line in self.console if line.startswith(("error", "warning", "exception"))]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A DevTools command of this page."""
        return self.browser.call(method, params, self.session)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression (DevTools is not bound by the page's CSP)."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def dom(self) -> str:
        """The document as it stands now."""
        return str(self.run("document.documentElement.outerHTML"))

    def text(self) -> str:
        """The words a person sees."""
        return str(self.run("document.body.innerText"))

    def click(self, selector: str) -> None:
        """Press the first element of a CSS selector. Fails where there is none."""
        quoted = json.dumps(selector)
        assert self.run(f"(e => e ? (e.click(), true) : false)(document.querySelector({quoted}))"), selector

    def screenshot(self, path: Path | None = None, *, whole: bool = True) -> Image.Image:
        """What is seen, RGB; of the whole page or only of the window."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        data = base64.b64decode(shot["data"])
        if path is not None:
            path.write_bytes(data)
        return Image.open(io.BytesIO(data)).convert("RGB")

    def close(self) -> None:
        """Close the page."""
        self.browser.call("Target.closeTarget", {"targetId": self.target})
        self.browser.pages.pop(self.session, None)

    def heard(self, method: str, params: dict[str, Any]) -> None:
        """What the browser tells of this page."""
        if method == "Network.requestWillBeSent":
            url = str(params["request"]["url"])
            if not url.startswith(("data:", "blob:", "about:")) and url.split("#")[0] != self.url:
                self.requests.append(url)
        elif method == "Runtime.consoleAPICalled":
            words = " ".join(str(a.get("value", a.get("description", ""))) for a in params["args"])
            self.console.append(f"{params['type']}: {words}")
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            what = details.get("exception", {}).get("description") or details.get("text")
            self.console.append(f"exception: {what}")
        elif method == "Log.entryAdded":
            entry = params["entry"]
            self.console.append(f"{entry['level']}: {entry['text']}")
        elif method == "Page.loadEventFired":
            self.loaded = True


class Browser:
    """A running Chromium. Use :func:`open_browser`."""

    def __init__(self, program: str, profile: Path) -> None:
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        command = [sys.executable, "-c", _LAUNCH, str(down_read), str(up_write), program, *_FLAGS]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(down_read, up_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(profile), "XDG_CONFIG_HOME": str(profile)},
        )
        os.close(down_read)
        os.close(up_write)
        self._down, self._up = os.fdopen(down_write, "wb", 0), os.fdopen(up_read, "rb", 0)
        self._ids = itertools.count(1)
        self._queue: Queue[dict[str, Any] | None] = Queue()
        self.pages: dict[str, Page] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def open(
        self,
        page: Path | str,
        *,
        size: tuple[int, int] = (1280, 800),
        dark: bool = False,
        script: bool = True,
    ) -> Page:
        """Open a file (or an address) and wait until it is loaded. ``script`` off: JavaScript is disabled."""
        url = page if isinstance(page, str) else page.resolve().as_uri()
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        opened = Page(self, attached["sessionId"], target, url)
        self.pages[opened.session] = opened
        for domain in ("Network", "Runtime", "Log", "Page"):
            opened.call(f"{domain}.enable")
        opened.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size[0] < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        opened.call("Emulation.setEmulatedMedia", features=[scheme])
        opened.call("Emulation.setScriptExecutionDisabled", value=not script)
        opened.loaded = False  # about:blank may have fired
        opened.call("Page.navigate", url=url)
        while not opened.loaded:
            self._take()
        return opened

    def call(self, method: str, params: dict[str, Any], session: str = "") -> dict[str, Any]:
        """A DevTools command; waits for its answer and hands what comes meanwhile to the pages."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._down.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def close(self) -> None:
        """End the browser and everything it started."""
        with contextlib.suppress(OSError):
            self._down.write(json.dumps({"id": next(self._ids), "method": "Browser.close"}).encode() + b"\0")
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(120)
        self._reader.join(120)
        self._down.close()
        self._up.close()

    def _take(self) -> dict[str, Any]:
        try:
            message = self._queue.get(timeout=_WAIT_S)
        except Empty:
            raise AssertionError("the browser does not answer") from None
        if message is None:
            raise AssertionError("the browser ended")
        page = self.pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.heard(message["method"], message["params"])
        return message

    def _read(self) -> None:
        held = b""
        with contextlib.suppress(OSError, ValueError):
            while data := self._up.read(1 << 16):
                *whole, held = (held + data).split(b"\0")
                for one in whole:
                    self._queue.put(json.loads(one))
        self._queue.put(None)


def chromium() -> str | None:
    """The Chromium or Chrome of this computer."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser for a test module (a second or two to start); the test is skipped where there is none."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium or Chrome on this computer opens the page")
    if os.name == "nt":
        pytest.skip("the pipe to the browser is written for POSIX")
    with tempfile.TemporaryDirectory(prefix="mmstudio-browser-", ignore_cleanup_errors=True) as profile:
        browser = Browser(program, Path(profile))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Import this name in a test module (``from support.browser import browser``)."""
    with open_browser() as opened:
        yield opened
