"""What dies without a word may cut connections, and loses nothing that was answered with 250."""

import unittest

from harness import kube
from harness.disruption import ByHand, Installed
from harness.waiting import until


class Deaths:
    def test_a_frontend_dies(self):
        with self.load() as load:
            self.kill(self.installation.pods("frontend")[0])
            self.installation.rolled_out(self.installation.frontend)
            self.more(load)
        self.accounted(load)

    def test_the_database_dies(self):
        with self.load() as load:
            self.kill("pod/database-0")
            self.installation.rolled_out("statefulset/database")
            self.more(load)
        # The processes stay, so nobody is cut off: senders are told to come back.
        self.undisturbed(load)

    def kill(self, pod):
        kube.kubectl("delete", pod, "--namespace", self.installation.namespace, "--grace-period=0", "--force")

    def more(self, load):
        """Until mail is taken again as before."""
        goal = len(load.senders.accepted) + 200
        until("mail to be taken again", lambda: len(load.senders.accepted) >= goal, 120)


class KillByHand(Deaths, ByHand):
    pass


class Kill(Deaths, Installed):
    pass


if __name__ == "__main__":
    unittest.main()
