//! Whether a brand's logos and colours are fit to be shown.

use std::sync::LazyLock;

use postern_crds::{branding::Colors, condition::reason};
use regex::Regex;

use crate::report::Refusals;

/// Largest logo in bytes.
const MAX_LOGO: usize = 256 << 10;

/// What an SVG in lower case may not hold, for it is shown on the origin of webmail: elements that run, load or
/// embed, attributes that do, and references outwards (`#id` within the file is fine).
static ACTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let elements = "<(?:script|foreignobject|iframe|embed|object|use|animate|set|handler|!entity|!doctype)";
    let attributes = r#"[\s"'/](?:on[a-z]+|(?:xlink:)?href|src|xml:base)\s*="#;
    Regex::new(&format!(r#"{elements}|{attributes}|javascript:|@import|url\(\s*["']?\s*[^#"'\s]"#)).ok()
});

/// Refuses a logo that is too large, or an SVG that runs or loads anything.
pub(super) fn check_logo(field: &str, bytes: &[u8], refusals: &mut Refusals) {
    if bytes.len() > MAX_LOGO {
        refusals.add(
            reason::ASSET_TOO_LARGE,
            field,
            format!("the logo has {} bytes", bytes.len()),
            format!("use one of at most {MAX_LOGO}"),
        );
        return;
    }
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    if !text.contains("<svg") {
        return;
    }
    // Without the pattern nothing could be said of any SVG, so none would pass.
    let found = ACTIVE.as_ref().map_or(Some("<svg"), |active| active.find(&text).map(|m| m.as_str()));
    if let Some(found) = found {
        let message = format!("the SVG holds \"{}\", which could run or load something", found.trim());
        refusals.add(reason::SVG_REJECTED, field, message, "export it as plain shapes");
    }
}

/// Refuses colours that cannot be read on one another: 4.5 to 1 (WCAG 2.2 §1.4.3).
pub(super) fn check_contrast(colors: &Colors, refusals: &mut Refusals) {
    let (Some(accent), Some(on_accent)) = (&colors.accent, &colors.on_accent) else { return };
    let (Some(a), Some(b)) = (luminance(accent), luminance(on_accent)) else {
        refusals.invalid("spec.colors", "a colour cannot be read", "write it like #0b5fff");
        return;
    };
    let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
    if ratio < 4.5 {
        let message = format!("{on_accent} on {accent} has a contrast of {ratio:.1} to 1");
        refusals.add(reason::LOW_CONTRAST, "spec.colors", message, "choose colours further apart: at least 4.5 to 1");
    }
}

/// Relative luminance of `#rrggbb` (WCAG 2.2, definition).
fn luminance(color: &str) -> Option<f64> {
    let rgb = u32::from_str_radix(color.strip_prefix('#')?, 16).ok()?;
    let channel = |shift: u32| {
        let c = f64::from(rgb >> shift & 0xff) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0))
}
