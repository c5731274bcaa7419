"""A rolling restart under constant load: no message lost or doubled, no reader cut off without BYE."""

import unittest

from harness.disruption import ByHand, Installed


class Restarts:
    def test_a_restart_of_the_frontend_is_seen_as_421_and_bye_at_most(self):
        with self.load() as load:
            self.installation.restart("frontend")
        account = self.undisturbed(load)
        self.assertGreaterEqual(account["byes"], load.idlers.many, "every reader was told goodbye once")

    def test_a_restart_of_the_sender_is_seen_by_nobody(self):
        with self.load() as load:
            self.installation.restart("sender")
        account = self.undisturbed(load)
        self.assertEqual((account["told"], account["byes"]), ({}, 0))


class RollingByHand(Restarts, ByHand):
    pass


class Rolling(Restarts, Installed):
    pass


if __name__ == "__main__":
    unittest.main()
