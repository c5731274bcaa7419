"""What the API server says of an object before anybody else sees it: a dry run on the server, which keeps nothing."""

import json

from . import kube

TENANT = "default"


def verdict(text):
    """"" when the object is accepted, else the API server's words."""
    try:
        kube.kubectl("apply", "--server-side", "--dry-run=server", "--namespace", TENANT, "-f", "-", stdin=text)
    except kube.Refused as refused:
        return str(refused)
    return ""


def domain(**spec):
    return _object("Domain", "example-org", {"domain": "example.org", **spec})


def mailbox(**spec):
    return _object("Mailbox", "alice", {"address": "alice@example.org", "auth": {"generate": True}, **spec})


def pool(**spec):
    return _object("IpPool", "out", {"addresses": [{"ip": "192.0.2.1", "helo": "out.example.org"}], **spec})


def _object(kind, name, spec):
    # JSON is YAML.
    return json.dumps({"apiVersion": "postern.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
