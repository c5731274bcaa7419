//! YAML in, values out: what manifests mean, in one program.

#[cfg(test)]
mod bad_examples;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod dns;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod status;
#[cfg(test)]
mod support;
