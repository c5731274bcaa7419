"""The sending half of the load: other servers that keep their connections and try again what was put off."""

import asyncio
import collections
import uuid

from .wire import Cut, Wire


class Refused(Exception):
    """A 5xx, which trying again would not change."""


class Senders:
    """Messages at a steady rate over a few connections. Each is offered until some server says 250 or refuses it for good.

    accepted: tokens that were answered with 250, with their recipient.
    doubtful: tokens whose answer got lost after the final dot; these may arrive twice (RFC 5321 §4.5.4.1 has no other way).
    told: how often a server put us off in words (421, 4xx). wrong: what no client should see, by its name.
    """

    def __init__(self, address, boxes, rate, connections=10, port=25):
        self.address, self.port, self.boxes, self.rate = address, port, boxes, rate
        self.connections = connections
        self.accepted, self.doubtful = {}, set()
        self.told, self.wrong = collections.Counter(), collections.Counter()
        self.waiting = asyncio.Queue()
        self.offered = 0
        self.name = uuid.uuid4().hex[:8]  # so that what an earlier load left in the boxes is not counted with this one
        self._ending = False

    async def run(self, ended):
        """Until the event is set; then what is under way is brought to its end, but for at most a minute."""
        workers = [asyncio.create_task(self._worker()) for _ in range(self.connections)]
        await self._pace(ended)
        try:
            async with asyncio.timeout(60):
                await self.waiting.join()
        except TimeoutError:
            self.wrong["still waiting at the end"] += self.waiting.qsize()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _pace(self, ended):
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not ended.is_set():
            due = int((loop.time() - begun) * self.rate)
            while self.offered < due:
                self.waiting.put_nowait((f"{self.name}-{self.offered:07}", self.boxes[self.offered % len(self.boxes)]))
                self.offered += 1
            try:
                async with asyncio.timeout(0.02):
                    await ended.wait()
            except TimeoutError:
                pass

    async def _worker(self):
        wire = None
        while True:
            token, box = await self.waiting.get()
            while token not in self.accepted:
                try:
                    wire = wire or await self._greeted()
                    if not await self._offer(wire, token, box):
                        wire.close()
                        wire = None
                        await asyncio.sleep(0.2)  # a server that is put off does not come back in the same moment
                except Refused as refused:
                    self.wrong[f"smtp {refused}"] += 1
                    wire.close()
                    wire = None
                    break
                except Cut as cut:
                    self.wrong[f"smtp {cut}"] += 1
                    wire = None
                    await asyncio.sleep(0.2)
                except asyncio.CancelledError:
                    if wire:
                        wire.close()
                    raise
            self.waiting.task_done()

    async def _greeted(self):
        wire = await Wire.open(self.address, self.port)
        if await self._reply(wire) != 220:
            raise Cut("no greeting")
        await wire.say("EHLO load.elsewhere.example")
        await self._reply(wire)
        return wire

    async def _offer(self, wire, token, box):
        """True when the message was taken and the connection is good for more."""
        for command, wanted in (("MAIL FROM:<load@elsewhere.example>", 250), (f"RCPT TO:<{box}>", 250), ("DATA", 354)):
            await wire.say(command)
            if await self._reply(wire) != wanted:
                return False
        text = f"From: load@elsewhere.example\r\nTo: {box}\r\nSubject: {token}\r\nMessage-ID: <{token}@load.example>\r\n\r\nLoad.\r\n."
        await wire.say(text)
        try:
            code = await self._reply(wire)
        except Cut:
            self.doubtful.add(token)
            raise
        if code == 250:
            self.accepted[token] = box
        return code == 250

    async def _reply(self, wire):
        line = await wire.line()
        while line[3:4] == "-":
            line = await wire.line()
        code = int(line[:3])
        if 400 <= code < 500:
            self.told[code] += 1
        elif code >= 500:
            raise Refused(line)
        return code
