//! Exports of the console, each whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

/// Writes an export into the home's folder for them; a name that is taken gets a number.
///
/// # Errors
/// The disk refuses.
pub fn export(home: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let folder = home.join("exports");
    crate::files::private_folder(&folder)?;
    let wanted = Path::new(name);
    let stem = wanted.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let end = wanted.extension().map(|end| end.to_string_lossy().into_owned()).unwrap_or_default();
    let mut path = folder.join(wanted);
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("{stem}-{number}.{end}"));
        number += 1;
    }
    crate::files::write_private(&path, text.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_export_replaces_no_other() {
        let home = tempfile::tempdir().unwrap();
        let first = export(home.path(), "attributes-7f3a.csv", "a").unwrap();
        let second = export(home.path(), "attributes-7f3a.csv", "b").unwrap();
        assert!(first.ends_with("exports/attributes-7f3a.csv") && second.ends_with("exports/attributes-7f3a-2.csv"));
        assert_eq!((fs::read_to_string(first).unwrap(), fs::read_to_string(second).unwrap()), ("a".into(), "b".into()));
        assert_eq!(fs::read_dir(home.path().join("exports")).unwrap().count(), 2);
    }
}
