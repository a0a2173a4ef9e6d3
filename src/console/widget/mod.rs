//! Small drawings that know numbers and marks but no screen.

pub mod gapbar;
pub mod gauge;
pub mod input;
pub mod lane;
pub mod linechart;
pub mod quartile;
pub mod scale;
pub mod scatter;
pub mod spark;
pub mod table;
