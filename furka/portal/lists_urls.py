"""Addresses of lists: their views, bulk changes, import and export."""

from __future__ import annotations

from django.urls import path

from furka.portal import bulk, exports, imports, saved_views

urlpatterns = [
    path("levels/<str:key>/bulk/", bulk.level_bulk, name="level-bulk"),
    path("levels/<str:key>/export/", exports.level_export, name="level-export"),
    path("levels/<str:key>/import/", imports.level_import, name="level-import"),
    path("levels/<str:key>/import/template/", imports.import_template, name="level-import-template"),
    path("imports/<str:run>/", imports.import_run, name="import"),
    path("imports/<str:run>/faults/", imports.import_faults, name="import-faults"),
    path("levels/<str:key>/views/<str:listing>/", saved_views.level_views, name="level-views"),
    path("levels/<str:key>/view/<str:view>/", saved_views.level_view, name="level-view"),
]
