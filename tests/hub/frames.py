"""Small programs for hosts of the lab that send and see single frames."""

from __future__ import annotations

#: Sends frames that have no business in another site, and one at the end that has: BACnet to all.
SEND_FORBIDDEN = """
import socket, struct, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
line.bind(("eth0", 0))
mac, to_all = line.getsockname()[4], b"\\xff" * 6
def udp(source, destination, content):
    part = struct.pack("!HHHH", source, destination, 8 + len(content), 0) + content
    head = struct.pack("!BBHHHBBH4s4s", 69, 0, 20 + len(part), 1, 0, 64, 17, 0, bytes(4), b"\\xff" * 4)
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + part
def arp(asked):
    who = mac + socket.inet_aton(sys.argv[1]) + bytes(6) + socket.inet_aton(asked)
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + who
router = bytes.fromhex("6000000000103afffe800000000000000000000000000001ff0200000000000000000000000000018600")
frames = [
    to_all + mac + b"\\x08\\0" + udp(68, 67, b"DHCP" * 60),
    to_all + mac + b"\\x08\\0" + udp(67, 68, b"DHCP" * 60),
    bytes.fromhex("333300000001") + mac + b"\\x86\\xdd" + router + bytes(14),
    bytes.fromhex("0180c2000000") + mac + struct.pack("!H", 38) + b"BB\\x03" + bytes(43),
    bytes.fromhex("0180c200000e") + mac + b"\\x88\\xcc" + bytes(46),
    to_all + mac + b"\\x08\\x06" + arp("192.168.1.1"),
    to_all + mac + b"\\x81\\0\\0\\x14\\x08\\0" + udp(7, 47808, b"tagged"),
    to_all + mac + b"\\x08\\0" + udp(7, 47808, b"last"),
]
for frame in frames:
    line.send(frame)
"""

#: Says what kinds of frames of other stations it sees, a line each.
SEE = """
import socket, struct, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind(("eth0", 0))
print("ready")
while True:
    frame, where = line.recvfrom(65535)
    if where[2] == 4:
        continue
    kind, content = frame[12:14].hex(), frame[14:]
    if kind == "0806":
        print("arp", socket.inet_ntoa(content[24:28]))
    elif kind == "0800" and content[9] == 17:
        print("udp", *struct.unpack("!HH", content[20:24]), len(content))
    elif kind == "0800" and content[9] == 1:
        print("icmp", content[20], len(content))
    else:
        print("kind", kind)
"""

#: Asks a meter for a register over one connection, again and again; says the time of each answer.
POLL = """
import socket, sys, time
with socket.create_connection((sys.argv[1], 502), timeout=5) as line:
    line.settimeout(float(sys.argv[2]))
    while True:
        line.sendall(bytes.fromhex("000100000006010300020001"))
        said = line.recv(300)
        print(f"{time.monotonic():.3f}", int.from_bytes(said[-2:], "big"))
        time.sleep(0.02)
"""

#: Asks a meter once; says the register, or why not.
ASK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], 502), timeout=float(sys.argv[2])) as line:
        line.sendall(bytes.fromhex("000100000006010300020001"))
        print(int.from_bytes(line.recv(300)[-2:], "big"))
except OSError:
    print("nothing")
"""
