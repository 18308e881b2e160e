"""What a file is, by what is in it. What it calls itself counts for nothing.

Pictures are made anew, so that nothing rides along in them. Everything else is kept as it came, and never shown inside
a page: it is handed out as a download with an ending that fits what is in it.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext_lazy as _

from furka.attachments.pictures import made_anew
from furka.errors import Invalid, Text
from furka.tree.texts import one_line

#: In bytes.
LARGEST_FILE = 20_000_000
LONGEST_NAME = 120

#: Every kind that is taken, with the endings that fit it, the usual one first.
ENDINGS: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/vnd.dwg": (".dwg",),
    "text/csv": (".csv",),
    "text/plain": (".txt", ".md", ".log", ".ini", ".cfg", ".conf", ".json", ".xml", ".yaml", ".yml", ".dxf"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.oasis.opendocument.presentation": (".odp",),
    "application/zip": (".zip",),
}

#: The folder that tells what an office document is.
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
#: The list of what is in an archive may take so many bytes; it is all of an archive that is ever read.
_LARGEST_DIRECTORY = 1_000_000
_LONGEST_MEDIA_TYPE = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept; made by `checked` only."""

    name: str
    media_type: str
    content: bytes
    sha256: str


def checked(name: str, content: bytes) -> Checked:
    """What may be kept of a file. Raises Invalid for what is no file of a kind that is taken."""
    if not content:
        raise _wrong("file-empty", _("This file is empty."))
    if len(content) > LARGEST_FILE:
        raise _wrong("file-too-large", _("This file is larger than 20 MB."))
    media_type = _media_type(name, content)
    if media_type.startswith("image/") and media_type != "image/vnd.dwg":
        content = made_anew(content)
        if len(content) > LARGEST_FILE:
            raise _wrong("file-too-large", _("This file is larger than 20 MB."))
    return Checked(_fitting(name, media_type), media_type, content, hashlib.sha256(content).hexdigest())


def _media_type(name: str, content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if re.match(rb"AC10\d\d\x00", content):
        return "image/vnd.dwg"
    if content.startswith(b"PK\x03\x04"):
        return _of_archive(content)
    if _is_text(content):
        return "text/csv" if name.lower().endswith(".csv") else "text/plain"
    raise _wrong(
        "kind-not-taken",
        _(
            "This kind of file is not taken. PDF, JPEG, PNG, WebP, text, CSV, office documents, DWG and ZIP are."
        ),
    )


def _of_archive(content: bytes) -> str:
    """What an archive is, by the list of what is in it; nothing but the note of what it is gets unpacked."""
    end = content.rfind(b"PK\x05\x06")
    size = struct.unpack_from("<I", content, end + 12)[0] if 0 <= end <= len(content) - 22 else None
    says_it_elsewhere = content[max(0, end - 20) : end].startswith(b"PK\x06\x07")  # as only huge archives do
    if size is None or size > _LARGEST_DIRECTORY or says_it_elsewhere:
        raise _unreadable()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            first = archive.infolist()[0] if names else None
            if first is not None and first.filename == "mimetype" and first.file_size <= _LONGEST_MEDIA_TYPE:
                with archive.open(first) as note:
                    said = note.read(_LONGEST_MEDIA_TYPE).decode("ascii", errors="replace")
                if said in ENDINGS:
                    _refuse_macros(names, "Basic/")
                    return said
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        raise _unreadable() from None
    if "[Content_Types].xml" in names:
        _refuse_macros(names, "vbaProject.bin")
        return next(
            (kind for folder, kind in _OFFICE.items() if any(each.startswith(folder) for each in names)),
            "application/zip",
        )
    return "application/zip"


def _refuse_macros(names: Sequence[str], sign: str) -> None:
    if any(each.startswith(sign) or each.endswith(sign) for each in names):
        raise _wrong("macros", _("This document contains macros. Please save it without them."))


def _is_text(content: bytes) -> bool:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:
            return False
        return "\x00" not in text
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", content)


def _fitting(name: str, media_type: str) -> str:
    """The name without folders and without what systems can't have in one, with an ending that fits."""
    plain = one_line(unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2])
    plain = re.sub(r'[:*?"<>|]', "_", plain).strip(". ")
    endings = ENDINGS[media_type]
    ending = next((each for each in endings if plain.lower().endswith(each)), "")
    stem = plain[: len(plain) - len(ending)] if ending else plain
    ending = plain[len(stem) :] or endings[0]
    return f"{stem[: LONGEST_NAME - len(ending)].strip('. ') or 'file'}{ending}"


def ending_of(name: str) -> str:
    """`PDF` for `Plan.pdf`."""
    return PurePosixPath(name).suffix[1:].upper()


def _unreadable() -> Invalid:
    return _wrong("file-unreadable", _("This file can not be read. It may be damaged."))


def _wrong(code: str, text: Text) -> Invalid:
    return Invalid.at("file", code, text)
