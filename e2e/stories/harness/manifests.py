"""The YAML files in e2e/manifests, with the images of this run."""

import os
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "manifests"
IMAGE_PREFIX = os.environ.get("IMAGE_PREFIX", "postern.invalid/")
TAG = os.environ.get("TAG", "dev")


def manifest(name, **values):
    """A file with its @NAMES@ filled."""
    text = (FOLDER / name).read_text()
    for key, value in {"IMAGE_PREFIX": IMAGE_PREFIX, "TAG": TAG, **values}.items():
        text = text.replace(f"@{key}@", str(value))
    return text
