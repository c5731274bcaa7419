//! How long the end may last.

use std::time::Duration;

use postern_net::Graces;

use super::reader::Reader;

/// Section `drain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainTimes {
    /// From SIGTERM until no connection is accepted: as long as load balancers take to notice.
    pub not_ready: Duration,
    /// From then until what is left is cut off.
    pub grace: Duration,
}

impl DrainTimes {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("drain");
        let bounds = Duration::ZERO..=Duration::from_hours(1);
        Self {
            not_ready: section.between("not_ready", Duration::from_secs(15), bounds.clone()),
            grace: section.between("grace", Duration::from_secs(30), bounds),
        }
    }

    /// For the drain of a process that was asked to stop by its supervisor.
    #[must_use]
    pub const fn graces(self) -> Graces {
        Graces { not_ready: self.not_ready, finish: self.grace }
    }
}
