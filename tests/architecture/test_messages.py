"""Every text on the screen is in the catalogues, and said in German, French and Italian as people here write them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from scripts import messages

CATALOGUES = messages.CATALOGUES

#: What is the same word in that language as in English; anything else that is equal was forgotten.
SAME = {
    "de": {
        "%(number)s %%", "Browser", "Browser: %(browser)s", "Cloud", "Code", "Computer", "Filter", "Gateway",
        "Gateway %(number)s", "Gateway offline", "Gateway online", "Gateways", "Hub", "In %(networks)s.", "Labels",
        "Link", "Name", "Navigation", "Offline", "Online", "Organisation", "PIN",
        "Passkey", "Person", "Port", "Portal", "Ports", "Reseller", "Support", "Supporter", "Version", "in %(span)s",
        "Kernel", "Server", "Status %(number)s", "System", "offline", "online",
    },
    "fr": {
        "%(number)s minute", "%(number)s minutes", "15 minutes", "30 minutes", "Destination",
        "Actions", "Cloud", "Code", "Configuration", "Documents", "E-mail", "Hub", "Invitation", "Justification",
        "Latitude",
        "Latitude %(latitude)s, longitude %(longitude)s", "Longitude", "Machine", "Message", "Navigation", "Note",
        "Notifications", "Organisation", "Organisations", "PIN", "Pages", "Passkey", "Photo", "Port", "Ports",
        "Service", "Services", "Version", "Versions", "version %(number)s",
    },
    "it": {
        "%(number)s %%", "Cloud",
        "Account", "Browser", "Browser: %(browser)s", "Computer", "E-mail", "Endpoint", "File", "Gateway",
        "Gateway %(number)s", "Gateway offline", "Gateway online", "Hub", "In %(networks)s.", "Link", "No",
        "Offline", "Online", "PIN",
        "Kernel", "Passkey", "Password", "Server", "link", "no", "offline", "online", "token",
    },
    "all": {
        "%(subnet)s, VLAN %(number)s", "Ping (ICMP)",
        "%(before)s → %(after)s", "%(what)s, %(moment)s", "%(count)d h", "%(count)d min", "%(count)d s",
        "Connect Basic", "Ping", "Python",
        "Furka %(version)s, %(day)s", "Tunnel", "VLAN", "VLAN %(number)s",
    },
}  # fmt: skip

#: What no text in that language may contain.
NEVER = {
    "de": r"ß|\b[Dd](?:u|ein|eine|einen|einem|einer|ir|ich)\b|[„“\"]",
    "fr": r"\b[Ss]upporters?\b|\b(?:[Tt]u|[Tt]on|[Tt]es|[Tt]oi|[Tt]a)\b|[„“\"]|[^\W\d]'\w"
    r"| [:;!?](?=\s|$)|«[^\u00a0]|[^\u00a0]»",
    "it": r"\b[Ss]upporters?\b|\b(?:[Tt]uo|[Tt]ua|[Tt]uoi|[Tt]ue|[Tt]i)\b|[„“\"]|[^\W\d]'\w",
}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_catalogue_holds_exactly_the_texts_in_use(path: Path) -> None:
    catalogue, used = messages.read(path), messages.collect(messages.sources())
    assert messages.keys(catalogue) == messages.keys(used), "run: make messages"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_text_is_translated(path: Path) -> None:
    catalogue = messages.read(path)
    assert [message.id for message in catalogue if message.id and not messages.is_translated(message)] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_translations_keep_the_placeholders(path: Path) -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
    broken = []
    for message in messages.read(path):
        # Where the text for one does not say the number, its translation need not either.
        wanted = [set(placeholder.findall(text)) for text in ids(message)] if message.id else [set()]
        broken += [
            text
            for form, text in enumerate(forms(message))
            if text and set(placeholder.findall(text)) not in (wanted[-1:] if form else wanted)
        ]
    assert broken == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_no_text_was_left_in_english(path: Path) -> None:
    language = path.parent.parent.name
    texts = [message for message in messages.read(path) if message.id]
    same = {text for message in texts for text in forms(message) if text in ids(message)}
    assert same - SAME[language] - SAME["all"] == set()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_texts_are_written_as_people_here_write(path: Path) -> None:
    never = re.compile(NEVER[path.parent.parent.name])
    # What stands in markup or in a placeholder is no text.
    assert [
        text
        for message in messages.read(path)
        for text in forms(message)
        if never.search(re.sub(r"<[^>]*>|%\(\w+\)s|\{\w*\}", "x", text))
    ] == []


def test_fuzzy_text_counts_as_open() -> None:
    assert messages.is_translated(Message("Close", string="Schliessen"))
    assert not messages.is_translated(Message("Close", string="Schliessen", flags=["fuzzy"]))
    assert not messages.is_translated(Message(("%d day", "%d days"), string=("%d Tag", "")))


def ids(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)


def forms(message: Message) -> tuple[str, ...]:
    string = message.string if message.id else ""
    return tuple(map(str, string)) if isinstance(string, tuple | list) else (str(string or ""),)


@pytest.mark.parametrize(
    ("language", "written", "set_"),
    [
        ("fr", "L'accès « %(name)s » : fini ?", "L’accès «\u00a0%(name)s\u00a0»\u00a0: fini\u00a0?"),
        ("fr", "d'«%(name)s», 1'234 ; 08:30", "d’«\u00a0%(name)s\u00a0», 1'234\u00a0; 08:30"),
        ("fr", "Motif: 08:30?", "Motif\u00a0: 08:30\u00a0?"),
        ("it", "l'accesso dell'%(name)s", "l’accesso dell’%(name)s"),
        ("de", "1'234 : 'so'", "1'234 : 'so'"),
    ],
)
def test_catalogues_are_typeset_when_they_are_written(language: str, written: str, set_: str) -> None:
    assert messages.typeset(written, language) == set_
    assert messages.typeset(set_, language) == set_


def minds_language(tree: ast.AST) -> bool:
    """Whether something in there happens in somebody's language: `with … language …`."""
    return any(
        isinstance(node, ast.With) and any("language" in ast.dump(item) for item in node.items)
        for node in ast.walk(tree)
    )


def test_mails_are_written_in_the_language_of_whoever_gets_them() -> None:
    sending = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in messages.PACKAGE.rglob("*.py")
        if "django.core.mail import send_mail" in path.read_text(encoding="utf-8")
    }
    assert len(sending) >= 2
    assert [str(path) for path, tree in sending.items() if not minds_language(tree)] == []
