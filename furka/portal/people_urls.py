"""Addresses of the pages about people."""

from __future__ import annotations

from django.urls import path

from furka.portal import (
    extensions,
    invitations,
    outbox,
    people,
    people_change,
    people_invite,
    roles,
    site_users,
    tokens,
)

urlpatterns = [
    path("levels/<str:key>/people/", people.people, name="level-people"),
    path("levels/<str:key>/people/invite/", people_invite.invite, name="level-invite"),
    path("levels/<str:key>/people/roles/", roles.level_roles, name="level-roles"),
    path("levels/<str:key>/people/roles/new/", roles.new_role, name="level-role-new"),
    path("levels/<str:key>/people/roles/<str:role>/", roles.edit_role, name="level-role"),
    path("levels/<str:key>/people/roles/<str:role>/remove/", roles.remove_role, name="level-role-remove"),
    path("levels/<str:key>/people/site-users/new/", site_users.new_site_user, name="level-site-user-new"),
    path("levels/<str:key>/people/several/", people_change.several, name="level-grants-several"),
    path("levels/<str:key>/people/extensions/<str:asked>/", extensions.answer, name="extension-answer"),
    path("levels/<str:key>/people/<str:grant>/change/", people_change.change, name="level-grant-change"),
    path("levels/<str:key>/people/<str:grant>/extend/", people_change.extend, name="level-grant-extend"),
    path("levels/<str:key>/people/<str:grant>/pause/", people_change.pause, name="level-grant-pause"),
    path("levels/<str:key>/people/<str:grant>/resume/", people_change.resume, name="level-grant-resume"),
    path("levels/<str:key>/people/<str:grant>/", people.invitation, name="level-invitation"),
    path("levels/<str:key>/people/<str:grant>/revoke/", people.revoke, name="level-revoke"),
    path("levels/<str:key>/people/<str:grant>/resend/", people.resend, name="level-resend"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("invitations/<str:secret>/accept/", invitations.accept, name="invitation-accept"),
    path("invitations/<str:secret>/decline/", invitations.decline, name="invitation-decline"),
    path("access/granted/", invitations.granted, name="granted"),
    path("access/granted/<str:grant>/extension/", extensions.ask, name="extension-ask"),
    path("access/extensions/<str:asked>/withdraw/", extensions.withdraw, name="extension-withdraw"),
    path("access/granted/<str:grant>/leave/", invitations.leave, name="grant-leave"),
    path("welcome/", invitations.welcome, name="welcome"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/new/", tokens.create, name="token-create"),
    path("account/tokens/<str:token>/revoke/", tokens.revoke, name="token-revoke"),
    path("outbox/", outbox.outbox, name="outbox"),
]
