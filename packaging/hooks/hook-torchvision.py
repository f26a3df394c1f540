"""torchvision opens its operators (_C, image) from its own folder by path: no import leads to them."""

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs

_PATTERNS = ["*.so", "*.pyd", "*.dll", "*.dylib"]
binaries = collect_dynamic_libs("torchvision", search_patterns=_PATTERNS)
datas = collect_data_files("torchvision", excludes=["**/*.so", "**/*.pyd", "**/*.dll", "**/*.dylib"])
module_collection_mode = "pyz+py"  # torch reads the sources of what it is given to overload (densenet)
