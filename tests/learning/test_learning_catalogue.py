"""The catalogue of models: what it believes, downloads that break in every way, import, check, remove."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mmstudio.errors import Cancelled, DiskFull, NotFound, StudioError, UsageError
from mmstudio.features.pictures.backbones import Backbone, all_backbones
from mmstudio.jobs import JobContext, Progress, run_inline
from mmstudio.learning.catalogue import Catalogue, load_catalogue
from support.weights import (
    Server,
    entry,
    serving,
    torchvision_state,
    write_backbone,
    write_catalogue,
    write_pth,
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file as torchvision publishes them, with random weights."""
    return write_pth(tmp_path_factory.mktemp("weights") / "small.pth", torchvision_state()).read_bytes()


@pytest.fixture
def server(weights: bytes) -> Iterator[Server]:
    with serving(Server(weights)) as running:
        yield running


def make(tmp_path: Path, server: Server, **changes: Any) -> Catalogue:
    """A catalogue whose one model the server has."""
    return Catalogue(
        None, write_catalogue(tmp_path / "catalogue.toml", entry(server.url, server.data, **changes))
    )


def download(catalogue: Catalogue, name: str = "small", **options: Any) -> Any:
    return run_inline(catalogue.download_work(name), **options)


def part(catalogue: Catalogue) -> Path:
    return catalogue.root / ".partial" / "download" / "small-0.part"


def installed(catalogue: Catalogue) -> list[str]:
    return [row.name for row in catalogue.rows() if row.state == "installed" and row.origin != "starter"]


# -- the catalogue itself --------------------------------------------------------------------------------


def test_the_catalogue_that_ships_states_a_hash_and_its_source_for_everything() -> None:
    entries = load_catalogue()
    assert {"resnet18", "resnet50", "mobilenet-v3-small", "efficientnet-b0", "convnext-tiny"} <= set(entries)
    for one in entries.values():
        assert one.licence
        assert one.purposes["zh_CN"]
        assert one.source.startswith("https://")
        for file in one.files:
            assert file.url.startswith("https://")
            # A file that torchvision publishes carries the digits that are checked in its name.
            assert len(file.sha256) == 64 or f"-{file.sha256}." in file.url


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../evil"},
        {"name": ".hidden"},
        {"name": "CON"},
        {"name": "a/b"},
        {"kind": "virus"},
        {"file": {"path": "../../evil.pth"}},
        {"file": {"path": "/etc/evil.pth"}},
        {"file": {"path": "..\\evil.pth"}},
        {"file": {"path": "C:evil.pth"}},
        {"file": {"url": "http://example.com/a.pth"}},
        {"file": {"url": "file:///etc/passwd"}},
        {"file": {"url": "ftp://127.0.0.1/a.pth"}},
        {"file": {"sha256": "123"}},
        {"file": {"sha256": "Z" * 64}},
        {"file": {"size": 0}},
        {"file": {"size": "large"}},
        {"dimension": "many"},
    ],
)
def test_an_entry_that_could_do_harm_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = write_catalogue(tmp_path / "c.toml", entry("http://127.0.0.1:1/small.pth", b"x", **change))
    with pytest.raises(StudioError, match="not usable"):
        load_catalogue(path)


def test_a_catalogue_that_is_broken_or_newer_says_so(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("format = [")
    with pytest.raises(StudioError, match="cannot be read"):
        load_catalogue(path)
    path.write_text("format = 99")
    with pytest.raises(StudioError, match="newer"):
        load_catalogue(path)


def test_looking_contacts_nobody(tmp_path: Path, server: Server) -> None:
    catalogue = make(tmp_path, server)
    row = {row.name: row for row in catalogue.rows()}["small"]
    assert (row.state, row.size, row.licence, row.dimension) == (
        "available", len(server.data), "BSD-3-Clause", 576,
    )  # fmt: skip
    assert server.asked == []


# -- download --------------------------------------------------------------------------------------------


def test_a_download_installs_a_network_that_the_features_room_uses(tmp_path: Path, server: Server) -> None:
    catalogue = make(tmp_path, server)
    seen: list[Progress] = []
    result = download(catalogue, on_progress=seen.append)
    assert result["bytes"] == len(server.data)
    assert any(p.data and p.data["per_second"] > 0 for p in seen)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    folder = catalogue.root / "small"
    assert (folder / "weights.safetensors").is_file()
    assert not list(folder.glob("*.pth"))
    assert installed(catalogue) == ["small"]
    spec = next(spec for spec in all_backbones() if spec.name == "small")
    assert (spec.architecture, spec.dimension, spec.licence) == ("mobilenet_v3_small", 576, "BSD-3-Clause")
    vectors = Backbone(spec, "cpu")(np.zeros((1, spec.size, spec.size, 3), np.uint8))
    assert vectors.shape == (1, 576)
    assert np.isfinite(vectors).all()
    assert catalogue.check("small").kind == "image-backbone"
    assert not part(catalogue).exists()
    record = json.loads((folder / "mmstudio.json").read_text())
    assert record["from"] == [server.url]
    assert len(record["files"]["weights.safetensors"]) == 64
    with pytest.raises(UsageError, match="already"):
        download(catalogue)


def test_a_cancelled_download_keeps_its_part_and_goes_on_from_there(tmp_path: Path, server: Server) -> None:
    server.gate, server.gate_after = threading.Event(), 300_000
    catalogue = make(tmp_path, server)
    stop = threading.Event()

    def watch(progress: Progress) -> None:
        if progress.done >= 200_000:
            stop.set()

    with pytest.raises(Cancelled):
        download(catalogue, on_progress=watch, cancelled=stop.is_set)
    kept = part(catalogue).stat().st_size
    assert 200_000 <= kept <= 300_000
    assert installed(catalogue) == []
    row = {row.name: row for row in catalogue.rows()}["small"]
    assert (row.state, row.fetched) == ("partial", kept)
    server.gate.set()
    download(catalogue)
    assert server.asked[-1]["Range"] == f"bytes={kept}-"
    assert server.asked[-1]["If-Range"] == server.etag
    assert installed(catalogue) == ["small"]


def test_a_silent_server_does_not_keep_a_stop_waiting(tmp_path: Path, server: Server) -> None:
    server.gate = threading.Event()  # nothing of the body comes
    catalogue = make(tmp_path, server)
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        download(catalogue, cancelled=lambda: next(asked, True))
    assert server.sent == 0


def test_a_pause_saves_and_returns(tmp_path: Path, server: Server) -> None:
    server.gate, server.gate_after = threading.Event(), 300_000
    catalogue = make(tmp_path, server)
    context = JobContext(0, {}, _pause=lambda: part(catalogue).is_file())
    assert list(catalogue.download_work("small")(context))[-1].total == len(server.data)
    assert context.was_paused
    assert part(catalogue).is_file()


def test_a_connection_that_breaks_is_gone_on_with_at_once(tmp_path: Path, server: Server) -> None:
    server.cut = [400_000, 400_000]
    catalogue = make(tmp_path, server)
    download(catalogue)
    assert len(server.asked) == 3
    assert server.asked[1]["Range"] == "bytes=400000-"
    assert installed(catalogue) == ["small"]


def test_a_connection_that_keeps_breaking_says_so_and_keeps_what_arrived(
    tmp_path: Path, server: Server
) -> None:
    server.cut = [1000, 1000, 1000]
    catalogue = make(tmp_path, server)
    with pytest.raises(StudioError, match="broke off"):
        download(catalogue)
    assert part(catalogue).stat().st_size == 3000
    download(catalogue)
    assert installed(catalogue) == ["small"]


def test_a_server_without_ranges_starts_over(tmp_path: Path, server: Server) -> None:
    server.ranges, server.cut = False, [400_000]
    catalogue = make(tmp_path, server)
    download(catalogue)
    assert installed(catalogue) == ["small"]


def test_another_version_on_the_server_starts_over(tmp_path: Path, server: Server) -> None:
    server.cut = [1000, 1000, 1000]
    catalogue = make(tmp_path, server)
    with pytest.raises(StudioError):
        download(catalogue)
    part(catalogue).write_bytes(b"x" * 3000)  # as if it were of the older version
    server.etag = '"two"'
    download(catalogue)
    assert installed(catalogue) == ["small"]


def test_a_part_of_another_address_is_not_gone_on_with(tmp_path: Path, server: Server) -> None:
    catalogue = make(tmp_path, server)
    part(catalogue).parent.mkdir(parents=True)
    part(catalogue).write_bytes(b"x" * 5000)
    part(catalogue).with_name("small-0.part.json").write_text('{"url": "https://other", "mark": "1"}')
    download(catalogue)
    assert "Range" not in server.asked[0]
    assert installed(catalogue) == ["small"]


def test_a_wrong_hash_deletes_the_file_and_installs_nothing(tmp_path: Path, server: Server) -> None:
    catalogue = make(tmp_path, server, file={"sha256": "0" * 64})
    with pytest.raises(StudioError, match="checksum is another"):
        download(catalogue)
    assert not part(catalogue).exists()
    assert installed(catalogue) == []


def test_the_first_digits_alone_are_checked_where_no_more_are_published(
    tmp_path: Path, server: Server
) -> None:
    import hashlib

    digits = hashlib.sha256(server.data).hexdigest()[:8]
    one = entry(server.url, server.data)
    del one["file"][0]["sha256"]
    one["file"][0]["sha256_prefix"] = digits
    catalogue = Catalogue(None, write_catalogue(tmp_path / "c.toml", one))
    download(catalogue)
    assert installed(catalogue) == ["small"]


@pytest.mark.parametrize("length", [10, 50_000_000])
def test_another_size_is_refused_before_anything_is_fetched(
    tmp_path: Path, server: Server, length: int
) -> None:
    server.length = length
    catalogue = make(tmp_path, server)
    with pytest.raises(StudioError, match=r"bytes where the catalogue"):
        download(catalogue)
    assert not part(catalogue).exists()


def test_a_body_that_never_ends_is_cut_off(tmp_path: Path, server: Server) -> None:
    catalogue = make(tmp_path, server, file={"size": 1_000_000})
    server.length = -1
    with pytest.raises(StudioError, match=r"bytes where the catalogue"):
        download(catalogue)
    assert installed(catalogue) == []


@pytest.mark.parametrize(
    ("status", "words"), [(404, "no longer has"), (403, "does not give"), (503, "cannot be reached")]
)
def test_a_refusal_is_one_sentence(tmp_path: Path, server: Server, status: int, words: str) -> None:
    server.status = status
    catalogue = make(tmp_path, server)
    with pytest.raises(StudioError, match=words) as error:
        download(catalogue)
    assert error.value.hint
    assert installed(catalogue) == []


@pytest.mark.parametrize("where", ["file:///etc/passwd", "http://example.com/a.pth", "ftp://127.0.0.1/a"])
def test_a_redirect_to_an_address_that_is_not_secure_is_refused(
    tmp_path: Path, server: Server, where: str
) -> None:
    server.status, server.location = 302, where
    with pytest.raises(StudioError, match="not secure"):
        download(make(tmp_path, server))


def test_a_redirect_on_this_computer_is_followed(tmp_path: Path, server: Server) -> None:
    with serving(Server(status=302, location=server.url)) as first:
        first.data = server.data
        download(make(tmp_path, first))
    assert len(server.asked) == 1


def test_nobody_there_is_one_sentence(tmp_path: Path, weights: bytes) -> None:
    with serving(Server(weights)) as gone:
        pass
    with pytest.raises(StudioError, match="cannot be reached") as error:
        download(make(tmp_path, gone))
    assert "import" in error.value.hint


def test_the_proxy_of_the_environment_is_used(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", server.url.rsplit("/", 1)[0])
    catalogue = make(tmp_path, server, file={"url": "https://models.invalid/small.pth"})
    with pytest.raises(StudioError, match="cannot be reached"):
        download(catalogue)
    assert server.asked == [{"connect": "models.invalid:443"}]


def test_a_full_disk_is_found_before_anything_is_fetched(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000_000))
    with pytest.raises(DiskFull, match="free"):
        download(make(tmp_path, server))
    assert server.asked == []


def test_the_same_model_is_fetched_once_at_a_time(tmp_path: Path, server: Server) -> None:
    server.gate, server.gate_after = threading.Event(), 1000
    catalogue = make(tmp_path, server)
    first = catalogue.download_work("small")(JobContext(0, {}))
    while not part(catalogue).exists():
        next(first)
    with pytest.raises(StudioError, match="being downloaded already"):
        download(catalogue)
    server.gate.set()
    for _ in first:
        pass
    assert installed(catalogue) == ["small"]


def test_two_models_are_fetched_side_by_side(tmp_path: Path, server: Server) -> None:
    file = write_catalogue(
        tmp_path / "c.toml", entry(server.url, server.data), entry(server.url, server.data, name="other")
    )
    catalogue = Catalogue(None, file)
    errors: list[StudioError] = []

    def run(name: str) -> None:
        try:
            for _ in catalogue.download_work(name)(JobContext(0, {})):
                pass
        except StudioError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("small", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert installed(catalogue) == ["other", "small"]


def test_weights_of_another_network_are_not_installed(tmp_path: Path) -> None:
    data = write_pth(tmp_path / "x.pth", {"conv.weight": torch.zeros(200, 200)}).read_bytes()
    with serving(Server(data)) as server:
        catalogue = make(tmp_path, server)
        with pytest.raises(StudioError, match="do not fit"):
            download(catalogue)
    assert installed(catalogue) == []
    assert not (catalogue.root / "small").exists()


def test_an_unknown_model_is_said(tmp_path: Path, server: Server) -> None:
    with pytest.raises(NotFound):
        download(make(tmp_path, server), "nothing")


# -- import, check, remove -------------------------------------------------------------------------------


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("true",))


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    catalogue = Catalogue()
    path = write_pth(tmp_path / "evil.pth", {"weight": _Evil()})
    with pytest.raises(StudioError, match="holds more than weights"):
        catalogue.add(path)
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(_Evil()))
    with pytest.raises(StudioError, match="holds more than weights"):
        catalogue.add(plain)
    assert installed(catalogue) == []


def test_a_file_of_torchvision_is_recognised(tmp_path: Path, weights: bytes) -> None:
    catalogue = Catalogue()
    path = tmp_path / "mine.pth"
    path.write_bytes(weights)
    found = catalogue.add(path)
    assert (found.name, found.architecture, found.dimension) == ("mine", "mobilenet_v3_small", 576)
    state = torchvision_state("resnet18")
    save_file(state, str(tmp_path / "net.safetensors"))
    assert catalogue.add(tmp_path / "net.safetensors", name="r18").architecture == "resnet18"
    assert installed(catalogue) == ["mine", "r18"]
    with pytest.raises(StudioError, match="do not fit"):
        catalogue.add(path, name="wrong", architecture="resnet50")
    with pytest.raises(UsageError, match="no architecture"):
        catalogue.add(path, name="wrong", architecture="resnet9000")


def test_a_folder_of_ours_comes_in_whole(tmp_path: Path) -> None:
    catalogue = Catalogue()
    found = catalogue.add(write_backbone(tmp_path / "tiny"))
    assert (found.kind, found.dimension) == ("image-backbone", 32)
    assert [row.origin for row in catalogue.rows() if row.name == "tiny"] == ["yours"]
    with pytest.raises(StudioError, match="already"):
        catalogue.add(tmp_path / "tiny")


def transformers_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 8})
    )
    save_file({"embeddings.weight": torch.zeros(4, 8)}, str(folder / "model.safetensors"))
    (folder / "modules.json").write_text("[]")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    (folder / "evil.py").write_text("raise SystemExit")
    return folder


def test_a_transformers_folder_comes_in_without_programs(tmp_path: Path) -> None:
    catalogue = Catalogue()
    found = catalogue.add(transformers_folder(tmp_path / "words"))
    assert (found.kind, found.dimension) == ("sentence", 8)
    assert (catalogue.root / "words" / "1_Pooling" / "config.json").is_file()
    assert not (catalogue.root / "words" / "evil.py").exists()


def test_a_transformers_folder_with_only_a_pickle_is_refused(tmp_path: Path) -> None:
    folder = transformers_folder(tmp_path / "words")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(StudioError, match="pickle"):
        Catalogue().add(folder)


def test_word_vectors_come_in_where_the_features_room_looks(tmp_path: Path) -> None:
    from mmstudio.features.texts.vector_files import own_file

    path = tmp_path / "glove.txt"
    path.write_text("sea 0.1 0.2 0.3\nsand 0.3 0.2 0.1\n")
    found = Catalogue().add(path)
    assert (found.kind, found.dimension) == ("word-vectors", 3)
    kept = own_file()
    assert kept is not None
    assert kept.read_text() == path.read_text()
    other = tmp_path / "diary.txt"
    other.write_text("dear diary\nnothing here\n")
    with pytest.raises(StudioError, match="not a file of word vectors"):
        Catalogue(tmp_path / "elsewhere").add(other)


def cut(folder: Path) -> None:
    data = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(data[: len(data) // 2])


def not_a_number(folder: Path) -> None:
    state = load_file(str(folder / "weights.safetensors"))
    next(v for v in state.values() if v.is_floating_point()).view(-1)[0] = float("nan")
    save_file(state, str(folder / "weights.safetensors"))


def change(**values: Any) -> Any:
    def apply(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return apply


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "not a whole safetensors file"),
        (not_a_number, "not numbers"),
        (change(format=99), "newer MM Studio"),
        (change(architecture="resnet9000"), "not known here"),
        (change(architecture="resnet18"), "cannot be read"),
        (change(kind="toaster"), "not a model that can be used"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text("[]"), "cannot be read"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "no weights"),
    ],
)
def test_a_folder_that_is_damaged_is_refused_in_one_sentence(tmp_path: Path, spoil: Any, words: str) -> None:
    folder = write_backbone(tmp_path / "tiny")
    spoil(folder)
    catalogue = Catalogue()
    with pytest.raises(StudioError, match=words):
        catalogue.add(folder)
    assert not (catalogue.root / "tiny").exists()


def test_a_model_that_changed_since_it_came_in_is_found(tmp_path: Path) -> None:
    catalogue = Catalogue()
    catalogue.add(write_backbone(tmp_path / "tiny"))
    not_a_number(catalogue.root / "tiny")
    with pytest.raises(StudioError, match="not the one that was installed"):
        catalogue.check("tiny")
    cut(catalogue.root / "tiny")
    row = next(row for row in catalogue.rows() if row.name == "tiny")
    assert row.state == "damaged"
    assert "safetensors" in row.problem


def test_a_removed_model_can_be_brought_back(tmp_path: Path) -> None:
    catalogue = Catalogue()
    catalogue.add(write_backbone(tmp_path / "tiny"))
    catalogue.remove("tiny")
    assert installed(catalogue) == []
    assert "tiny" not in [spec.name for spec in all_backbones()]
    catalogue.restore("tiny")
    assert catalogue.check("tiny").name == "tiny"
    with pytest.raises(NotFound):
        catalogue.restore("tiny")
    with pytest.raises(NotFound):
        catalogue.restore("../tiny")


def test_starters_stay_and_unknown_names_are_said() -> None:
    catalogue = Catalogue()
    with pytest.raises(StudioError, match="stay"):
        catalogue.remove("starter-backbone")
    with pytest.raises(NotFound):
        catalogue.remove("nothing")
    assert catalogue.check("starter-backbone").dimension == 704


def test_what_was_fetched_can_be_thrown_away(tmp_path: Path, server: Server) -> None:
    server.cut = [1000, 1000, 1000]
    catalogue = make(tmp_path, server)
    with pytest.raises(StudioError):
        download(catalogue)
    catalogue.remove("small")
    assert not part(catalogue).exists()
    with pytest.raises(NotFound):
        catalogue.remove("small")


def test_a_name_that_is_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Catalogue().add(write_backbone(tmp_path / "tiny"), name="../tiny")
    with pytest.raises(NotFound):
        Catalogue().add(tmp_path / "nowhere")


def test_the_rules_of_the_folder_survive_a_killed_import(tmp_path: Path) -> None:
    """What an import left half-done is not taken for a model."""
    catalogue = Catalogue()
    write_backbone(catalogue.root / ".partial" / "abc" / "half")
    assert installed(catalogue) == []
    assert "half" not in [spec.name for spec in all_backbones()]
