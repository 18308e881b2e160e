"""The words of the static page and of its mails, in the languages of the portal."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = {"de": "Deutsch", "en": "English", "fr": "Français", "it": "Italiano"}

_NARROW = "\u00a0"

TEXTS: Mapping[str, Mapping[str, str]] = {
    "title": {
        "de": "Cloud-Status",
        "en": "Cloud status",
        "fr": "État du cloud",
        "it": "Stato del cloud",
    },
    "ok": {"de": "Funktioniert", "en": "Works", "fr": "Fonctionne", "it": "Funziona"},
    "weak": {
        "de": "Funktioniert mit Fehlern",
        "en": "Works, with faults",
        "fr": "Fonctionne avec des défauts",
        "it": "Funziona con difetti",
    },
    "bad": {"de": "Ausgefallen", "en": "Does not work", "fr": "En panne", "it": "Guasto"},
    "all-ok": {
        "de": "Die Cloud funktioniert.",
        "en": "The cloud works.",
        "fr": "Le cloud fonctionne.",
        "it": "Il cloud funziona.",
    },
    "not-ok": {
        "de": "Ein Teil der Cloud ist ausgefallen.",
        "en": "A part of the cloud does not work.",
        "fr": "Une partie du cloud est en panne.",
        "it": "Una parte del cloud è guasta.",
    },
    "open-go-on": {
        "de": "Offene Verbindungen laufen weiter und enden zu ihrer Zeit, auch wenn das Portal steht.",
        "en": "Open connections go on and end at their time, even while the portal stands still.",
        "fr": "Les connexions ouvertes continuent et prennent fin à l’heure, même si le portail est arrêté.",
        "it": "I collegamenti aperti continuano e terminano in orario, anche se il portale è fermo.",
    },
    "measured": {
        "de": "Von aussen gemessen:",
        "en": "Measured from outside:",
        "fr": f"Mesuré de l’extérieur{_NARROW}:",
        "it": "Misurato dall’esterno:",
    },
    "stale": {
        "de": "Diese Seite ist veraltet: wie es der Cloud gerade geht, ist nicht bekannt.",
        "en": "This page is out of date: nobody knows how the cloud is right now.",
        "fr": f"Cette page est périmée{_NARROW}: l’état actuel du cloud n’est pas connu.",
        "it": "Questa pagina non è aggiornata: lo stato attuale del cloud non è noto.",
    },
    "outages": {
        "de": "Letzte Ausfälle",
        "en": "Last outages",
        "fr": "Dernières pannes",
        "it": "Ultimi guasti",
    },
    "no-outages": {
        "de": "Kein Ausfall, seit gemessen wird.",
        "en": "No outage since it is measured.",
        "fr": "Aucune panne depuis le début des mesures.",
        "it": "Nessun guasto da quando si misura.",
    },
    "goes-on": {"de": "dauert an", "en": "goes on", "fr": "en cours", "it": "in corso"},
    "days": {
        "de": "Die letzten 90 Tage",
        "en": "The last 90 days",
        "fr": "Les 90 derniers jours",
        "it": "Gli ultimi 90 giorni",
    },
    "portal": {"de": "Portal", "en": "Portal", "fr": "Portail", "it": "Portale"},
    "worker": {
        "de": "Hintergrundarbeit",
        "en": "Background work",
        "fr": "Travaux en arrière-plan",
        "it": "Lavori in background",
    },
    "certificate": {"de": "Zertifikat", "en": "Certificate", "fr": "Certificat", "it": "Certificato"},
    "tcp": {
        "de": "Weg über TCP 443",
        "en": "Way over TCP 443",
        "fr": "Chemin par TCP 443",
        "it": "Via TCP 443",
    },
    "mail-down": {
        "de": "%(part)s: ausgefallen seit %(begin)s (von aussen gemessen).",
        "en": "%(part)s does not work since %(begin)s (measured from outside).",
        "fr": f"%(part)s{_NARROW}: en panne depuis le %(begin)s (mesuré de l’extérieur).",
        "it": "%(part)s: guasto dal %(begin)s (misurato dall’esterno).",
    },
    "mail-up": {
        "de": "%(part)s: funktioniert wieder. Ausgefallen von %(begin)s bis %(end)s.",
        "en": "%(part)s works again. It did not from %(begin)s to %(end)s.",
        "fr": f"%(part)s{_NARROW}: fonctionne à nouveau. En panne du %(begin)s au %(end)s.",
        "it": "%(part)s: funziona di nuovo. Guasto dal %(begin)s al %(end)s.",
    },
}


def say(key: str, language: str) -> str:
    """A text in a language."""
    return TEXTS[key][language]


def name_of(part: str, language: str) -> str:
    """What a part is called; what stands behind a colon is its place."""
    kind, _, place = part.partition(":")
    return f"{say(kind, language)} {place}".strip()
