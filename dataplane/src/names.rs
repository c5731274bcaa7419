//! Where DNS answers come from: servers, or a file that stands in for them.

use std::{fs, io, path::PathBuf, sync::Arc};

use postern_net::resolver::{HickoryResolver, Resolver, Servers, StaticResolver, ZoneError};

use crate::config::Outbound;

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    /// The zone file cannot be read.
    #[error("cannot read outbound.zone {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of the zone file is no record.
    #[error("outbound.zone {}: {source}", path.display())]
    Zone {
        /// The file.
        path: PathBuf,
        /// Which line, and what to write.
        source: ZoneError,
    },
    /// The system's configuration cannot be used.
    #[error("cannot use the system's DNS configuration: {0}; name servers with outbound.nameservers")]
    System(#[from] io::Error),
}

/// The resolver that the configuration names.
///
/// # Errors
/// [`NamesError`].
pub fn resolver(outbound: &Outbound) -> Result<Arc<dyn Resolver>, NamesError> {
    if let Some(path) = &outbound.zone {
        let text = fs::read_to_string(path).map_err(|source| NamesError::File { path: path.clone(), source })?;
        let zone = StaticResolver::parse(&text).map_err(|source| NamesError::Zone { path: path.clone(), source })?;
        return Ok(Arc::new(zone));
    }
    let servers = if outbound.nameservers.is_empty() { Servers::System } else { Servers::Listed(outbound.nameservers.clone()) };
    Ok(Arc::new(HickoryResolver::new(&servers, false)?))
}
