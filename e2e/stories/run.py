#!/usr/bin/env python3
"""Runs the stories: real clients against Postern in a real Kubernetes.

    run.py [NAME]...        all stories, or those whose file or test has one of the names in it
    run.py --figure NAME    measures instead: e2e/figures/NAME.py

With E2E_SECONDS no story is begun later than that after the first, and those that were not told are named at the end.

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
# What is wrong at the door is told before what is wrong inside, and what takes longest comes last.
PROMISES = ("admit", "install", "status", "dns", "cert", "flow", "plugin", "gitops", "scale", "upgrade", "kill")


def enter_the_outside():
    """Becomes this very script in the one-node cluster's environment and outside namespace, unless a cluster was named."""
    if "KUBECONFIG" in os.environ:
        return
    env = HERE.parent / "cluster/env.sh"
    script = f'. "{env}"; [ -S "$SOCKET" ] || fail "no cluster is up (make e2e-up), and KUBECONFIG names none"; export IMAGE_PREFIX OUTSIDE_IP BRIDGE NODE SOCKET E2E; ' \
        'exec nsenter --net="/run/netns/$OUTSIDE" "$0" "$@"'
    os.execvp("bash", ["bash", "-c", script, __file__, *sys.argv[1:]])


def chosen(names):
    """The stories by name, in the order of their promises."""
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for promise in PROMISES:
        for file in sorted(HERE.glob(f"{promise}_*.py")):
            for test in flat(loader.loadTestsFromName(file.stem)):
                if not names or any(name in test.id() for name in names):
                    suite.addTest(test)
    return suite


def file_of(test):
    return test.id().partition(".")[0]


class Told(unittest.TextTestResult):
    """What became of each story, how long those of each file took, and whether there is time for another."""

    def __init__(self, *arguments, **more):
        self.stopped, self.begun, self.good, self.seconds = False, set(), 0, {}
        self.last = time.monotonic()
        self.end = self.last + float(os.environ.get("E2E_SECONDS") or "inf")
        super().__init__(*arguments, **more)

    @property
    def shouldStop(self):  # asked by unittest before each story
        return self.stopped or self.late()

    @shouldStop.setter
    def shouldStop(self, value):
        self.stopped = value

    def late(self):
        return time.monotonic() >= self.end

    def startTest(self, test):
        self.begun.add(test.id())
        super().startTest(test)

    def addSuccess(self, test):
        self.good += 1
        super().addSuccess(test)

    def stopTest(self, test):
        super().stopTest(test)
        # With what was made for the first of a file, and taken away after the last of the one before.
        now = time.monotonic()
        self.seconds[file_of(test)] = self.seconds.get(file_of(test), 0) + now - self.last
        self.last = now


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
    every = [test.id() for test in flat(suite)]
    begun = time.monotonic()
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Told).run(suite)
    bad, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print("e2e: " + ", ".join(f"{file} {seconds:.0f} s" for file, seconds in result.seconds.items()))
    print(f"e2e: {result.good} stories hold, {bad} do not, {skipped} could not be told here; {time.monotonic() - begun:.0f} s")
    untold = [name for name in every if name not in result.begun] if result.late() else []
    if untold:
        files = ", ".join(dict.fromkeys(name.partition(".")[0] for name in untold))
        print(f"e2e: the time was up before {len(untold)} stories: {files}")
    sys.stdout.flush()
    sys.exit(1 if bad else 0)


main()
