"""What one object alone can get wrong is refused by the API server, in words that say what to write instead.

That is what a server-side dry run in a merge request shows (`kubectl diff`, `kubectl apply --dry-run=server`)."""

import contextlib
import pathlib
import unittest

from harness import admission, kube
from harness.admission import domain, mailbox, pool, verdict

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "crds/examples"


class Admission(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Without operator and chart too: what is judged here is the definitions alone.
        if not kube.kubectl("get", "crd", "domains.postern.dev", "--ignore-not-found"):
            kube.kubectl("apply", "--server-side", "-f", str(EXAMPLES.parent / "yaml"))
            kube.kubectl("wait", "--for=condition=Established", "crd/domains.postern.dev", "crd/mailboxes.postern.dev", "crd/ippools.postern.dev")

    def refused(self, text, *words):
        said = verdict(text)
        for word in words:
            self.assertIn(word, said)

    def test_the_examples_are_accepted(self):
        # A tenant of that name who is there already stays.
        there = kube.kubectl("get", "namespace", "acme", "--ignore-not-found")
        with contextlib.nullcontext() if there else kube.Namespace("acme"):
            # By whomever they were applied before: nothing is taken from them, for nothing is kept.
            kube.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", str(EXAMPLES))

    def test_what_is_right_is_accepted(self):
        for text in (domain(), mailbox(), pool()):
            self.assertEqual(verdict(text), "")

    def test_a_domain_is_written_in_lower_case_and_as_an_a_label(self):
        self.refused(domain(domain="Example.org"), "spec.domain")
        self.refused(domain(domain="exämple.org"), "spec.domain")

    def test_an_alias_domain_is_another_domain(self):
        self.refused(domain(aliases=["example.org"]), "aliases may not repeat the domain itself")

    def test_junk_comes_before_refusal(self):
        self.refused(domain(spam={"junkAbove": 10, "rejectAbove": 5}), "junkAbove may not be greater than rejectAbove")

    def test_a_split_domain_says_where_the_others_are(self):
        self.refused(domain(mode="Split"), "mode Split needs it")

    def test_a_mailbox_has_one_way_to_prove_who_it_is(self):
        both = {"generate": True, "passwordSecretRef": {"name": "a", "key": "b"}}
        self.refused(mailbox(auth=both), "set exactly one of")

    def test_an_address_has_a_domain(self):
        self.refused(mailbox(address="alice"), "spec.address")

    def test_a_pool_address_is_an_address(self):
        self.refused(pool(addresses=[{"ip": "out.example.org", "helo": "out.example.org"}]), "spec.addresses")

    def test_a_misspelt_field_is_refused(self):
        self.refused(domain(cathAll={"to": "alice@example.org"}), "cathAll")

    def test_the_name_of_a_domain_cannot_change(self):
        with kube.Namespace("admission") as space:
            kube.kubectl("apply", "--namespace", space, "-f", "-", stdin=domain())
            with self.assertRaisesRegex(kube.Refused, "domain is immutable; make a new Domain"):
                kube.kubectl("apply", "--namespace", space, "--dry-run=server", "-f", "-", stdin=domain(domain="example.net"))
            # No operator needs to be there to let it go: this story may run before one is installed.
            kube.kubectl("patch", "domain", "example-org", "--namespace", space, "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')


if __name__ == "__main__":
    unittest.main()
