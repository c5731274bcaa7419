"""Status says in one sentence what is so and what to do; columns show what one looks for."""

import base64
import datetime
import unittest

from harness import kube, mail, tenant
from harness.installation import PREVERIFIED, installed
from harness.waiting import until

SPACE = "acme"
# Argon2id of the password beside it.
HASHED = ("a-password-behind-a-hash", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdC1vZi1hLXN0b3J5IQ$EyxejV4rl/PeL9zxAfjUHXax0UtePg1+XxbxIbWbNbg")


class Status(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.address = installed().address
        tenant.examples()

    def made(self, kind, name, spec):
        tenant.apply(SPACE, tenant.of(kind, name, spec))
        self.addCleanup(tenant.delete, SPACE, kind.lower(), name)

    def test_columns_show_what_one_looks_for(self):
        for kind, columns in (
            ("domains", ["DOMAIN", "OWNED", "DNS", "CERT", "BOXES", "READY", "REASON", "AGE"]),
            ("mailboxes", ["ADDRESS", "USED", "QUOTA", "LASTLOGIN", "READY"]),
            ("ippools", ["IPS", "WARMUP", "DEFERRED", "PAUSED", "READY"]),
            ("brandings", ["READY"]),
        ):
            head = kube.kubectl("get", kind, "--namespace", SPACE).splitlines()[0].split()
            for column in columns:
                self.assertIn(column, head, kind)

    def test_wait_for_ready_works(self):
        kube.kubectl("wait", "--for=condition=Ready", "domain/example-org", "mailbox/alice", "--namespace", SPACE, "--timeout=30s")

    def test_kstatus_finds_what_it_reads(self):
        for kind, name in (("domain", "example-org"), ("mailbox", "alice")):
            thing = kube.get(kind, name, SPACE)
            self.assertEqual(thing["status"]["observedGeneration"], thing["metadata"]["generation"])
            states = {one: kube.condition(thing, one).get("status") for one in ("Ready", "Reconciling", "Stalled")}
            self.assertEqual(states, {"Ready": "True", "Reconciling": "False", "Stalled": "False"}, f"{kind}/{name}")

    def test_a_box_without_its_domain_says_so_and_comes_when_the_domain_does(self):
        self.made("Mailbox", "early", {"address": "early@later.example", "auth": {"generate": True}})
        found = kube.condition(kube.wait_condition("mailbox", "early", SPACE, "Ready", "False"), "Ready")
        self.assertEqual(found["reason"], "DomainNotFound", found)
        self.assertIn("later.example", found["message"])
        self.assertIn(("acme", "later.example"), PREVERIFIED)
        self.made("Domain", "later", {"domain": "later.example"})
        kube.wait_condition("mailbox", "early", SPACE, seconds=30)

    def test_a_missing_secret_is_named_and_waited_for(self):
        auth = {"passwordSecretRef": {"name": "not-yet", "key": "password"}}
        self.made("Mailbox", "dora", {"address": "dora@example.org", "auth": auth})

        def told():
            found = kube.condition(kube.get("mailbox", "dora", SPACE), "Ready")
            assert found.get("reason") == "SecretMissing", found
            return found

        self.assertIn("not-yet", until("the missing Secret to be told", told, 60)["message"])
        tenant.apply(SPACE, tenant.secret("not-yet", password="a-password-of-dora"))
        self.addCleanup(kube.kubectl, "delete", "secret", "not-yet", "--namespace", SPACE)
        kube.kubectl("annotate", "mailbox", "dora", "--namespace", SPACE, "stories.example/look=again", "--overwrite")
        kube.wait_condition("mailbox", "dora", SPACE, seconds=60)
        mail.Imap(self.address, "dora@example.org", "a-password-of-dora").logout()

    def test_an_address_is_given_once(self):
        self.made("Mailbox", "second", {"address": "alice@example.org", "auth": {"generate": True}})
        found = kube.condition(kube.wait_condition("mailbox", "second", SPACE, "Accepted", "False"), "Accepted")
        self.assertEqual(found["reason"], "AddressTaken", found)
        self.assertEqual(kube.condition(kube.get("mailbox", "alice", SPACE), "Ready")["status"], "True")

    def test_a_generated_password_lies_in_a_secret_and_works(self):
        self.made("Mailbox", "gen", {"address": "gen@example.org", "auth": {"generate": True}})
        kube.wait_condition("mailbox", "gen", SPACE)
        found = until("the Secret", lambda: kube.get("secret", "gen-credentials", SPACE), 20)
        self.assertEqual(found["metadata"]["ownerReferences"][0]["kind"], "Mailbox")
        mail.Imap(self.address, "gen@example.org", password_in(found)).logout()

    def test_a_generated_password_is_made_anew_when_that_is_asked_for(self):
        self.made("Mailbox", "anew", {"address": "anew@example.org", "auth": {"generate": True}})
        kube.wait_condition("mailbox", "anew", SPACE)
        first = until("the Secret", lambda: password_in(kube.get("secret", "anew-credentials", SPACE)), 20)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        kube.kubectl("annotate", "mailbox", "anew", "--namespace", SPACE, f"postern.dev/rotate-at={now}")

        def another():
            password = password_in(kube.get("secret", "anew-credentials", SPACE))
            return password != first and password

        second = until("another password", another, 20)
        until("it to be the one", lambda: mail.Imap(self.address, "anew@example.org", second).logout(), 30)
        with self.assertRaises(mail.imaplib.IMAP4.error):
            mail.Imap(self.address, "anew@example.org", first)

    def test_a_hash_takes_the_place_of_a_password(self):
        password, phc = HASHED
        tenant.apply(SPACE, tenant.secret("hashed", key=phc))
        self.addCleanup(kube.kubectl, "delete", "secret", "hashed", "--namespace", SPACE)
        self.made("Mailbox", "inspec", {"address": "inspec@example.org", "auth": {"passwordHash": phc}})
        self.made("Mailbox", "insecret", {"address": "insecret@example.org", "auth": {"passwordSecretRef": {"name": "hashed", "key": "key"}}})
        for name in ("inspec", "insecret"):
            kube.wait_condition("mailbox", name, SPACE)
            mail.Imap(self.address, f"{name}@example.org", password).logout()

    def test_a_domain_with_boxes_is_not_deleted_by_a_slip(self):
        # An API server takes a moment to heed a policy, and the operator one to count what was just applied.
        def refused():
            try:
                kube.kubectl("delete", "domain", "example-org", "--namespace", SPACE, "--dry-run=server")
            except kube.Refused as error:
                return str(error)

        self.assertIn("confirm-example.org", until("a slip to be refused", refused, 10))

    def test_a_stranger_cannot_take_a_domain(self):
        with kube.Namespace("stranger") as space:
            tenant.apply(space, tenant.of("Domain", "theirs", {"domain": "example.org"}))
            thing = kube.wait_condition("domain", "theirs", space, "Ready", "False")
            self.assertNotEqual(kube.condition(thing, "OwnershipVerified").get("status"), "True")
            self.assertEqual(kube.condition(kube.get("domain", "example-org", SPACE), "Ready")["status"], "True")
            kube.kubectl("delete", "domain", "theirs", "--namespace", space, "--timeout=30s")


def password_in(secret):
    return base64.b64decode(secret["data"]["password"]).decode()


if __name__ == "__main__":
    unittest.main()
