"""Files of many kinds, made as they are needed."""

from __future__ import annotations

import io
import zipfile

from PIL import Image

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def a_picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), *, told: bool = False) -> bytes:
    """A picture, red on the left and blue on the right; `told`: it lies on its side and says where it was taken."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    more = {}
    if told:
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        exif[MAKE] = "Kamera von Frida"
        exif.get_ifd(GPS)[1] = "N"
        more = {"exif": exif.tobytes(), "comment": b"geheim"}
    file = io.BytesIO()
    image.save(file, format=kind, **more)
    return file.getvalue()


def an_archive(*names: str) -> bytes:
    """A ZIP file with parts of these names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()
