"""Constant load while something happens to the servers, and the account of it afterwards."""

import asyncio
import threading

from .load_imap import Idlers, copies
from .load_smtp import Senders
from .waiting import until


class Load:
    """`with Load(…) as load: …` runs the load beside the body; `load.account()` says afterwards what became of every message."""

    def __init__(self, address, logins, rate=100, idlers=200):
        self.address, self.logins = address, logins
        self._rate, self._many = rate, idlers
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._ready = threading.Event()
        self._failure = None

    def __enter__(self):
        self._thread.start()
        until("the load to be running", self._ready.is_set, 150)
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(180)
        if self._thread.is_alive() or self._failure:
            raise AssertionError(f"the load did not end: {self._failure}")

    async def _main(self):
        try:
            self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
            self.idlers = Idlers(self.address, self.logins, self._many)
            self.senders = Senders(self.address, [user for user, _ in self.logins], self._rate)
            idling = asyncio.create_task(self.idlers.run(self._ended))
            await self._all_idle()
            sending = asyncio.create_task(self.senders.run(self._ended))
            until_some = 0
            while until_some < 50 and not self._ended.is_set():
                await asyncio.sleep(0.05)
                until_some = len(self.senders.accepted)
            self._ready.set()
            await sending
            await idling
        except Exception as error:  # pylint: disable=broad-except
            self._failure = error
        finally:
            self._ready.set()

    async def _all_idle(self):
        try:
            async with asyncio.timeout(90):
                await self.idlers.all_idle.wait()
        except TimeoutError:
            idlers = self.idlers
            raise AssertionError(f"{idlers.idle} of {idlers.many} readers got as far as IDLE; what went wrong: {dict(idlers.wrong)}") from None

    def account(self):
        """A dict: offered, accepted, lost, duplicate, doubtful, told (421 and 4xx), byes, news, wrong."""
        senders, found = self.senders, {}
        for user, password in self.logins:
            for token, count in copies(self.address, user, password).items():
                if token.startswith(senders.name):
                    found[token] = found.get(token, 0) + count
        return {
            "offered": senders.offered,
            "accepted": len(senders.accepted),
            "lost": sorted(token for token in senders.accepted if token not in found),
            "duplicate": sorted(token for token, count in found.items() if count > 1 and token not in senders.doubtful),
            "doubtful": len(senders.doubtful),
            "told": dict(senders.told),
            "byes": self.idlers.byes,
            "news": self.idlers.news,
            "wrong": dict(senders.wrong + self.idlers.wrong),
        }
