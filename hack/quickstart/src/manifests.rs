//! YAML manifests of a folder, in the order `kubectl apply -f` takes them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Error, Result};

/// Every document of every `.yaml` file of `folder`, files by name, documents as written.
pub fn read(folder: &Path) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for path in files(folder)? {
        let text =
            std::fs::read_to_string(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text)
            .map_err(|error| Error::Malformed { path: path.clone(), reason: error.to_string() })?;
        objects.extend(documents.into_iter().filter(|document| !document.is_null()));
    }
    Ok(objects)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |source| Error::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_a_class_a_namespace_and_a_postgresql_in_that_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples");
        let objects = read(&folder).unwrap();
        let kinds: Vec<_> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
        assert_eq!(kinds, ["DatabaseClass", "Namespace", "PostgreSQL"]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = read(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read /nowhere/at/all: No such file or directory (os error 2)");
    }
}
