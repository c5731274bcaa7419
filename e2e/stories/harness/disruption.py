"""What upgrades, scaling and deaths have in common: something happens under load, and every message is accounted for."""

import os
import unittest

from . import kube, tenant
from .installation import LOADED, by_hand, installed, loaded
from .load import Load

# Per second; a machine that is shared can be asked for less.
RATE = int(os.environ.get("E2E_RATE", "100"))
IDLERS = int(os.environ.get("E2E_IDLERS", "200"))


class Disruption(unittest.TestCase):
    """A story whose `with self.load() as load:` is judged by `undisturbed` or `accounted` afterwards."""

    def load(self):
        return Load(self.installation.address, LOADED, RATE, IDLERS)

    def accounted(self, load):
        """Nothing lost, nothing twice but where an answer got lost."""
        account = load.account()
        print(f"\n  {self.id().rpartition('.')[2]}: {account}", flush=True)
        self.assertEqual((account["lost"], account["duplicate"]), ([], []))
        return account

    def undisturbed(self, load):
        """And no client saw anything but 421, 4xx and BYE."""
        account = self.accounted(load)
        self.assertEqual(account["wrong"], {})
        self.assertEqual(account["doubtful"], 0)
        return account


class ByHand(Disruption):
    """The processes alone, as Kubernetes starts and stops them."""

    @classmethod
    def setUpClass(cls):
        cls.installation = by_hand(cls.enterClassContext(kube.Namespace(cls.__name__.lower(), standard="restricted")))


class Installed(Disruption):
    """The product as it is installed, with the boxes of the load beside those of the examples."""

    @classmethod
    def setUpClass(cls):
        cls.installation = installed()
        tenant.examples()
        tenant.apply("acme", *loaded("acme"))
        for number in range(len(LOADED)):
            kube.wait_condition("mailbox", f"load{number}", "acme")
