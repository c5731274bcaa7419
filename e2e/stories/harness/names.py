"""The Internet's DNS as the stories write it: one zone a file in the server of e2e/cluster/manifests/names.yaml."""

import socket
import struct
import time

from . import kube
from .waiting import until

SERVER = "internet"
_zones = {}


def zone(origin, records):
    """Makes `origin` hold exactly these records ("name TYPE value" a line, names relative to it), and waits until it does."""
    serial = max(int(time.time()), _zones.get(origin, 0) + 1)
    _zones[origin] = serial
    head = f"$TTL 1\n@ IN SOA ns.internet. root.internet. {serial} 60 60 60 1\n@ IN NS ns.internet.\n"
    lines = (line.split(None, 1) for line in records.strip().splitlines() if line.strip())
    text = head + "".join(f"{name} IN {rest}\n" for name, rest in lines)
    # Written beside and moved, so that no half a zone is read.
    script = f"cat >/zones/new.{origin} && mv /zones/new.{origin} /zones/db.{origin}"
    kube.kubectl("exec", "--stdin", "--namespace", SERVER, "deployment/names", "--", "sh", "-c", script, stdin=text)
    address = kube.get("service", "names", SERVER)["spec"]["clusterIP"]
    until(f"serial {serial} of {origin}", lambda: serial_of(origin, address) == serial, 15)


def remove(origin):
    kube.kubectl("exec", "--namespace", SERVER, "deployment/names", "--", "rm", "-f", f"/zones/db.{origin}")


def serial_of(origin, server):
    """Asks for the SOA record (RFC 1035 §4) and reads the serial out of the answer."""
    name = b"".join(bytes([len(label)]) + label.encode() for label in origin.split(".")) + b"\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.sendto(struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", 6, 1), (server, 53))
        answer = asking.recv(4096)
    if struct.unpack(">H", answer[6:8])[0] == 0:
        return None
    # Its five numbers end the record, and the serial is the first of them; the record ends where its length says.
    at = 12 + len(name) + 4
    at = skip_name(answer, at)
    length = struct.unpack(">H", answer[at + 8 : at + 10])[0]
    end = at + 10 + length
    return struct.unpack(">I", answer[end - 20 : end - 16])[0]


def skip_name(message, at):
    while message[at]:
        if message[at] & 0xC0:
            return at + 2
        at += message[at] + 1
    return at + 1


def stamp():
    """A value that is new each time, for an annotation that asks for another look."""
    return f"{time.time():.3f}"
