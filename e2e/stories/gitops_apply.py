"""What Git holds is applied over and over: the second time changes nothing, and status does not flap."""

import json
import unittest

from harness import kube, tenant
from harness.installation import installed
from harness.waiting import holds, until

KINDS = "domains,mailboxes,aliases,ippools,brandings"


def versions(space="acme"):
    listed = kube.kubectl("get", KINDS, "--namespace", space, "--output=jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion} {end}")
    return dict(one.split("=") for one in listed.split())


class Apply(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        installed()
        tenant.examples()

    def settled(self):
        """The objects' versions once they have stood still for a while."""
        seen = {"versions": None, "since": 0}

        def probe():
            now = versions()
            seen["since"] = seen["since"] + 1 if now == seen["versions"] else 0
            seen["versions"] = now
            return seen["since"] >= 15 and now

        return until("status to stand still", probe, 90)

    def test_applying_again_changes_nothing(self):
        before = self.settled()
        kube.kubectl("apply", "-f", str(tenant.EXAMPLES))
        holds("every object's version", lambda: versions() == before, 5)

    def test_nothing_is_different_from_git(self):
        self.assertEqual(kube.kubectl("diff", "-f", str(tenant.EXAMPLES)), "")

    def test_the_operator_writes_no_spec(self):
        for kind in KINDS.split(","):
            for thing in with_managers(kind):
                for entry in thing["metadata"].get("managedFields", []):
                    if entry["manager"].startswith("postern"):
                        self.assertNotIn("f:spec", entry.get("fieldsV1", {}), f"{thing['kind']}/{thing['metadata']['name']}")


def with_managers(kind):
    return json.loads(kube.kubectl("get", kind, "--namespace", "acme", "--show-managed-fields", "--output=json"))["items"]


if __name__ == "__main__":
    unittest.main()
