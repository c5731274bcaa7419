//! The web role: where clients find the doors that its pages speak of.

use super::reader::Reader;

/// Section `web`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Web {
    /// Whether clients reach the doors on the ports of the RFCs (443, 993, 465), whatever is bound here: behind a Service or NAT.
    pub standard_ports: bool,
}

impl Web {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("web");
        Self { standard_ports: section.value("standard_ports", false) }
    }
}
