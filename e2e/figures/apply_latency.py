"""From `kubectl apply` of one Domain with ten Mailboxes until mail is accepted for all ten, ROUNDS times (20).

    e2e/stories/run.py --figure apply_latency        (in the cluster that the stories use)
"""

import json
import os
import statistics
import time

from harness import kube, mail, tenant
from harness.installation import PREVERIFIED, installed
from harness.waiting import until

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SPACE = "acme"
# Argon2id, so that no password is hashed while the clock runs: what is measured is the way from Git to the door.
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$xpr8vuyb0mw0vlZWtQ+KBRLgJBPSK7pQoqfhmQZDhqE"


def main():
    address = installed().address
    taken = []
    for number in range(ROUNDS):
        domain = f"latency{number}.example"
        assert (SPACE, domain) in PREVERIFIED, domain
        boxes = [f"box{n}@{domain}" for n in range(10)]
        objects = [tenant.of("Domain", f"latency{number}", {"domain": domain})]
        objects += [
            tenant.of("Mailbox", f"latency{number}-{n}", {"address": box, "auth": {"passwordHash": HASH}}) for n, box in enumerate(boxes)
        ]
        begun = time.monotonic()
        tenant.apply(SPACE, *objects)
        applied = time.monotonic()
        until(f"mail for {domain}", lambda: mail.takes(address, *boxes), 60)
        taken.append((time.monotonic() - begun, time.monotonic() - applied))
        kube.kubectl("delete", "--namespace", SPACE, *[f"mailbox/latency{number}-{n}" for n in range(10)], "--timeout=60s")
        tenant.delete(SPACE, "domain", f"latency{number}")
    whole, after = (sorted(column) for column in zip(*taken))
    print(json.dumps({
        "rounds": ROUNDS,
        "p50_s": round(statistics.median(whole), 2),
        "max_s": round(whole[-1], 2),
        "p50_after_kubectl_returned_s": round(statistics.median(after), 2),
    }))
