"""`kubectl postern` in the hands of somebody who may edit one namespace, and nothing else of the cluster."""

import json
import shutil
import unittest

from harness import kube, mail, names, tenant
from harness.installation import ISSUER, installed
from harness.people import Person
from harness.tenant import ALICE, ERIN
from harness.waiting import until


class Plugin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("kubectl-postern"):
            raise unittest.SkipTest("kubectl finds no plugin: put kubectl-postern into PATH (make images builds it)")
        cls.installation = installed()
        cls.address = cls.installation.address
        tenant.examples()
        tenant.trader()
        cls.editor = cls.enterClassContext(Person("editor", "acme", "edit"))

    def ask(self, *words, who=None):
        return (who or self.editor).kubectl("postern", "--namespace", "acme", *words)

    def test_status_counts_what_is_ready_and_names_what_waits(self):
        told = json.loads(self.ask("status", "--output", "json"))
        self.assertGreaterEqual(told["Domain"]["ready"], 2)
        self.assertGreaterEqual(told["Mailbox"]["ready"], 2)
        self.assertIn("Mailbox", self.ask("status"))
        # What this user may not read is not shown.
        self.assertNotIn("installations", told)

    def test_status_shows_the_whole_installation_to_its_administrator(self):
        told = kube.kubectl("postern", "status", "--all-namespaces")
        self.assertIn(f"{self.installation.namespace}/{self.installation.name}", told)
        self.assertIn(self.address, told)

    def test_dns_prints_the_records_and_a_zone_that_satisfies_the_doctor(self):
        spec = {"domain": "zoned.example", "hosts": {"mail": "mail.zoned.example"}}
        spec["certificates"] = {"issuerRef": {"kind": "ClusterIssuer", "name": ISSUER}}
        tenant.apply("acme", tenant.of("Domain", "zoned", spec))
        self.addCleanup(tenant.delete, "acme", "domain", "zoned")
        self.addCleanup(names.remove, "zoned.example")
        kube.wait_condition("domain", "zoned", "acme")

        def listed():
            table = self.ask("dns", "zoned.example")
            # Two keys are made for it, and one of them takes its time.
            return "MX" in table and table.count("._domainkey.") == 2 and table

        self.assertIn("Missing", until("the records to be listed", listed, 60))
        # What the plugin prints goes into the zone as it is.
        lines = self.ask("dns", "zoned.example", "--zone")
        names.zone("zoned.example", "\n".join(relative(line) for line in lines.splitlines() if not line.startswith(";")))
        kube.kubectl("annotate", "domain", "zoned", "--namespace", "acme", f"postern.dev/check-dns={names.stamp()}", "--overwrite")
        kube.wait_condition("domain", "zoned", "acme", "DNSReady", seconds=60)

    def test_trace_tells_what_became_of_a_message(self):
        text, token = mail.message("carol@elsewhere.example", ALICE[0])
        mail.send(self.address, "carol@elsewhere.example", ALICE[0], text)
        mail.received(self.address, *ALICE, token)
        told = self.ask("trace", f"{token}@story.example", "--dialogue")
        self.assertIn(ALICE[0], told)
        self.assertIn("RCPT TO", told.upper())

    def test_trace_keeps_the_mail_of_others_to_itself(self):
        text, token = mail.message("carol@elsewhere.example", ERIN[0])
        mail.send(self.address, "carol@elsewhere.example", ERIN[0], text)
        mail.received(self.address, *ERIN, token)
        with self.assertRaisesRegex(kube.Refused, "nothing is known"):
            self.ask("trace", f"{token}@story.example")
        with self.assertRaisesRegex(kube.Refused, "no token of ServiceAccount"):
            self.editor.kubectl("postern", "--namespace", "trade", "trace", f"{token}@story.example")
        # The operator's namespace sees all.
        self.assertIn(ERIN[0], kube.kubectl("postern", "--namespace", self.installation.namespace, "trace", f"{token}@story.example"))

    def test_queue_shows_what_waits_and_why(self):
        names.zone("unreachable.example", "@ MX 10 mx.unreachable.example.\nmx A 192.0.2.77")
        self.addCleanup(names.remove, "unreachable.example")
        text, _ = mail.message(ERIN[0], "x@unreachable.example")
        mail.send(self.address, ERIN[0], "x@unreachable.example", text, port=587, login=ERIN)
        with Person("trader", "trade", "edit") as trader:
            def waits():
                return "x@unreachable.example" in trader.kubectl("postern", "--namespace", "trade", "queue")

            until("the message to be shown in the queue", waits, 30)
        self.assertNotIn("unreachable.example", self.ask("queue"))

    def test_send_test_follows_a_message_into_the_box(self):
        self.assertIn(ALICE[0], self.ask("send-test", ALICE[0]))
        with self.assertRaisesRegex(kube.Refused, "not served here"):
            self.ask("send-test", ERIN[0])

    def test_who_may_only_look_at_objects_is_not_told_of_mail(self):
        with Person("viewer", "acme", "view") as viewer:
            self.assertIn("Mailbox", self.ask("status", who=viewer))
            with self.assertRaisesRegex(kube.Refused, "no token of ServiceAccount"):
                self.ask("queue", who=viewer)


def relative(line):
    """A line of a zone file as the stories' zones have it: the name, then type and data."""
    name, _, rest = line.partition(" IN ")
    return f"{name} {rest}"


if __name__ == "__main__":
    unittest.main()
