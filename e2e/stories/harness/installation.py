"""Postern as it stands in the cluster: as a user installs it by the chart, or by hand without operator and chart.

Both are made once and left for the next run, which makes them what the sources say."""

import base64
import dataclasses
import functools
import json
import os
import pathlib
import tempfile

from . import kube, tenant
from .manifests import manifest
from .waiting import until

CHART = pathlib.Path(__file__).resolve().parents[3] / "charts/postern"
RELEASE = "postern"
SPACE = "mail-system"
ISSUER = "e2e-authority"

# What the stories and figures need not prove by TXT records.
PREVERIFIED = [("acme", domain) for domain in ["example.org", "example.net", "example.com", "later.example", "certs.example", "zoned.example", "borrows.example"]]
PREVERIFIED += [("acme", domain) for domain in ["renewed.example", "acme.example", "doctor.example", "wrong.example", "interferes.example"]]
PREVERIFIED += [("trade", domain) for domain in ["trade.example", "hosted.example", "leaves.example"]]
PREVERIFIED += [("acme", f"latency{number}.example") for number in range(20)]

# Boxes that the load delivers into and reads.
LOADED = [(f"load{number}@example.org", "a-password-under-load") for number in range(10)]


@dataclasses.dataclass(frozen=True)
class Installation:
    """What a story must know of it."""

    namespace: str
    address: str  # of the load balancer
    frontend: str  # deployment/NAME
    sender: str
    name: str = ""  # of the MailCluster, where there is one

    def pods(self, component):
        """Those that are not on their way out."""
        return [name for name, leaving in self._pods(component) if not leaving]

    def nobody_leaves(self, component):
        """Waits for pods on their way out to be gone: they serve to their last second."""
        until(f"the last {component} to have left", lambda: not any(leaving for _, leaving in self._pods(component)), 120)

    def restart(self, component):
        workload = getattr(self, component)
        kube.kubectl("rollout", "restart", workload, "--namespace", self.namespace)
        self.rolled_out(workload)
        self.nobody_leaves(component)

    def _pods(self, component):
        selector = f"--selector=app.kubernetes.io/component={component}"
        listed = json.loads(kube.kubectl("get", "pods", "--namespace", self.namespace, selector, "--output=json"))
        return [(f"pod/{pod['metadata']['name']}", "deletionTimestamp" in pod["metadata"]) for pod in listed["items"]]

    def rolled_out(self, workload, seconds=400):
        kube.rolled_out(workload, self.namespace, seconds)


@functools.cache
def installed():
    """By the chart, as a user does; E2E_AS_IT_IS leaves a release that is there as it is."""
    space = SPACE
    as_it_is = "E2E_AS_IT_IS" in os.environ
    # The tenants' namespaces too: the chart binds the operator's right to read Secrets in them.
    for name in ("acme", "trade"):
        kube.namespace(name)
    kube.apply(manifest("issuer.yaml"))
    if not as_it_is:
        kube.namespace(space, standard="restricted")
        kube.kubectl("apply", "--namespace", space, "-f", "-", stdin=manifest("postgres.yaml"))
        kube.rolled_out("statefulset/database", space)
        release(space)
    cluster = kube.get("mailcluster", namespace=space)[0]["metadata"]["name"]
    if not as_it_is:
        kube.wait_condition("mailcluster", cluster, space, seconds=240)
    address = kube.balancer_address(f"{cluster}-frontend", space)
    return Installation(space, address, f"deployment/{cluster}-frontend", f"deployment/{cluster}-sender", cluster)


def release(space, *arguments):
    """Makes the release what the sources and the stories' values say, and then the arguments."""
    verified = json.dumps([{"namespace": name, "domain": domain} for name, domain in PREVERIFIED])
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        values.write(manifest("values.yaml", PREVERIFIED=verified))
        values.flush()
        command = ["helm", "upgrade", "--install", RELEASE, str(CHART), "--namespace", space, "--values", values.name]
        kube.run(*command, *arguments, "--wait", "--timeout=240s", seconds=300)


def uninstalled():
    """Takes the release away, if there is one; its database and the tenants' objects stay."""
    if RELEASE in kube.run("helm", "list", "--namespace", SPACE, "--short").split():
        kube.run("helm", "uninstall", RELEASE, "--namespace", SPACE, "--wait", "--timeout=120s", seconds=150)


def by_hand(space):
    """Two processes that listen and one that sends, on a PostgreSQL, in a namespace that is there."""
    text = "\n---\n".join([tenant.of("Domain", "example-org", {"domain": "example.org"}, "acme"), *loaded("acme")])
    whole = manifest("postgres.yaml") + "---\n" + manifest("split.yaml", OBJECTS=json.dumps(text))
    kube.kubectl("apply", "--namespace", space, "-f", "-", stdin=whole)
    found = Installation(space, kube.balancer_address("frontend", space), "deployment/frontend", "deployment/sender")
    for workload in ("statefulset/database", found.frontend, found.sender):
        found.rolled_out(workload)
    return found


def loaded(space):
    """The boxes of the load as objects, and the Secret with their password."""
    auth = {"passwordSecretRef": {"name": "load", "key": "all"}}
    boxes = [tenant.of("Mailbox", f"load{number}", {"address": address, "auth": auth}, space) for number, (address, _) in enumerate(LOADED)]
    return [tenant.secret("load", space, all=LOADED[0][1]), *boxes]


def authority():
    """The certificate of the issuer's authority, as PEM."""
    secret = kube.get("secret", "e2e-authority", "cert-manager")
    return base64.b64decode(secret["data"]["tls.crt"]).decode()
