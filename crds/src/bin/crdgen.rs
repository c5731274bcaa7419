//! Writes every definition: `crdgen` prints one YAML stream, `crdgen FOLDER` writes a file per kind.

use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    for crd in postern_crds::all() {
        let yaml = postern_crds::to_yaml(&crd)?;
        match &folder {
            Some(folder) => std::fs::write(Path::new(folder).join(format!("{}.yaml", crd.spec.names.plural)), yaml)?,
            None => print!("---\n{yaml}"),
        }
    }
    Ok(())
}
