"""Entry script of the frozen program: both executables start here."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()  # first: a child of a spawned pool must not open a second window
    if "--multiprocessing-fork" in sys.argv:
        sys.exit(0)
    from mmstudio.__main__ import main

    main()
