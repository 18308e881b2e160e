"""The name of a person stands in mails to others: it is one line, and shows all that it holds."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.people.models import Person

pytestmark = pytest.mark.django_db


def test_a_name_can_not_bring_lines_of_its_own_into_a_mail(client: Client) -> None:
    given = {
        "name": "Karl\r\n\r\nIhr Konto ist gesperrt:\x0bhttps://example.net \u202eneg\u200bal",
        "email": "karl@example.org",
        "password1": "Sehr-geheim-und-lang-77",
    }

    client.post("/account/signup/", given)

    assert Person.objects.get().name == "Karl Ihr Konto ist gesperrt: https://example.net negal"
