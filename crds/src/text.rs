//! Texts with a shape: strings that carry their pattern and length into the schema, so that it is written once.
//!
//! A value may still be invalid: it comes from whoever wrote the manifest. The projection parses it.

use std::{borrow::Cow, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, max $max:literal, pattern $pattern:literal, example $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "maxLength": $max, "pattern": $pattern, "example": $example})
            }
        }

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text! {
    /// A domain or host name: lower case, A-labels (`xn--…`), no trailing dot.
    HostName, max 253, pattern r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$", example "mail.example.org"
}
text! {
    /// A mail address, its domain in lower case.
    MailAddress, max 320, pattern r"^\S+@[a-z0-9_.-]+$", example "alice@example.org"
}
text! {
    /// A number of bytes: `5Gi`, `500M`, `1048576`.
    ByteQuantity, max 24, pattern "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$", example "5Gi"
}
text! {
    /// A length of time as Go writes it: `90m`, `720h`, `1h30m`.
    Duration, max 32, pattern "^([0-9]+(h|m|s))+$", example "720h"
}
text! {
    /// A web address, `http://` or `https://`.
    Url, max 2048, pattern r"^https?://\S+$", example "https://example.org/"
}
text! {
    /// A colour, `#rrggbb`.
    Color, max 7, pattern "^#[0-9a-fA-F]{6}$", example "#0b5fff"
}
text! {
    /// A ratio between 0 and 1 as decimal text, for the API has no floating point: `"0.15"`.
    Ratio, max 8, pattern r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$", example "0.15"
}
text! {
    /// Name of an object in Kubernetes (RFC 1123 subdomain).
    ObjectName, max 253, pattern r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", example "example-org"
}
text! {
    /// Name of a namespace (RFC 1123 label).
    Namespace, max 63, pattern "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", example "acme"
}
text! {
    /// Key within a Secret or ConfigMap.
    DataKey, max 253, pattern "^[-._a-zA-Z0-9]+$", example "password"
}
text! {
    /// An IP address, either family.
    IpText, max 45, pattern r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$",
        example "192.0.2.10"
}
text! {
    /// A line of text for people.
    Line, max 256, pattern "^[^\\r\\n]*$", example "One line of text"
}
text! {
    /// A moment, RFC 3339: `2026-11-01T00:00:00Z`.
    Moment, max 40, pattern r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$", example "2026-11-01T00:00:00Z"
}
text! {
    /// A day: `2026-11-01`.
    Day, max 10, pattern r"^\d{4}-\d{2}-\d{2}$", example "2026-11-01"
}
text! {
    /// Value of a label.
    LabelValue, max 63, pattern "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", example "true"
}
text! {
    /// A mail address as URI (RFC 6068).
    MailtoUri, max 330, pattern "^mailto:.+@.+$", example "mailto:postmaster@example.org"
}
text! {
    /// A file name's extension, lower case, without the dot.
    Extension, max 16, pattern "^[a-z0-9]+$", example "exe"
}
text! {
    /// An IP network or address.
    Network, max 49, pattern "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$", example "192.0.2.0/24"
}
text! {
    /// A server, `host` or `host:port`.
    HostPort, max 259, pattern "^[a-z0-9_.-]+(:[0-9]{1,5})?$", example "mail.old.example:25"
}
text! {
    /// A hashed password as PHC string.
    PhcString, max 512, pattern r"^\$argon2(id|i|d)\$.+$", example "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
}
text! {
    /// A quantity as Kubernetes writes it: `500m`, `256Mi`, `2`.
    Quantity, max 24, pattern r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", example "256Mi"
}
text! {
    /// A setting of the mail server as its environment would have it.
    SettingValue, max 1024, pattern "^[^\\r\\n]+$", example "26214400"
}
text! {
    /// An issuer of tokens: an https URL without query and fragment (OpenID Connect Discovery 1.0 §3).
    Issuer, max 256, pattern r"^https://[a-zA-Z0-9.-][a-zA-Z0-9._~:/%+-]*$", example "https://id.example.org/realms/acme"
}
text! {
    /// An audience, a claim or a scope of a token.
    OidcWord, max 256, pattern "^[a-zA-Z0-9._~:/@+-]+$", example "postern"
}
text! {
    /// What a client is called where tokens are issued.
    ClientId, max 256, pattern "^[a-zA-Z0-9._~/@+-]+$", example "postern"
}
text! {
    /// A language tag (BCP 47).
    LanguageTag, max 35, pattern "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example "en"
}
