"""Pages of a site whose gateway is a router of its own: its system, its configuration, and whether that is current."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.rights import CONFIGURE
from furka.errors import NotThere
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.plan.render.routers import SYSTEMS
from furka.portal.key_files import KeyFile
from furka.portal.level_page import render_level
from furka.portal.refusals import errors_on
from furka.sites.models import Gateway
from furka.sites.queries import gateway_of
from furka.sites.routers import configuration, connect_router, is_outdated, note_configured
from furka.tree.models import Kind, Node

#: What they are called where that is not a name.
_NAMES: dict[str, Promise] = {"other": gettext_lazy("Another router with WireGuard")}

_PASTE = (gettext_lazy("Log in to the router as root by SSH, and paste the text."),)
_STEPS: dict[str, tuple[Promise, ...]] = {
    "linux": (
        gettext_lazy("Install the packages “wireguard-tools” and “nftables”."),
        gettext_lazy("Save the file as /etc/wireguard/furka.conf and let only root read it (chmod 600)."),
        gettext_lazy("Start it, now and with the system: systemctl enable --now wg-quick@furka"),
    ),
    "openwrt": (gettext_lazy("Install the package “wireguard-tools” in the router."), *_PASTE),
    "openwrt-iptables": (gettext_lazy("See that WireGuard is installed in the router."), *_PASTE),
    "routeros": (
        gettext_lazy("Make a backup of the router."),
        gettext_lazy("Open its terminal, and paste the text."),
    ),
    "sense": (
        gettext_lazy("Enter the values on the pages of the router, from top to bottom."),
        gettext_lazy("Apply the changes."),
    ),
    "other": (
        gettext_lazy("Import the file in the router, where it sets up WireGuard."),
        gettext_lazy("Set up by hand what the first lines of the file say."),
    ),
}


class RouterForm(forms.Form):
    """Which system the router runs. The key pair is made in the browser, which puts only the public half here."""

    system = forms.ChoiceField(label=gettext_lazy("System of the router"), widget=forms.RadioSelect)
    replace = forms.BooleanField(
        label=gettext_lazy("Replace the gateway that serves this site now; its tunnel ends at once")
    )
    public_key = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, serving: Gateway | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(system.key, _NAMES.get(system.key, system.name)) for system in SYSTEMS.values()]
        self.fields["system"].choices = choices  # type: ignore[attr-defined]  # it is a choice field
        self.initial.setdefault("system", serving.system if serving and serving.system else "linux")
        if serving is None:
            del self.fields["replace"]


class OwnKeyRouterForm(RouterForm):
    """The same with a key pair that somebody has made by themselves."""

    public_key = forms.CharField(
        label=gettext_lazy("Public key"),
        max_length=60,
        help_text=gettext_lazy("What “wg pubkey” prints: 44 characters. Never send the private key."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )


@at_node(CONFIGURE, Kind.SITE)
@never_cache
def router(request: FurkaRequest, node: Node) -> HttpResponse:
    """What the router has to have configured, or the choice of one."""
    serving = gateway_of(request.by, node)
    forms_ = RouterForm(serving, auto_id="new_%s"), OwnKeyRouterForm(serving, auto_id="own_%s")
    return _page(request, node, serving, *forms_)


def _page(
    request: FurkaRequest,
    node: Node,
    serving: Gateway | None,
    form: RouterForm,
    own_key_form: RouterForm,
    status: int = 200,
) -> HttpResponse:
    is_router = serving is not None and bool(serving.system)
    context = {
        "form": form,
        "own_key_form": own_key_form,
        "serving": serving,
        "outdated": serving is not None and is_outdated(serving),
        **(_configured(serving) if serving is not None and is_router else {}),
    }
    return render_level(request, node, "routers/router.html", context, status=status)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
@never_cache
def connect(request: FurkaRequest, node: Node) -> HttpResponse:
    """Take the public key of a router, and give back its configuration with a place for the private one.

    A script of the page, which made the key pair, gets a part of a page; a form that was sent without it, a whole one.
    """
    serving = gateway_of(request.by, node)
    kind, prefix = (RouterForm, "new_%s") if request.htmx else (OwnKeyRouterForm, "own_%s")
    form = kind(serving, request.POST, auto_id=prefix)
    if form.is_valid():
        with errors_on(form):
            given = form.cleaned_data
            made = connect_router(
                request.by,
                node,
                given["public_key"],
                given["system"],
                replacing=bool(given.get("replace")),
            )
            if not request.htmx:
                messages.success(
                    request, _("The router is known now. Put your private key into the text below.")
                )
                return redirect("level-router", node.key)
            return render(request, "routers/_made.html", {"node": node, **_configured(made)}, status=201)
    if request.htmx:
        return render(request, "routers/_form.html", {"node": node, "form": form}, status=422)
    return _page(request, node, serving, RouterForm(serving, auto_id="new_%s"), form, status=422)


@require_POST
@at_node(CONFIGURE, Kind.SITE)
def told(request: FurkaRequest, node: Node) -> HttpResponse:
    """The newest configuration is in the router."""
    try:
        note_configured(request.by, node)
        messages.success(request, _("Saved."))
    except NotThere as error:  # meanwhile another gateway serves the site
        messages.error(request, str(error))
    return redirect("level", node.key)


def _configured(gateway: Gateway) -> dict[str, object]:
    system = SYSTEMS[gateway.system]
    return {
        "system": system,
        "system_name": _NAMES.get(system.key, system.name),
        "config": KeyFile(system.file_name, configuration(gateway)),
        "steps": _STEPS[system.key],
    }
