"""What dies without a word may cut connections, and loses nothing that was answered with 250."""

import unittest

from harness import kube
from harness.disruption import Disruption, pods
from harness.installation import NAMESPACE
from harness.waiting import until


class Kill(Disruption):
    def test_a_frontend_dies(self):
        with self.load() as load:
            kube.kubectl("delete", pods("frontend")[0], "--namespace", NAMESPACE, "--grace-period=0", "--force")
            kube.rolled_out(self.installation.frontend, NAMESPACE)
            self.more(load)
        self.accounted(load)

    def test_the_database_dies(self):
        with self.load() as load:
            kube.kubectl("delete", "pod", "database-0", "--namespace", NAMESPACE, "--grace-period=0", "--force")
            kube.rolled_out("statefulset/database", NAMESPACE)
            self.more(load)
        account = self.accounted(load)
        self.assertEqual({code for code in account["told"] if code >= 500}, set())

    def more(self, load):
        """Until mail is taken again as before."""
        goal = len(load.senders.accepted) + 200
        until("mail to be taken again", lambda: len(load.senders.accepted) >= goal, 120)


if __name__ == "__main__":
    unittest.main()
