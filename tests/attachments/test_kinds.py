"""What a file is, is seen from what is in it; pictures lose what is hidden in them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from furka.attachments import kinds, pictures
from furka.attachments.kinds import checked
from furka.attachments.pictures import photo_of
from furka.errors import Invalid
from tests.attachments.files import a_picture, an_archive

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "content", "media_type", "kept_as"),
    [
        ("Plan.pdf", b"%PDF-1.7 ...", "application/pdf", "Plan.pdf"),
        ("rechnung.exe", b"%PDF-1.7 ...", "application/pdf", "rechnung.exe.pdf"),
        ("C:\\Pläne\\Keller.TXT", "Zähler".encode(), "text/plain", "Keller.TXT"),
        ("Zähler.csv", b"a;b\n1;2\n", "text/csv", "Zähler.csv"),
        ("seite.html", b"<script>alert(1)</script>", "text/plain", "seite.html.txt"),
        ("bild.svg", b"<svg onload='x'/>", "text/plain", "bild.svg.txt"),
        ("../../etc/passwd", b"x", "text/plain", "passwd.txt"),
        ("a\u202egnp.txt", b"x", "text/plain", "agnp.txt"),
        ("", b"x", "text/plain", "file.txt"),
        ("x" * 300 + ".txt", b"x", "text/plain", "x" * 116 + ".txt"),
        ("Brief.docx", an_archive("[Content_Types].xml", "word/a.xml"), WORD, "Brief.docx"),
        ("Projekt.zip", an_archive("a.txt"), "application/zip", "Projekt.zip"),
        ("programm.jar", an_archive("A.class"), "application/zip", "programm.jar.zip"),
        ("foto.gif", a_picture("WEBP"), "image/webp", "foto.gif.webp"),
    ],
)
def test_kind_is_seen_from_the_content_and_the_ending_fits_it(
    name: str, content: bytes, media_type: str, kept_as: str
) -> None:
    file = checked(name, content)
    assert (file.media_type, file.name) == (media_type, kept_as)


def a_bomb() -> bytes:
    """A small PNG that says it is enormous."""
    small = a_picture()
    head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + small[24:29]
    return small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:]


def an_archive_of_many() -> bytes:
    """An archive whose list of what is in it says that it is enormous."""
    whole = an_archive("a.txt")
    end = whole.rfind(b"PK\x05\x06")
    return whole[: end + 12] + struct.pack("<I", 2_000_000_000) + whole[end + 16 :]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"MZ\x90\x00\x03\x00\x00", "kind-not-taken"),
        (b"\x7fELF\x02\x01\x01\x00", "kind-not-taken"),
        (a_picture()[:60], "picture-unreadable"),
        (b"\xff\xd8\xff" + b"x" * 100, "picture-unreadable"),
        (a_bomb(), "picture-too-large"),
        (b"PK\x03\x04" + b"x" * 100, "file-unreadable"),
        (an_archive_of_many(), "file-unreadable"),
        (an_archive("[Content_Types].xml", "word/vbaProject.bin"), "macros"),
    ],
)
def test_what_is_no_file_of_a_known_kind_is_not_taken(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked("Plan.pdf", content)
    assert refused.value.code == code


def test_what_is_too_large_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "LARGEST_FILE", 10)
    with pytest.raises(Invalid) as refused:
        checked("Plan.txt", b"x" * 11)
    assert refused.value.code == "file-too-large"


def test_picture_stands_upright_and_no_longer_says_where_it_was_taken() -> None:
    taken = a_picture("JPEG", told=True)
    assert b"Frida" in taken
    kept = checked("Haus.jpg", taken).content
    for content in (kept, *(each.content for each in photo_of(taken))):
        assert b"Frida" not in content
        assert b"geheim" not in content
        with Image.open(io.BytesIO(content)) as image:
            assert image.size == (20, 40)
            assert not image.getexif()
            red, _green, blue = image.convert("RGB").getpixel((10, 2))  # type: ignore[misc]
            assert red > blue  # what was on the left is above


def test_photo_has_two_sizes_and_is_never_made_larger() -> None:
    large, small = photo_of(a_picture("JPEG", (4000, 1000)))
    assert ((large.width, large.height), (small.width, small.height)) == ((1600, 400), (640, 160))
    large, small = photo_of(a_picture("PNG", (30, 20)))
    assert (large.width, small.width) == (30, 30)


def test_see_through_picture_stays_so_and_a_photo_of_it_is_on_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(file, format="PNG")
    with Image.open(io.BytesIO(checked("x.png", file.getvalue()).content)) as kept:
        assert kept.mode == "RGBA"
    with Image.open(io.BytesIO(photo_of(file.getvalue())[0].content)) as photo:
        assert photo.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def test_more_pixels_than_memory_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 799)
    with pytest.raises(Invalid) as refused:
        photo_of(a_picture())
    assert refused.value.code == "picture-too-large"


def test_document_of_an_open_office_is_told_by_its_note() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<x/>")
    assert checked("Brief.odt", file.getvalue()).name == "Brief.odt"
