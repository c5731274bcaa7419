"""Mail in, out and around through the installed product, with the objects of crds/examples."""

import os
import smtplib
import unittest

from harness import kube, mail
from harness.installation import installed
from harness.site import Site
from harness.tenant import ALICE, BOB, ERIN, examples, trader
from harness.waiting import until

GONE = "550 5.1.1 no such person"


class Flow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.address = installed().address
        examples()

    def arrives(self, recipient, box, **headers):
        text, token = mail.message("carol@elsewhere.example", recipient, **headers)
        mail.send(self.address, "carol@elsewhere.example", recipient, text)
        return mail.received(self.address, *box, token)

    def test_mail_from_outside_is_read_over_imap_with_the_clients_own_address(self):
        read = self.arrives(ALICE[0], ALICE)
        if "OUTSIDE_IP" in os.environ:
            self.assertIn(f"[{os.environ['OUTSIDE_IP']}]", read["Received"])

    def test_every_address_of_a_box_reaches_it(self):
        for address in ("a.smith@example.org", "alice+news@example.org", "alice@example.com", "whoever@example.org"):
            with self.subTest(address):
                self.arrives(address, ALICE)

    def test_a_group_reaches_each_member(self):
        text, token = mail.message("carol@elsewhere.example", "sales@example.org")
        mail.send(self.address, "carol@elsewhere.example", "sales@example.org", text)
        mail.received(self.address, *ALICE, token)
        mail.received(self.address, *BOB, token)

    def test_who_does_not_exist_is_refused_at_the_door(self):
        with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
            self.arrives("nobody@example.net", BOB)
        self.assertEqual([code for code, _ in refused.exception.recipients.values()], [550])

    def test_a_domain_of_nobody_is_not_relayed_to(self):
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.arrives("someone@elsewhere.example", BOB)

    def test_a_user_writes_to_a_neighbour(self):
        text, token = mail.message(ALICE[0], BOB[0])
        mail.send(self.address, ALICE[0], BOB[0], text, port=587, login=ALICE)
        mail.received(self.address, *BOB, token)

    def test_a_user_cannot_write_in_anothers_name(self):
        text, _ = mail.message(BOB[0], "x@elsewhere.example")
        with self.assertRaises((smtplib.SMTPSenderRefused, smtplib.SMTPDataError)):
            mail.send(self.address, BOB[0], ALICE[0], text, port=587, login=ALICE)

    def test_a_changed_object_counts_within_seconds(self):
        def patch(spec):
            kube.kubectl("patch", "mailbox", "bob", "--namespace", "acme", "--type=merge", "--patch", f'{{"spec": {spec}}}')

        patch('{"aliases": ["robert@example.net"]}')
        self.addCleanup(patch, '{"aliases": null}')
        until("the new address to be served", lambda: mail.takes(self.address, "robert@example.net"), 10)
        patch('{"aliases": null}')
        until("the address to be gone", lambda: not mail.takes(self.address, "robert@example.net"), 10)


class Outwards(unittest.TestCase):
    """To another site, a Postfix of its own."""

    @classmethod
    def setUpClass(cls):
        cls.address = installed().address
        trader()
        cls.site = cls.enterClassContext(Site("elsewhere.example"))
        # Before any connection is made: one that is kept for more mail goes on answering as it did.
        cls.site.answers(gone=GONE, slow="450 4.2.1 not now")

    def sent(self, recipient):
        text, token = mail.message(ERIN[0], recipient)
        mail.send(self.address, ERIN[0], recipient, text, port=587, login=ERIN)
        return token

    def test_mail_arrives_there_signed_and_by_tls(self):
        arrived = self.site.received(self.sent("carol@elsewhere.example"))
        self.assertIn("DKIM-Signature:", arrived)
        self.assertIn("d=trade.example", arrived)
        self.assertIn("(using TLSv1.3", arrived)

    def test_what_is_refused_there_comes_back(self):
        token = self.sent("gone@elsewhere.example")
        report = mail.received(self.address, *ERIN, token, seconds=60, where="TEXT")
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertIn("no such person", report.as_string())

    def test_what_is_put_off_there_arrives_later(self):
        token = self.sent("slow@elsewhere.example")
        until("the other site's refusal", lambda: "not now" in self.site.log(), 60)
        self.site.answers(gone=GONE)
        self.site.received(token, seconds=120)


if __name__ == "__main__":
    unittest.main()
