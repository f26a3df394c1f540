"""Each country's numbers are a module loaded by name; of geocoding and carriers nothing is used."""

from PyInstaller.utils.hooks import collect_submodules

hiddenimports = [*collect_submodules("phonenumbers.data"), "phonenumbers.shortdata"]
excludedimports = ["phonenumbers.geodata", "phonenumbers.carrierdata", "phonenumbers.tzdata"]
