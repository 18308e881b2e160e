"""The living catalogue of the components, on installations that show mails locally: development and demonstration."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from furka import clock
from furka.gate.declare import public
from furka.portal.navigation import Branch, Level


class Sample(forms.Form):
    """One of each kind of field."""

    name = forms.CharField(label="Name", help_text="As it stands on the building.")
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(label="Role", choices=[("look", "May look"), ("service", "May connect")])
    until = forms.DateTimeField(
        label="Until", required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    days = forms.MultipleChoiceField(
        label="Days",
        choices=[("1", "Monday"), ("2", "Tuesday")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    way = forms.ChoiceField(
        label="Way", choices=[("a", "Browser"), ("b", "WireGuard")], widget=forms.RadioSelect
    )
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    agreed = forms.BooleanField(label="Tell them by mail", required=False, help_text="In their language.")


@public("shows components with invented content, on local installations alone")
def components(request: HttpRequest) -> HttpResponse:
    """Every component once, in the states that it can have."""
    if not settings.OUTBOX_PAGE:
        raise Http404
    at = clock.now()
    sites = [
        Branch(
            "site1",
            "Heating plant Andermatt",
            "#",
            "building-factory",
            state="ok",
            state_text="Online",
            is_here=True,
        ),
        Branch(
            "site2",
            "School building with a very long name in Hospental",
            "#",
            "building",
            state="bad",
            state_text="Offline",
        ),
    ]
    return render(
        request,
        "components.html",
        {
            "levels": [
                Level("Reseller", "Alpentechnik AG", "#reseller"),
                Level(
                    "Customer",
                    "Gemeinde Andermatt",
                    "#customer",
                    siblings=[
                        Level("Customer", "Gemeinde Realp", "#realp"),
                        Level("Customer", "Gemeinde Hospental", "#hospental"),
                    ],
                ),
                Level("Site", "Heating plant", "#site"),
            ],
            "start": at - timedelta(hours=2),
            "end": at + timedelta(hours=3, minutes=20, seconds=30),
            "moment_ago": at - timedelta(seconds=12),
            "bytes": 1_234_567,
            "rows": [
                {
                    "name": "Controller",
                    "state": "ok",
                    "text": "Online",
                    "address": "192.168.1.10",
                    "bytes": 52_100_000,
                },
                {
                    "name": "Camera entrance",
                    "state": "warn",
                    "text": "Slow",
                    "address": "192.168.1.21",
                    "bytes": 9_000,
                },
                {
                    "name": "Heat pump",
                    "state": "bad",
                    "text": "Offline",
                    "address": "192.168.1.30",
                    "bytes": 0,
                },
            ],
            "form": Sample(initial={"name": "Heating plant"}),
            "wrong": Sample({"email": "petra", "name": ""}, auto_id="wrong_%s"),
            "branches": [
                Branch(
                    "reseller",
                    "Alpentechnik AG",
                    "#",
                    "briefcase",
                    is_open=True,
                    branches=[
                        Branch(
                            "customer",
                            "Gemeinde Andermatt",
                            "#",
                            "building-community",
                            is_open=True,
                            branches=sites,
                        ),
                        Branch("closed", "Gemeinde Realp", "#", "building-community", branches=sites[1:]),
                    ],
                ),
            ],
        },
    )
