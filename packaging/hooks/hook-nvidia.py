"""CUDA libraries of torch's Linux wheels lie in nvidia/cu13/lib, nvidia/cudnn/lib, …; torch opens them by
path, so that no import leads to them."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("nvidia", search_patterns=["*.so*"])
