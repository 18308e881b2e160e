"""Pages about what people put to a site: its documents and its photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE, LOOK
from furka.attachments import operations, queries
from furka.attachments.kinds import ENDINGS, LARGEST_FILE, Checked, checked, ending_of
from furka.attachments.models import Attachment, Photo
from furka.errors import Invalid
from furka.gate.declare import at_node
from furka.gate.files import handed_out, shown_picture
from furka.gate.request import FurkaRequest
from furka.portal.level_page import level_url, render_level
from furka.portal.refusals import errors_on
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

#: So many are named on the overview of a site.
MOST_ON_OVERVIEW = 6

_TAKEN = ",".join(ending for endings in ENDINGS.values() for ending in endings)


class SeveralFiles(forms.FileInput):
    """Any number of files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each of them looked into."""

    def clean(self, data: Any, initial: Any = None) -> list[Checked]:
        """What may be kept of each. All that is wrong is said, each with the name of its file."""
        given = [one for one in data or [] if isinstance(one, UploadedFile)]
        if not given:
            raise forms.ValidationError(self.error_messages["required"])
        found, wrong = [], []
        for file in given:
            try:
                found.append(checked(file.name or "", _bytes_of(file)))
            except Invalid as error:
                wrong += [f"{file.name}: {text}" for texts in error.fields.values() for text in texts]
        if wrong:
            raise forms.ValidationError(wrong)
        return found


class DocumentsForm(forms.Form):
    """Documents to put to a site."""

    use_required_attribute = False

    documents = FilesField(
        label=gettext_lazy("Documents"),
        help_text=gettext_lazy(
            "PDF, pictures, text, CSV, office documents without macros, DWG or ZIP; each at most 20 MB. "
            "Pictures lose what is hidden in them, such as where they were taken."
        ),
        widget=SeveralFiles(attrs={"accept": _TAKEN}),
        error_messages={"required": gettext_lazy("Please choose a file. Each may have at most 20 MB.")},
    )


class VersionForm(forms.Form):
    """The next version of a document."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("It may be called differently. The older versions stay."),
        widget=forms.FileInput(attrs={"accept": _TAKEN}),
        error_messages={"required": gettext_lazy("Please choose a file. Each may have at most 20 MB.")},
    )


class PhotoForm(forms.Form):
    """How the site looks."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("Photo"),
        help_text=gettext_lazy(
            "JPEG, PNG or WebP, at most 20 MB. Where and with what it was taken is not kept."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"required": gettext_lazy("Please choose a picture. It may have at most 20 MB.")},
    )


@dataclass(frozen=True, slots=True)
class DocumentShown:
    """A document in a list."""

    row: Attachment
    ending: str
    url: str
    remove_url: str
    versions_url: str


@dataclass(frozen=True, slots=True)
class PhotoShown:
    """The photo of a site, as an image in a page needs it."""

    row: Photo
    large_url: str
    small_url: str


@dataclass(frozen=True, slots=True)
class PutToSite:
    """What the overview of a site shows of all this."""

    documents: list[DocumentShown]
    more: int
    photo: PhotoShown | None
    list_url: str
    add_url: str  # "" for whoever may not
    photo_url: str


def put_to(by: Acting, site: Node) -> PutToSite:
    """The newest documents and the photo of a site."""
    rows = queries.attachments_of(by, site)
    may_change = by.may(CONFIGURE, site.place)
    return PutToSite(
        documents=[_shown(row) for row in rows[:MOST_ON_OVERVIEW]],
        more=max(0, len(rows) - MOST_ON_OVERVIEW),
        photo=_photo_shown(site, queries.photo_of_site(by, site)),
        list_url=level_url(site, "level-documents"),
        add_url=level_url(site, "level-document-new") if may_change else "",
        photo_url=level_url(site, "level-photo") if may_change else "",
    )


@at_node(LOOK, Kind.SITE)
def documents(request: FurkaRequest, node: Node) -> HttpResponse:
    """All documents of a site."""
    may_change = request.by.may(CONFIGURE, node.place)
    context = {
        "documents": [_shown(row) for row in queries.attachments_of(request.by, node)],
        "may_change": may_change,
        "add_url": level_url(node, "level-document-new") if may_change else "",
        "back_url": level_url(node),
    }
    return render_level(request, node, "documents/documents.html", context)


@at_node(CONFIGURE, Kind.SITE)
def new_documents(request: FurkaRequest, node: Node) -> HttpResponse:
    """Put documents to a site: all that were chosen, or none if something is wrong with one of them.

    The script of the page sends one after the other, so that it can show how far it is; it is answered briefly.
    """
    sent = request.method == "POST"
    form = DocumentsForm(request.POST if sent else None, request.FILES if sent else None)
    by_script = request.headers.get("Accept") == "application/json"
    if sent and form.is_valid():
        with errors_on(form):
            files = form.cleaned_data["documents"]
            with transaction.atomic():
                for file in files:
                    operations.attach(request.by, node, file)
            if by_script:
                return JsonResponse({"said": _("Added")}, status=201)
            text = ngettext("%(count)d document was added.", "%(count)d documents were added.", len(files))
            messages.success(request, text % {"count": len(files)})
            return redirect("level-documents", node.key)
    if sent and by_script:
        texts = [str(text) for several in form.errors.values() for text in several]
        name = next(
            (f"{file.name}: " for file in request.FILES.getlist("documents")), ""
        )  # the page shows it already
        return JsonResponse({"said": " ".join(text.removeprefix(name) for text in texts)}, status=422)
    context = {
        "form": form,
        "largest": LARGEST_FILE,
        "too_large": _("This file is larger than 20 MB."),
        "back_url": level_url(node, "level-documents"),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "documents/new.html", context, status=status)


@at_node(LOOK, Kind.SITE)
def document(request: FurkaRequest, node: Node, attachment: str) -> HttpResponse:
    """A document, to be kept."""
    row = queries.attachment_of_key(request.by, node, attachment)
    return handed_out(queries.content_of(request.by, row), row.media_type, row.name)


@at_node(LOOK, Kind.SITE)
def versions(request: FurkaRequest, node: Node, attachment: str) -> HttpResponse:
    """A document in all its versions."""
    row = queries.attachment_of_key(request.by, node, attachment)
    found = queries.versions_of(request.by, row)
    may_change = request.by.may(CONFIGURE, node.place)
    context = {
        "title": found[0].name,
        "versions": [_shown(each) for each in found],
        "may_change": may_change,
        "new_url": _of_document(found[0], "level-document-version-new") if may_change else "",
        "back_url": level_url(node, "level-documents"),
    }
    return render_level(request, node, "documents/versions.html", context)


@at_node(CONFIGURE, Kind.SITE)
def new_version(request: FurkaRequest, node: Node, attachment: str) -> HttpResponse:
    """The next version of a document."""
    row = queries.attachment_of_key(request.by, node, attachment, CONFIGURE)
    sent = request.method == "POST"
    form = VersionForm(request.POST if sent else None, request.FILES if sent else None)
    back = _of_document(row, "level-document-versions")
    if sent and form.is_valid():
        with errors_on(form):
            file = form.cleaned_data["file"]
            added = operations.attach_version(request.by, row, checked(file.name or "", _bytes_of(file)))
            messages.success(request, _("Saved as version %(number)d.") % {"number": added.version})
            return redirect(_of_document(added, "level-document-versions"))
    context = {"form": form, "title": row.name, "back_url": back}
    status = 422 if form.is_bound else 200
    return render_level(request, node, "documents/version_new.html", context, status=status)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def remove_document(request: FurkaRequest, node: Node, attachment: str) -> HttpResponse:
    """A document is no longer there, or an older version of it."""
    row = queries.attachment_of_key(request.by, node, attachment, CONFIGURE)
    newest = queries.versions_of(request.by, row)[0]
    operations.detach(request.by, row)
    if newest.pk != row.pk:
        messages.success(request, _("Version %(number)d was removed.") % {"number": row.version})
        return redirect(_of_document(newest, "level-document-versions"))
    messages.success(request, _("%(name)s was removed.") % {"name": row.name})
    return redirect("level-documents", node.key)


@at_node(CONFIGURE, Kind.SITE)
def photo(request: FurkaRequest, node: Node) -> HttpResponse:
    """The photo of a site: put, replaced or removed."""
    sent = request.method == "POST"
    form = PhotoForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        with errors_on(form):
            sizes = operations.checked_photo(_bytes_of(form.cleaned_data["file"]))
            operations.set_photo(request.by, node, sizes)
            messages.success(request, _("Saved."))
            return redirect("level", node.key)
    context = {
        "form": form,
        "photo": _photo_shown(node, queries.photo_of_site(request.by, node)),
        "remove_url": level_url(node, "level-photo-remove"),
        "back_url": level_url(node),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "documents/photo.html", context, status=status)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def remove_photo(request: FurkaRequest, node: Node) -> HttpResponse:
    """The site has no photo any more."""
    operations.remove_photo(request.by, node)
    messages.success(request, _("The photo was removed."))
    return redirect("level", node.key)


@at_node(LOOK, Kind.SITE)
def picture(request: FurkaRequest, node: Node, picture: str, size: str) -> HttpResponse:
    """The photo of a site in one of its sizes; a photo that was replaced is no longer there."""
    row = queries.photo_of_site(request.by, node)
    if row is None or row.key != picture:
        raise Http404
    return shown_picture(request, queries.picture_of(request.by, row, size), f"{row.sha256}-{size}")


def _shown(row: Attachment) -> DocumentShown:
    return DocumentShown(
        row,
        ending_of(row.name),
        _of_document(row, "level-document"),
        _of_document(row, "level-document-remove"),
        _of_document(row, "level-document-versions"),
    )


def _of_document(row: Attachment, name: str) -> str:
    return reverse(name, kwargs={"key": row.node.key, "attachment": row.key})


def _photo_shown(site: Node, row: Photo | None) -> PhotoShown | None:
    if row is None:
        return None
    large, small = (
        reverse("level-picture", kwargs={"key": site.key, "picture": row.key, "size": size})
        for size in ("large", "small")
    )
    return PhotoShown(row, large, small)


def _bytes_of(file: UploadedFile[Any]) -> bytes:
    """What is in it; of what is too large, just enough to see that."""
    return bytes(file.read(LARGEST_FILE + 1))
