//! Licence expressions (SPDX): `(MIT OR Apache-2.0) AND Unicode-3.0`, and the old `MIT/Apache-2.0`.

/// Licences under which a part may go into a work under Apache-2.0.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether the expression can be met with allowed licences alone.
pub fn allows(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any(&mut rest);
    met && rest.is_empty()
}

/// `all OR all …`
fn any(rest: &mut &[&str]) -> bool {
    let mut met = all(rest);
    while let ["OR", more @ ..] = *rest {
        *rest = more;
        met |= all(rest);
    }
    met
}

/// `one AND one …`
fn all(rest: &mut &[&str]) -> bool {
    let mut met = one(rest);
    while let ["AND", more @ ..] = *rest {
        *rest = more;
        met &= one(rest);
    }
    met
}

/// A licence, one with an exception, or an expression in parentheses.
fn one(rest: &mut &[&str]) -> bool {
    match *rest {
        ["(", more @ ..] => {
            *rest = more;
            let met = any(rest);
            let [")", more @ ..] = *rest else { return false };
            *rest = more;
            met
        }
        [licence, "WITH", exception, more @ ..] => {
            *rest = more;
            ALLOWED.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, more @ ..] => {
            *rest = more;
            ALLOWED.contains(licence)
        }
        [] => false,
    }
}

#[test]
fn an_expression_is_met_by_what_is_allowed() {
    for good in ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-2.0", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 WITH LLVM-exception"] {
        assert!(allows(good), "{good}");
    }
    for bad in
        ["", "AGPL-3.0-only", "MIT AND GPL-3.0", "GPL-2.0 WITH Classpath-exception-2.0", "(MIT", "MIT MIT", "GPL-3.0 OR (MIT AND AGPL-3.0)"]
    {
        assert!(!allows(bad), "{bad}");
    }
}
