#!/usr/bin/env python3
"""Writes a container image of one layer as a tar of an OCI layout: no image tool, no daemon, no registry.

    image.py OUT.tar NAME:TAG [--entrypoint ARG]... [--cmd ARG]... [--env K=V]... [--user UID:GID] [--label K=V]...
             [--add SOURCE:PATH[:MODE]]... [--dir PATH[:MODE]]...

SOURCE is a file, a link or a folder. Everything in the layer belongs to root and is as old as the epoch, and all lists
are sorted, so the same input makes the same digest. `ctr -n k8s.io images import` takes the file, and so does any tool
that pushes OCI layouts to a registry.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import posixpath
import tarfile

MEDIA = "application/vnd.oci.image."
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}


class Layer:
    """The one layer: a tar in memory, each folder written once and before what is in it."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)
        self.folders = {""}

    def folder(self, path, mode=0o755):
        path = path.strip("/")
        if path in self.folders:
            return
        self.folder(posixpath.dirname(path))
        self._entry(path, tarfile.DIRTYPE, mode)
        self.folders.add(path)

    def add(self, source, path, mode=None):
        path = path.strip("/")
        if os.path.islink(source):
            self.folder(posixpath.dirname(path))
            self._entry(path, tarfile.SYMTYPE, 0o777, link=os.readlink(source))
        elif os.path.isdir(source):
            self.folder(path, os.stat(source).st_mode & 0o7777)
            for name in sorted(os.listdir(source)):
                self.add(os.path.join(source, name), posixpath.join(path, name))
        else:
            self.folder(posixpath.dirname(path))
            with open(source, "rb") as file:
                self._entry(path, tarfile.REGTYPE, mode or os.stat(source).st_mode & 0o7777, content=file.read())

    def done(self):
        self.tar.close()
        return self.bytes.getvalue()

    def _entry(self, path, kind, mode, link="", content=b""):
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.linkname, entry.size = kind, mode, link, len(content)
        self.tar.addfile(entry, io.BytesIO(content))


class Layout:
    """An OCI layout: blobs by their digest, and the index that names the image."""

    def __init__(self):
        self.blobs = {}

    def blob(self, content, media):
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return {"mediaType": MEDIA + media, "digest": "sha256:" + digest, "size": len(content)}

    def json(self, value, media):
        return self.blob(json.dumps(value, sort_keys=True).encode(), media)

    def write(self, out, manifest):
        index = {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": [manifest]}
        with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as tar:
            files = [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", json.dumps(index, sort_keys=True).encode())]
            files += [("blobs/sha256/" + digest, self.blobs[digest]) for digest in sorted(self.blobs)]
            for name, content in files:
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("name")
    parser.add_argument("--user", default="65532:65532")
    for many in ("--entrypoint", "--cmd", "--env", "--label", "--add", "--dir"):
        parser.add_argument(many, action="append", default=[])
    return parser.parse_args()


def main():
    given = arguments()
    layer = Layer()
    for folder in sorted(given.dir):
        path, _, mode = folder.partition(":")
        layer.folder(path, int(mode or "755", 8))
    for added in given.add:
        source, path, *mode = added.split(":")
        layer.add(source, path, int(mode[0], 8) if mode else None)

    layout = Layout()
    content = layout.blob(layer.done(), "layer.v1.tar")
    config = {
        "architecture": ARCHITECTURE.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Entrypoint": given.entrypoint,
            "Cmd": given.cmd,
            "User": given.user,
            "WorkingDir": "/",
            "Env": ["PATH=" + PATH] + given.env,
            "Labels": dict(label.split("=", 1) for label in given.label),
        },
        "rootfs": {"type": "layers", "diff_ids": [content["digest"]]},
    }
    manifest = layout.json(
        {
            "schemaVersion": 2,
            "mediaType": MEDIA + "manifest.v1+json",
            "config": layout.json(config, "config.v1+json"),
            "layers": [content],
        },
        "manifest.v1+json",
    )
    manifest["annotations"] = {
        "io.containerd.image.name": given.name,
        "org.opencontainers.image.ref.name": given.name.rpartition(":")[2],
    }
    layout.write(given.out, manifest)


main()
