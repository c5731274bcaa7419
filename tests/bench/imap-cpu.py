#!/usr/bin/env python3
"""imap-cpu.py HOST:PORT USER PASSWORD PIDS [FOLDER [WORD]]: what each IMAP command costs on a large folder.

Prints wall and CPU milliseconds, medians of a few runs. CPU is of the server's threads (PIDS and all below them, separated
by commas; name the database's too), so that the figures hold on a machine that is busy with something else. FOLDER (Big)
must hold 60 000 messages or more; WORD limits the run to operations whose name has it.
"""
import glob
import os
import socket
import statistics
import sys
import time

address, user, password, pids = sys.argv[1:5]
folder = sys.argv[5] if len(sys.argv) > 5 else "Big"
only = sys.argv[6] if len(sys.argv) > 6 else ""


def tree():
    below = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as f:
                text = f.read()
        except OSError:
            continue
        below.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(stat.split("/")[2]))
    found, rest = set(), [int(p) for p in pids.split(",")]
    while rest:
        pid = rest.pop()
        if pid not in found:
            found.add(pid)
            rest += below.get(pid, [])
    return found


def cpu(processes):
    """Milliseconds on a CPU, all threads; a thread that has ended is missed."""
    total = 0
    for pid in processes:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            try:
                with open(path) as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
    return total / 1e6


class Client:
    def __init__(self):
        host, port = address.rsplit(":", 1)
        self.s = socket.create_connection((host, int(port)))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s.recv(4096)
        self.n = 0
        self.cmd(f'LOGIN {user} "{password}"')

    def cmd(self, text):
        self.n += 1
        tag = b"t%d " % self.n
        self.s.sendall(tag + text.encode() + b"\r\n")
        return self.wait(tag)

    def wait(self, tag):
        size, tail = 0, b""
        while True:
            data = self.s.recv(1 << 20)
            if not data:
                raise SystemExit("the server hung up")
            size += len(data)
            tail = (tail + data)[-65536:]
            if tail.endswith(b"\r\n"):
                last = tail[:-2].rsplit(b"\n", 1)[-1]
                if last.startswith(tag):
                    if not last[len(tag):].startswith(b"OK"):
                        raise SystemExit(last.decode(errors="replace"))
                    return size

    def append(self, box, bodies):
        """One APPEND, of all bodies at once, with non-synchronising literals."""
        self.n += 1
        tag = b"t%d " % self.n
        out = [tag + b"APPEND " + box.encode()]
        out += [b" {%d+}\r\n%s" % (len(body), body) for body in bodies]
        self.s.sendall(b"".join(out) + b"\r\n")
        return self.wait(tag)

    def close(self):
        self.cmd("LOGOUT")
        self.s.close()


def measure(name, work, runs=5, before=None):
    if only not in name:
        return
    walls, cpus, size = [], [], 0
    for _ in range(runs):
        client = Client()
        if before:
            before(client)
        processes = tree()
        cpu_before, wall_before = cpu(processes), time.monotonic()
        size = work(client)
        walls.append((time.monotonic() - wall_before) * 1000)
        cpus.append(cpu(processes) - cpu_before)
        client.close()
    print(f"{name:44} wall {statistics.median(walls):9.2f} ms  cpu {statistics.median(cpus):9.2f} ms  {size or 0:>10} octets", flush=True)


def mail(number):
    text = f"line {number} of a mail that is like no other {os.urandom(24).hex()}\r\n" * 40
    return (f"From: sender{number % 97}@example.org\r\nTo: rcpt@bench.test\r\nSubject: measured {number}\r\n"
            f"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <{number}.{os.urandom(8).hex()}@bench>\r\n\r\n{text}").encode()


def quietly(client, text):
    try:
        client.cmd(text)
    except SystemExit:
        pass


def fresh(client, *boxes):
    for box in boxes:
        quietly(client, f"DELETE {box}")
        client.cmd(f"CREATE {box}")


select, examine = (lambda c: c.cmd(f"SELECT {folder}")), (lambda c: c.cmd(f"EXAMINE {folder}"))


def each(text):
    return lambda client: client.cmd(text)


def many(texts):
    return lambda client: [client.cmd(text) for text in texts][-1]


def copied(client):
    fresh(client, "Cp1", "Cp2")
    select(client)
    client.cmd("COPY 1:10000 Cp1")
    client.cmd("SELECT Cp1")


def deleted(client):
    copied(client)
    client.cmd("STORE 1:* +FLAGS.SILENT (\\Deleted)")




measure("SELECT, cold or warm, first", select, 1)
measure("SELECT, warm", select)
measure("STATUS", each(f"STATUS {folder} (MESSAGES UIDNEXT UNSEEN)"))
measure("FETCH last 50, list view", each("FETCH 59951:60000 (UID FLAGS ENVELOPE RFC822.SIZE BODYSTRUCTURE)"), before=examine)
measure("FETCH 1:* (FLAGS UID)", each("FETCH 1:* (FLAGS UID)"), before=examine)
measure("FETCH 1:* (RFC822.SIZE INTERNALDATE)", each("FETCH 1:* (RFC822.SIZE INTERNALDATE)"), 3, examine)
measure("FETCH 1:* (ENVELOPE)", each("FETCH 1:* (ENVELOPE)"), 3, examine)
measure("FETCH 1000 bodies", each("FETCH 50001:51000 (UID BODY.PEEK[])"), before=examine)
measure("FETCH 1000 headers", each("FETCH 50001:51000 (UID BODY.PEEK[HEADER])"), before=examine)
measure("FETCH 1000 BODYSTRUCTURE", each("FETCH 50001:51000 (BODYSTRUCTURE)"), before=examine)
measure("STORE +FLAGS 10000", each("STORE 1:10000 +FLAGS.SILENT (\\Flagged)"), 1, select)
measure("STORE -FLAGS 10000", each("STORE 1:10000 -FLAGS.SILENT (\\Flagged)"), 1, select)
measure("STORE +FLAGS 10000, answered", each("STORE 1:10000 +FLAGS (\\Flagged)"), 1, select)
measure("STORE -FLAGS 10000, answered", each("STORE 1:10000 -FLAGS (\\Flagged)"), 1, select)
measure("STORE one flag, 100 times", many([f"STORE {50000 + i // 2} {'-' if i % 2 else '+'}FLAGS.SILENT (\\Seen)" for i in range(100)]), 3, select)
measure("COPY 10000", each("COPY 1:10000 Cp1"), 3, lambda c: (fresh(c, "Cp1", "Cp2"), select(c)))
measure("MOVE 10000", each("MOVE 1:10000 Cp2"), 3, copied)
measure("EXPUNGE 10000", each("EXPUNGE"), 3, deleted)
bodies = [mail(n) for n in range(1000)]
measure("APPEND 1000, one by one", lambda c: [c.append("App", [b]) for b in bodies][-1], 1, lambda c: fresh(c, "App"))
measure("MULTIAPPEND 1000, 100 at once", lambda c: [c.append("App", bodies[n:n + 100]) for n in range(0, 1000, 100)][-1], 3, lambda c: fresh(c, "App"))
measure("LOGIN + SELECT + LOGOUT, 20 times", lambda c: [(lambda d: (select(d), d.close()))(Client()) for _ in range(20)] and 0, 3)
