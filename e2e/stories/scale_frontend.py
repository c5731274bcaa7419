"""Scaling up and down under load is no event for anybody."""

import unittest

from harness import kube
from harness.disruption import Disruption, pods
from harness.installation import NAMESPACE
from harness.waiting import until


class Scale(Disruption):
    def test_up_and_down_again(self):
        before = len(pods("frontend"))
        self.addCleanup(self.replicas, before)
        with self.load() as load:
            self.replicas(before + 1)
            self.replicas(before)
        self.undisturbed(load)

    def replicas(self, many):
        patch = f'{{"spec": {{"frontend": {{"replicas": {{"min": {many}, "max": {many}}}}}}}}}'
        kube.kubectl("patch", "mailcluster", self.installation.name, "--namespace", NAMESPACE, "--type=merge", "--patch", patch)
        until(f"{many} frontends", lambda: self.ready() == many and len(pods("frontend")) == many, 240)

    def ready(self):
        name = self.installation.frontend.partition("/")[2]
        return kube.get("deployment", name, NAMESPACE)["status"].get("readyReplicas", 0)


if __name__ == "__main__":
    unittest.main()
