//! Small drawings that know numbers and marks but no screen.

pub mod columns;
pub mod density;
pub mod dumbbell;
pub mod gapbar;
pub mod gauge;
pub mod input;
pub mod lane;
pub mod linechart;
pub mod quartile;
pub mod scale;
pub mod scatter;
pub mod shift;
pub mod spark;
pub mod table;
