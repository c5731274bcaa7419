"""What upgrades, scaling and deaths have in common: something happens under load, and every message is accounted for."""

import os
import unittest

from . import kube, tenant
from .installation import NAMESPACE, installed
from .load import Load

# Per second; a machine that is shared can be asked for less.
RATE = int(os.environ.get("E2E_RATE", "100"))
IDLERS = int(os.environ.get("E2E_IDLERS", "200"))
BOXES = 10
PASSWORD = "a-password-under-load"
SPACE = "acme"


class Disruption(unittest.TestCase):
    """A story whose `with self.load() as load:` is judged by `undisturbed` or `accounted` afterwards."""

    @classmethod
    def setUpClass(cls):
        cls.installation = installed()
        tenant.examples()
        boxes = [
            tenant.of("Mailbox", f"load{n}", {"address": f"load{n}@example.org", "auth": {"passwordSecretRef": {"name": "load", "key": "all"}}})
            for n in range(BOXES)
        ]
        tenant.apply(SPACE, tenant.secret("load", all=PASSWORD), *boxes)
        for n in range(BOXES):
            kube.wait_condition("mailbox", f"load{n}", SPACE)
        cls.logins = [(f"load{n}@example.org", PASSWORD) for n in range(BOXES)]

    def load(self):
        return Load(self.installation.address, self.logins, RATE, IDLERS)

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


def restart(workload):
    kube.kubectl("rollout", "restart", workload, "--namespace", NAMESPACE)
    kube.rolled_out(workload, NAMESPACE, seconds=400)


def pods(component):
    selector = f"app.kubernetes.io/component={component}"
    listed = kube.kubectl("get", "pods", "--namespace", NAMESPACE, f"--selector={selector}", "--output=name", "--field-selector=status.phase=Running")
    return listed.split()
