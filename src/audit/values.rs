//! Several values of one setting: `1,2,7`, or `1..3` of whole numbers.

use std::str::FromStr;

/// The values of a setting of this name.
///
/// # Errors
/// A sentence about the first that is none, or that there are more than `most`.
pub fn values<T: FromStr>(name: &str, text: &str, most: usize) -> Result<Vec<T>, String> {
    let is_whole = "1.5".parse::<T>().is_err();
    let wanted = if is_whole { "a whole number" } else { "a number" };
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        match part.split_once("..").filter(|_| is_whole) {
            Some((first, last)) => {
                let end = |word: &str| word.trim().parse::<u64>().ok();
                let ends = end(first).zip(end(last)).filter(|(first, last)| first <= last);
                let (first, last) = ends.ok_or_else(|| format!("{name} is '{part}'; give a range such as 1..3"))?;
                if last - first >= most as u64 {
                    return Err(format!("{name} is '{part}'; at most {most} values make runs"));
                }
                all.extend((first..=last).filter_map(|value| value.to_string().parse::<T>().ok()));
            }
            None => all.push(part.parse::<T>().map_err(|_| {
                let is_great = is_whole && !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit());
                let wanted = if is_great { "a smaller one" } else { wanted };
                format!("{name} is '{part}'; give {wanted}")
            })?),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_listed_or_a_range() {
        let whole = |text: &str| values::<u64>("seed", text, 100);
        assert_eq!(whole("1..3, 7"), Ok(vec![1, 2, 3, 7]));
        assert_eq!(whole(" 13 "), Ok(vec![13]));
        assert_eq!(values::<f64>("warm-up", ".1,0.2", 100), Ok(vec![0.1, 0.2]));
        assert_eq!(whole("3..1"), Err("seed is '3..1'; give a range such as 1..3".into()));
        assert_eq!(whole("1,,2"), Err("seed is ''; give a whole number".into()));
        assert_eq!(values::<f64>("warm-up", "0..1", 100), Err("warm-up is '0..1'; give a number".into()));
        let great = "99999999999999999999";
        assert_eq!(whole(great), Err(format!("seed is '{great}'; give a smaller one")));
        assert!(whole("0..18446744073709551615").unwrap_err().contains("at most 100"));
    }
}
