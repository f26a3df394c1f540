"""Adapters are found through a manifest file beside the package."""

from PyInstaller.utils.hooks import collect_all

datas, binaries, hiddenimports = collect_all("opentimelineio")
