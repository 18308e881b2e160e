"""Every page that changes something has a twin in the API, or a reason why only people at a screen can do it.

A new page fails here until it is named. The operation's own tests are in tests/api.
"""

from __future__ import annotations

import inspect

from furka.api.assembly import api
from furka.api.checks import operations
from furka.gate.checks import routes
from furka.gate.declare import Entrance, declared

#: Name of the address of a page → operations of the API that do the same.
TWINS = {
    "account-close": "what_closing_means close_account",
    "account-email-change": "change_email read_email_change",
    "account-email-keep": "keep_email",
    "account-me": "change_details",
    "account-reopen": "reopen_account",
    "come-back": "come_back",
    "confirm-connect": "confirm_connection",
    "confirmation-end": "end_confirmation",
    "connect": "configure_connect",
    "connect-try": "try_connection read_trial",
    "connection-end": "cut_connection",
    "device-page": "open_device_page",
    "extension-answer": "answer_extension",
    "extension-ask": "ask_extension",
    "extension-withdraw": "withdraw_extension",
    "gateway-budget": "set_traffic_budget",
    "gateway-replace": "issue_claim_code",
    "grant-leave": "leave",
    "import": "name_import_columns apply_import forget_import",
    "invitation-accept": "accept_invitation",
    "invitation-decline": "decline_invitation",
    "let-back-in": "let_back_in",
    "incident-explain": "explain_incident",
    "incident-say": "say_about_incident",
    "level-access-person-print": "take_record",
    "level-access-print": "take_record check_record",
    "level-archive": "archive_level reopen_level",
    "level-ask": "ask_for_access enter_in_emergency",
    "level-bulk": "change_many",
    "level-claim-code": "issue_claim_code",
    "level-contact": "change_contact",
    "level-contact-new": "add_contact",
    "level-contact-remove": "remove_contact",
    "level-customer-new": "create_customer",
    "level-delete": "delete_level",
    "level-device": "change_device label_device",
    "level-device-labels": "label_devices",
    "level-device-new": "add_device label_devices",
    "level-device-remove": "remove_device",
    "level-diagnosis": "ask_diagnosis",
    "level-diagnosis-stop": "stop_diagnosis",
    "level-document-new": "add_attachment",
    "level-document-remove": "remove_attachment",
    "level-document-version-new": "add_version list_versions",
    "level-gateway-assign": "assign_gateway",
    "level-gateway-key": "renew_gateway_key",
    "level-gateway-labels": "read_gateway_codes",
    "level-gateway-presets": "read_gateway_codes",
    "level-gateway-release": "release_gateway",
    "level-gateway-restart": "restart_gateway",
    "level-gateway-unassign": "unassign_gateway",
    "level-gateway-withdraw": "withdraw_gateway",
    "level-gateways": "prepare_gateways",
    "level-gateways-shipped": "ship_gateways",
    "level-grant-change": "change_grant",
    "level-grant-extend": "extend_grant",
    "level-grant-pause": "pause_grant",
    "level-grant-resume": "resume_grant",
    "level-grants-several": "change_several_grants",
    "level-identity": "set_up_identity_provider",
    "level-identity-remove": "remove_identity_provider",
    "level-identity-try": "try_identity_provider",
    "level-import": "begin_import",
    "level-invite": "invite invite_several",
    "level-leave": "leave_reseller",
    "level-limits": "set_limits",
    "level-link-new": "create_site_link",
    "level-links-switch": "configure_sitelink",
    "level-move": "move_level offer_level",
    "level-network": "change_network",
    "level-network-new": "add_network",
    "level-network-remove": "remove_network",
    "level-particulars": "set_particulars set_labels",
    "level-photo": "set_photo",
    "level-photo-remove": "remove_photo",
    "level-release-take-back": "take_back_release",
    "level-releases": "prepare_release",
    "level-request-answer": "approve_request decline_request",
    "level-resend": "send_invitation_again",
    "level-review-answer": "answer_review",
    "level-review-begin": "begin_review",
    "level-review-interval": "change_review_plan",
    "level-review-sign": "sign_review",
    "level-revoke": "revoke_grant",
    "level-role": "change_role",
    "level-role-new": "create_role",
    "level-role-remove": "remove_role",
    "level-router-connect": "connect_router",
    "level-router-told": "note_router_configured",
    "level-settings": "change_level",
    "level-site-new": "create_site",
    "level-site-user-new": "make_user_link",
    "level-take-over": "ask_for_level",
    "level-view": "change_view remove_view",
    "level-views": "save_view",
    "link-delete": "delete_site_link",
    "link-device-add": "map_device",
    "link-device-remove": "unmap_device",
    "link-member-add": "add_link_member",
    "link-member-change": "change_link_member",
    "link-member-remove": "remove_link_member",
    "link-pause": "change_site_link",
    "link-renumber": "renumber_site_link",
    "link-resume": "change_site_link",
    "link-rule-new": "add_link_rule set_link_rules",
    "link-rule-remove": "remove_link_rule",
    "link-settings": "change_site_link",
    "move-decline": "decline_offer",
    "move-offer": "accept_offer",
    "move-withdraw": "withdraw_offer",
    "notifications": "choose_notices",
    "own-connection-end": "end_own_connection",
    "own-link-undo": "undo_own_link",
    "own-request": "justify_emergency",
    "own-request-act": "begin_access withdraw_request end_access",
    "page-close": "close_device_page",
    "plug": "assign_gateway",
    "profile-create": "create_profile",
    "profile-plant": "choose_plant",
    "profile-renew": "renew_profile",
    "profile-revoke": "revoke_profile",
    "restore": "restore_level",
    "session-end": "end_login",
    "sessions": "list_logins end_login",
    "site-leave-link": "leave_site_link",
    "token-create": "issue_token",
    "token-revoke": "revoke_token",
    "welcome": "open_level",
}

#: Pages that have none.
PAGES_ONLY = {
    "account-email-answer": "the link of a mail leads to it, and only who reads that mail has it",
    "explore": "a sample world is for looking around on the pages",
    "explore-leave": "the same",
    "identity-link": "the browser of the one who logs in has to be there",
    "level-access-person-view": "somebody else's eyes are for pages",
    "login-organisation": "the browser of the one who logs in has to be there",
    "set_language": "programs say it with every call; one's own is in change_details",
    "viewing-end": "somebody else's eyes are for pages",
}


def pages_that_change() -> set[str]:
    """Names of the addresses of pages that do something when a form is sent."""
    found = set()
    for _route, pattern in routes():
        declaration = declared(pattern.callback)
        view = inspect.unwrap(pattern.callback)
        is_ours = view.__module__.startswith("furka.")
        if declaration is None or declaration.entrance in (Entrance.API, Entrance.MACHINE) or not is_ours:
            continue
        if "POST" in inspect.getsource(view):
            found.add(str(pattern.name))
    return found


def test_every_page_that_changes_something_has_a_twin_or_a_reason() -> None:
    assert pages_that_change() == {*TWINS, *PAGES_ONLY}


def test_every_twin_is_there() -> None:
    known = {operation.view_func.__name__ for operation in operations(api)}
    assert {name for names in TWINS.values() for name in names.split()} - known == set()
