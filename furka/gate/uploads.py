"""Files that are sent with a form end where no page takes more, before they fill a disk."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

#: More than any page takes; what each of them takes it says itself.
LARGEST = 25 * 1024 * 1024
#: So much all files of one request may be together.
LARGEST_TOGETHER = 100 * 1024 * 1024


class Bounded(FileUploadHandler):
    """Stands before the handlers that keep what comes; a file that is too large is as if none was sent."""

    together = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Let a piece through to whoever keeps it."""
        self.together += len(raw_data)
        if start + len(raw_data) > LARGEST or self.together > LARGEST_TOGETHER:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        """The file is made by whoever kept the pieces."""
        return None
