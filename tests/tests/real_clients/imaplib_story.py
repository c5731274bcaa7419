"""A day with imaplib and smtplib. Arguments: ports of imap, imaps, mx, submissions; user, password, CA file."""

import imaplib
import smtplib
import ssl
import sys
from email import policy
from email.message import EmailMessage

imap_port, imaps_port, mx_port, submissions_port = map(int, sys.argv[1:5])
user, password, authority = sys.argv[5:8]
trust = ssl.create_default_context(cafile=authority)


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def mail(subject, body="a line\n.a line that begins with a dot\n"):
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = user, user, subject
    message.set_content(body)
    return message


# Mail from elsewhere, and mail of one's own over TLS.
with smtplib.SMTP("localhost", mx_port) as smtp:
    smtp.sendmail("zoe@elsewhere.test", [user], mail("first").as_bytes())
    smtp.starttls(context=trust)
    smtp.sendmail("zoe@elsewhere.test", [user], mail("second").as_bytes())
with smtplib.SMTP_SSL("localhost", submissions_port, context=trust) as smtp:
    smtp.login(user, password)
    smtp.send_message(mail("third", "Grüße\n"))

# A wrong password is told from a right one.
try:
    imaplib.IMAP4("localhost", imap_port).login(user, "not it")
    raise AssertionError("it was let in")
except imaplib.IMAP4.error as error:
    assert b"AUTHENTICATIONFAILED" in str(error).encode(), error

imap = imaplib.IMAP4_SSL("localhost", imaps_port, ssl_context=trust)
imap.login(user, password)
assert ok(imap.select("INBOX")) == [b"3"]

# Search and fetch.
assert ok(imap.search(None, "SUBJECT", "second")) == [b"2"]
assert ok(imap.search(None, "FROM", '"elsewhere"')) == [b""], "the header's From is the user's"
assert ok(imap.search(None, "UNSEEN", "NOT", "SUBJECT", "third")) == [b"1 2"]
body = ok(imap.fetch("1", "(BODY.PEEK[TEXT])"))[0][1]
assert body == b"a line\r\n.a line that begins with a dot\r\n", body
envelope = ok(imap.fetch("2", "(ENVELOPE)"))[0]
assert b'"second"' in envelope, envelope
assert b'"quoted-printable"' in ok(imap.fetch("3", "(BODYSTRUCTURE)"))[0].lower() or b'"8bit"' in ok(imap.fetch("3", "(BODYSTRUCTURE)"))[0].lower()
assert b"\\Seen" not in ok(imap.fetch("1", "(FLAGS)"))[0]
ok(imap.fetch("1", "(BODY[])"))
assert b"\\Seen" in ok(imap.fetch("1", "(FLAGS)"))[0]

# Flags and keywords.
assert b"\\Flagged" in ok(imap.store("2", "+FLAGS", r"(\Flagged $Label1)"))[0]
assert ok(imap.search(None, "KEYWORD", "$Label1")) == [b"2"]
ok(imap.store("2", "-FLAGS", r"(\Flagged)"))
assert ok(imap.search(None, "FLAGGED")) == [b""]

# Folders: made, subscribed, listed, renamed.
ok(imap.create("Keep"))
ok(imap.subscribe("Keep"))
ok(imap.rename("Keep", "Kept"))
assert any(b"Kept" in line for line in ok(imap.list()))

# Copy, move, expunge; UIDPLUS says what became of what.
copied = ok(imap.copy("2", "Kept"))
ok(imap.uid("MOVE", ok(imap.fetch("1", "(UID)"))[0].split()[2].rstrip(b")"), "Kept"))
ok(imap.noop())
ok(imap.store("1", "+FLAGS.SILENT", r"(\Deleted)"))
ok(imap.expunge())
assert ok(imap.search(None, "ALL")) == [b"1"]
assert b"MESSAGES 2" in ok(imap.status("Kept", "(MESSAGES UIDNEXT UNSEEN)"))[0]

# Append, with flags and a date.
appended = ok(imap.append("INBOX", r"(\Seen \Draft)", '"01-Jan-2026 12:00:00 +0100"', mail("appended").as_bytes()))
assert b"APPENDUID" in appended[0], appended
ok(imap.noop())
assert b"\\Draft" in ok(imap.fetch("2", "(FLAGS)"))[0]
assert b" 1-Jan-2026 1" in ok(imap.fetch("2", "(INTERNALDATE)"))[0]

# Wait, and be woken: another message arrives while this session idles.
tag = imap._new_tag()
imap.send(tag + b" IDLE\r\n")
assert imap.readline().startswith(b"+")
with smtplib.SMTP("localhost", mx_port) as smtp:
    smtp.sendmail("zoe@elsewhere.test", [user], mail("while idle").as_bytes())
assert imap.readline().strip() == b"* 3 EXISTS"
imap.send(b"DONE\r\n")
while not imap.readline().startswith(tag):
    pass

# What a client may not have.
assert imap.select('"No such folder"')[0] == "NO"
imap.select("INBOX", readonly=True)
assert imap.store("1", "+FLAGS", r"(\Deleted)")[0] == "NO", "a folder that was examined was changed"
imap.close()
imap.logout()
