"""The cluster, by way of kubectl and helm: what a user has."""

import json
import subprocess

from .waiting import until


class Refused(Exception):
    """kubectl or helm said no; the text is theirs."""


def run(*command, stdin=None, seconds=120, environment=None):
    """Its standard output. Raises Refused with its standard error."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds, check=False, env=environment)
    if done.returncode != 0:
        raise Refused(f"{' '.join(command[:6])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def kubectl(*arguments, stdin=None, seconds=120, environment=None):
    return run("kubectl", *arguments, stdin=stdin, seconds=seconds, environment=environment)


def apply(manifests, *arguments):
    """Manifests as YAML text."""
    return kubectl("apply", "-f", "-", *arguments, stdin=manifests)


def get(kind, name=None, namespace=None):
    """One object, or the list of all."""
    where = ["--namespace", namespace] if namespace else [] if name else ["--all-namespaces"]
    found = json.loads(kubectl("get", kind, *([name] if name else []), *where, "--output=json"))
    return found if name else found["items"]


def condition(thing, kind):
    """A condition of an object, or {}."""
    for one in thing.get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return one
    return {}


def wait_condition(kind, name, namespace, which="Ready", status="True", seconds=60):
    """Waits until the condition has the status for the object's newest generation; returns the object."""

    def probe():
        thing = get(kind, name, namespace)
        found = condition(thing, which)
        newest = found.get("observedGeneration", thing["metadata"]["generation"]) == thing["metadata"]["generation"]
        if found.get("status") == status and newest:
            return thing
        raise AssertionError(f"{which} is {found or 'absent'}")

    return until(f"{kind}/{name}: {which}={status}", probe, seconds)


def rolled_out(workload, namespace, seconds=120):
    kubectl("rollout", "status", workload, "--namespace", namespace, f"--timeout={seconds}s", seconds=seconds + 5)


def balancer_address(service, namespace, seconds=60):
    """The address that the load balancer gave to a Service."""

    def probe():
        ingress = get("service", service, namespace)["status"]["loadBalancer"].get("ingress", [])
        return ingress and (ingress[0].get("ip") or ingress[0].get("hostname"))

    return until(f"an address for service/{service}", probe, seconds)


def namespace(name, standard=None):
    """Makes a namespace; one of the standards of Pod Security admits no pod but by it."""
    labels = {"pod-security.kubernetes.io/enforce": standard} if standard else {}
    apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}))


class Namespace:
    """A namespace for the time of a `with`; its name may be that of a tenant."""

    def __init__(self, name, standard=None):
        self.name, self.standard = name, standard

    def __enter__(self):
        namespace(self.name, self.standard)
        return self.name

    def __exit__(self, *_):
        kubectl("delete", "namespace", self.name, "--ignore-not-found", "--timeout=120s")
