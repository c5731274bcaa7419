"""Processes that a figure starts, and what they take."""

import os
import signal
import socket
import subprocess


def free_ports(count):
    """Ports of loopback that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Process:
    """One that runs until it is ended, its words in a log."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.command, self.environment = name, command, environment
        self.log = folder / f"{name}.log"
        self.started = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            environment = {**os.environ, **(self.environment or {})}
            self.started = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)

    def end(self, how=signal.SIGTERM):
        if self.started.poll() is None:
            self.started.send_signal(how)
            try:
                self.started.wait(20)
            except subprocess.TimeoutExpired:
                self.started.kill()
                self.started.wait()

    def check(self):
        """Fails with the end of the log when the process is no more."""
        if self.started.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {self.log.read_text(errors='replace')[-2000:]}")

    def cpu(self):
        """Seconds, those of its children included."""
        return sum(seconds(pid) for pid in [self.started.pid, *children(self.started.pid)])

    def resident(self):
        """Bytes now, and at most since they were asked last."""
        status = open(f"/proc/{self.started.pid}/status", encoding="ascii").read()
        field = lambda name: int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) * 1024
        answer = field("VmRSS:"), field("VmHWM:")
        with open(f"/proc/{self.started.pid}/clear_refs", "w", encoding="ascii") as peak:
            peak.write("5")
        return answer


def seconds(pid):
    """CPU of a process and of its children that have ended."""
    try:
        fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def children(pid):
    try:
        return [int(child) for child in open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split()]
    except FileNotFoundError:
        return []
