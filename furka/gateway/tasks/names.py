"""What a name leads to."""

from __future__ import annotations

from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from furka.clock import monotonic
from furka.gateway.tasks.bench import Bench, Failed, Found, finding
from furka.wire.probes import NameLookup

_PATIENCE = 3.0  # seconds for each server
_MOST_SERVERS, _MOST_ANSWERS = 3, 50


def name_lookup(probe: NameLookup, bench: Bench) -> Found:
    """Ask the resolvers of this machine, or a server of the plant."""
    if probe.server is not None:
        lan = bench.lan_towards(probe.server)
        servers, source = [str(probe.server)], str(lan.address)
    else:
        servers, source = _resolvers(), None
    if not servers:
        raise Failed("this machine has no resolver")
    for server in servers[:_MOST_SERVERS]:
        yield None
        if bench.is_over:
            return
        question = dns.message.make_query(probe.name, probe.record)
        began = monotonic()
        try:
            answer = dns.query.udp(question, server, timeout=_PATIENCE, source=source)
            if answer.flags & dns.flags.TC:
                answer = dns.query.tcp(question, server, timeout=_PATIENCE, source=source)
        except dns.exception.Timeout:
            yield finding("server-silent", text=server)
            continue
        except (dns.exception.DNSException, OSError, ValueError):
            yield finding("server-wrong", text=server)
            continue
        code = dns.rcode.to_text(answer.rcode())
        took = 1000 * (monotonic() - began)
        yield finding("answered", name=code, text=server, milliseconds=took)
        left = _MOST_ANSWERS
        for entry in answer.answer:
            for item in entry:
                if left:
                    kind = dns.rdatatype.to_text(entry.rdtype)
                    yield finding("record", name=kind, text=item.to_text(), number=min(entry.ttl, 2**31))
                    left -= 1
        if left == _MOST_ANSWERS:
            yield finding("no-record", name=probe.record)
        return


def _resolvers() -> list[str]:
    if not Path("/etc/resolv.conf").exists():
        return []
    try:
        return [str(each) for each in dns.resolver.Resolver().nameservers]
    except dns.exception.DNSException:
        return []
