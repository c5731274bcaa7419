"""Scaling up and down under load is no event for anybody."""

import unittest

from harness import kube
from harness.disruption import ByHand, Installed
from harness.waiting import until


class UpAndDown:
    def test_up_and_down_again(self):
        before = len(self.installation.pods("frontend"))
        self.addCleanup(self.scaled, before)
        with self.load() as load:
            self.scaled(before + 1)
            self.scaled(before)
            self.installation.nobody_leaves("frontend")
        self.undisturbed(load)

    def scaled(self, many):
        self.ask(many)
        until(f"{many} frontends", lambda: self.ready() == many == len(self.installation.pods("frontend")), 240)

    def ready(self):
        name = self.installation.frontend.partition("/")[2]
        return kube.get("deployment", name, self.installation.namespace)["status"].get("readyReplicas", 0)


class ScaleByHand(UpAndDown, ByHand):
    def ask(self, many):
        kube.kubectl("scale", self.installation.frontend, f"--replicas={many}", "--namespace", self.installation.namespace)


class Scale(UpAndDown, Installed):
    def ask(self, many):
        patch = f'{{"spec": {{"frontend": {{"replicas": {{"min": {many}, "max": {many}}}}}}}}}'
        cluster = self.installation.name
        kube.kubectl("patch", "mailcluster", cluster, "--namespace", self.installation.namespace, "--type=merge", "--patch", patch)


if __name__ == "__main__":
    unittest.main()
