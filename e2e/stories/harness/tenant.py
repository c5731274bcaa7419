"""Tenants: the one of crds/examples, and small ones that a story makes for itself."""

import json
import pathlib

from . import kube

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "crds/examples"
ALICE = ("alice@example.org", "sample-password-of-alice")
BOB = ("bob@example.net", "sample-password-of-bob")

ERIN = ("erin@trade.example", "a-password-of-erin")


def trader():
    """A tenant whose mail leaves: that of the examples has a pool of loopback addresses, so that it reaches nobody."""
    auth = {"passwordSecretRef": {"name": "erin", "key": "password"}}
    box = of("Mailbox", "erin", {"address": ERIN[0], "auth": auth})
    apply("trade", of("Domain", "trade", {"domain": "trade.example"}), secret("erin", password=ERIN[1]), box)
    kube.wait_condition("mailbox", "erin", "trade", seconds=60)


def examples():
    """Applies crds/examples as a user does, and waits until its boxes are served."""
    kube.kubectl("apply", "-f", str(EXAMPLES))
    for kind, name in (("domain", "example-org"), ("domain", "example-net"), ("mailbox", "alice"), ("mailbox", "bob")):
        kube.wait_condition(kind, name, "acme", seconds=90)


def of(kind, name, spec, space=None):
    """An object as JSON, which is YAML; several are joined by a line of three dashes."""
    return _object("postern.dev/v1alpha1", kind, name, space, spec=spec)


def secret(name, space=None, **values):
    return _object("v1", "Secret", name, space, stringData=values)


def apply(space, *objects):
    kube.kubectl("apply", "--namespace", space, "-f", "-", stdin="\n---\n".join(objects))


def delete(space, kind, name):
    """And means it: a Domain goes with its boxes. One that is gone already is left so."""
    domain = kube.kubectl("get", kind, name, "--namespace", space, "--ignore-not-found", "--output=jsonpath={.spec.domain}")
    if kind == "domain" and domain:
        kube.kubectl("annotate", kind, name, "--namespace", space, f"postern.dev/cascade=confirm-{domain}", "--overwrite")
    kube.kubectl("delete", kind, name, "--namespace", space, "--ignore-not-found", "--timeout=60s")


def _object(version, kind, name, space, **rest):
    metadata = {"name": name, **({"namespace": space} if space else {})}
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": metadata, **rest})
