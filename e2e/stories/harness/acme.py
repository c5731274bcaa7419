"""An authority on the Internet: Debian's pebble, an ACME server for tests, that asks the stories' DNS and port 80."""

import base64
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import unittest
import urllib.request

from . import kube
from .waiting import until


class Authority:
    """`with Authority() as authority:` a server at `directory`, trusted by `roots` (PEM), whose certificates chain to `issued_by`."""

    def __init__(self):
        self.address = os.environ.get("OUTSIDE_IP")
        if not self.address or not shutil.which("pebble"):
            raise unittest.SkipTest("an ACME server needs the one-node cluster's outside namespace, and pebble")
        self.directory = f"https://{self.address}:14000/dir"

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="postern-acme-")
        at = pathlib.Path(self._folder.name)
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        command += ["-subj", "/CN=acme", "-addext", f"subjectAltName=IP:{self.address}", "-keyout", at / "key.pem", "-out", at / "cert.pem"]
        subprocess.run(command, check=True, capture_output=True)
        self.roots = (at / "cert.pem").read_text()
        settings = {
            "listenAddress": f"{self.address}:14000",
            "managementListenAddress": f"{self.address}:15000",
            "certificate": str(at / "cert.pem"),
            "privateKey": str(at / "key.pem"),
            "httpPort": 80,
            "tlsPort": 443,
        }
        (at / "pebble.json").write_text(json.dumps({"pebble": settings}))
        names = kube.get("service", "names", "internet")["spec"]["clusterIP"]
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        with open(at / "log", "wb") as log:
            self._process = subprocess.Popen(
                ["pebble", "-config", at / "pebble.json", "-dnsserver", f"{names}:53"], stdout=log, stderr=log, env=environment
            )
        # An issuer that finds no server here waits a minute before it asks again.
        until("the ACME server to answer", lambda: self._get(self.directory), 20)
        self.issued_by = self._get(f"https://{self.address}:15000/roots/0")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        self._folder.cleanup()

    def issuer(self, name):
        """A ClusterIssuer that asks this server, and proves hosts by HTTP-01 through a solver that no controller serves."""
        spec = {
            "server": self.directory,
            "caBundle": base64.b64encode(self.roots.encode()).decode(),
            "privateKeySecretRef": {"name": f"{name}-account"},
            "solvers": [{"http01": {"ingress": {"ingressClassName": "none"}}}],
        }
        kind = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": name}}
        return json.dumps({**kind, "spec": {"acme": spec}})

    def _get(self, url):
        trust = ssl.create_default_context(cadata=self.roots)
        with urllib.request.urlopen(url, context=trust, timeout=3) as answer:
            return answer.read().decode()
