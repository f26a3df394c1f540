"""Weights for tests: tiny networks, state dicts of torchvision's, and a server that misbehaves."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


def torchvision_state(architecture: str = "mobilenet_v3_small", seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights of a network of torchvision, classifier included."""
    import torchvision

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = getattr(torchvision.models, architecture)(weights=None)
    return {key: value.clone() for key, value in net.state_dict().items()}


def write_pth(path: Path, state: Any) -> Path:
    """A PyTorch file as torchvision publishes them."""
    torch.save(state, path)
    return path


def write_backbone(folder: Path, **changes: Any) -> Path:
    """A small picture network in our format (the starter's architecture, narrow, random)."""
    from mmstudio.features.pictures.backbones import build_starter, randomise

    widths, bands = (8, 8, 16, 16), 1
    net = build_starter(widths, bands)
    randomise(net, torch.Generator().manual_seed(0))
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "kind": "image-backbone", "architecture": "starter-resnet", "widths": widths, "bands": bands,
        "size": 32, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "licence": "Apache-2.0", "label": "Tiny",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config | changes))
    save_file(net.state_dict(), str(folder / "weights.safetensors"))
    return folder


def write_catalogue(path: Path, *models: dict[str, Any]) -> Path:
    """A catalogue of these entries; TOML reads JSON's strings and numbers."""
    lines = ["format = 1"]
    for model in models:
        lines.append("[[model]]")
        files = model.pop("file")
        lines += [f"{key} = {json.dumps(value)}" for key, value in model.items()]
        for file in files:
            lines.append("[[model.file]]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in file.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def entry(url: str, data: bytes, **changes: Any) -> dict[str, Any]:
    """An entry for a MobileNetV3 whose file is ``data`` at ``url``."""
    name = url.rsplit("/", 1)[-1]
    file = {"url": url, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "path": name}
    file |= changes.pop("file", {})
    return {
        "name": "small", "title": "Small", "kind": "image-backbone", "architecture": "mobilenet_v3_small",
        "dimension": 576, "licence": "BSD-3-Clause", "purpose": "Finds", "purpose_zh": "查找", "source": url,
        "file": [file], **changes,
    }  # fmt: skip


@dataclass
class Server:
    """What a server of the tests does with its one file.

    Attributes:
        data: what it serves. ranges: whether it knows Range. etag: its version mark.
        cut: bytes after which it drops the connection, once each; then it behaves.
        status, location: another answer than 200, where it leads.
        length: a wrong Content-Length; None leaves the true one, -1 leaves the header out.
        gate: where given, the body waits for it after the first ``gate_after`` bytes.
    """

    data: bytes = b""
    ranges: bool = True
    etag: str = '"one"'
    cut: list[int] = field(default_factory=list)
    status: int = 200
    location: str = ""
    length: int | None = None
    gate: threading.Event | None = None
    gate_after: int = 0
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve on a free port of this computer."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: Any) -> None: ...

        def do_CONNECT(self) -> None:
            server.asked.append({"connect": self.path})
            self.send_error(403)

        def do_GET(self) -> None:
            server.asked.append(dict(self.headers.items()))
            if server.status != 200:
                self.send_response(server.status)
                if server.location:
                    self.send_header("Location", server.location)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start, wanted = 0, self.headers.get("Range", "")
            fresh = self.headers.get("If-Range") in (None, server.etag)
            if wanted and server.ranges and fresh:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(server.data):
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(server.data) - 1}/{len(server.data)}")
            else:
                self.send_response(200)
            self.send_header("ETag", server.etag)
            if server.length != -1:
                length = len(server.data) - start if server.length is None else server.length
                self.send_header("Content-Length", str(length))
            self.end_headers()
            body = server.data[start:]
            if server.cut:
                body = body[: server.cut.pop(0)]
            try:
                if server.gate is not None:
                    self.wfile.write(body[: server.gate_after])
                    self.wfile.flush()
                    server.gate.wait(240)
                    body = body[server.gate_after :]
                self.wfile.write(body)
                server.sent += len(body)
            except OSError:
                return  # the other side stopped listening, which is what the test is about

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/small.pth"
    try:
        yield server
    finally:
        if server.gate is not None:
            server.gate.set()
        http.shutdown()
        http.server_close()
