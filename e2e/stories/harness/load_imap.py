"""The reading half of the load: clients that IDLE, come back when they were told goodbye, and count at the end."""

import asyncio
import collections

from .mail import Imap
from .wire import Cut, Wire


class Idlers:
    """Clients in IDLE (RFC 2177). `byes` counts goodbyes, `news` announcements, `wrong` ends without a word."""

    def __init__(self, address, logins, many, port=993):
        self.address, self.port, self.logins, self.many = address, port, logins, many
        self.byes = self.news = self.idle = 0
        self.wrong = collections.Counter()
        self.all_idle = asyncio.Event()

    async def run(self, ended):
        clients = []
        for number in range(self.many):
            clients.append(asyncio.create_task(self._client(number)))
            await asyncio.sleep(0.01)  # so that two hundred handshakes are no storm of their own
        await ended.wait()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    async def _client(self, number):
        while True:
            wire = None
            try:
                wire = await self._selected(*self.logins[number % len(self.logins)])
                await self._idle(wire)
                self.byes += 1
            except Cut as cut:
                self.wrong[f"imap {cut}"] += 1
                await asyncio.sleep(0.5)
            finally:
                if wire:
                    wire.close()

    async def _selected(self, user, password):
        wire = await Wire.open(self.address, self.port, tls_name="mail.example.org", patience=60)
        await wire.line()
        for tag, command in (("a", f'LOGIN "{user}" "{password}"'), ("b", "SELECT INBOX"), ("c", "IDLE")):
            await wire.say(f"{tag} {command}")
            await self._until(wire, "+" if tag == "c" else tag)
        return wire

    async def _until(self, wire, start):
        line = await wire.line()
        while not line.startswith(start + " "):
            if line.startswith("* BYE"):
                raise Cut("BYE before IDLE: " + line)
            line = await wire.line()
        if start != "+" and not line.startswith(start + " OK"):
            raise Cut(line)

    async def _idle(self, wire):
        """Until the server says BYE."""
        self.idle += 1
        if self.idle >= self.many:
            self.all_idle.set()
        try:
            while True:
                line = await wire.line(patience=3600)
                if line.startswith("* BYE"):
                    return
                self.news += line.endswith("EXISTS")
        finally:
            self.idle -= 1


def copies(address, user, password):
    """How many copies of each token of the load lie in a box."""
    with Imap(address, user, password, seconds=120) as client:
        client.select("INBOX", readonly=True)
        _, answers = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        heads = (answer[1].decode() for answer in answers if isinstance(answer, tuple))
        return collections.Counter(head.partition("<")[2].partition("@")[0] for head in heads if "@load.example" in head)
