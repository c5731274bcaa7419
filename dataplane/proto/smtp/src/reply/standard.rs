//! The replies that the server's machine gives by itself.

use super::Reply;

/// RSET, and NOOP.
pub const OK: Reply = Reply::fixed(250, 0, 0, "OK");
/// MAIL taken.
pub const SENDER_OK: Reply = Reply::fixed(250, 1, 0, "Sender OK");
/// RCPT taken.
pub const RECIPIENT_OK: Reply = Reply::fixed(250, 1, 5, "Recipient OK");
/// The message is safe.
pub const MESSAGE_OK: Reply = Reply::fixed(250, 6, 0, "Message accepted");
/// DATA may come.
pub const START_DATA: Reply = Reply::plain(354, "End data with <CR><LF>.<CR><LF>");
/// QUIT.
pub const BYE: Reply = Reply::fixed(221, 0, 0, "Bye");
/// VRFY is never answered with knowledge (RFC 5321 §7.3).
pub const CANNOT_VERIFY: Reply = Reply::fixed(252, 5, 0, "Send some mail and see");
/// HELP.
pub const HELP: Reply = Reply::fixed(214, 0, 0, "See RFC 5321");
/// STARTTLS taken.
pub const READY_FOR_TLS: Reply = Reply::fixed(220, 0, 0, "Ready to start TLS");
/// AUTH done (RFC 4954 §6).
pub const AUTHENTICATED: Reply = Reply::fixed(235, 7, 0, "Authentication succeeded");
/// AUTH failed (RFC 4954 §6); the same for every cause.
pub const BAD_CREDENTIALS: Reply = Reply::fixed(535, 7, 8, "Authentication failed");
/// AUTH could not be decided now (RFC 4954 §6).
pub const AUTH_UNAVAILABLE: Reply = Reply::fixed(454, 7, 0, "Authentication is not available now, try later");
/// The client gave AUTH up with `*` (RFC 4954 §4).
pub const AUTH_CANCELLED: Reply = Reply::fixed(501, 7, 0, "Authentication cancelled");
/// A response that is not base64 (RFC 4954 §4).
pub const NOT_BASE64: Reply = Reply::fixed(501, 5, 2, "The response is not base64");
/// MAIL without AUTH on a submission port (RFC 4954 §6).
pub const AUTH_REQUIRED: Reply = Reply::fixed(530, 7, 0, "Authenticate first");
/// AUTH in the clear where it needs TLS (RFC 4954 §6).
pub const TLS_REQUIRED: Reply = Reply::fixed(538, 7, 11, "Start TLS first");
/// A mechanism that is not offered (RFC 4954 §4).
pub const UNKNOWN_MECHANISM: Reply = Reply::fixed(504, 5, 4, "That mechanism is not offered");
/// A command of an extension that is not offered here.
pub const NOT_OFFERED: Reply = Reply::fixed(502, 5, 1, "Command not offered");
/// MAIL before EHLO.
pub const HELLO_FIRST: Reply = Reply::fixed(503, 5, 1, "Send EHLO first");
/// MAIL in a transaction.
pub const NESTED_MAIL: Reply = Reply::fixed(503, 5, 1, "A transaction is open already");
/// RCPT, DATA or BDAT without MAIL.
pub const MAIL_FIRST: Reply = Reply::fixed(503, 5, 1, "Send MAIL first");
/// DATA or BDAT without any recipient taken (RFC 5321 §3.3, RFC 2920 §3.1).
pub const NO_RECIPIENTS: Reply = Reply::fixed(554, 5, 1, "No valid recipients");
/// STARTTLS or AUTH where they may not be.
pub const NOT_NOW: Reply = Reply::fixed(503, 5, 1, "Not now");
/// DATA with BINARYMIME, or among BDATs (RFC 3030 §2, §3).
pub const BDAT_ONLY: Reply = Reply::fixed(503, 5, 1, "Only BDAT may follow");
/// More recipients than one transaction takes (RFC 5321 §4.5.3.1.10).
pub const TOO_MANY_RECIPIENTS: Reply = Reply::fixed(452, 5, 3, "Too many recipients, send the rest in another transaction");
/// SIZE= or the message itself is over the limit (RFC 1870 §6).
pub const TOO_BIG: Reply = Reply::fixed(552, 3, 4, "Message is bigger than this server takes");
/// Too much is being received at once (RFC 3463 §3.4: X.3.1).
pub const NO_ROOM: Reply = Reply::fixed(452, 3, 1, "Too much mail is coming in just now, try again later");
/// A bare CR or LF in the message (RFC 5321 §2.3.8).
pub const BARE_NEWLINE: Reply = Reply::fixed(550, 6, 0, "Message has a CR or LF alone; lines must end with CR LF");
/// A NUL in a message that is not BINARYMIME.
pub const NUL_IN_MESSAGE: Reply = Reply::fixed(550, 6, 0, "Message has a NUL octet; send it as BINARYMIME or encode it");
/// An address that needs SMTPUTF8 without it (RFC 6531 §3.5).
pub const NEEDS_SMTPUTF8: Reply = Reply::fixed(553, 6, 7, "The address needs SMTPUTF8");
/// A line over the limit.
pub const LINE_TOO_LONG: Reply = Reply::fixed(500, 5, 2, "Line too long");
/// A line with a CR or LF alone.
pub const BAD_LINE: Reply = Reply::fixed(500, 5, 2, "Lines end with CR LF");
/// Too many errors: the connection closes.
pub const TOO_MANY_ERRORS: Reply = Reply::fixed(421, 7, 0, "Too many errors, closing");
/// A parameter of an extension that was not offered (RFC 5321 §4.1.1.11).
pub const UNKNOWN_PARAMETER: Reply = Reply::fixed(555, 5, 4, "Parameter not recognised");
/// The server goes away (RFC 5321 §3.8).
pub const SHUTTING_DOWN: Reply = Reply::fixed(421, 3, 2, "Service closing, try again later");
/// Nothing came for too long.
pub const TIMED_OUT: Reply = Reply::fixed(421, 4, 2, "Waited too long, closing");
