#!/usr/bin/env python3
"""Runs the stories: real clients against Postern in a real Kubernetes.

    run.py [NAME]...        all stories, or those whose file or test has one of the names in it
    run.py --figure NAME    measures instead: e2e/figures/NAME.py

The cluster is the one that KUBECONFIG names (with IMAGE_PREFIX and TAG for images that it can pull), or the one-node cluster
of e2e/cluster. In the latter the stories run in a network namespace of their own, so that they come from outside.
"""

import importlib
import os
import pathlib
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROMISES = ("admit", "install", "status", "gitops", "dns", "cert", "flow", "plugin", "scale", "upgrade", "kill")


def enter_the_outside():
    """Becomes this very script in the one-node cluster's environment and outside namespace, unless a cluster was named."""
    if "KUBECONFIG" in os.environ:
        return
    env = HERE.parent / "cluster/env.sh"
    script = f'. "{env}"; [ -S "$SOCKET" ] || fail "no cluster is up (make e2e-up), and KUBECONFIG names none"; export IMAGE_PREFIX OUTSIDE_IP SOCKET E2E; ' \
        'exec nsenter --net="/run/netns/$OUTSIDE" "$0" "$@"'
    os.execvp("bash", ["bash", "-c", script, __file__, *sys.argv[1:]])


def chosen(names):
    """The stories by name, in the order of their promises: what is wrong at the door is told before what is wrong inside."""
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for promise in PROMISES:
        for file in sorted(HERE.glob(f"{promise}_*.py")):
            for test in flat(loader.loadTestsFromName(file.stem)):
                if not names or any(name in test.id() for name in names):
                    suite.addTest(test)
    return suite


def flat(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from flat(one)
        else:
            yield one


def main():
    enter_the_outside()
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    if sys.argv[1:2] == ["--figure"]:
        importlib.import_module(f"figures.{sys.argv[2]}").main()
        return
    suite = chosen(sys.argv[1:])
    if suite.countTestCases() == 0:
        sys.exit("e2e: no story is called that")
    subprocess.run(["kubectl", "version", "--output=json"], check=True, stdout=subprocess.DEVNULL)
    begun = time.monotonic()
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    bad, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    good = result.testsRun - bad - skipped
    print(f"e2e: {good} stories hold, {bad} do not, {skipped} could not be told here; {time.monotonic() - begun:.0f} s", flush=True)
    sys.exit(1 if bad else 0)


main()
