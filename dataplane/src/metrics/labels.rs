//! The labels: closed sets of words of the program.

use prometheus_client::encoding::EncodeLabelSet;

/// A family's labels and what they are.
macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($label:ident),+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub(super) struct $name {
            $(pub $label: &'static str,)+
        }
    )+};
}

labels! {
    /// Why a command, a recipient or a message was refused.
    Reason { reason }
    /// `mx`, `submission`, …
    Listening { listener }
    /// Why a connection came to no session.
    TurnedAway { listener, reason }
    /// A login at a door.
    LoginResult { protocol, result }
    /// A command of IMAP.
    Command { command }
    /// How recipients wait.
    State { state }
    /// What came of trying a recipient.
    Attempt { result }
    /// A condition of readiness.
    Condition { condition }
}
