//! What lies in the store: trees of the database, and packs.

use super::{Result, Store};

/// One tree of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeSize {
    pub name: String,
    pub rows: usize,
    /// Bytes of keys and values, before the database packs them.
    pub bytes: u64,
}

impl Store {
    /// Name, rows and bytes of every tree, by name. Reads all of them: not for the UI thread.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn trees(&self) -> Result<Vec<TreeSize>> {
        let mut trees = Vec::new();
        for name in self.db()?.tree_names() {
            let tree = self.tree(&name)?;
            let (mut rows, mut bytes) = (0, 0_u64);
            for pair in &tree {
                let (key, value) = pair?;
                rows += 1;
                bytes += (key.len() + value.len()) as u64;
            }
            let name = String::from_utf8_lossy(&name).into_owned();
            // sled's own tree holds the version of the layout.
            let name = if name == "__sled__default" { "schema".into() } else { name };
            trees.push(TreeSize { name, rows, bytes });
        }
        let packs = self.pack_sizes()?.into_iter();
        trees.extend(packs.map(|(name, rows, bytes)| TreeSize { name, rows, bytes }));
        trees.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(trees)
    }

    /// Names of the audits the store knows.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn audit_names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for key in self.tree("audits")?.iter().keys() {
            names.push(String::from_utf8_lossy(&key?).into_owned());
        }
        Ok(names)
    }
}
