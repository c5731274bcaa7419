"""`helm install` in an empty cluster, to mail; what `helm uninstall` leaves; and that the next install finds every box again."""

import os
import tempfile
import time
import unittest

from harness import installation, kube, mail, tenant
from harness.manifests import manifest
from harness.waiting import until

SPACE = "trial"
BOX = ("first@trial.example", "a-password-of-the-first")
KINDS = ("domains", "mailboxes", "aliases", "ippools", "brandings", "mailclusters")


class Trial(unittest.TestCase):
    """With the database that the chart brings, in a namespace that admits nothing but Pod Security `restricted`."""

    @classmethod
    def setUpClass(cls):
        if "E2E_AS_IT_IS" in os.environ:
            raise unittest.SkipTest("an installation that is to be left as it is cannot make room for another")
        # Two operators would keep the same objects, each by its own directory.
        installation.uninstalled()
        cls.enterClassContext(kube.Namespace(SPACE, standard="restricted"))

    def test_a_trial_takes_mail_and_what_is_worth_keeping_outlives_it(self):
        address = self.installed()
        objects = [tenant.of("Domain", "trial", {"domain": "trial.example"}), tenant.secret("first", password=BOX[1])]
        objects.append(tenant.of("Mailbox", "first", {"address": BOX[0], "auth": {"passwordSecretRef": {"name": "first", "key": "password"}}}))
        tenant.apply(SPACE, *objects)
        kube.wait_condition("mailbox", "first", SPACE)
        text, token = mail.message("carol@elsewhere.example", BOX[0])
        mail.send(address, "carol@elsewhere.example", BOX[0], text)
        mail.received(address, *BOX, token)

        kube.run("helm", "uninstall", installation.RELEASE, "--namespace", SPACE, "--wait", "--timeout=120s", seconds=150)
        until("the workloads to be gone", lambda: kube.kubectl("get", "pods", "--namespace", SPACE, "--output=name") == "", 120)
        for kind in KINDS:
            kube.kubectl("get", "crd", f"{kind}.postern.dev")
        kube.kubectl("get", "domain/trial", "mailbox/first", "secret/postern-seal-key", "secret/postern-postgres", "--namespace", SPACE)
        self.assertEqual(kube.kubectl("get", "mailcluster", "--namespace", SPACE, "--output=name"), "")

        address = self.installed()
        self.assertEqual(mail.received(address, *BOX, token)["To"], BOX[0])
        # While there is an operator that can let them go.
        tenant.delete(SPACE, "mailbox", "first")
        tenant.delete(SPACE, "domain", "trial")
        kube.run("helm", "uninstall", installation.RELEASE, "--namespace", SPACE, "--wait", "--timeout=120s", seconds=150)

    def installed(self):
        """The load balancer's address; prints how long it took from `helm install` until the MailCluster was Ready."""
        begun = time.monotonic()
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
            values.write(manifest("trial.yaml", SPACE=SPACE))
            values.flush()
            command = ["helm", "install", installation.RELEASE, str(installation.CHART), "--namespace", SPACE, "--values", values.name]
            kube.run(*command, "--wait", "--timeout=240s", seconds=300)
        kube.wait_condition("mailcluster", "main", SPACE, seconds=240)
        print(f"\n  helm install to Ready: {time.monotonic() - begun:.1f} s", flush=True)
        return kube.balancer_address("main-frontend", SPACE)


if __name__ == "__main__":
    unittest.main()
