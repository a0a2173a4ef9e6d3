//! A bank of natural phrases of many domains, for heads to learn what their data are not.

/// Domains: how a phrase of it begins, what it may be about, where or how.
const DOMAINS: [(&str, &[&str], &[&str]); 10] = [
    (
        "a photo of",
        &["a sleeping cat", "a brown horse", "two parrots", "a large spider", "an elephant", "a shoal of herring"],
        &["in the grass", "behind a fence", "by the water", "at night"],
    ),
    (
        "a view of",
        &["a mountain lake", "the desert", "a rocky coast", "a pine forest", "a waterfall", "the northern lights"],
        &["in winter", "at sunrise", "under heavy clouds", "from above"],
    ),
    (
        "a picture of",
        &["a red lorry", "an old bicycle", "a sailing boat", "a steam engine", "a cargo plane", "a tram"],
        &["on a wet road", "beside a warehouse", "without wheels", "in a museum"],
    ),
    (
        "a plate of",
        &["noodles", "fried eggs", "roast potatoes", "green beans", "apple pie", "smoked fish"],
        &["on a wooden table", "with a fork", "for two", "half eaten"],
    ),
    (
        "a drawing of",
        &["a spiral staircase", "a stone bridge", "a lighthouse", "a greenhouse", "a cathedral", "a barn"],
        &["in pencil", "with a blue roof", "seen from the street", "under construction"],
    ),
    (
        "instructions for",
        &["a washing machine", "a sewing pattern", "a chess opening", "a loaf of bread", "a tent", "a guitar"],
        &["in three steps", "with diagrams", "for beginners", "on one page"],
    ),
    (
        "the forecast says",
        &["thick fog", "a thunderstorm", "light snow", "strong wind", "a heat wave", "hail"],
        &["until noon", "over the islands", "for the weekend", "near the coast"],
    ),
    (
        "a lecture about",
        &["prime numbers", "volcanoes", "the moons of Jupiter", "medieval trade", "photosynthesis", "superconductors"],
        &["in four parts", "with experiments", "by a guest", "for schools"],
    ),
    (
        "a close-up of",
        &["a circuit board", "a rusty key", "a broken clock", "a silk scarf", "a tennis ball", "an empty bottle"],
        &["on white paper", "in soft light", "out of focus", "in a drawer"],
    ),
    (
        "the sound of",
        &["a church bell", "rain", "a distant train", "a violin", "falling leaves", "a crowded market"],
        &["through a wall", "early in the morning", "in an empty hall", "far away"],
    ),
];

/// Every phrase of the bank, in a fixed order.
#[must_use]
pub fn phrases() -> Vec<String> {
    DOMAINS
        .iter()
        .flat_map(|(begin, subjects, ends)| {
            subjects.iter().flat_map(move |subject| {
                let plain = format!("{begin} {subject}");
                let placed = ends.iter().map(move |end| format!("{begin} {subject} {end}"));
                std::iter::once(subject.to_string()).chain(std::iter::once(plain)).chain(placed)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::phrases;

    #[test]
    fn the_bank_is_large_and_says_nothing_twice() {
        let mut bank = phrases();
        assert_eq!(bank.len(), 360);
        bank.sort();
        bank.dedup();
        assert_eq!(bank.len(), 360);
    }
}
