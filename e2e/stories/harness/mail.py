"""Clients: somebody who sends, somebody who reads. Both name the server by the name its certificate bears, at an address."""

import email
import email.policy
import imaplib
import smtplib
import socket
import ssl
import uuid

from .waiting import until


def message(sender, recipient, subject="a story", body="Hello.\r\n", **headers):
    """Text of a message, and the token that it can be found by."""
    token = uuid.uuid4().hex
    lines = [f"From: {sender}", f"To: {recipient}", f"Subject: {subject} {token}", f"Message-ID: <{token}@story.example>"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]), token


def context(authority=None):
    """TLS that checks nothing, or everything against an authority (PEM text)."""
    if authority is None:
        unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unchecked.check_hostname = False
        unchecked.verify_mode = ssl.CERT_NONE
        return unchecked
    return ssl.create_default_context(cadata=authority)


def send(address, sender, recipients, text, port=25, helo="elsewhere.example", source=None, login=None, seconds=20):
    """Sends one message as another server does, or as a user with `login` (STARTTLS first). Raises as smtplib does."""
    recipients = [recipients] if isinstance(recipients, str) else recipients
    with smtplib.SMTP(address, port, local_hostname=helo, timeout=seconds, source_address=source and (source, 0)) as client:
        client.ehlo()
        if login:
            client.starttls(context=context())
            client.ehlo()
            client.login(*login)
        return client.sendmail(sender, recipients, text.encode())


def takes(address, *recipients):
    """Whether mail from outside would be taken for all of them; none is sent."""
    with smtplib.SMTP(address, 25, local_hostname="elsewhere.example", timeout=10) as client:
        client.ehlo()
        client.mail("carol@elsewhere.example")
        return all(client.rcpt(one)[0] == 250 for one in recipients)


class Imap(imaplib.IMAP4_SSL):
    """IMAP with TLS to `address`, asking for `name` (SNI)."""

    def __init__(self, address, user, password, name="mail.example.org", authority=None, port=993, seconds=20):
        self._address, self._name = address, name
        super().__init__(name, port, ssl_context=context(authority), timeout=seconds)
        self.login(user, password)

    def _create_socket(self, timeout):
        plain = socket.create_connection((self._address, self.port), timeout)
        return self.ssl_context.wrap_socket(plain, server_hostname=self._name)

    def find(self, token, where="SUBJECT", folder="INBOX"):
        """Messages that have the token in their subject, or in their TEXT; parsed."""
        self.select(folder, readonly=True)
        _, found = self.search(None, where, token)
        texts = [self.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in found[0].split()]
        return [email.message_from_bytes(text, policy=email.policy.default) for text in texts]


def received(address, user, password, token, seconds=30, where="SUBJECT", **how):
    """The one message with the token, read over IMAP; waits for it, and says so if there are two."""

    def probe():
        with Imap(address, user, password, **how) as client:
            return client.find(token, where)

    found = until(f"mail {token} in the box of {user}", probe, seconds)
    assert len(found) == 1, f"{len(found)} copies of one message in the box of {user}"
    return found[0]
