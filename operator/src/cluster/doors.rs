//! The doors of the frontend: which role opens them, on which port of the pod, behind which port of the Service.
//!
//! Pods bind ports above 1024, so that no process needs a capability; the Service shows the ports of the RFCs.

use postern_core::role::Role;

/// A listener of the frontend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// Its name in the dataplane's configuration, and that of the ports.
    pub name: &'static str,
    /// The role that opens it.
    pub role: &'static str,
    /// The pod's port.
    pub inside: u16,
    /// The Service's port.
    pub outside: u16,
}

/// Every door, those of roles that are yet to come included.
pub const DOORS: [Door; 10] = [
    // RFC 5321 §4.5.4.2
    door("mx", "mx", 2525, 25),
    // RFC 6409 §3.1
    door("submission", "submission", 2587, 587),
    // RFC 8314 §3.3
    door("submissions", "submission", 2465, 465),
    // RFC 9051 §2.1
    door("imap", "imap", 2143, 143),
    // RFC 8314 §3.2
    door("imaps", "imap", 2993, 993),
    // RFC 1939 §3
    door("pop3", "pop3", 2110, 110),
    // RFC 8314 §3.1
    door("pop3s", "pop3", 2995, 995),
    // RFC 5804 §1.8
    door("managesieve", "managesieve", 2419, 4190),
    door("web", "web", 8080, 80),
    door("webs", "web", 8443, 443),
];

/// The port of `/healthz`, `/readyz` and `/metrics`, which no Service shows.
pub const HEALTH: u16 = 9090;

/// The doors that this version's dataplane opens.
pub fn opened() -> impl Iterator<Item = Door> {
    DOORS.into_iter().filter(|door| door.role.parse::<Role>().is_ok())
}

/// The roles of the frontend: all that are not the sender's.
pub fn frontend_roles() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(|role| !SENDER.contains(role))
}

/// The roles of the sender.
pub const SENDER: [Role; 2] = [Role::Sender, Role::Janitor];

const fn door(name: &'static str, role: &'static str, inside: u16, outside: u16) -> Door {
    Door { name, role, inside, outside }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_doors_share_a_port_and_none_needs_a_capability() {
        let inside: BTreeSet<u16> = DOORS.iter().map(|door| door.inside).chain([HEALTH]).collect();
        let outside: BTreeSet<u16> = DOORS.iter().map(|door| door.outside).collect();
        assert_eq!((inside.len(), outside.len()), (DOORS.len() + 1, DOORS.len()));
        assert!(inside.iter().all(|port| *port > 1024));
    }

    #[test]
    fn every_role_of_the_frontend_has_a_door() {
        for role in frontend_roles() {
            assert!(opened().any(|door| door.role == role.as_str()), "{role}");
        }
    }
}
