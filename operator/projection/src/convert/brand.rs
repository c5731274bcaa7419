//! Branding → [`BrandRecord`].

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postern_core::directory::{BrandRecord, Digest};
use postern_crds::Branding;

use super::{Values, assets};
use crate::{
    report::Refusals,
    world::{Inputs, World},
};

/// The record of a Branding; `is_default` has been decided among those of its tenant.
pub(crate) fn brand(object: &Branding, is_default: bool, world: &World<'_>, refusals: &mut Refusals) -> Option<(BrandRecord, Digest)> {
    let spec = &object.spec;
    let tenant = object.metadata.namespace.clone().unwrap_or_default();
    let mut inputs = Inputs::default();
    let mut logos = std::collections::BTreeMap::new();
    for (name, logo) in [("light", &spec.logos.light), ("dark", &spec.logos.dark), ("favicon", &spec.logos.favicon)] {
        let Some(reference) = logo.as_ref().map(|l| &l.config_map_ref) else { continue };
        let field = format!("spec.logos.{name}");
        if let Some(bytes) = world.config_map(&tenant, reference, &field, &mut inputs, refusals) {
            assets::check_logo(&field, &bytes, refusals);
            logos.insert(name.to_owned(), STANDARD.encode(bytes));
        }
    }
    let footer = spec.email_templates.footer.as_ref();
    let mail_footer =
        footer.and_then(|f| world.config_text(&tenant, &f.config_map_ref, "spec.emailTemplates.footer", &mut inputs, refusals));
    assets::check_contrast(&spec.colors, refusals);
    let record = BrandRecord {
        tenant,
        name: object.metadata.name.clone().unwrap_or_default(),
        product_name: spec.product_name.to_string(),
        support_url: spec.support.url.as_ref().map(ToString::to_string),
        support_hidden: spec.support.hidden,
        accent: spec.colors.accent.as_ref().map(ToString::to_string),
        on_accent: spec.colors.on_accent.as_ref().map(ToString::to_string),
        hosts: Values(refusals).hosts("spec.hosts", &spec.hosts),
        legal: spec.legal.iter().map(|(k, v)| (k.clone(), v.to_string())).collect(),
        mail_footer,
        logos,
        is_default,
    };
    let digest = inputs.digest(spec, &record);
    refusals.0.is_empty().then_some((record, digest))
}
