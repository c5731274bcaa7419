"""People: somebody with a kubeconfig of their own, and one role in one namespace."""

import json
import os
import pathlib
import tempfile

from . import kube

# Where they live, as far as the cluster is concerned: an identity and no rights.
HOME = "people"


class Person:
    """`with Person("ann", "acme", "edit") as ann:` may in namespace acme what ClusterRole edit allows, and nothing else."""

    def __init__(self, name, namespace, role):
        self.name, self.namespace, self.role = name, namespace, role

    def __enter__(self):
        kube.namespace(HOME)
        kube.apply(f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {self.name}, namespace: {HOME}}}\n")
        subject = {"kind": "ServiceAccount", "name": self.name, "namespace": HOME}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self.role}
        binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding"}
        kube.apply(json.dumps({**binding, "metadata": {"name": self.name, "namespace": self.namespace}, "roleRef": role, "subjects": [subject]}))
        token = kube.kubectl("create", "token", self.name, "--namespace", HOME, "--duration=1h").strip()
        whole = json.loads(kube.kubectl("config", "view", "--raw", "--flatten", "--minify", "--output=json"))
        whole["users"] = [{"name": self.name, "user": {"token": token}}]
        whole["contexts"][0]["context"]["user"] = self.name
        self._folder = tempfile.TemporaryDirectory(prefix="postern-person-")
        self._config = pathlib.Path(self._folder.name) / "config"
        self._config.touch(0o600)
        self._config.write_text(json.dumps(whole))
        return self

    def __exit__(self, *_):
        self._folder.cleanup()
        kube.kubectl("delete", "rolebinding", self.name, "--namespace", self.namespace, "--ignore-not-found")
        kube.kubectl("delete", "serviceaccount", self.name, "--namespace", HOME, "--ignore-not-found")

    def kubectl(self, *arguments, stdin=None):
        return kube.kubectl(*arguments, stdin=stdin, environment={**os.environ, "KUBECONFIG": str(self._config)})
