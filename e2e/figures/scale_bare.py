#!/usr/bin/env python3
"""Many domains with ten boxes each, on a real API server, etcd and PostgreSQL that are plain processes of this machine: how long
until the directory holds them, until every status says so, what it takes, how soon a change is live, and what the operator
holds in memory while every watch is listed anew.

    PATH=$PATH:FOLDER-OF-ETCD-AND-KUBE-APISERVER e2e/figures/scale_bare.py FOLDER-OF-OUR-BINARIES BOXES...

The objects are there before the operator starts. Domains ask for Ed25519 keys alone: RSA keys are a figure of their own
(two a second a core). DNS is a port where nobody answers. As root, for PostgreSQL runs as its own user.
"""

import concurrent.futures
import json
import os
import pathlib
import signal
import smtplib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "stories")]

from harness.waiting import until
from lab.site import SYSTEM, site

WRITERS = 4
# How long statuses are waited for, in seconds.
PATIENCE = float(os.environ.get("STATUSES", "3600"))
PER_DOMAIN = 10
# Objects a page of a list, as the operator asks for them.
PAGE = 500
GROUP = "/apis/postern.dev/v1alpha1/namespaces"
NOBODY = "127.0.0.1:9"
# Argon2id, so that no password is hashed while the clock runs.
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$xpr8vuyb0mw0vlZWtQ+KBRLgJBPSK7pQoqfhmQZDhqE"


def space(number):
    """A hundred domains are one tenant's."""
    return f"tenant-{number // 100}"


def create(lab, numbers):
    door = lab.door()
    for number in numbers:
        domain = f"d{number}.bulk.example"
        post(lab, door, number, "domains", "Domain", f"d{number}", {"domain": domain, "dkim": {"algorithms": ["ed25519"]}})
        for box in range(PER_DOMAIN):
            spec = {"address": f"b{box}@{domain}", "auth": {"passwordHash": HASH}}
            post(lab, door, number, "mailboxes", "Mailbox", f"d{number}-b{box}", spec)


def post(lab, door, number, plural, kind, name, spec):
    body = {"apiVersion": "postern.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    lab.ask("POST", f"{GROUP}/{space(number)}/{plural}", body, door)


def fill(lab, domains):
    """Every object, and the MailCluster that vouches for the domains."""
    for name in sorted({SYSTEM, *(space(number) for number in range(domains))}):
        lab.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    vouched = [{"namespace": space(number), "domain": f"d{number}.bulk.example"} for number in range(domains)]
    lab.ask("POST", f"{GROUP}/{SYSTEM}/mailclusters", {
        "apiVersion": "postern.dev/v1alpha1", "kind": "MailCluster", "metadata": {"name": "main"},
        "spec": {
            "storage": {"postgres": {"secretRef": {"name": "pg", "key": "uri"}}}, "hostnames": {"mail": "mail.lab.example"},
            "tenancy": {"preverified": vouched},
        },
    })
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(lambda first: create(lab, range(first, domains, WRITERS)), range(WRITERS)))


def accepts(lab, recipient):
    with smtplib.SMTP("127.0.0.1", lab.mx_port, local_hostname="elsewhere.example", timeout=10) as client:
        client.ehlo()
        client.mail("x@elsewhere.example")
        return client.rcpt(recipient)[0] == 250


def change(lab, alias):
    """Seconds from a changed Mailbox to mail that is accepted for its new alias."""
    path = f"{GROUP}/{space(0)}/mailboxes/d0-b0"
    lab.ask("PATCH", path, {"spec": {"aliases": [f"{alias}@d0.bulk.example"]}}, content="application/merge-patch+json")
    begun = time.monotonic()
    until("the change to be live", lambda: accepts(lab, f"{alias}@d0.bulk.example"), 120)
    return round(time.monotonic() - begun, 2)


def in_directory(lab):
    return int(lab.sql("SELECT count(*) FROM directory_record WHERE gone_until IS NULL"))


def ready(lab, kind):
    return int(lab.metric(f'postern_operator_objects{{kind="{kind}",ready="True"}}'))


def lists(lab):
    """Lists of mailboxes that this API server has answered."""
    lines = lab.get("/metrics", raw=True).splitlines()
    mine = [line for line in lines if line.startswith("apiserver_request_total{") and 'resource="mailboxes"' in line and 'verb="LIST"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in mine)


def statuses(lab, domains, begun):
    """Waits for every status, or so long as was asked; when each kind was done, and how many were by then."""
    done, all_of = {}, {"Domain": domains, "Mailbox": domains * PER_DOMAIN}
    while len(done) < len(all_of) and time.monotonic() - begun < PATIENCE:
        time.sleep(1)
        done.update({kind: round(time.monotonic() - begun) for kind in all_of if kind not in done and ready(lab, kind) >= all_of[kind]})
    return {
        "domains_ready_s": done.get("Domain"), "mailboxes_ready_s": done.get("Mailbox"),
        "ready": sum(ready(lab, kind) for kind in all_of), "ready_after_s": round(time.monotonic() - begun),
    }


def measure(binaries, boxes):
    domains = max(1, boxes // PER_DOMAIN)
    objects = domains * (PER_DOMAIN + 1)
    patience = 120 + objects / 25
    with site(binaries) as lab:
        begun = time.monotonic()
        lab.start_dataplane()
        fill(lab, domains)
        figure = {"objects": objects, "writing_the_objects_s": round(time.monotonic() - begun)}
        api = lab.api.cpu()
        begun = time.monotonic()
        lab.start_operator(NOBODY)
        until("the directory", lambda: lab.operator.check() or in_directory(lab) >= objects, patience)
        print(f"{boxes} boxes: the directory holds them after {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
        figure["directory_s"] = round(time.monotonic() - begun, 1)
        figure["operator_cpu_ms_per_object_until_then"] = round(lab.operator.cpu() * 1000 / objects, 3)
        figure["a_change_meanwhile_s"] = change(lab, "early")
        figure.update(statuses(lab, domains, begun))
        print(f"{boxes} boxes: {figure}", file=sys.stderr, flush=True)
        for process in (lab.operator, lab.api, lab.etcd, lab.database):
            used = process.cpu() - (api if process is lab.api else 0)
            figure[f"{process.name}_cpu_ms_per_object"] = round(used * 1000 / objects, 3)
        figure["a_change_afterwards_s"] = change(lab, "late")
        now, peak = lab.operator.resident()
        figure["operator_mib"], figure["operator_peak_mib"] = now >> 20, peak >> 20
        # Something else is newer than what the watches have seen, so that an API server that begins anew cannot go on with them.
        time.sleep(2)
        lab.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}})
        lab.api.end(signal.SIGKILL)
        lab.api.start()
        until("the API server again", lambda: lab.get("/readyz", raw=True) == "ok", 120)
        begun = time.monotonic()
        until("every watch to be listed anew", lambda: lists(lab) >= domains * PER_DOMAIN / PAGE, 120 + objects / 200)
        figure["listed_anew_after_s"] = round(time.monotonic() - begun, 1)
        time.sleep(3)
        figure["operator_peak_listing_anew_mib"] = lab.operator.resident()[1] >> 20
        figure["a_change_after_that_s"] = change(lab, "last")
    return figure


def main():
    binaries, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]] or [1000]
    for boxes in sizes:
        load = os.getloadavg()[0]
        print(json.dumps({"load_before": round(load, 1), **measure(binaries, boxes)}), flush=True)


if __name__ == "__main__":
    main()
