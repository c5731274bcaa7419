//! The YAML that users apply is the YAML that the types give.

#[test]
fn generated_yaml_is_current() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml");
    let mut expected = Vec::new();
    for crd in postern_crds::all() {
        let file = format!("{}.yaml", crd.spec.names.plural);
        let written = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(written == postern_crds::to_yaml(&crd).unwrap(), "{file} is stale: cargo run -p postern-crds --bin crdgen crds/yaml");
        expected.push(file);
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(expected.contains(&name), "{name} belongs to no kind");
    }
}
