//! Patterns of a tokenizer that a backtracking matcher may never end with.

/// Longest pattern: those of usual tokenizers have some hundred bytes.
const LONGEST: usize = 16 << 10;

/// A group that is open.
struct Group {
    /// It looks behind.
    behind: bool,
    /// Something in it repeats without bound.
    repeats: bool,
}

/// Why a pattern is not taken, if it is not. Plain patterns take a time that grows with the text and no more; those
/// that look around or back are tried way by way, and ways multiply where a repetition repeats.
pub(super) fn fault(pattern: &str) -> Option<String> {
    if pattern.len() > LONGEST {
        return Some(format!("a pattern has {} bytes; at most {LONGEST} are taken", pattern.len()));
    }
    let bytes = pattern.as_bytes();
    let around = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|mark| pattern.contains(mark));
    let mut groups = vec![Group { behind: false, repeats: false }];
    let (mut at, mut class) = (0, 0usize);
    let mut nested = false;
    while at < bytes.len() {
        let rest = &bytes[at..];
        match rest[0] {
            b'\\' => {
                if class == 0 && matches!(rest.get(1), Some(b'1'..=b'9' | b'k')) {
                    return Some("a pattern refers back to what it matched, which is not taken".into());
                }
                at += 1;
            }
            b'[' => class += 1,
            b']' => class = class.saturating_sub(1),
            _ if class > 0 => {}
            b'(' => {
                let behind = rest.starts_with(b"(?<=") || rest.starts_with(b"(?<!");
                groups.push(Group { behind, repeats: false });
            }
            b')' if groups.len() > 1 => {
                let group = groups.pop().unwrap_or(Group { behind: false, repeats: false });
                if group.behind && group.repeats {
                    return Some("a pattern looks behind itself without end, which is not taken".into());
                }
                nested |= group.repeats && is_unbounded(&bytes[at + 1..]);
                if let Some(outer) = groups.last_mut() {
                    outer.repeats |= group.repeats;
                }
            }
            _ if is_unbounded(rest) => {
                if let Some(group) = groups.last_mut() {
                    group.repeats = true;
                }
            }
            _ => {}
        }
        at += 1;
    }
    (around && nested).then(|| "a pattern that looks around repeats a repetition, which is not taken".into())
}

/// Whether a repetition without bound begins here: `*`, `+`, `{3,}`.
fn is_unbounded(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'*' | b'+') => true,
        Some(b'{') => rest.iter().position(|byte| *byte == b'}').is_some_and(|end| rest[end - 1] == b','),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn patterns_in_use_are_taken_and_endless_ones_are_not() {
        for pattern in [
            " {2,}",
            r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))",
            r"\d{1,3}(?=(?:\d{3})*\b)",
            r"(?<=\d)x|(ab)+",
            r"(a+)+",
            r"[\(\\1*]+(?!\S)",
        ] {
            assert_eq!(fault(pattern), None, "{pattern}");
        }
        for (pattern, words) in [
            (r"(a+)+\1$", "refers back"),
            (r"(?<x>a)\k<x>", "refers back"),
            (r"(?=(x+x+)+y)", "repeats a repetition"),
            (r"(?:(?:a*)b){2,}(?!c)", "repeats a repetition"),
            (r"(?<=(.*)*)z", "looks behind"),
            (r"(?<!a{3,})z", "looks behind"),
            (&"a".repeat(20_000), "20000 bytes"),
        ] {
            assert!(fault(pattern).is_some_and(|fault| fault.contains(words)), "{pattern}");
        }
        for pattern in [")", "(", "[", "\\", "{", "a{", "(?<=", "*"] {
            let _ = fault(pattern);
        }
    }
}
