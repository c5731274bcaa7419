"""A rolling restart under constant load: no message lost or doubled, no reader cut off without BYE."""

import unittest

from harness.disruption import Disruption, restart


class Rolling(Disruption):
    def test_a_restart_of_the_frontend_is_seen_as_421_and_bye_at_most(self):
        with self.load() as load:
            restart(self.installation.frontend)
        account = self.undisturbed(load)
        self.assertGreaterEqual(account["byes"], load.idlers.many, "every reader was told goodbye once")

    def test_a_restart_of_the_sender_loses_nothing(self):
        with self.load() as load:
            restart(self.installation.sender)
        self.undisturbed(load)


if __name__ == "__main__":
    unittest.main()
