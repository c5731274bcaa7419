"""Mail leaves from the address that its pool names, by the node that has it; and status says what of that is missing."""

import os
import unittest

from harness import installation, kube, mail, names, tenant
from harness.node import LABEL, Node
from harness.site import Site
from harness.waiting import until

SPACE = "mail-egress"
# Of the documentation's second network (RFC 5737).
ADDRESS, LATER = "198.51.100.10", "198.51.100.11"
REVERSE = "100.51.198.in-addr.arpa"
FRANK = ("frank@leaves.example", "a-password-of-frank")


class Egress(unittest.TestCase):
    """What charts/postern/README.md says under "Nodes that own addresses"."""

    @classmethod
    def setUpClass(cls):
        if "E2E_AS_IT_IS" in os.environ:
            raise unittest.SkipTest("an installation that is to be left as it is gets no egress pods")
        cls.node = Node()
        cls.installation = installation.installed()
        cls.site = cls.enterClassContext(Site("elsewhere.example"))
        for address in (ADDRESS, LATER):
            cls.addClassCleanup(cls.node.take, address)
        cls.node.give(ADDRESS)
        cls.addClassCleanup(names.remove, REVERSE)
        cls.addClassCleanup(names.remove, "leaves.example")
        names.zone("leaves.example", f"out A {ADDRESS}\nlater A {LATER}")
        names.zone(REVERSE, "10 PTR out.leaves.example.")
        # Its pods are on the host's network, which no other standard of Pod Security admits.
        cls.enterClassContext(kube.Namespace(SPACE, standard="privileged"))
        cls.addClassCleanup(cls.node.label, False)
        cls.node.label()
        # Back to what the other stories know.
        cls.addClassCleanup(cls.installed)
        selector = LABEL.replace(".", "\\.")
        cls.installed("--set", f"cluster.spec.egress.namespace={SPACE}", "--set-string", f"cluster.spec.egress.nodeSelector.{selector}=true")
        auth = {"passwordSecretRef": {"name": "frank", "key": "password"}}
        domain = {"domain": "leaves.example", "ipPoolRef": {"name": "out", "namespace": installation.SPACE}}
        cls.addClassCleanup(tenant.delete, installation.SPACE, "ippool", "out")
        cls.pool(("out", ADDRESS))
        cls.addClassCleanup(tenant.delete, "trade", "domain", "leaves")
        tenant.apply("trade", tenant.of("Domain", "leaves", domain), tenant.secret("frank", password=FRANK[1]))
        tenant.apply("trade", tenant.of("Mailbox", "frank", {"address": FRANK[0], "auth": auth}))
        kube.wait_condition("mailbox", "frank", "trade")

    @classmethod
    def installed(cls, *arguments):
        installation.release(installation.SPACE, *arguments)
        cls.ready(seconds=240)

    @classmethod
    def ready(cls, status="True", seconds=120):
        return kube.wait_condition("mailcluster", cls.installation.name, installation.SPACE, status=status, seconds=seconds)

    @staticmethod
    def pool(*addresses):
        """The pool as the provider applies it: a helo and an address each."""
        spec = {"allowedNamespaces": {"from": "All"}, "egress": {"mode": "Proxy"}}
        spec["addresses"] = [{"ip": ip, "helo": f"{name}.leaves.example"} for name, ip in addresses]
        tenant.apply(installation.SPACE, tenant.of("IpPool", "out", spec))

    def pool_says(self, which, status):
        """The message of a condition once it has that status, and what is known of each address."""
        thing = kube.wait_condition("ippool", "out", installation.SPACE, which, status)
        return kube.condition(thing, which)["message"], {one["ip"]: one for one in thing["status"]["addresses"]}

    def sent(self):
        text, token = mail.message(FRANK[0], "carol@elsewhere.example")
        mail.send(self.installation.address, FRANK[0], "carol@elsewhere.example", text, port=587, login=FRANK)
        return token

    def test_mail_leaves_from_the_pools_address(self):
        self.pool(("out", ADDRESS))
        self.pool_says("AddressesBound", "True")
        _, addresses = self.pool_says("ReverseDNSValid", "True")
        self.assertEqual(addresses[ADDRESS], {"ip": ADDRESS, "boundOn": self.node.name, "ptr": "out.leaves.example", "fcrdns": True})
        # As the other site saw it: by the name of the pool, from its address.
        self.assertRegex(self.site.received(self.sent()), rf"(?s)Received: from out\.leaves\.example \(\S+ \[{ADDRESS}\]\)")

    def test_an_address_that_no_node_has_is_told_and_mail_waits_until_one_does(self):
        self.node.take(LATER)
        self.pool(("later", LATER))
        told, addresses = self.pool_says("AddressesBound", "False")
        self.assertIn(f"no egress node has {LATER}; give the address to one of them", told)
        self.assertNotIn("boundOn", addresses[LATER])
        self.assertIn("PTR", self.pool_says("ReverseDNSValid", "False")[0])
        token = self.sent()

        def waits():
            self.assertIn(f"The pool's address {LATER} is not bound here", kube.kubectl("postern", "--namespace", installation.SPACE, "queue"))
            return True

        until("the queue to say why mail waits", waits, 30)
        names.zone(REVERSE, "10 PTR out.leaves.example.\n11 PTR later.leaves.example.")
        self.node.give(LATER)
        self.assertIn(f"[{LATER}]", self.site.received(token, seconds=90))
        self.assertEqual(self.pool_says("AddressesBound", "True")[1][LATER]["boundOn"], self.node.name)
        self.pool_says("ReverseDNSValid", "True")

    def test_nodes_are_asked_for_by_their_label(self):
        self.addCleanup(self.ready)
        self.addCleanup(self.node.label)
        self.node.label(False)
        told = kube.condition(self.ready("False"), "Ready")["message"]
        self.assertIn("label those that own addresses", told)


if __name__ == "__main__":
    unittest.main()
