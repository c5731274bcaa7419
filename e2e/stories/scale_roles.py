"""Scaling a role up and down under load is no event for anybody."""

import json
import unittest

from harness import kube
from harness.disruption import ByHand, Installed
from harness.waiting import until


class UpAndDown:
    def test_the_frontend_up_and_down_again(self):
        self.up_and_down("frontend")

    def test_the_sender_up_and_down_again(self):
        account = self.up_and_down("sender")
        self.assertEqual((account["told"], account["byes"]), ({}, 0))

    def up_and_down(self, component):
        before = len(self.installation.pods(component))
        self.addCleanup(self.scaled, component, before)
        with self.load() as load:
            self.scaled(component, before + 1)
            self.scaled(component, before)
            self.installation.nobody_leaves(component)
        return self.undisturbed(load)

    def scaled(self, component, many):
        self.ask(component, many)
        workload = getattr(self.installation, component).partition("/")[2]

        def ready():
            return kube.get("deployment", workload, self.installation.namespace)["status"].get("readyReplicas", 0)

        until(f"{many} of {component}", lambda: ready() == many == len(self.installation.pods(component)), 240)


class ScaleByHand(UpAndDown, ByHand):
    def ask(self, component, many):
        kube.kubectl("scale", getattr(self.installation, component), f"--replicas={many}", "--namespace", self.installation.namespace)


class Scale(UpAndDown, Installed):
    def ask(self, component, many):
        patch = json.dumps({"spec": {component: {"replicas": {"min": many, "max": many}}}})
        cluster = self.installation.name
        kube.kubectl("patch", "mailcluster", cluster, "--namespace", self.installation.namespace, "--type=merge", "--patch", patch)


if __name__ == "__main__":
    unittest.main()
