"""The product as a user installs it: the chart, on a PostgreSQL that somebody else runs, with an issuer of its own.

Made once and left for the next run; `helm upgrade --install` makes it what the sources say."""

import base64
import dataclasses
import functools
import json
import pathlib
import tempfile

from . import kube
from .manifests import manifest

CHART = pathlib.Path(__file__).resolve().parents[3] / "charts/postern"
NAMESPACE = "mail-system"
RELEASE = "postern"
ISSUER = "e2e-authority"

# What the stories and figures need not prove by TXT records.
PREVERIFIED = [("acme", domain) for domain in ["example.org", "example.net", "example.com", "later.example", "certs.example"]]
PREVERIFIED += [("acme", domain) for domain in ["renewed.example", "acme.example", "doctor.example", "wrong.example", "interferes.example"]]
PREVERIFIED += [("acme", f"latency{number}.example") for number in range(20)]


@dataclasses.dataclass(frozen=True)
class Installation:
    """What a story must know of it."""

    name: str  # of the MailCluster
    address: str  # of the load balancer
    frontend: str  # deployment/NAME
    sender: str


@functools.cache
def installed():
    """The running installation; installs or upgrades it when asked for the first time."""
    # The tenant's too: the chart binds the operator's right to read Secrets in it.
    for space in (NAMESPACE, "acme"):
        kube.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {space}}}\n")
    kube.kubectl("apply", "--namespace", NAMESPACE, "-f", "-", stdin=manifest("postgres.yaml"))
    kube.apply(manifest("issuer.yaml"))
    kube.rolled_out("statefulset/database", NAMESPACE)
    release()
    name = kube.get("mailcluster", namespace=NAMESPACE)[0]["metadata"]["name"]
    kube.wait_condition("mailcluster", name, NAMESPACE, seconds=240)
    service = f"{name}-frontend"
    return Installation(name, kube.balancer_address(service, NAMESPACE), f"deployment/{name}-frontend", f"deployment/{name}-sender")


def release(*arguments):
    """Makes the release what the sources and the stories' values say, and then the arguments."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        values.write(manifest("values.yaml", PREVERIFIED=preverified()))
        values.flush()
        command = ["helm", "upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", values.name]
        kube.run(*command, *arguments, "--wait", "--timeout=240s", seconds=300)


def preverified():
    return json.dumps([{"namespace": space, "domain": domain} for space, domain in PREVERIFIED])


def authority():
    """The certificate of the issuer's authority, as PEM."""
    secret = kube.get("secret", "e2e-authority", "cert-manager")
    return base64.b64decode(secret["data"]["tls.crt"]).decode()
