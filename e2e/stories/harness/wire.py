"""A line-by-line connection for the load's clients, which must know how a connection ended: with a word, or without."""

import asyncio

from .mail import context


class Cut(Exception):
    """The connection ended although nobody had said that it would."""


class Wire:
    """A connection whose every wait is bounded."""

    def __init__(self, reader, writer, patience):
        self.reader, self.writer, self.patience = reader, writer, patience

    @classmethod
    async def open(cls, address, port, tls_name=None, patience=30):
        tls = {"ssl": context(), "server_hostname": tls_name} if tls_name else {}
        try:
            async with asyncio.timeout(patience):
                return cls(*await asyncio.open_connection(address, port, **tls), patience)
        except (OSError, TimeoutError) as error:
            raise Cut(f"connecting: {type(error).__name__}") from error

    async def say(self, text):
        try:
            self.writer.write(text.encode() + b"\r\n")
            await self.writer.drain()
        except OSError as error:
            raise Cut(f"writing: {type(error).__name__}") from error

    async def line(self, patience=None):
        try:
            async with asyncio.timeout(patience or self.patience):
                line = await self.reader.readline()
        except (OSError, TimeoutError) as error:
            raise Cut(f"reading: {type(error).__name__}") from error
        if not line:
            raise Cut("end without a word")
        return line.decode(errors="replace").rstrip("\r\n")

    def close(self):
        self.writer.close()
