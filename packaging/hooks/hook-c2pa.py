"""c2pa-python opens its native library from c2pa/libs by path."""

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs

binaries = collect_dynamic_libs("c2pa")
datas = collect_data_files("c2pa")
