"""What the stories stand on: a cluster (kube), names (names), clients (mail), an installation (installation), load (load).

Python's standard library only. Nothing here sleeps for a guess: everything waits for something to be so (waiting)."""
