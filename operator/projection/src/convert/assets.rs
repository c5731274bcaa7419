//! Whether a brand's logos and colours are fit to be shown.

use postern_crds::{branding::Colors, condition::reason};

use crate::report::Refusals;

/// Largest logo in bytes.
const MAX_LOGO: usize = 256 << 10;

/// What an SVG may not hold: it is shown on the origin of webmail.
const ACTIVE: [&str; 8] = ["<script", "javascript:", "<foreignobject", "<iframe", "<!entity", "<!doctype", "<use", "<animate"];

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
    let attribute = |word: &str| {
        text.split_ascii_whitespace().any(|token| token.trim_start_matches(['"', '\'']).starts_with(word) && token.contains('='))
    };
    let found = ACTIVE
        .into_iter()
        .find(|word| text.contains(word))
        .or_else(|| ["on", "href", "xlink:href"].into_iter().find(|word| attribute(word)));
    if let Some(word) = found {
        refusals.add(
            reason::SVG_REJECTED,
            field,
            format!("the SVG holds \"{word}\", which could run or load something"),
            "export it as plain shapes",
        );
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
