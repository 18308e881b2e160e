"""Forms for moving, handing over, taking over and deleting levels; what is right is checked by the operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from furka.portal.once import OnceForm
from furka.tree.models import Kind, Node

#: So many levels are offered for choice; others are named by their key.
MOST_CHOICES = 200


class LevelField(forms.ChoiceField):
    """A choice of levels, those of one kind together; says which row was chosen."""

    def offer(self, levels: Sequence[Node]) -> None:
        """Put these up for choice."""
        kinds: dict[str, list[tuple[str, str]]] = {}
        for level in levels:
            above = level.reseller.name if level.kind == Kind.CUSTOMER and level.reseller else ""
            text = f"{level.name} ({above})" if above else level.name
            kinds.setdefault(str(Kind(level.kind).label), []).append((level.key, text))
        self.choices = [("", "–"), *kinds.items()]


class KeepForm(OnceForm):
    """Whose access goes on after a move."""

    keep_staff = forms.BooleanField(
        label=_("Staff of the site keep their access"), required=False, initial=True
    )
    keep_supporters = forms.BooleanField(
        label=_("Supporters and their invitations stay, too"), required=False, initial=False
    )

    def only_supporters(self) -> None:
        """A customer's own people stay in any case."""
        del self.fields["keep_staff"]

    def nobody_asked(self) -> None:
        """Whoever decides for itself keeps everybody."""
        del self.fields["keep_staff"]
        del self.fields["keep_supporters"]


class MoveForm(KeepForm):
    """Another place within one's own levels."""

    target = LevelField(label=_("New place"))

    def __init__(self, levels: Sequence[Node], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].offer(levels)  # type: ignore[attr-defined]  # it is a field for levels


class OfferForm(OnceForm):
    """To whom a level is offered, or whom one asks for one."""

    to = forms.CharField(
        label=_("To whom"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    message = forms.CharField(
        label=_("Message"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class AskForm(KeepForm):
    """Whom one asks for a level, and whose access shall go on."""

    field_order = ("to", "message")

    to = forms.CharField(
        label=_("Whom do you ask"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    message = forms.CharField(
        label=_("Message"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class AnswerForm(KeepForm):
    """The answer to an offer: which level, and whose access goes on."""

    field_order = ("level",)

    level = LevelField(label=_("Which level"))

    def __init__(self, levels: Sequence[Node] | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if levels is None:
            del self.fields["level"]
        else:
            self.fields["level"].offer(levels)  # type: ignore[attr-defined]  # it is a field for levels


class DeleteForm(forms.Form):
    """The name of a level, typed to confirm that it is meant."""

    name = forms.CharField(
        label=_("Name of the level"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
