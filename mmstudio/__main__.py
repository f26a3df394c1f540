"""The program's entry: a window without arguments, a command otherwise."""

from __future__ import annotations

import multiprocessing
import os
import sys


def main() -> None:
    """Start MM Studio; the exit status is 0 done, 1 failed, 2 wrong usage, 130 cancelled."""
    multiprocessing.freeze_support()
    # torch's OpenMP threads spin while they wait; on busy cores that costs far more than it saves.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mmstudio.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
