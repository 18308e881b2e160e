"""Addresses of the pages about what people put to a site."""

from __future__ import annotations

from django.urls import path

from furka.portal import documents

urlpatterns = [
    path("levels/<str:key>/documents/", documents.documents, name="level-documents"),
    path("levels/<str:key>/documents/new/", documents.new_documents, name="level-document-new"),
    path("levels/<str:key>/documents/<str:attachment>/", documents.document, name="level-document"),
    path(
        "levels/<str:key>/documents/<str:attachment>/remove/",
        documents.remove_document,
        name="level-document-remove",
    ),
    path(
        "levels/<str:key>/documents/<str:attachment>/versions/",
        documents.versions,
        name="level-document-versions",
    ),
    path(
        "levels/<str:key>/documents/<str:attachment>/versions/new/",
        documents.new_version,
        name="level-document-version-new",
    ),
    path("levels/<str:key>/photo/", documents.photo, name="level-photo"),
    path("levels/<str:key>/photo/remove/", documents.remove_photo, name="level-photo-remove"),
    path("levels/<str:key>/photo/<str:picture>/<str:size>.jpg", documents.picture, name="level-picture"),
]
