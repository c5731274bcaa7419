"""DOMAINS domains (10000) with ten boxes each: how long until the directory holds them, what the operator takes for it, and how
soon a change is live afterwards. A real API server, a real PostgreSQL.

    DOMAINS=1000 e2e/stories/run.py --figure scale
"""

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import subprocess
import time

from harness import kube, mail
from harness.installation import installed
from harness.waiting import until

from . import apply_latency

DOMAINS = int(os.environ.get("DOMAINS", "10000"))
BOXES = 10
WRITERS = 8
SPACE = "bulk"


@contextlib.contextmanager
def api_server():
    """A plain door to the API server, by way of `kubectl proxy`: host and port."""
    proxy = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        yield re.search(r"127\.0\.0\.1:(\d+)", proxy.stdout.readline()).group(0)
    finally:
        proxy.terminate()
        proxy.wait(10)


def create(door, numbers):
    """The domains of these numbers, and their boxes, one request after the other on one connection."""
    connection = http.client.HTTPConnection(door, timeout=60)
    for number in numbers:
        domain = f"d{number}.bulk.example"
        post(connection, "domains", "Domain", f"d{number}", {"domain": domain})
        for box in range(BOXES):
            spec = {"address": f"b{box}@{domain}", "auth": {"passwordHash": apply_latency.HASH}}
            post(connection, "mailboxes", "Mailbox", f"d{number}-b{box}", spec)


def post(connection, plural, kind, name, spec):
    body = json.dumps({"apiVersion": "postern.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
    connection.request("POST", f"/apis/postern.dev/v1alpha1/namespaces/{SPACE}/{plural}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (201, 409):
        raise RuntimeError(f"{name}: {answer.status} {text[:300]!r}")


def preverify(installation):
    """Every domain of the figure counts as proven for its namespace, beside those that do already."""
    listed = kube.get("mailcluster", installation.name, installation.namespace)["spec"].get("tenancy", {}).get("preverified", [])
    listed = [one for one in listed if one["namespace"] != SPACE]
    listed += [{"namespace": SPACE, "domain": f"d{number}.bulk.example"} for number in range(DOMAINS - len(listed))]
    patch = json.dumps({"spec": {"tenancy": {"preverified": listed}}})
    kube.kubectl("patch", "mailcluster", installation.name, "--namespace", installation.namespace, "--type=merge", "--patch-file=/dev/stdin", stdin=patch)
    return len([one for one in listed if one["namespace"] == SPACE])


def boxes_in_directory(installation):
    query = "SELECT count(*) FROM address WHERE address LIKE '%.bulk.example'"
    return int(kube.kubectl("exec", "--namespace", installation.namespace, "database-0", "--", "psql", "-h", "/tmp", "-U", "postgres", "-Atc", query))


def operator():
    """CPU seconds and resident bytes of the operator's pods, as the kubelet counts them."""
    node = kube.get("nodes")[0]["metadata"]["name"]
    summary = json.loads(kube.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    mine = [pod for pod in summary["pods"] if pod["podRef"]["name"].startswith("postern-operator")]
    used = [container for pod in mine for container in pod["containers"]]
    cpu = sum(container["cpu"].get("usageCoreNanoSeconds", 0) for container in used) / 1e9
    return cpu, max(container["memory"].get("rssBytes", 0) for container in used)


def main():
    installation = installed()
    kube.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {SPACE}}}\n")
    many = preverify(installation)
    cpu, _ = operator()
    begun = time.monotonic()
    with api_server() as door, concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(lambda first: create(door, range(first, many, WRITERS)), range(WRITERS)))
    written = time.monotonic()
    goal = many * BOXES
    until(f"{goal} boxes in the directory", lambda: boxes_in_directory(installation) >= goal, 1800)
    converged = time.monotonic()
    spent, resident = operator()
    patch = '{"spec": {"aliases": ["moved@d0.bulk.example"]}}'
    kube.kubectl("patch", "mailbox", "d0-b0", "--namespace", SPACE, "--type=merge", "--patch", patch)
    changed = time.monotonic()
    until("the change to be live", lambda: mail.takes(installation.address, "moved@d0.bulk.example"), 60)
    print(json.dumps({
        "objects": many * (BOXES + 1),
        "writing_the_objects_s": round(written - begun, 1),
        "converged_after_the_last_s": round(converged - written, 1),
        "operator_cpu_ms_per_object": round((spent - cpu) * 1000 / (many * (BOXES + 1)), 3),
        "operator_rss_mib": round(resident / 2**20),
        "a_change_live_after_s": round(time.monotonic() - changed, 2),
    }))
