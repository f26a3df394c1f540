"""The program's entry: a window without arguments, a command otherwise."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys


def main() -> None:
    """Start MM Studio; the exit status is 0 done, 1 failed, 2 wrong usage, 130 cancelled."""
    multiprocessing.freeze_support()
    # torch's OpenMP threads spin while they wait; on busy cores that costs far more than it saves.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from mmstudio.gpu.place import activate

        activate()  # a build of torch for the graphics card, where the person installed one
        # Modules are no garbage: looking through them again and again is a seventh of the start.
        gc.disable()
        from mmstudio.cli import run

        gc.freeze()
        gc.enable()
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the commands are loaded, or a second time while the first is tidied up
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
