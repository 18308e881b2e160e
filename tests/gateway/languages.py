"""A program for a device of the lab that answers as field devices do: mDNS, KNX/IP, BACnet/IP and, for names, DNS."""

LANGUAGES = r"""
import select, socket, struct, sys

import dns.message, dns.rrset

own = sys.argv[1]
LABEL = "Energy\\032<b>meter</b>"

def on(port, group=None):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    line.bind(("", port))
    if group:
        line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(own))
    return line

def names(line):
    data, asker = line.recvfrom(2048)
    question = dns.message.from_wire(data)
    answer = dns.message.make_response(question)
    for each in question.question:
        name = each.name.to_text()
        if name.startswith("_services"):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "PTR", "_http._tcp.local."))
        elif name.startswith("_http"):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "PTR", LABEL + "._http._tcp.local."))
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.7"))
    if line.getsockname()[1] == 5353:
        answer.question = []
    line.sendto(answer.to_wire(), asker)

def knx(line):
    data, asker = line.recvfrom(2048)
    if data[:4] == bytes.fromhex("06100201"):
        place = socket.inet_ntoa(data[8:12]), int.from_bytes(data[12:14], "big")
        device = struct.pack("!BBBBHH6s4s6s30s", 54, 1, 2, 0, 0x110A, 0, bytes.fromhex("00fa12345678"),
                             socket.inet_aton("224.0.23.12"), bytes(6), b"Room 12")
        head = bytes.fromhex("06100202004c") + bytes([8, 1]) + socket.inet_aton(own) + struct.pack("!H", 3671)
        line.sendto(head + device + bytes.fromhex("040202010000")[:4], place)

def bacnet(line):
    data, asker = line.recvfrom(2048)
    if data.endswith(bytes.fromhex("1008")):
        object_ = struct.pack("!I", 8 << 22 | 1234)
        i_am = bytes.fromhex("810b001401001000c4") + object_ + bytes.fromhex("2201e09100210f")
        line.sendto(i_am, ("192.168.1.255", 47808))

lines = {on(5353, "224.0.0.251"): names, on(53): names, on(3671, "224.0.23.12"): knx, on(47808): bacnet}
print("up", flush=True)
while True:
    for line in select.select(list(lines), [], [])[0]:
        try:
            lines[line](line)
        except Exception as error:
            print(repr(error), flush=True)
"""
