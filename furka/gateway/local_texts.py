"""What the gateway's own page says, in the language of whoever looks; the portal's catalogues are not on a gateway."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Texts = Mapping[str, str]

_ENGLISH: Texts = MappingProxyType(
    {
        "title": "Remote access to this plant",
        "allowed": "Remote access is allowed.",
        "cut": "Remote access is cut. Nobody gets in from outside.",
        "cut-by-input": "Remote access is cut by the key switch. Nobody gets in from outside.",
        "do-cut": "Cut remote access",
        "do-restore": "Allow remote access again",
        "key": "Key of this gateway (shown on it by: furka gateway status)",
        "wrong-key": "This is not the key of this gateway. Remote access stays cut.",
        "let-in": "Let a technician in",
        "code": "PIN, or the code that the technician reads to you",
        "do-let-in": "Let in",
        "is-in": "{person} is let in until {until}.",
        "away": "The portal can't be reached at the moment. Please try again.",
        "not-saved": "This could not be saved. Please try again.",
        "busy": "Too many at once. Please try again in a moment.",
    }
)
_GERMAN: Texts = MappingProxyType(
    {
        "title": "Fernzugriff auf diese Anlage",
        "allowed": "Der Fernzugriff ist erlaubt.",
        "cut": "Der Fernzugriff ist gesperrt. Von aussen kommt niemand herein.",
        "cut-by-input": "Der Fernzugriff ist mit dem Schlüsselschalter gesperrt. Von aussen kommt niemand herein.",
        "do-cut": "Fernzugriff sperren",
        "do-restore": "Fernzugriff wieder erlauben",
        "key": "Schlüssel dieses Gateways (auf ihm gezeigt mit: furka gateway status)",
        "wrong-key": "Das ist nicht der Schlüssel dieses Gateways. Der Fernzugriff bleibt gesperrt.",
        "let-in": "Jemanden hereinlassen",
        "code": "PIN oder der Code, den man Ihnen am Telefon vorliest",
        "do-let-in": "Hereinlassen",
        "is-in": "{person} hat Zugang bis {until}.",
        "away": "Das Portal ist zurzeit nicht erreichbar. Bitte versuchen Sie es noch einmal.",
        "not-saved": "Das konnte nicht gespeichert werden. Bitte versuchen Sie es noch einmal.",
        "busy": "Zu viele auf einmal. Bitte versuchen Sie es gleich noch einmal.",
    }
)
_FRENCH: Texts = MappingProxyType(
    {
        "title": "Accès à distance à cette installation",
        "allowed": "L’accès à distance est autorisé.",
        "cut": "L’accès à distance est coupé. Personne n’entre de l’extérieur.",
        "cut-by-input": "L’accès à distance est coupé par l’interrupteur à clé. Personne n’entre de l’extérieur.",
        "do-cut": "Couper l’accès à distance",
        "do-restore": "Autoriser de nouveau l’accès à distance",
        "key": "Clé de cette passerelle (affichée sur elle par : furka gateway status)",
        "wrong-key": "Ce n’est pas la clé de cette passerelle. L’accès à distance reste coupé.",
        "let-in": "Laisser entrer quelqu’un",
        "code": "PIN, ou le code que l’on vous lit au téléphone",
        "do-let-in": "Laisser entrer",
        "is-in": "{person} a accès jusqu’à {until}.",
        "away": "Le portail n’est pas joignable pour l’instant. Veuillez réessayer.",
        "not-saved": "Cela n’a pas pu être enregistré. Veuillez réessayer.",
        "busy": "Trop de demandes à la fois. Veuillez réessayer dans un instant.",
    }
)
_ITALIAN: Texts = MappingProxyType(
    {
        "title": "Accesso remoto a questo impianto",
        "allowed": "L’accesso remoto è consentito.",
        "cut": "L’accesso remoto è bloccato. Nessuno entra dall’esterno.",
        "cut-by-input": "L’accesso remoto è bloccato dall’interruttore a chiave. Nessuno entra dall’esterno.",
        "do-cut": "Bloccare l’accesso remoto",
        "do-restore": "Consentire di nuovo l’accesso remoto",
        "key": "Chiave di questo gateway (mostrata da: furka gateway status)",
        "wrong-key": "Questa non è la chiave di questo gateway. L’accesso remoto resta bloccato.",
        "let-in": "Far entrare qualcuno",
        "code": "PIN, o il codice che Le viene letto al telefono",
        "do-let-in": "Far entrare",
        "is-in": "{person} ha accesso fino alle {until}.",
        "away": "Il portale al momento non è raggiungibile. La preghiamo di riprovare.",
        "not-saved": "Non è stato possibile salvare. La preghiamo di riprovare.",
        "busy": "Troppe richieste insieme. La preghiamo di riprovare tra un momento.",
    }
)
TEXTS: Mapping[str, Texts] = MappingProxyType({"de": _GERMAN, "en": _ENGLISH, "fr": _FRENCH, "it": _ITALIAN})


def language_for(accepted: str) -> str:
    """The first of our languages that is accepted (Accept-Language, RFC 9110 12.5.4); German if none is."""
    for wish in accepted[:200].split(","):
        language = wish.partition(";")[0].strip()[:2].lower()
        if language in TEXTS:
            return language
    return "de"
