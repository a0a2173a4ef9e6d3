//! Names of audits, which become names of files.

/// Longest name of an audit, in bytes.
pub const LONGEST_NAME: usize = 64;

/// Whether a text can name an audit: a file of this name stays in its folder, on every system.
#[must_use]
pub fn is_audit_name(text: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.starts_with(['.', '-']) && text.bytes().all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for name in ["", "..", ".x", "-x", "a/b", "a\\b", "é", "a b", &"a".repeat(65)] {
            assert!(!is_audit_name(name), "{name}");
        }
        assert!(is_audit_name("faces-2.1_b"));
    }
}
