"""scikit-image attaches its modules lazily too; the face cascade is a data file."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("skimage", includes=["**/*.pyi", "data/lbpcascade_frontalface_opencv.xml"])
hiddenimports = [
    "skimage.color", "skimage.data", "skimage.data._fetchers", "skimage.data._registry", "skimage.exposure",
    "skimage.feature", "skimage.feature._canny", "skimage.feature._cascade", "skimage.feature._texture",
    "skimage.filters", "skimage.measure", "skimage.transform", "skimage.util",
]  # fmt: skip
