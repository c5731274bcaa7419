"""What dies without a word may cut connections, and loses nothing that was answered with 250."""

import time
import unittest

from harness import kube, mail, tenant
from harness.disruption import ByHand, Installed
from harness.installation import installed
from harness.site import Site
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
            # Not by force, as the others: that forgets the pod at once and starts another beside it, and two servers on one
            # volume lose what one of them says is stored. Told to end, it waits for its clients; a second later it is killed.
            kube.kubectl("delete", "pod/database-0", "--namespace", self.installation.namespace, "--now")
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
    def test_the_leading_operator_dies(self):
        space, box = self.installation.namespace, ["mailbox", "load0", "--namespace", "acme"]
        self.addCleanup(kube.kubectl, "patch", *box, "--type=merge", "--patch", '{"spec": {"aliases": null}}')
        with self.load() as load:
            leader = kube.get("lease", "postern-operator", space)["spec"]["holderIdentity"]
            self.kill(f"pod/{leader}")
            # While nobody leads: whoever comes next finds it.
            kube.kubectl("patch", *box, "--type=merge", "--patch", '{"spec": {"aliases": ["after-the-king@example.net"]}}')
            until("another to have seen to it", lambda: mail.takes(self.installation.address, "after-the-king@example.net"), 60)
            self.installation.rolled_out("deployment/postern-operator")
        account = self.undisturbed(load)
        self.assertEqual((account["told"], account["byes"]), ({}, 0))


class KillSender(unittest.TestCase):
    """A sender dies with a message in its hands, while the other site thinks about the recipient."""

    def test_what_it_had_in_hand_is_sent_soon_by_another(self):
        installation = installed()
        tenant.trader()
        with Site("elsewhere.example") as site:
            site.answers(slow="sleep 15")
            text, token = mail.message(tenant.ERIN[0], "slow@elsewhere.example")
            mail.send(installation.address, tenant.ERIN[0], "slow@elsewhere.example", text, port=587, login=tenant.ERIN)
            until("the other site to be talked to", lambda: "connect from" in site.log(), 30)
            dying = installation.pods("sender")[0]
            kube.kubectl("delete", dying, "--namespace", installation.namespace, "--grace-period=0", "--force")
            begun = time.monotonic()
            site.received(token, seconds=180)
            print(f"\n  from a sender's death to its message at the other site: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
