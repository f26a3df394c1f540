"""A language model from a folder on this computer: the layout of transformers, safetensors weights."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import StudioError
from mmstudio.features.device import choose_device, is_out_of_memory
from mmstudio.generation.copywriting import prompts
from mmstudio.generation.copywriting.answers import overlap
from mmstudio.generation.copywriting.contract import EngineStatus
from mmstudio.generation.copywriting.engines.asking import Ask, LanguageModel, never
from mmstudio.generation.copywriting.engines.folder_check import FolderInfo, look
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_HALF_FROM = 3_000_000_000  # bytes of weights from which the processor computes in the model's own precision
_REPEATED = 1.1  # what a token's logit is divided by once it stands in the answer (Keskar et al., 2019)
_REPLACEMENT = "\ufffd"


@dataclass(slots=True)
class _Loaded:
    info: FolderInfo
    model: Any
    tokenizer: Any
    device: str
    stops: frozenset[int]
    context: int
    cache: str  # what its forward calls the keys and values it has computed already; "" where it keeps none


class FolderEngine(LanguageModel):
    """Texts from a model folder. ``stream`` and ``write`` load torch: for the device thread.

    Args:
        folder: path, or a function that gives it (so that a setting takes effect at once).
        device: "auto", "cpu", "cuda" or "mps".
    """

    name = "folder"
    label = mark("Language model in a folder")

    def __init__(self, folder: str | Path | Callable[[], str], device: str = "auto") -> None:
        self._folder, self.device = folder, device
        self._loaded: _Loaded | None = None

    @property
    def folder(self) -> str:
        """The chosen folder, "" where there is none."""
        return self._folder() if callable(self._folder) else str(self._folder)

    def status(self) -> EngineStatus:
        """Whether the folder may be loaded; reads only its descriptions."""
        try:
            info = look(self.folder)
        except StudioError as error:
            return EngineStatus(False, *tr_error(error))
        size = round(info.size / 1e9, 1)
        return EngineStatus(True, tr("{name}, {size} GB", name=info.path.name, size=size))

    @property
    def loaded(self) -> bool:
        """Whether a model is held in memory."""
        return self._loaded is not None

    def free(self) -> None:
        """Let the model go; the next question loads it again."""
        loaded, self._loaded = self._loaded, None
        if loaded is not None and loaded.device == "cuda":
            import torch

            del loaded
            torch.cuda.empty_cache()

    def fits(self, asked: prompts.Messages, tokens: int) -> bool:
        """See :meth:`LanguageModel.fits`."""
        loaded = self._ready()
        return len(_ids(loaded, asked)) + min(tokens, loaded.context // 2) <= loaded.context

    def stream(self, ask: Ask, cancelled: Callable[[], bool] = never) -> Iterator[str]:
        """See :meth:`LanguageModel.stream`; one token after the other, each a point to cancel at."""
        loaded = self._ready()
        ids = _ids(loaded, ask.messages)
        room = loaded.context - len(ids)
        if room < 1:
            raise StudioError(
                "The question is longer than the model in {name} can read ({most} tokens).",
                hint="Write about less at once, or choose another model.",
                name=loaded.info.path.name,
                most=loaded.context,
            )
        try:
            yield from _said(loaded, ids, ask, min(ask.tokens, room), cancelled)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self.free()
            raise _too_large(loaded.info) from error

    def _ready(self) -> _Loaded:
        info = look(self.folder)
        if self._loaded is None or self._loaded.info != info:
            self.free()
            self._loaded = _load(info, choose_device(self.device))
        return self._loaded


def _said(
    loaded: _Loaded, ids: list[int], ask: Ask, most: int, cancelled: Callable[[], bool]
) -> Iterator[str]:
    """Pieces of the answer: whole characters, nothing of a stop text or after it."""
    answer: list[int] = []
    shown = 0
    for token in _tokens(loaded, ids, ask, most, cancelled):
        answer.append(token)
        text = loaded.tokenizer.decode(answer, skip_special_tokens=True)
        ends = [at for stop in ask.stop if stop and (at := text.find(stop)) >= 0]
        if ends:
            if min(ends) > shown:
                yield text[shown : min(ends)]
            return
        # A character of several tokens is not there yet, and a stop text may be on its way.
        whole = len(text.rstrip(_REPLACEMENT))
        whole -= max((overlap(text[:whole], stop) for stop in ask.stop if stop), default=0)
        if whole > shown:
            yield text[shown:whole]
            shown = whole
    text = loaded.tokenizer.decode(answer, skip_special_tokens=True)
    if len(text) > shown and not cancelled():
        yield text[shown:]


def _tokens(
    loaded: _Loaded, ids: list[int], ask: Ask, most: int, cancelled: Callable[[], bool]
) -> Iterator[int]:
    """Tokens drawn one by one with a generator of our own; transformers' sampling has only the global one."""
    import torch

    random = torch.Generator().manual_seed(ask.seed % 2**63)
    given = torch.tensor([ids], device=loaded.device)
    kept: dict[str, Any] = {"use_cache": bool(loaded.cache)}
    answer: list[int] = []
    for _step in range(most):
        if cancelled():
            return
        # Not around the yields: what runs between two tokens keeps its own mode.
        with torch.inference_mode():
            out = loaded.model(input_ids=given, **kept)
            token = _draw(out.logits[0, -1].float().cpu(), answer, ask, random)
            following = torch.tensor([[token]], device=loaded.device)
            if loaded.cache:
                kept[loaded.cache], given = getattr(out, loaded.cache), following
            else:
                given = torch.cat([given, following], dim=1)
        if token in loaded.stops:
            return
        answer.append(token)
        yield token


def _draw(logits: Tensor, answer: list[int], ask: Ask, random: torch.Generator) -> int:
    """One token from float32[V]: repetitions damped, then temperature, then nucleus sampling
    (Holtzman et al., 2020)."""
    import torch

    logits = torch.nan_to_num(logits, nan=-1e4, posinf=1e4, neginf=-1e4)
    if answer:
        seen = torch.tensor(sorted(set(answer)))
        had = logits[seen]
        logits[seen] = torch.where(had > 0, had / _REPEATED, had * _REPEATED)
    if ask.temperature <= 0:
        return int(logits.argmax())
    odds, order = torch.softmax(logits / ask.temperature, -1).sort(descending=True)
    before = odds.cumsum(-1) - odds
    odds = torch.where(before < max(ask.top_p, 1e-6), odds, torch.zeros_like(odds))
    return int(order[torch.multinomial(odds, 1, generator=random)])


def _ids(loaded: _Loaded, asked: prompts.Messages) -> list[int]:
    if loaded.tokenizer.chat_template:
        try:
            text = loaded.tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        except Exception:  # noqa: BLE001 - templates raise what they like, mostly about the system's part
            joined = [{"role": "user", "content": "\n\n".join(part["content"] for part in asked)}]
            try:
                text = loaded.tokenizer.apply_chat_template(
                    joined, tokenize=False, add_generation_prompt=True
                )
            except Exception as error:
                raise StudioError(
                    "The chat template of {name} cannot be used.",
                    hint="Choose another model.",
                    name=loaded.info.path.name,
                ) from error
        found = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    else:
        found = loaded.tokenizer(prompts.plain(asked))["input_ids"]
    return [int(token) for token in found] or [min(loaded.stops, default=0)]


@contextmanager
def _offline() -> Iterator[None]:
    """Nobody is asked while transformers loads."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _load(info: FolderInfo, device: str) -> _Loaded:
    with _offline():
        import torch
        import transformers

        quiet: Any = transformers.utils.logging
        level = quiet.get_verbosity()
        quiet.set_verbosity_error()
        quiet.disable_progress_bar()
        safe = {"local_files_only": True, "trust_remote_code": False}
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(info.path), **safe)
            dtype: Any = torch.float32 if device == "cpu" and info.size < _HALF_FROM else "auto"
            # Parameters are drawn before the file replaces them; the global generator stays as it was.
            with torch.random.fork_rng(devices=[]):
                auto: Any = transformers.AutoModelForCausalLM
                model, report = auto.from_pretrained(
                    str(info.path), use_safetensors=True, dtype=dtype, output_loading_info=True, **safe
                )
            missing = sorted(report.get("missing_keys", ()))
            if missing or report.get("mismatched_keys"):
                raise ValueError(f"weights are missing: {', '.join(missing[:3])}")
            if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
                raise ValueError("the tokenizer knows more words than the model")
            model = model.to(device).eval()
        except Exception as error:  # whatever loaders meet in foreign files
            if is_out_of_memory(error):
                raise _too_large(info) from error
            why = " ".join(str(error).split())[:160] or type(error).__name__
            raise StudioError(
                "The model in {name} cannot be loaded: {why}",
                hint="Put a whole copy in its place, or choose another folder.",
                name=info.path.name,
                why=why,
            ) from error
        finally:
            quiet.set_verbosity(level)
    stops, context = _stops(model, tokenizer), _context(model)
    return _Loaded(info, model, tokenizer, device, stops, context, _cache(model))


def _cache(model: Any) -> str:
    """The argument was renamed within transformers 5; models with a state instead of keys have neither."""
    taken = inspect.signature(model.forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in taken), "")


def _stops(model: Any, tokenizer: Any) -> frozenset[int]:
    found: set[int] = set()
    for value in (
        getattr(model.generation_config, "eos_token_id", None),
        getattr(model.config, "eos_token_id", None),
        tokenizer.eos_token_id,
    ):
        found |= {
            int(v) for v in (value if isinstance(value, list | tuple) else [value]) if isinstance(v, int)
        }
    known = tokenizer.get_vocab()
    return frozenset(
        found | {known[name] for name in ("<|im_end|>", "<|eot_id|>", "<end_of_turn>") if name in known}
    )


def _context(model: Any) -> int:
    config = model.config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "max_seq_len"):
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return min(value, 32_768)
    return 2048


def _too_large(info: FolderInfo) -> StudioError:
    return StudioError(
        "The model in {name} needs more memory than there is.",
        hint="Choose a smaller one, or run it with llama.cpp or Ollama in a smaller form.",
        name=info.path.name,
    )
