"""Another site on the Internet: a real Postfix outside the cluster that takes mail for one domain, and keeps it in files."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import unittest

from . import names
from .waiting import until

# What receiving, delivering into a folder and reporting need of Postfix's services; none of them in a chroot.
SERVICES = """\
smtp inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - n n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Site:
    """`with Site("elsewhere.example") as site:` Its address is this namespace's own, and its MX is in the DNS."""

    def __init__(self, domain):
        self.domain = domain
        self.address = os.environ.get("OUTSIDE_IP")
        if not self.address or not shutil.which("postfix"):
            raise unittest.SkipTest("another site needs the one-node cluster's outside namespace, and Postfix")

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="postern-site-")
        self.at = pathlib.Path(self._folder.name)
        self.at.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (self.at / name).mkdir()
        shutil.chown(self.at / "data", "postfix")
        shutil.chown(self.at / "mail", "nobody")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", f"/CN=mx.{self.domain}", "-keyout", self.at / "key.pem", "-out", self.at / "certificate.pem"],
            check=True,
            capture_output=True,
        )
        (self.at / "etc/master.cf").write_text(SERVICES)
        (self.at / "etc/main.cf").write_text(self._settings())
        (self.at / "etc/recipients").write_text("")
        self._postfix("start")
        names.zone(self.domain, f"@ MX 10 mx.{self.domain}.\nmx A {self.address}")
        return self

    def __exit__(self, *_):
        self._postfix("stop")
        names.remove(self.domain)
        self._folder.cleanup()

    def answers(self, **replies):
        """What becomes of recipients that are not simply taken, by their left part: `answers(slow="450 4.2.1 later")`."""
        text = "".join(f"{name}@{self.domain} {reply}\n" for name, reply in replies.items())
        (self.at / "etc/recipients").write_text(text)
        self._postfix("reload")

    def received(self, token, seconds=60):
        """The text of the one message that has the token in it; waits for it."""

        def probe():
            return [text for text in self._delivered() if token in text]

        found = until(f"mail {token} at {self.domain}", probe, seconds)
        assert len(found) == 1, f"{len(found)} copies of one message at {self.domain}"
        return found[0]

    def log(self):
        return (self.at / "log").read_text()

    def _delivered(self):
        return [file.read_text(errors="replace") for file in sorted((self.at / "mail/box/new").glob("*"))]

    def _postfix(self, verb):
        subprocess.run(["postfix", "-c", self.at / "etc", verb], check=True, capture_output=True, timeout=30)

    def _settings(self):
        nobody = pwd.getpwnam("nobody").pw_uid
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": self.at / "queue",
            "data_directory": self.at / "data",
            "maillog_file": self.at / "log",
            "maillog_file_prefixes": self.at,
            "myhostname": f"mx.{self.domain}",
            "mydestination": "",
            "inet_interfaces": self.address,
            "inet_protocols": "ipv4",
            "alias_maps": "",
            "virtual_mailbox_domains": self.domain,
            "virtual_mailbox_base": self.at / "mail",
            "virtual_mailbox_maps": "static:box/",
            "virtual_uid_maps": f"static:{nobody}",
            "virtual_gid_maps": f"static:{nobody}",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_recipient_restrictions": f"check_recipient_access texthash:{self.at}/etc/recipients",
            "smtpd_peername_lookup": "no",
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": self.at / "certificate.pem",
            "smtpd_tls_key_file": self.at / "key.pem",
            "smtpd_tls_received_header": "yes",
        }
        return "".join(f"{name} = {value}\n" for name, value in settings.items())
