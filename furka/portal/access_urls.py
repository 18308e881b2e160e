"""Addresses of the pages about who has access, and whether they still need it."""

from __future__ import annotations

from django.urls import path

from furka.portal import (
    connections,
    connections_export,
    limits,
    releases,
    requests,
    reviews,
    viewing,
    who_has_access,
)

urlpatterns = [
    path("levels/<str:key>/access/", who_has_access.level_access, name="level-access"),
    path("levels/<str:key>/access/export/<str:form>", who_has_access.export, name="level-access-export"),
    path("levels/<str:key>/access/print/", who_has_access.take, name="level-access-print"),
    path(
        "levels/<str:key>/access/people/<str:person>/",
        who_has_access.person_access,
        name="level-access-person",
    ),
    path(
        "levels/<str:key>/access/people/<str:person>/export/<str:form>",
        who_has_access.export_person,
        name="level-access-person-export",
    ),
    path(
        "levels/<str:key>/access/people/<str:person>/print/",
        who_has_access.take_person,
        name="level-access-person-print",
    ),
    path("levels/<str:key>/access/people/<str:person>/view/", viewing.begin, name="level-access-person-view"),
    path("levels/<str:key>/connections/", connections.level_connections, name="level-connections"),
    path(
        "levels/<str:key>/connections/export/<str:form>",
        connections_export.export,
        name="level-connections-export",
    ),
    path("levels/<str:key>/connections/<str:connection>/end/", connections.end, name="connection-end"),
    path(
        "levels/<str:key>/connections/kept-out/<str:absence>/let-in/", connections.let_in, name="let-back-in"
    ),
    path("access/connections/", connections.own_list, name="own-connections"),
    path("access/connections/<str:connection>/end/", connections.own_end, name="own-connection-end"),
    path("access/absences/<str:absence>/end/", connections.come_back, name="come-back"),
    path("levels/<str:key>/limits/", limits.limits, name="level-limits"),
    path("levels/<str:key>/releases/", releases.releases, name="level-releases"),
    path(
        "levels/<str:key>/releases/<str:release>/take-back/",
        releases.take_back,
        name="level-release-take-back",
    ),
    path("levels/<str:key>/request/", requests.ask, name="level-ask"),
    path("levels/<str:key>/requests/", requests.level_requests, name="level-requests"),
    path("levels/<str:key>/people/requests/<str:request_key>/", requests.answer, name="level-request-answer"),
    path("access/requests/", requests.own_requests, name="own-requests"),
    path("access/requests/<str:request_key>/", requests.own_request, name="own-request"),
    path("access/requests/<str:request_key>/act/", requests.act, name="own-request-act"),
    path("viewing/end/", viewing.end, name="viewing-end"),
    path("levels/<str:key>/reviews/", reviews.reviews, name="level-reviews"),
    path("levels/<str:key>/reviews/begin/", reviews.begin, name="level-review-begin"),
    path("levels/<str:key>/reviews/interval/", reviews.set_interval, name="level-review-interval"),
    path("levels/<str:key>/reviews/<str:review>/", reviews.review, name="level-review"),
    path("levels/<str:key>/reviews/<str:review>/sign/", reviews.sign, name="level-review-sign"),
    path("levels/<str:key>/reviews/<str:review>/pdf/", reviews.paper, name="level-review-pdf"),
    path(
        "levels/<str:key>/reviews/<str:review>/accesses/<str:grant>/",
        reviews.answer,
        name="level-review-answer",
    ),
]
