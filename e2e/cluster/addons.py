#!/usr/bin/env python3
"""Writes the manifests of what is no part of Kubernetes itself, from the Go modules that the binaries were built of:

    addons.py MODULES OUT IMAGE_PREFIX VOLUMES BALANCERS

Upstream's own files, with the images that build.sh made and without what one node has no use for. Each edit that finds
nothing to change is an error, so that a new version cannot be installed half edited.
"""

import pathlib
import re
import shutil
import subprocess
import sys

modules, out, prefix, volumes, balancers = sys.argv[1:]
out = pathlib.Path(out)


def module(room, path):
    """The folder of a module in Go's cache."""
    command = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", path]
    return pathlib.Path(subprocess.check_output(command, cwd=f"{modules}/{room}", text=True).strip())


def edit(text, *changes):
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        if count == 0:
            sys.exit(f"addons.py: nothing matches {pattern!r}; has the version changed?")
    return text


def documents(text):
    return [one for one in re.split(r"(?m)^---\s*$", text) if one.strip()]


def kind(document):
    return re.search(r"(?m)^kind: (\S+)", document).group(1)


def metallb():
    """Only its controller, which hands out addresses: on one node kube-proxy answers for them, and nobody announces."""
    text = (module("addons", "go.universe.tf/metallb") / "config/manifests/metallb-native.yaml").read_text()
    kept = [one for one in documents(text) if kind(one) not in ("DaemonSet", "ValidatingWebhookConfiguration")]
    text = edit(
        "---".join(kept),
        (r"image: \S+", f"image: {prefix}metallb-controller:1"),
        (r"( +)- --log-level=info", r"\1- --log-level=info\n\1- --webhook-mode=disabled\n\1- --disable-cert-rotation"),
        (r"(initialDelaySeconds|periodSeconds): 10", r"\1: 1"),
    )
    (out / "metallb.yaml").write_text(text)
    (out / "metallb-pool.yaml").write_text(
        "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
        "metadata: {name: e2e, namespace: metallb-system}\n"
        f'spec: {{addresses: ["{balancers}"], avoidBuggyIPs: true}}\n'
    )


def local_path():
    """The default StorageClass: folders on the node."""
    text = (module("addons", "github.com/rancher/local-path-provisioner") / "deploy/local-path-storage.yaml").read_text()
    text = edit(
        text,
        (r"image: \S*local-path-provisioner\S*", f"image: {prefix}local-path-provisioner:1"),
        (r"image: busybox", f"image: {prefix}busybox:1"),
        (r"/opt/local-path-provisioner", volumes),
        (
            r"kind: StorageClass\nmetadata:\n  name: local-path\n",
            "kind: StorageClass\nmetadata:\n  name: standard\n"
            '  annotations: {storageclass.kubernetes.io/is-default-class: "true"}\n',
        ),
    )
    (out / "local-path.yaml").write_text(text)


def cert_manager():
    """Upstream's chart as it is; only its Chart.yaml is a template that their release tool fills."""
    chart = module("certmanager", "github.com/cert-manager/cert-manager") / "deploy/charts/cert-manager"
    to = out / "cert-manager"
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(chart, to, copy_function=shutil.copyfile)
    for folder in [to, *(one for one in to.rglob("*") if one.is_dir())]:
        folder.chmod(0o755)
    template = (to / "Chart.template.yaml").read_text()
    (to / "Chart.yaml").write_text(edit(template, (r"(?m)^(version|appVersion): .*$", r"\1: v1.19.2"), (r"\{\{IS_PRERELEASE\}\}", "false")))
    (to / "Chart.template.yaml").unlink()


out.mkdir(parents=True, exist_ok=True)
metallb()
local_path()
cert_manager()
