"""The image by itself: mail in by SMTP and out by IMAP through a load balancer, without operator or chart."""

import os
import unittest

from harness import kube, mail
from harness.manifests import manifest

SPACE = "bare"
ALICE = ("alice@example.org", "a-password-of-alice")


class Bare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(kube.Namespace(SPACE, standard="restricted"))
        kube.kubectl("apply", "--namespace", SPACE, "-f", "-", stdin=manifest("postgres.yaml") + "---\n" + manifest("bare.yaml"))
        kube.rolled_out("statefulset/database", SPACE)
        kube.rolled_out("deployment/postern", SPACE)
        cls.address = kube.balancer_address("postern", SPACE)

    def test_mail_from_outside_is_read_over_imap(self):
        text, token = mail.message("bob@elsewhere.example", ALICE[0])
        mail.send(self.address, "bob@elsewhere.example", ALICE[0], text)
        read = mail.received(self.address, *ALICE, token)
        self.assertEqual(read["To"], ALICE[0])
        if "OUTSIDE_IP" in os.environ:
            # externalTrafficPolicy: Local, so the trace bears the client's own address and no node's.
            self.assertIn(f"[{os.environ['OUTSIDE_IP']}]", read["Received"])

    def test_an_unknown_recipient_is_refused_at_the_door(self):
        text, _ = mail.message("bob@elsewhere.example", "nobody@example.org")
        with self.assertRaises(mail.smtplib.SMTPRecipientsRefused) as refused:
            mail.send(self.address, "bob@elsewhere.example", "nobody@example.org", text)
        self.assertEqual([code for code, _ in refused.exception.recipients.values()], [550])

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(mail.imaplib.IMAP4.error):
            mail.Imap(self.address, ALICE[0], "not-the-password")


if __name__ == "__main__":
    unittest.main()
