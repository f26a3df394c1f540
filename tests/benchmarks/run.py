"""Every benchmark, one after the other; `make bench` calls this.

    python tests/benchmarks/run.py [NAME ...]        # e.g. features import; all by default

Real media in ../shared/data are used where they are, made ones otherwise. Each figure stands beside a
reference from the same run; nothing here passes or fails.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = ROOT.parent / "shared" / "data"
WITH_DATA = {
    "duplicates",
    "export",
    "finetune",
    "fused",
    "features",
    "features_quality",
    "guard",
    "sets",
    "pictures",
    "editor",
    "preview",
    "preview_start",
    "sound_models",
    "clicks",
    "sounding",
    "sounds",
    "text_models",
    "texts",
    "transfer",
    "vae",
    "window_ranking",
}
ONLY_WITH_DATA = {"clicks", "finetune", "fused", "features_quality", "guard", "sets", "texts", "transfer"}


def main() -> int:
    wanted = sys.argv[1:]
    worst = 0
    for script in sorted(HERE.glob("bench_*.py")):
        name = script.stem.removeprefix("bench_")
        if wanted and name not in wanted:
            continue
        print(f"\n== {name}", flush=True)
        if name in ONLY_WITH_DATA and not DATA.is_dir():
            print("skipped: it needs real media in ../shared/data")
            continue
        extra = ["--data", str(DATA)] if name in WITH_DATA and DATA.is_dir() else []
        worst = max(worst, subprocess.call([sys.executable, str(script), *extra], cwd=ROOT))
    return worst


if __name__ == "__main__":
    sys.exit(main())
