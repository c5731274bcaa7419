"""COMPRESS=DEFLATE with Python's zlib, in the clear and over TLS. Arguments: ports of imap, imaps; user, password, CA file."""

import imaplib
import ssl
import sys
import zlib

imap_port, imaps_port = map(int, sys.argv[1:3])
user, password, authority = sys.argv[3:6]
trust = ssl.create_default_context(cafile=authority)
imaplib.Commands["COMPRESS"] = ("AUTH", "SELECTED")


class Deflated:
    """What imaplib reads and writes, with zlib between (RFC 4978)."""

    def __init__(self, imap):
        self.imap, self.buffer, self.wire = imap, b"", 0
        self.inward, self.outward = zlib.decompressobj(-zlib.MAX_WBITS), zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        imap.read, imap.readline, imap.send = self.read, self.readline, self.send

    def fill(self):
        data = self.imap.sock.recv(65536)
        assert data, "the server hung up"
        self.wire += len(data)
        self.buffer += self.inward.decompress(data)

    def read(self, size):
        while len(self.buffer) < size:
            self.fill()
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def readline(self):
        while b"\n" not in self.buffer:
            self.fill()
        return self.read(self.buffer.index(b"\n") + 1)

    def send(self, data):
        self.imap.sock.sendall(self.outward.compress(data) + self.outward.flush(zlib.Z_SYNC_FLUSH))


def story(imap, folder):
    """What is read and written goes through, as it does without."""
    assert "COMPRESS=DEFLATE" not in imap.capabilities, "not before a login"
    imap.login(user, password)
    assert b"COMPRESS=DEFLATE" in imap.capability()[1][0]
    assert imap._simple_command("COMPRESS", "DEFLATE")[0] == "OK"
    deflated = Deflated(imap)
    assert imap._simple_command("COMPRESS", "DEFLATE")[0] == "NO", "it is active already"
    assert b"COMPRESS=DEFLATE" not in imap.capability()[1][0]
    body = b"Subject: long\r\n\r\n" + b"".join(b"line %d of a long message\r\n" % n for n in range(40000))
    imap.create(folder)
    for _ in range(3):
        assert imap.append(folder, None, None, body)[0] == "OK"
    assert imap.select(folder) == ("OK", [b"3"])
    before = deflated.wire
    answers = imap.fetch("1:3", "(BODY.PEEK[])")[1]
    assert [part[1] for part in answers if isinstance(part, tuple)] == [body] * 3
    assert deflated.wire - before < len(body), "three bodies on the wire are smaller than one"
    imap.close()
    imap.logout()


story(imaplib.IMAP4("localhost", imap_port), "Packed1")
story(imaplib.IMAP4_SSL("localhost", imaps_port, ssl_context=trust), "Packed2")

# What is sent behind COMPRESS in the clear is never run.
imap = imaplib.IMAP4("localhost", imap_port)
imap.login(user, password)
imap.sock.sendall(b"x COMPRESS DEFLATE\r\ny CREATE Smuggled\r\n")
assert imap.readline().startswith(b"x OK")
deflated = Deflated(imap)
deflated.send(b"z LIST \"\" Smuggled\r\n")
assert deflated.readline().startswith(b"z OK")
