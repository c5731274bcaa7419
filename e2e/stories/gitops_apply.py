"""What Git holds is applied over and over: the second time changes nothing, and status does not flap."""

import json
import pathlib
import shutil
import subprocess
import unittest

from harness import kube, tenant
from harness.installation import installed
from harness.waiting import holds, until

HEALTH = pathlib.Path(__file__).resolve().parents[2] / "charts/gitops/health.lua"
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

        def as_before():
            self.assertEqual(versions(), before)
            return True

        holds("every object's version", as_before, 5)

    def test_nothing_is_different_from_git(self):
        self.assertEqual(kube.kubectl("diff", "-f", str(tenant.EXAMPLES)), "")

    def test_the_operator_writes_no_spec(self):
        for kind in KINDS.split(","):
            for thing in with_managers(kind):
                for entry in thing["metadata"].get("managedFields", []):
                    if entry["manager"].startswith("postern"):
                        self.assertNotIn("f:spec", entry.get("fieldsV1", {}), f"{thing['kind']}/{thing['metadata']['name']}")

    @unittest.skipUnless(shutil.which("lua5.4"), "Argo CD's script needs a Lua to run in: lua5.4")
    def test_argo_cds_script_finds_them_healthy(self):
        for kind in KINDS.split(","):
            for thing in kube.get(kind, namespace="acme"):
                with self.subTest(kind=kind, name=thing["metadata"]["name"]):
                    self.assertEqual(health(thing), "Healthy")


def health(thing):
    """What Argo CD would show: the script is a chunk that finds `obj` and returns its health."""
    chunk = f"obj = {in_lua(thing)}\nprint(dofile({json.dumps(str(HEALTH))}).status)"
    return subprocess.run(["lua5.4", "-"], input=chunk, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def in_lua(value):
    """A value of JSON as Lua writes it."""
    match value:
        case None:
            return "nil"
        case dict():
            return "{" + ", ".join(f"[{json.dumps(key)}] = {in_lua(one)}" for key, one in value.items()) + "}"
        case list():
            return "{" + ", ".join(map(in_lua, value)) + "}"
    return json.dumps(value, ensure_ascii=False)


def with_managers(kind):
    return json.loads(kube.kubectl("get", kind, "--namespace", "acme", "--show-managed-fields", "--output=json"))["items"]


if __name__ == "__main__":
    unittest.main()
