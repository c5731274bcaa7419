#!/usr/bin/env python3
"""imap-table.py FOLDER: lat.jsonl and mix.json there as one table, medians over the rounds, beside the first target."""
import collections
import json
import pathlib
import statistics
import sys

folder = pathlib.Path(sys.argv[1])
rows, targets = collections.defaultdict(lambda: collections.defaultdict(list)), []


def note(target, row, value):
    if target not in targets:
        targets.append(target)
    rows[row][target].append(value)


for line in (folder / "lat.jsonl").read_text().splitlines():
    told = json.loads(line)
    if told.get("vals"):
        note(told["target"], f"{told['op']}, ms", told["median"])
decoder, text, at = json.JSONDecoder(), (folder / "mix.json").read_text(), 0
while at < len(text.rstrip()):
    told, at = decoder.raw_decode(text, at)
    at += len(text[at:]) - len(text[at:].lstrip())
    if mix := told["mix"]:
        name = f"{mix['clients']} clients mixed"
        note(told["target"], f"{name}, commands/s", mix["commands_per_s"])
        note(told["target"], f"{name}, CPU ms a command", round(mix["server_cpu_ms_per_command"] or 0, 3))
        note(told["target"], f"{name}, errors", mix["errors"])

peer, ours = targets[0], targets[1:]
print(f"| | {peer} | " + " | ".join(f"{name} | ratio" for name in ours) + " |")
print("|" + "---|" * (2 + 2 * len(ours)))
for row, told in rows.items():
    cell = {name: statistics.median(values) for name, values in told.items()}
    line = [row, f"{cell[peer]:g}" if peer in cell else "–"]
    for name in ours:
        line.append(f"{cell[name]:g}" if name in cell else "–")
        more_is_better = row.endswith("commands/s")
        a, b = (cell.get(name), cell.get(peer)) if more_is_better else (cell.get(peer), cell.get(name))
        line.append(f"{a / b:.1f}" if a is not None and b else "–")
    print("| " + " | ".join(line) + " |")
