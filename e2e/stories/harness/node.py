"""The one-node cluster's node as somebody at its console has it: addresses come and go, and a label says that mail may leave here."""

import os
import pathlib
import subprocess
import unittest

from . import kube

LABEL = "mail.example/egress"


class Node:
    """Its name, and what can be done to it. Skips the story in a cluster whose nodes are not ours to change."""

    def __init__(self):
        self.name, self._device = os.environ.get("NODE"), os.environ.get("BRIDGE")
        if not self.name or not self._device:
            raise unittest.SkipTest("a node that is given addresses needs the one-node cluster")
        self._kubelet = (pathlib.Path(os.environ["E2E"]) / "state/pids/kubelet").read_text().strip()

    def label(self, given=True):
        kube.kubectl("label", "node", self.name, f"{LABEL}=true" if given else f"{LABEL}-", "--overwrite")

    def give(self, address):
        self._address("replace", address)

    def take(self, address):
        """It may have none such."""
        if address in self._address("show"):
            self._address("delete", address)

    def _address(self, verb, address=None):
        # Stories run outside; the node's network is where its kubelet is.
        command = ["nsenter", f"--net=/proc/{self._kubelet}/ns/net", "ip", "-4", "address", verb, *([f"{address}/32"] if address else []), "dev", self._device]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout
