"""librosa attaches its modules lazily from stub files (lazy_loader.attach_stub): they must lie beside it."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

datas = collect_data_files("librosa", includes=["**/*.pyi", "**/*.json"])
hiddenimports = collect_submodules("librosa", filter=lambda name: ".tests" not in name)
