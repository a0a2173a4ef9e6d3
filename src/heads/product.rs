//! Matrix products on plain slices, one thread each: the trainer gives every thread a member of its own.

use super::{HeadsError, Result};
use gemm::{Parallelism, gemm};

/// `c = a·b`, all row-major: `a [m, k]`, `b [k, n]`, `c [m, n]`.
///
/// # Errors
/// If a slice is shorter than its shape says.
pub fn multiply(c: &mut [f32], a: &[f32], b: &[f32], [m, k, n]: [usize; 3]) -> Result<()> {
    fits("a product's result", c.len(), m, n)?;
    fits("a product's left side", a.len(), m, k)?;
    fits("a product's right side", b.len(), k, n)?;
    #[allow(unsafe_code)]
    // SAFETY: the three checks above hold every index `row·columns + column` inside its slice; the strides are
    // those of row-major matrices of these shapes and fit isize because the slices exist; `c` is borrowed
    // mutably, so it overlaps neither `a` nor `b`; it is not read (`read_dst` is false).
    unsafe {
        let (rows_of_a, rows_of_b) = (k as isize, n as isize);
        gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            1,
            rows_of_a,
            b.as_ptr(),
            1,
            rows_of_b,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
    Ok(())
}

/// `c += aᵀ·b`, all row-major: `a [m, k]`, `b [m, n]`, `c [k, n]`.
///
/// # Errors
/// If a slice is shorter than its shape says.
pub fn add_transposed_product(c: &mut [f32], a: &[f32], b: &[f32], [m, k, n]: [usize; 3]) -> Result<()> {
    fits("a product's result", c.len(), k, n)?;
    fits("a product's left side", a.len(), m, k)?;
    fits("a product's right side", b.len(), m, n)?;
    #[allow(unsafe_code)]
    // SAFETY: as in `multiply`; `a` is read as its transpose by exchanging its two strides, which keeps every
    // index inside the slice; `c` is initialised, and read because `read_dst` is true.
    unsafe {
        gemm(
            k,
            n,
            m,
            c.as_mut_ptr(),
            1,
            n as isize,
            true,
            a.as_ptr(),
            k as isize,
            1,
            b.as_ptr(),
            1,
            n as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
    Ok(())
}

fn fits(what: &'static str, found: usize, rows: usize, columns: usize) -> Result<()> {
    match rows.checked_mul(columns) {
        Some(expected) if found >= expected => Ok(()),
        expected => Err(HeadsError::Shape { what, found, expected: expected.unwrap_or(usize::MAX) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_worked_by_hand() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, -1.0, 0.0, 3.0]);
        let mut c = [9.0; 4];
        multiply(&mut c, &a, &b, [2, 3, 2]).unwrap();
        assert_eq!(c, [5.0, 7.0, 14.0, 13.0]);
        let mut c = [1.0; 9];
        add_transposed_product(&mut c, &a, &b, [2, 3, 3]).unwrap();
        assert_eq!(c, [-2.0, 1.0, 15.0, -2.0, 1.0, 20.0, -2.0, 1.0, 25.0]);
    }

    #[test]
    fn short_slices_are_refused() {
        assert!(multiply(&mut [0.0; 3], &[0.0; 4], &[0.0; 4], [2, 2, 2]).is_err());
        assert!(add_transposed_product(&mut [0.0; 4], &[0.0; 3], &[0.0; 4], [2, 2, 2]).is_err());
        assert!(multiply(&mut [], &[], &[], [usize::MAX, 2, 2]).is_err());
    }
}
