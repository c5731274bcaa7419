"""`helm upgrade` to another image under constant load: definitions, schema, operator and every process are changed on the way."""

import os
import subprocess
import unittest

from harness import installation, kube
from harness.disruption import Installed
from harness.manifests import IMAGE_PREFIX, TAG
from harness.waiting import until


def other_tag():
    """The tag of another version's images: NEXT_TAG; on the one-node cluster the same images by another name."""
    if "NEXT_TAG" in os.environ:
        return os.environ["NEXT_TAG"]
    if "SOCKET" not in os.environ:
        raise unittest.SkipTest("an upgrade needs the tag of other images: NEXT_TAG")
    for name in ("postern", "postern-operator"):
        tags = [f"{IMAGE_PREFIX}{name}:{tag}" for tag in (TAG, "next")]
        subprocess.run(["ctr", "--address", os.environ["SOCKET"], "--namespace", "k8s.io", "images", "tag", "--force", *tags], check=True, capture_output=True)
    return "next"


class Upgrade(Installed):
    def test_an_upgrade_is_seen_as_421_and_bye_at_most(self):
        tag = other_tag()
        self.addCleanup(self.upgraded, TAG)
        with self.load() as load:
            self.upgraded(tag)
        self.undisturbed(load)

    def upgraded(self, tag):
        installation.release(self.installation.namespace, "--set", f"image.tag={tag}")
        for workload in (self.installation.frontend, self.installation.sender):
            name = workload.partition("/")[2]
            until(f"{workload} to be given {tag}", lambda name=name: self.image(name).endswith(f":{tag}"), 120)
            self.installation.rolled_out(workload)
        for component in ("frontend", "sender"):
            self.installation.nobody_leaves(component)

    def image(self, deployment):
        return kube.get("deployment", deployment, self.installation.namespace)["spec"]["template"]["spec"]["containers"][0]["image"]


if __name__ == "__main__":
    unittest.main()
