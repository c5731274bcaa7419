"""Status lists the records that a domain needs, what is there, and the line that mends each; against a real server."""

import time
import unittest

from harness import kube, names, tenant
from harness.installation import installed
from harness.waiting import until

SPACE = "acme"
# Another in each run: what was proven once is proven still when its Domain comes back.
RUN = int(time.time())


class Records(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.address = installed().address

    def made(self, space, name, domain, **spec):
        tenant.apply(space, tenant.of("Domain", name, {"domain": domain, **spec}))
        self.addCleanup(names.remove, domain)
        if space == SPACE:
            self.addCleanup(tenant.delete, space, "domain", name)

    def records(self, name, space=SPACE):
        return kube.get("domain", name, space)["status"].get("dns", {}).get("records", [])

    def record(self, name, type_, owner, state, seconds=45):
        def probe():
            found = [one for one in self.records(name) if one["type"] == type_ and one["name"].rstrip(".") == owner]
            assert found and found[0]["state"] == state, found
            return found[0]

        return until(f"{type_} of {owner} to be {state}", probe, seconds)

    def token(self, name, space):
        return until("the token", lambda: kube.get("domain", name, space)["status"]["dns"]["verification"], 30)

    def look_again(self, name, space=SPACE):
        kube.kubectl("annotate", "domain", name, "--namespace", space, f"postern.dev/check-dns={names.stamp()}", "--overwrite")

    def test_a_missing_record_is_named_and_found_when_it_comes(self):
        names.zone("doctor.example", "www A 192.0.2.1")
        self.made(SPACE, "doctor", "doctor.example", hosts={"mail": "mail.doctor.example"})
        missing = self.record("doctor", "MX", "doctor.example", "Missing")
        self.assertTrue(missing["expected"][0].endswith("mail.doctor.example."), missing)
        self.assertTrue(missing["fix"])
        names.zone("doctor.example", f"@ MX 10 mail.doctor.example.\nmail A {self.address}")
        self.look_again("doctor")
        self.record("doctor", "MX", "doctor.example", "Ok")

    def test_a_wrong_record_is_shown_with_what_was_seen(self):
        names.zone("wrong.example", "@ MX 10 mx.old.example.")
        self.made(SPACE, "wrong", "wrong.example", hosts={"mail": "mail.wrong.example"})
        wrong = self.record("wrong", "MX", "wrong.example", "Wrong")
        self.assertEqual(wrong["observed"], ["10 mx.old.example."])

    def test_what_interferes_is_shown(self):
        names.zone("interferes.example", "@ MX 10 mail.interferes.example.\nimap CNAME imap.old.example.")
        self.made(SPACE, "interferes", "interferes.example", hosts={"mail": "mail.interferes.example"})
        self.record("interferes", "CNAME", "imap.interferes.example", "Interferes")

    def test_a_domain_is_served_once_its_token_is_there(self):
        names.zone(f"token{RUN}.example", "www A 192.0.2.1")
        with kube.Namespace("unproven") as space:
            self.made(space, "token", f"token{RUN}.example")
            token = self.token("token", space)
            self.assertEqual(kube.condition(kube.get("domain", "token", space), "Ready")["status"], "False")
            owner = token["name"].rstrip(".").removesuffix(f".token{RUN}.example")
            names.zone(f"token{RUN}.example", f'{owner} TXT "{token["value"]}"')
            self.look_again("token", space)
            kube.wait_condition("domain", "token", space, "OwnershipVerified", seconds=60)
            kube.wait_condition("domain", "token", space, seconds=60)

    def test_of_two_claimants_the_one_with_the_token_has_the_domain(self):
        domain = f"contested{RUN}.example"
        names.zone(domain, "www A 192.0.2.1")
        self.addCleanup(names.remove, domain)
        with kube.Namespace("claims-first") as first, kube.Namespace("proves-it") as second:
            for space in (first, second):
                tenant.apply(space, tenant.of("Domain", "contested", {"domain": domain}))
                kube.wait_condition("domain", "contested", space, "OwnershipVerified", "False")
            token, other = (self.token("contested", space) for space in (second, first))
            # Each namespace has a token of its own, so nobody can set another's.
            self.assertNotEqual(token["value"], other["value"])
            owner = token["name"].rstrip(".").removesuffix(f".{domain}")
            names.zone(domain, f'{owner} TXT "{token["value"]}"')
            self.look_again("contested", second)
            kube.wait_condition("domain", "contested", second, seconds=60)
            told = kube.condition(kube.wait_condition("domain", "contested", first, "Ready", "False"), "Ready")
            self.assertIn(told["reason"], ("DomainClaimedElsewhere", "TokenNotFound"))

    def test_anothers_host_is_refused_and_so_is_the_providers(self):
        tenant.apply("trade", tenant.of("Domain", "hosted", {"domain": "hosted.example", "hosts": {"mail": "mail.hosted.example"}}))
        self.addCleanup(tenant.delete, "trade", "domain", "hosted")
        kube.wait_condition("domain", "hosted", "trade")
        for host in ("mail.hosted.example", "mail.provider.example"):
            with self.subTest(host):
                self.made(SPACE, "borrows", "borrows.example", hosts={"mail": host})
                told = kube.condition(kube.wait_condition("domain", "borrows", SPACE, "Accepted", "False"), "Accepted")
                self.assertEqual(told["reason"], "HostConflict")
                self.assertIn(host, told["message"])


if __name__ == "__main__":
    unittest.main()
