"""A Domain's host gets a certificate once its DNS points here, and every process serves it without a restart."""

import socket
import ssl
import time
import unittest

from harness import kube, names, tenant
from harness.acme import Authority
from harness.installation import ISSUER, authority, installed
from harness.waiting import until

SPACE = "acme"
# What a domain's hosts need to lead here: the mail host, and that of its MTA-STS policy.
ZONE = "@ MX 10 {label}\n{label} A {address}\nmta-sts CNAME {label}"
# Another in each run: a certificate outlives its Domain by five minutes, and would be found again.
LABEL = f"mail{int(time.time())}"


def served(address, name, roots, port=993):
    """The certificate that a client which trusts `roots` is shown under a name."""
    with socket.create_connection((address, port), 5) as plain:
        with ssl.create_default_context(cadata=roots).wrap_socket(plain, server_hostname=name) as tls:
            return tls.getpeercert()


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = installed()
        cls.address = cls.installation.address
        tenant.examples()

    def made(self, name, domain, issuer):
        spec = {"domain": domain, "hosts": {"mail": f"{LABEL}.{domain}"}, "certificates": {"issuerRef": {"kind": "ClusterIssuer", "name": issuer}}}
        tenant.apply(SPACE, tenant.of("Domain", name, spec))
        self.addCleanup(tenant.delete, SPACE, "domain", name)
        self.addCleanup(names.remove, domain)

    @staticmethod
    def points_here(name, host):
        """Whether the Domain's status has found an address of ours at the host."""
        records = kube.get("domain", name, SPACE)["status"]["dns"]["records"]
        return [one for one in records if one["type"] in ("A", "AAAA") and one["name"].rstrip(".") == host and one["state"] == "Ok"]

    def test_a_certificate_is_asked_for_when_dns_points_here_and_not_before(self):
        self.made("certs", "certs.example", ISSUER)
        thing = kube.wait_condition("domain", "certs", SPACE, "CertificatesReady", "False", 30)
        self.assertIn(f"{LABEL}.certs.example", kube.condition(thing, "CertificatesReady")["message"])
        names.zone("certs.example", ZONE.format(label=LABEL, address=self.address))
        kube.kubectl("annotate", "domain", "certs", "--namespace", SPACE, f"postern.dev/check-dns={names.stamp()}", "--overwrite")
        # Whoever asks for another look does not wait for the next one that is due, which is no sooner than 20 s after the first.
        until("another look at its DNS", lambda: self.points_here("certs", f"{LABEL}.certs.example"), 18)
        kube.wait_condition("domain", "certs", SPACE, "CertificatesReady", seconds=90)
        shown = until("the certificate to be served", lambda: served(self.address, f"{LABEL}.certs.example", authority()), 30)
        self.assertIn(("DNS", f"{LABEL}.certs.example"), shown["subjectAltName"])

    def test_a_renewed_certificate_is_served_without_a_restart(self):
        names.zone("renewed.example", ZONE.format(label=LABEL, address=self.address))
        self.made("renewed", "renewed.example", ISSUER)
        kube.wait_condition("domain", "renewed", SPACE, "CertificatesReady", seconds=90)
        first = until("the certificate", lambda: served(self.address, f"{LABEL}.renewed.example", authority()), 30)["serialNumber"]
        secrets = [one for one in kube.get("certificate") if f"{LABEL}.renewed.example" in one["spec"].get("dnsNames", [])]
        # What `cmctl renew` does.
        kube.kubectl("delete", "secret", secrets[0]["spec"]["secretName"], "--namespace", secrets[0]["metadata"]["namespace"])
        until("the new one", lambda: served(self.address, f"{LABEL}.renewed.example", authority())["serialNumber"] != first, 60)

    def test_an_acme_server_finds_its_answer_on_port_80(self):
        with Authority() as acme:
            kube.apply(acme.issuer("acme-http"))
            self.addCleanup(kube.kubectl, "delete", "secret", "acme-http-account", "--namespace", "cert-manager", "--ignore-not-found")
            self.addCleanup(kube.kubectl, "delete", "clusterissuer", "acme-http")
            names.zone("acme.example", ZONE.format(label=LABEL, address=self.address))
            self.made("acme-example", "acme.example", "acme-http")
            kube.wait_condition("domain", "acme-example", SPACE, "CertificatesReady", seconds=180)
            shown = until("the certificate", lambda: served(self.address, f"{LABEL}.acme.example", acme.issued_by), 30)
            self.assertIn(("DNS", f"{LABEL}.acme.example"), shown["subjectAltName"])


if __name__ == "__main__":
    unittest.main()
