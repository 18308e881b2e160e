"""Pictures are drawn anew: what comes out has the colours of what came in, the right way up, and nothing else.

Where and with what it was taken, thumbnails, comments and whatever hides behind the last pixel are gone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from furka.errors import Invalid

#: More pixels than that are not unpacked: about 200 MB of memory for a moment.
MOST_PIXELS = 50_000_000
#: The longer side of a photo, in its two sizes.
LARGE, SMALL = 1600, 640

_FORMATS = ("JPEG", "PNG", "WEBP")
#: How each kind of picture is written.
_WRITTEN = {
    "JPEG": {"quality": 90},
    "PNG": {},
    "WEBP": {"quality": 90},
}


@dataclass(frozen=True, slots=True)
class Sized:
    """A picture as JPEG, with its size."""

    content: bytes
    width: int
    height: int


def made_anew(content: bytes) -> bytes:
    """The same picture in the same format. Raises Invalid for what is none, or too large to unpack."""
    with _opened(content) as image:
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        upright = ImageOps.exif_transpose(image)
        return _written(_plain(upright, alpha=kind != "JPEG"), kind)


def photo_of(content: bytes) -> tuple[Sized, Sized]:
    """The large and the small size of a photo. Raises Invalid."""
    with _opened(content) as image:
        image.draft("RGB", (LARGE, LARGE))  # a JPEG is unpacked no larger than it is needed
        upright = _plain(ImageOps.exif_transpose(image), alpha=False)
        return _sized(upright, LARGE), _sized(upright, SMALL)


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_many()
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many() from None
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, MemoryError):
        raise Invalid.at(
            "file", "picture-unreadable", _("This is no picture that can be read: JPEG, PNG or WebP.")
        ) from None


def _too_many() -> Invalid:
    return Invalid.at("file", "picture-too-large", _("This picture has more than 50 million pixels."))


def _plain(image: Image.Image, *, alpha: bool) -> Image.Image:
    """The pixels alone, with as few colours as it needs; what lies behind a transparent picture is white."""
    see_through = image.has_transparency_data
    if see_through and alpha:
        return image.convert("RGBA")
    if see_through:
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
        return ground
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _sized(image: Image.Image, longest: int) -> Sized:
    smaller = image.copy()
    smaller.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return Sized(_written(smaller, "JPEG", quality=82), smaller.width, smaller.height)


def _written(image: Image.Image, kind: str, **options: int) -> bytes:
    image.info = {}  # the libraries write from here what nobody asked for
    file = io.BytesIO()
    image.save(file, format=kind, **{**_WRITTEN[kind], **options})
    return file.getvalue()
