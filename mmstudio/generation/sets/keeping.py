"""A set becomes files and assets: picture, sound and text with one lineage, and the manifest beside them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from mmstudio.atomic import write_text
from mmstudio.errors import ReadOnly, UsageError
from mmstudio.generation import keeping
from mmstudio.generation.sets.contract import PARTS, MadeSet, Part, SetWish, parts_of
from mmstudio.generation.sets.joint import tags_of
from mmstudio.generation.sets.making import again, making
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.media import metadata

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.media.kinds import MediaKind

NAMES: dict[Part, tuple[str, MediaKind]] = {
    "picture": ("picture.png", "image"),
    "sound": ("bed.wav", "audio"),
    "text": ("line.txt", "text"),
}
MOST = 100  # variations of one job
_FOLDER = "sets"  # of the library: manifests


def set_work(
    generation: Generation,
    wish: Mapping[str, Any] | None = None,
    *,
    manifest: Mapping[str, Any] | None = None,
    n: int = 1,
    out: str | Path | None = None,
    add_to_library: bool = True,
    parts: Sequence[Part] = PARTS,
    tags: bool = False,
) -> Work:
    """The job "set": makes ``n`` variations of a wish, or the one set of a manifest, and saves them.

    Args:
        wish: :meth:`SetWish.as_json`. manifest: :meth:`MadeSet.manifest`, instead.
        out: a folder for the files. add_to_library: also picture, sound and text as assets of one collection.
        parts: what is written; the manifest says how all of them were made.
        tags: also write the tags that a joint model gives the set, one a line; what is kept gets them.

    Returns (from the job) {"sets": [{"title", "text", "tags", "palette", "tempo", "key", "mood", "agreement",
    "notes", "files", "assets", "collection", "manifest"}], "files": [paths], "assets": [ids]}.

    Raises (inside the job):
        UsageError, NotFound, MediaError, ReadOnly: see :func:`making`.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        if add_to_library and generation.library.read_only:
            raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
        if out is None and not add_to_library:
            raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
        if not 1 <= n <= MOST:
            raise UsageError("From 1 to {most} sets can be made at once.", most=MOST)
        wished = SetWish.of(wish or {})
        wanted = parts_of(parts)
        result: dict[str, Any] = {"sets": [], "files": [], "assets": []}
        for number in range(1 if manifest is not None else n):
            yield Progress(number, n, tr("Making set {number} of {n}", number=number + 1, n=n))
            if manifest is not None:
                made = again(generation, manifest)
            else:
                made = yield from _watched(making(generation, wished.variation(number)), context, number, n)
            context.raise_if_cancelled()
            told = tags_of(generation, made) if tags else []
            kept = save(generation, made, out, add_to_library, wanted, told)
            result["sets"].append(kept)
            result["files"] += kept["files"]
            result["assets"] += list(kept["assets"].values())
        yield Progress(n, n, tr("The set is made"))
        return result

    return run


def save(
    generation: Generation,
    made: MadeSet,
    out: str | Path | None,
    add: bool,
    parts: Sequence[Part] = PARTS,
    tags: Sequence[str] = (),
) -> dict[str, Any]:
    """Write one set to a folder, or into the library, or both. What was written of a set that fails goes."""
    manifest = made.manifest()
    mark = mark_of(manifest)
    slug = re.sub(r"[^\w]+", "-", made.title.lower()).strip("-")[:40] or "set"
    stem = f"{slug}-{mark}"
    kept: dict[str, Any] = {
        "title": made.title,
        "text": made.text,
        "tags": list(tags),
        "palette": [list(colour) for colour in made.palette],
        "tempo": made.tempo,
        "key": made.key,
        "mood": list(made.mood.words),
        "agreement": dict(made.agreement),
        "notes": list(made.notes),
        "files": [],
        "assets": {},
        "collection": 0,
        "manifest": "",
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    if out is not None:
        written: list[Path] = []
        try:
            for part in parts:
                written.append(Path(out) / f"{stem}-{NAMES[part][0]}")
                _write(written[-1], made, part, mark)
            if tags:
                written.append(Path(out) / f"{stem}-tags.txt")
                write_text(written[-1], "\n".join(tags) + "\n")
            written.append(Path(out) / f"{stem}-manifest.json")
            write_text(written[-1], text)
        except BaseException:
            for path in written:
                path.unlink(missing_ok=True)
            raise
        kept["files"] = [str(path) for path in written]
        kept["manifest"] = str(written[-1])
    if add:
        assets = {part: _add(generation, made, part, stem, mark) for part in parts}
        if tags:
            own = [assets[part] for part in parts if made.parts[part].recipe.get("by") != "asset"]
            generation.library.assets.add_tags(own, list(tags))
        where = generation.library.path / _FOLDER / f"{mark}.json"
        write_text(where, text)
        name = f"{tr('Set')}: {made.title} ({mark})"
        collection = generation.library.collections.add(name)
        generation.library.collections.put(collection, list(assets.values()))
        kept |= {"assets": assets, "collection": collection}
        kept["manifest"] = kept["manifest"] or str(where)
        if not kept["files"]:
            kept["files"] = [keeping.asset_path(generation.library, asset) for asset in assets.values()]
    return kept


def mark_of(manifest: Mapping[str, Any]) -> str:
    """Eight letters and digits that tell sets apart: the same set has the same mark."""
    data = json.dumps(manifest, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(data.encode()).hexdigest()[:8]


def _watched(
    work: Generator[Progress, None, MadeSet], context: JobContext, number: int, n: int
) -> Generator[Progress, None, MadeSet]:
    """Progress of one set as a share of all of them."""
    while True:
        context.raise_if_cancelled()
        try:
            step = next(work)
        except StopIteration as stop:
            made: MadeSet = stop.value
            return made
        yield Progress(number, n, step.note, step.data)


def _record(made: MadeSet, part: Part, mark: str) -> dict[str, Any]:
    own = made.parts[part]
    # A file that is passed on does not tell where things lie on this computer.
    small = {key: value for key, value in own.recipe.items() if key not in ("latent", "given", "path")}
    if isinstance(small.get("wish"), dict) and isinstance(small["wish"].get("like"), str):
        small["wish"] = {**small["wish"], "like": Path(small["wish"]["like"]).name}
    return {
        "title": made.title,
        "software": "MM Studio",
        "digital_source_type": metadata.TRAINED,
        "model": own.model,
        "seed": own.seed,
        "set": mark,
        "part": part,
        "recipe": small,
        "sources": list(made.sources),
    }


def _write(path: Path, made: MadeSet, part: Part, mark: str) -> None:
    record = _record(made, part, mark)
    if part == "picture":
        keeping.write_picture(path, Image.fromarray(made.picture), record)
    elif part == "sound":
        keeping.write_sound(path, made.sound, record)
    else:
        write_text(path, f"{made.title}\n\n{made.text}\n")


def _add(generation: Generation, made: MadeSet, part: Part, stem: str, mark: str) -> int:
    """The asset id of one part; a given asset that is the part itself is not copied."""
    own = made.parts[part]
    if own.recipe.get("by") == "asset":
        return int(own.recipe["asset"])
    library = generation.library
    name, kind = NAMES[part]
    file = library.generated_dir / f"{stem}-{name}"
    _write(file, made, part, mark)
    return keeping.add_to_library(
        library,
        file,
        kind=kind,
        title=made.title if part != "text" else made.text[:80],
        model=own.model or "set",
        seed=own.seed,
        latent=None,
        params={"set": mark, "part": part, "recipe": own.recipe, "wish": made.wish.as_json()},
        sources=made.sources,
    )
