"""Pages about who may open connections to whom in a link, and the question whether one reaches another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from furka.access.rights import DIAGNOSE, LOOK
from furka.errors import NotThere
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.links.models import Link, LinkRule
from furka.links.rights import MANAGE_LINKS
from furka.links.rules import add_rule, remove_rule
from furka.portal.level_page import level_url
from furka.portal.once import once
from furka.portal.refusals import errors_on
from furka.services.sitelink.forms import ReachForm, RuleForm, ends_of
from furka.services.sitelink.frame import link_at, link_url, render_link
from furka.services.sitelink.pages import LEVELS
from furka.services.sitelink.queries import (
    MemberView,
    RuleView,
    Verdict,
    may_reach,
    members_of,
    rules_of,
)
from furka.services.sitelink.words import HINTS, STATES, because, end_words, traffic_words
from furka.tree.acting import Acting
from furka.tree.models import Node


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule as the table shows it."""

    view: RuleView
    source: str
    destination: str
    traffic: str
    remove_url: str


@require_safe
@at_node(LOOK, *LEVELS)
def rules(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """The rules of a link, and "may this one reach that one?"."""
    link = link_at(request, node, site_link)
    by = request.by
    views = members_of(by, link)
    found = rules_of(by, link)
    ends = ends_of(by, views)
    is_asked = any(request.GET.get(name) for name in ("source", "destination"))
    form = ReachForm(ends, request.GET if is_asked else None)
    context: dict[str, Any] = {
        "rules": [_shown(link, view) for view in found],
        "form": form,
        "can_ask": len(views) > 1,
    }
    status = 200
    if is_asked and form.is_valid():
        given = form.cleaned_data
        verdict = may_reach(
            by,
            link,
            ends.end(given["source"]),
            ends.end(given["destination"]),
            given["protocol"] or "tcp",
            given["port"],
        )
        source, destination = ends.end(given["source"]).site, ends.end(given["destination"]).site
        context |= _answered(
            by, link, verdict, views, source, destination, given["protocol"] or "tcp", given["port"]
        )
    elif is_asked:
        status = 422
    return render_link(request, link, "sitelink/rules.html", context, here="link-rules", status=status)


def _answered(
    by: Acting,
    link: Link,
    verdict: Verdict,
    views: list[MemberView],
    source: Node,
    destination: Node,
    protocol: str,
    port: int | None,
) -> dict[str, Any]:
    asked = (source.key, destination.key)
    names = {view.member.node.key: view.member.node.name for view in views}
    in_the_way = [
        (STATES[word][0], str(STATES[word][1]), names[key], str(HINTS[word]))
        for key, word in verdict.states.items()
        if word in HINTS and key in asked
    ]
    return {
        "verdict": verdict,
        "because": because(link, verdict),
        "because_rule": _shown(link, verdict.rule) if verdict.rule is not None else None,
        "reached_at": verdict.answer.reached_at,
        "in_the_way": in_the_way if verdict.allowed else [],
        "try_url": _try_url(by, verdict, source, port) if protocol == "tcp" else "",
        "source_site": source,
    }


def _try_url(by: Acting, verdict: Verdict, source: Node, port: int | None) -> str:
    """Where the gateway of the first site tries it with a real packet, for whoever may."""
    target = verdict.answer.reached_at
    if target is None or not by.may(DIAGNOSE, source.place):
        return ""
    query = urlencode({"kind": "tcp", "target": str(target), "port": str(port or "")})
    return f"{level_url(source, 'level-diagnosis')}?{query}"


def _shown(link: Link, view: RuleView) -> RuleShown:
    return RuleShown(
        view,
        end_words(view.source),
        end_words(view.destination),
        traffic_words(view.rule.protocol, view.ports),
        link_url(link, "link-rule-remove", rule=view.rule.key),
    )


@at_node(MANAGE_LINKS, *LEVELS)
def new(request: FurkaRequest, node: Node, site_link: str) -> HttpResponse:
    """One more rule."""
    link = link_at(request, node, site_link)
    ends = ends_of(request.by, members_of(request.by, link))
    form = RuleForm(link, ends, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():

        def make() -> str:
            add_rule(request.by, link, form.terms())
            messages.success(request, _("The rule has been added. It counts at once."))
            return link_url(link, "link-rules")

        with errors_on(form):
            return redirect(once(request, form, make) or link_url(link, "link-rules"))
    status = 422 if form.is_bound else 200
    return render_link(
        request, link, "sitelink/rule_new.html", {"form": form}, here="link-rules", status=status
    )


@require_POST
@at_node(MANAGE_LINKS, *LEVELS)
def remove(request: FurkaRequest, node: Node, site_link: str, rule: str) -> HttpResponse:
    """Remove a rule."""
    link = link_at(request, node, site_link)
    row = LinkRule.objects.visible_to(request.by, LOOK).filter(link=link, key=rule).first()
    if row is None:
        raise NotThere("not-there", _("This rule does not exist any more."))
    remove_rule(request.by, link, row)
    messages.success(request, _("The rule has been removed. It counts at once."))
    return redirect(link_url(link, "link-rules"))
