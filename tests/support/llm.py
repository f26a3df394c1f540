"""A tiny language model on disk and a small server on localhost, for tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_TEXTS = [
    "Write one headline. Facts: a bag of nylon, light and strong, for the city and for travel.",
    "用一句话说明它是什么。事实：尼龙包，轻便结实，适合城市和旅行。",
    "Use only the facts listed as data. Answer with the text alone: no preamble, no markdown.",
]


def tiny_model(
    folder: Path,
    *,
    chat: bool = True,
    context: int = 2048,
    seed: int = 0,
    says: str = "",
    family: str = "llama",
) -> Path:
    """A random two-layer Llama (or GPT-2) with a byte-level vocabulary, as transformers would save it.

    With ``says`` (no token in it twice) it has no layers, and each token calls for the next of that text.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokens.train_from_iterator(_TEXTS, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, bos_token="<s>", eos_token="</s>")
    if chat:
        tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(str(folder))
    words = len(tokenizer)
    width, layers = (words, 0) if says else (32, 2)
    config = LlamaConfig(
        vocab_size=words, hidden_size=width, intermediate_size=48, num_hidden_layers=layers,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=context,
        bos_token_id=0, eos_token_id=1, tie_word_embeddings=False,
    )  # fmt: skip
    other = GPT2Config(
        vocab_size=words, n_embd=32, n_layer=2, n_head=2, n_positions=context, bos_token_id=0, eos_token_id=1
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config) if family == "llama" else GPT2LMHeadModel(other)
    if says:
        chain = [4, *tokenizer(says, add_special_tokens=False).input_ids, 1]  # assistant … end
        assert len(set(chain)) == len(chain)
        with torch.no_grad():
            model.model.embed_tokens.weight.copy_(torch.eye(words))
            model.lm_head.weight.zero_()
            for token, following in pairwise(chain):
                model.lm_head.weight[following, token] = 3.0
    model.save_pretrained(str(folder))
    return folder


@dataclass
class Answering:
    """What the server does next, and what it was asked."""

    models: Any = field(default_factory=lambda: {"data": [{"id": "tiny"}, {"id": "big:cloud"}]})
    pieces: list[str] = field(default_factory=lambda: ["A light ", "nylon ", "bag."])
    status: int = 200
    body: bytes | None = None  # instead of a stream
    kind: str = "text/event-stream"
    pause: float = 0.0  # seconds before each piece
    hang: bool = False  # says nothing at all
    location: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)  # the client went away
    over: threading.Event = field(default_factory=threading.Event)  # the test is done


@contextmanager
def local_server(answering: Answering) -> Iterator[str]:
    """An OpenAI-like server on a free port of localhost; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answering))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        answering.over.set()
        server.shutdown()
        server.server_close()


def _handler(answering: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: Any) -> None:
            return

        def do_GET(self) -> None:
            answering.paths.append(self.path)
            if isinstance(answering.models, bytes):
                return self._send(200, "text/html", answering.models)
            return self._send(200, "application/json", json.dumps(answering.models).encode())

        def do_POST(self) -> None:
            answering.paths.append(self.path)
            length = int(self.headers["Content-Length"])
            answering.asked.append(json.loads(self.rfile.read(length)))
            if answering.hang:
                answering.over.wait(120)
                return
            if answering.body is not None:
                self._send(answering.status, answering.kind, answering.body)
                return
            self.send_response(answering.status)
            self.send_header("Content-Type", answering.kind)
            if answering.location:
                self.send_header("Location", answering.location)
            self.end_headers()
            try:
                self._stream()
            except OSError:
                answering.gone.set()

        def _stream(self) -> None:
            said: list[str] = answering.pieces
            for piece in said:
                answering.over.wait(answering.pause)
                found = {"choices": [{"delta": {"content": piece}}]}
                self.wfile.write(b": still here\n\ndata: " + json.dumps(found).encode() + b"\n\n")
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n")

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if answering.location:
                self.send_header("Location", answering.location)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                answering.gone.set()

    return Handler


def within(seconds: float, what: Callable[[], bool]) -> bool:
    """Whether ``what`` comes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.01)
    return what()
