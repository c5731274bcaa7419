//! Which task is next: those that are due, in turn. A pure value, moved on by what its tasks report.

use std::time::Duration;

use postern_core::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
/// How long a task that failed is put off.
const RETRY: Duration = MINUTE;

/// A task of the janitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Makes the days of the trail that come.
    Days,
    /// Lets old days of the trail go.
    Trail,
    /// Expires Trash and Junk.
    Expiry,
    /// Erases deleted boxes whose grace is over, and ends other graces.
    Graces,
    /// Forgets old expunges.
    History,
    /// Moves the text index on.
    Index,
    /// Indexes the folders that somebody searches.
    Wanted,
    /// Takes pointers from messages that large expunges have noted, and removes messages and bodies that nothing names.
    Sweep,
    /// Removes objects that no row names.
    Orphans,
    /// Sums the storage of domains that have a limit.
    Storage,
    /// Removes destinations of the queue in which nothing waits.
    Queue,
    /// Forgets changes of the directory that everybody has applied.
    Changes,
    /// Forgets processes that ended.
    Processes,
}

impl Task {
    /// All, in the order in which a new janitor runs them.
    pub const ALL: [Self; 13] = [
        Self::Days,
        Self::Trail,
        Self::Expiry,
        Self::Graces,
        Self::History,
        Self::Index,
        Self::Wanted,
        Self::Sweep,
        Self::Orphans,
        Self::Storage,
        Self::Queue,
        Self::Changes,
        Self::Processes,
    ];

    /// What logs and metrics call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Trail => "trail",
            Self::Expiry => "expiry",
            Self::Graces => "graces",
            Self::History => "history",
            Self::Index => "index",
            Self::Wanted => "wanted_index",
            Self::Sweep => "sweep",
            Self::Orphans => "orphans",
            Self::Storage => "storage",
            Self::Queue => "queue",
            Self::Changes => "changes",
            Self::Processes => "processes",
        }
    }

    /// How long it rests once it found no more to do.
    #[must_use]
    pub const fn every(self) -> Duration {
        match self {
            Self::Storage => Duration::from_secs(30),
            Self::Index | Self::Wanted | Self::Queue | Self::Changes | Self::Processes => Duration::from_secs(5 * 60),
            Self::Sweep | Self::Graces => Duration::from_secs(10 * 60),
            Self::Days | Self::Trail | Self::Expiry | Self::History => HOUR,
            Self::Orphans => Duration::from_secs(24 * 3_600),
        }
    }
}

/// When each task is due.
#[derive(Debug)]
pub struct Agenda {
    due: [Timestamp; Task::ALL.len()],
    /// Whose turn it is first.
    turn: usize,
}

impl Default for Agenda {
    fn default() -> Self {
        Self { due: [Timestamp(i64::MIN); Task::ALL.len()], turn: 0 }
    }
}

impl Agenda {
    /// The next task that is due; the turn passes on.
    pub fn due(&mut self, now: Timestamp) -> Option<Task> {
        let count = Task::ALL.len();
        let at = (0..count).map(|step| (self.turn + step) % count).find(|at| self.due.get(*at).is_some_and(|due| *due <= now))?;
        self.turn = (at + 1) % count;
        Task::ALL.get(at).copied()
    }

    /// When the first task is due: now, or later.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        self.due.iter().min().map_or(now, |due| now.max(*due))
    }

    /// Makes a task due at once.
    pub fn hasten(&mut self, task: Task, now: Timestamp) {
        self.put_off(task, now);
    }

    /// A slice is done.
    pub fn done(&mut self, task: Task, more: bool, now: Timestamp) {
        self.put_off(task, if more { now } else { now + task.every() });
    }

    /// A slice failed.
    pub fn failed(&mut self, task: Task, now: Timestamp) {
        self.put_off(task, now + RETRY);
    }

    fn put_off(&mut self, task: Task, to: Timestamp) {
        for (due, _) in self.due.iter_mut().zip(Task::ALL).filter(|(_, t)| *t == task) {
            *due = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_task_with_much_to_do_holds_up_no_other() {
        let mut agenda = Agenda::default();
        let mut seen = Vec::new();
        for _ in 0..Task::ALL.len() {
            let task = agenda.due(NOW).unwrap();
            agenda.done(task, task == Task::Trail, NOW);
            seen.push(task);
        }
        assert_eq!(seen, Task::ALL);
        assert_eq!(agenda.due(NOW), Some(Task::Trail));
        agenda.done(Task::Trail, false, NOW);
        assert_eq!(agenda.due(NOW), None);
        assert_eq!(agenda.next(NOW), NOW + Task::Storage.every());
    }

    #[test]
    fn what_failed_comes_again_soon() {
        let mut agenda = Agenda::default();
        Task::ALL.into_iter().for_each(|task| agenda.done(task, false, NOW));
        agenda.failed(Task::Orphans, NOW);
        assert_eq!(agenda.next(NOW), NOW + RETRY.min(Task::Storage.every()));
        assert_eq!(agenda.due(NOW + RETRY), Some(Task::Orphans));
    }
}
