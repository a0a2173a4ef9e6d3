//! Numbers as the screens write them: short, aligned, never more certain than they are.

use crate::console::glyph::Glyphs;
use crate::diagnose::Measured;

/// A number of at most five cells without its sign: `.9912`, `1.042`, `12.31`.
#[must_use]
pub fn short(value: f64, glyphs: &Glyphs) -> String {
    plain(value, 4, glyphs)
}

/// A number with at most `digits` behind the point and no zero before it; fewer as it grows.
#[must_use]
pub fn plain(value: f64, digits: usize, glyphs: &Glyphs) -> String {
    if !value.is_finite() {
        return "n/a".into();
    }
    let size = value.abs();
    // Each digit before the point takes one from behind it, so columns keep their width.
    let before = match size {
        s if s < 0.999_95 => 0,
        s if s < 9.999_5 => 1,
        s if s < 99.995 => 2,
        s if s < 999.95 => 3,
        _ => 4,
    };
    let text = if size >= 99_999.5 {
        format!("{size:.0e}")
    } else {
        let text = format!("{size:.*}", digits.saturating_sub(before));
        match text.strip_prefix('0') {
            Some(rest) if rest.starts_with('.') => rest.to_owned(),
            _ => text,
        }
    };
    let nought = text.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !nought { format!("{}{text}", glyphs.minus) } else { text }
}

/// A difference with its sign: `+.0412`.
#[must_use]
pub fn signed(value: f64, digits: usize, glyphs: &Glyphs) -> String {
    let text = plain(value, digits, glyphs);
    if value > 0.0 && value.is_finite() { format!("+{text}") } else { text }
}

/// A mean and its spread: `1.84 ± .11`.
#[must_use]
pub fn with_spread(mean: f64, sd: f64, digits: usize, sign: bool, glyphs: &Glyphs) -> String {
    let mean = if sign { signed(mean, digits, glyphs) } else { plain(mean, digits, glyphs) };
    format!("{mean} {} {}", glyphs.plus_minus, plain(sd, digits, glyphs))
}

/// A probability from a handful of members, never shown as certain.
#[must_use]
pub fn probability(p: f64) -> String {
    if !p.is_finite() {
        "n/a".into()
    } else if p > 0.999 {
        ">.999".into()
    } else if p < 0.001 {
        "<.001".into()
    } else {
        let text = format!("{:.3}", p.min(0.999));
        text.trim_start_matches('0').to_owned()
    }
}

/// A percentile of the test items: `p82`, `p<1`, `p>99`.
#[must_use]
pub fn percentile(share: f64) -> String {
    if !share.is_finite() {
        "n/a".into()
    } else if share < 0.01 {
        "p<1".into()
    } else if share > 0.99 {
        "p>99".into()
    } else {
        format!("p{:.0}", share * 100.0)
    }
}

/// A count with thousands apart: `16,281`.
#[must_use]
pub fn count(n: usize) -> String {
    crate::diagnose::grouped(n)
}

/// A speed or another large number in three figures: `1.92 M`.
#[must_use]
pub fn metric(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return "n/a".into();
    }
    let (value, unit) = match value {
        v if v >= 1e9 => (v / 1e9, " G"),
        v if v >= 1e6 => (v / 1e6, " M"),
        v if v >= 1e3 => (v / 1e3, " k"),
        v => (v, ""),
    };
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$}{unit}")
}

/// Seconds as a person says them: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "n/a".into();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    if whole < 60.0 {
        format!("{whole:.0} s")
    } else if whole < 3600.0 {
        format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0)
    } else {
        format!("{:.0} h {:02.0} min", (whole / 3600.0).floor(), (whole % 3600.0 / 60.0).floor())
    }
}

/// The share done of a total, cut below 100 until all is done.
#[must_use]
pub fn percent(done: u64, total: u64) -> u64 {
    if total == 0 {
        return 0;
    }
    (u128::from(done.min(total)) * 100 / u128::from(total)) as u64
}

/// A measured value, or the short and the long words for its absence.
#[must_use]
pub fn words(measured: &Measured) -> Option<String> {
    match measured {
        Measured::Value(_) => None,
        Measured::Undefined { undefined } => Some(undefined.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::glyph::{ASCII, UNICODE};

    #[test]
    fn numbers_keep_their_width() {
        assert_eq!(short(0.99123, &ASCII), ".9912");
        assert_eq!(short(0.99999, &ASCII), "1.000");
        assert_eq!(short(12.3456, &ASCII), "12.35");
        assert_eq!(short(-0.004, &UNICODE), "−.0040");
        assert_eq!(short(-0.00001, &ASCII), ".0000");
        assert_eq!(signed(0.0412, 4, &ASCII), "+.0412");
        assert_eq!(short(f64::NAN, &ASCII), "n/a");
    }

    #[test]
    fn no_probability_is_certain() {
        assert_eq!(probability(1.0), ">.999");
        assert_eq!(probability(0.0), "<.001");
        assert_eq!(probability(0.98), ".980");
        assert_eq!(percentile(1.0), "p>99");
    }

    #[test]
    fn counts_and_times_read_well() {
        assert_eq!(count(16_281), "16,281");
        assert_eq!(count(999), "999");
        assert_eq!(metric(1_920_000.0), "1.92 M");
        assert_eq!(duration(125.0), "2 min 05 s");
        assert_eq!(percent(999, 1000), 99);
        assert_eq!(percent(1, 0), 0);
    }
}
