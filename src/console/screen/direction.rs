//! Words for which way an ensemble points, under the name of what was estimated.

use crate::stats::Direction;

/// P(Δ > 0) of the mean by Student's t, or the share of members where that does not exist.
#[must_use]
pub fn probability(direction: &Direction) -> f64 {
    direction.student.map_or(direction.vote_share, |student| student.mean_positive)
}

/// What the probability is and what it is over.
#[must_use]
pub fn estimator(direction: &Direction) -> String {
    match direction.student {
        Some(student) => {
            format!("P: Student t, mean of {}, {:.0} d.f.", direction.members, student.df)
        }
        None if direction.members == 1 => "P: the vote of 1 member".into(),
        None => format!("P: share of {} members", direction.members),
    }
}

/// How many members point the way most of them do.
#[must_use]
pub fn votes(direction: &Direction) -> String {
    let most = direction.positive.max(direction.members.saturating_sub(direction.positive));
    format!("{most} of {} agree", direction.members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::direction;

    #[test]
    fn the_estimator_is_named() {
        let five = direction(&[0.1, 0.2, 0.1, 0.3, -0.1]).unwrap();
        assert_eq!(estimator(&five), "P: Student t, mean of 5, 4 d.f.");
        assert_eq!(votes(&five), "4 of 5 agree");
        let one = direction(&[-0.1]).unwrap();
        assert_eq!((votes(&one).as_str(), probability(&one)), ("1 of 1 agree", 0.0));
    }
}
