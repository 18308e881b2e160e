"""What a gateway found, in words. Everything that a device said is a value here, shown as text and never as markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from furka.diagnoses.models import Diagnosis
from furka.wire.probes import Finding


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a result; `kind` is one of the status component."""

    kind: str
    text: str
    detail: str = ""


@dataclass(slots=True)
class Host:
    """A device that was found in the plant's network."""

    address: str
    mac: str
    vendor: str = ""
    stray: bool = False  # its address lies in another network
    owners: int = 1  # so many devices have this address
    speaks: list[str] = field(default_factory=list)
    name: str = ""  # as it calls itself


@dataclass(frozen=True, slots=True)
class Result:
    """A result as the page shows it."""

    verdict: Line | None
    lines: tuple[Line, ...] = ()
    hosts: tuple[Host, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    log: tuple[str, ...] = ()


_ENDINGS: Mapping[str, tuple[str, Promise]] = {
    "over-time": ("warn", _("Its time was over before it was finished.")),
    "stopped": ("off", _("It was stopped.")),
    "cut": ("bad", _("Somebody at the plant has cut remote access, so nothing was tried.")),
    "foreign": ("bad", _("The gateway refused it: the target lies in no network of the site.")),
    "unknown-task": ("warn", _("The program on the gateway is too old for this.")),
    "busy": ("warn", _("The gateway had enough to do. Please try again in a moment.")),
    "failed": ("bad", _("The gateway could not do it.")),
}

#: Sentences without values: the kind of the status component and the text.
_PLAIN: Mapping[str, tuple[str, Promise]] = {
    "silent": ("bad", _("No answer")),
    "unreachable": ("bad", _("Not reachable")),
    "hop-silent": ("off", _("This step does not answer")),
    "hub-silent": ("bad", _("The hub does not answer in the tunnel.")),
    "line-silent": ("off", _("The hub does not answer outside the tunnel, so the line can't be measured.")),
    "bacnet-port-taken": ("warn", _("BACnet was not asked: another program on the gateway uses its port.")),
    "server-silent": ("bad", _("The server does not answer")),
    "server-wrong": ("bad", _("The server does not answer properly")),
    "no-record": ("warn", _("The name has no such entry.")),
    "not-http": ("bad", _("No web page answers here.")),
}

#: Facts about the gateway.
_FACTS: Mapping[str, Promise] = {
    "time": _("Time (UTC)"),
    "furka": _("Version"),
    "system": _("System"),
    "kernel": _("Kernel"),
    "python": _("Python"),
    "host": _("Computer"),
    "up-seconds": _("Running since"),
    "load": _("Load (1, 5, 15 minutes)"),
    "memory-free": _("Free memory"),
    "disk-free": _("Free space"),
    "temperature": _("Temperature"),
    "hub": _("Hub"),
    "uplink": _("Way out"),
    "address": _("Address"),
}


def ended(row: Diagnosis) -> Line | None:
    """What is said of an end that is none by itself."""
    if row.ending not in _ENDINGS:
        return None
    kind, text = _ENDINGS[row.ending]
    return Line(kind, str(text))


def shown(row: Diagnosis) -> Result:
    """A result in words, as far as it is there."""
    found = row.found
    kind = str(row.kind)
    if kind in ("scan", "macs", "duplicate"):
        return Result(_verdict(kind, found), _lines(found, but=_OF_HOSTS), tuple(hosts_in(found)))
    if kind == "state":
        facts = tuple(
            (str(_FACTS.get(each.name, each.name)), _fact(each)) for each in found if each.what == "fact"
        )
        return Result(
            None,
            _lines(found, but=("fact", "log")),
            (),
            facts,
            tuple(x.text for x in found if x.what == "log"),
        )
    return Result(_verdict(kind, found), _lines(found, but=_OF_VERDICT))


_OF_HOSTS = ("own", "host", "stray", "mdns", "knx", "bacnet", "modbus", "hosts", "known", "speaks", "macs", "owner",
             "own-address", "address-free", "address-once", "address-twice")  # fmt: skip
_OF_VERDICT = ("sent", "lost", "fastest", "average", "slowest", "arrived", "not-arrived")


def hosts_in(found: list[Finding]) -> list[Host]:
    """Who was found, by address, with what they said of themselves."""
    hosts: dict[tuple[str, str], Host] = {}
    for each in found:
        if each.what in ("host", "stray", "known", "speaks", "owner", "own-address"):
            address, mac = str(each.address or ""), each.mac or ""
            if each.what in ("known", "speaks"):
                # Heard again with an address, or the other way round: one line for each device.
                address = address or next((old for old, known in hosts if known == mac), "")
                if address:
                    hosts.pop(("", mac), None)
            hosts[address, mac] = Host(address, mac, each.text, each.what == "stray")
    by_address: dict[str, list[Host]] = {}
    for host in hosts.values():
        by_address.setdefault(host.address, []).append(host)
    for each in found:
        word = _spoken(each)
        for host in by_address.get(str(each.address), ()) if word else ():
            if word not in host.speaks and len(host.speaks) < 12:
                host.speaks.append(word)
            host.name = host.name or each.name
    for address, same in by_address.items():
        for host in same:
            host.owners = len(same) if address else 1
    return sorted(
        hosts.values(),
        key=lambda host: (not host.address, tuple(map(int, filter(None, host.address.split("."))))),
    )


def _spoken(each: Finding) -> str:
    match each.what:
        case "mdns":
            return f"{each.text}: {each.name}"
        case "knx":
            return f"KNX: {each.name} ({each.text})"
        case "bacnet":
            return f"BACnet: {each.number}"
        case "modbus":
            return f"Modbus: {each.name}" if each.name else "Modbus"
        case _:
            return ""


def _lines(found: list[Finding], but: tuple[str, ...]) -> tuple[Line, ...]:
    return tuple(line for each in found if each.what not in but and (line := _line(each)) is not None)


def _line(each: Finding) -> Line | None:
    if each.what in _PLAIN:
        kind, text = _PLAIN[each.what]
        return Line(kind, str(text), each.text or (str(each.address) if each.address else ""))
    took = milliseconds(each.milliseconds)
    match each.what:
        case "reply":
            return Line("ok", gettext("Answer from %(address)s") % {"address": each.address}, took)
        case "hop":
            values = {"number": each.number, "address": each.address}
            return Line("ok", gettext("Step %(number)s: %(address)s") % values, took)
        case "takes":
            return Line("ok", gettext("The port takes connections"), took)
        case "secured":
            return Line("ok", gettext("Encrypted"), f"{each.text}, {took}")
        case "status":
            kind = "ok" if each.number is not None and each.number < 400 else "warn"
            return Line(
                kind, gettext("Status %(number)s") % {"number": each.number}, f"{each.text} {took}".strip()
            )
        case "server":
            return Line("info", gettext("Server"), each.text)
        case "leads-to":
            return Line("info", gettext("Leads on to"), each.text)
        case "title":
            return Line("info", gettext("Title"), each.text)
        case "whole-time":
            return Line("info", gettext("Whole time"), took)
        case "answered":
            return Line("ok", gettext("Answer of %(server)s") % {"server": each.text}, f"{each.name}, {took}")
        case "record":
            return Line("info", each.name, each.text)
        case "tunnel-size":
            return Line("info", gettext("Largest packet that the tunnel is set to"), size(each.number))
        case "tunnel-passes":
            return Line("ok", gettext("Largest packet that passes through the tunnel"), size(each.number))
        case "line-passes":
            return Line("ok", gettext("Largest packet that passes on the line"), size(each.number))
        case "trouble":
            return Line("warn", gettext("The gateway says"), each.text)
        case "refuses" | "no-answer" | "not-there" | "restarts":
            return None  # said by the verdict
        case _:
            # A newer gateway says more than this portal knows.
            return Line("info", each.what, " ".join(filter(None, (each.name, each.text, took))))


def _verdict(kind: str, found: list[Finding]) -> Line | None:
    """The one sentence that is looked for; none before there is one."""
    by_name = {each.what: each for each in found}
    if kind in ("ping", "line"):
        return _loss(by_name)
    if kind == "route":
        return _way(by_name)
    if kind in ("scan", "macs"):
        last = by_name.get("hosts") or by_name.get("macs")
        number = last.number if last is not None else None
        if number is None:
            return None
        text = ngettext(
            "%(number)s device answered or spoke.", "%(number)s devices answered or spoke.", number
        )
        return Line("info", text % {"number": number})
    for what, (state, sentence) in _VERDICTS.items():
        if what in by_name:
            return Line(
                state, str(sentence), milliseconds(by_name[what].milliseconds) if kind == "tcp" else ""
            )
    return None


_VERDICTS: Mapping[str, tuple[str, Promise]] = {
    "status": ("ok", _("A web page answers.")),
    "not-http": ("bad", _("The port takes connections, but no web page answers.")),
    "takes": ("ok", _("The port takes connections.")),
    "refuses": ("bad", _("The device is there, but nothing listens on this port.")),
    "no-answer": ("bad", _("No answer. The device is off, or something between drops the packets.")),
    "not-there": ("bad", _("Nobody with this address answers in the network.")),
    "address-free": ("ok", _("Nobody has this address.")),
    "address-once": ("ok", _("One device has this address.")),
    "address-twice": ("bad", _("Several devices have this address. Give one of them another one.")),
    "record": ("ok", _("The name leads somewhere.")),
    "no-record": ("bad", _("The name leads nowhere.")),
    "hub-silent": ("bad", _("The hub does not answer in the tunnel.")),
    "tunnel-passes": ("ok", _("Packets of usual size pass through the tunnel.")),
    "restarts": ("info", _("The program on the gateway starts anew. It is away for a moment.")),
}


def _loss(by_name: Mapping[str, Finding]) -> Line | None:
    sent, lost = by_name.get("sent"), by_name.get("lost")
    if sent is None or lost is None:
        return None
    values = {"lost": lost.number, "sent": sent.number}
    if lost.number == sent.number:
        return Line("bad", gettext("No answer to %(sent)s questions.") % values)
    average = by_name.get("average")
    text = gettext("%(lost)s of %(sent)s questions remained without an answer.") % values
    detail = gettext("on average %(time)s") % {"time": milliseconds(average.milliseconds)} if average else ""
    return Line("ok" if not lost.number else "warn", text, detail)


def _way(by_name: Mapping[str, Finding]) -> Line | None:
    arrived = by_name.get("arrived")
    if arrived is not None and arrived.number is not None:
        text = ngettext("Reached in %(number)s step.", "Reached in %(number)s steps.", arrived.number)
        return Line("ok", text % {"number": arrived.number})
    if "not-arrived" in by_name or "unreachable" in by_name:
        return Line("bad", gettext("Not reached."))
    return None


def _fact(each: Finding) -> str:
    if each.name in ("memory-free", "disk-free") and each.number is not None:
        return str(filesizeformat(each.number))
    if each.name == "up-seconds" and each.number is not None:
        days, hours = divmod(each.number // 3600, 24)
        minutes = each.number // 60 % 60
        return gettext("%(days)s d %(hours)s h %(minutes)s min") % {
            "days": days,
            "hours": hours,
            "minutes": minutes,
        }
    return each.text


def milliseconds(value: float | None) -> str:
    """Such as 1.2 ms; empty for none."""
    return "" if value is None else f"{number_format(value, 1 if value < 100 else 0)} ms"


def size(number: int | None) -> str:
    """Such as 1420 bytes."""
    return gettext("%(number)s bytes") % {"number": number}
