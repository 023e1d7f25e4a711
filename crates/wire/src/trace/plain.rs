//! The short way through a row of a table: two plain numbers, and no quotes anywhere.
//!
//! A match spends 80 ns a point outside of the index, reading and writing, where it spent 180.
//! Whatever is unusual is left to the long way, which takes more and says what is wrong.

/// Two cells of the first row as numbers, and the length of the row with its end.
///
/// `None` when the row is not all there, has quotes or another width, or a cell is not digits
/// with at most one point among them.
pub(crate) fn numbers_of_row(
    bytes: &[u8],
    n_columns: usize,
    columns: [usize; 2],
) -> Option<([f64; 2], usize)> {
    let mut numbers = [0.0; 2];
    let mut at = 0;
    for column in 0..n_columns {
        if let Some(number) = columns.iter().position(|wanted| *wanted == column) {
            let (found, n_bytes) = number_of_cell(&bytes[at..])?;
            numbers[number] = found;
            at += n_bytes;
        } else {
            at += bytes[at..].iter().position(|byte| matches!(byte, b',' | b'"' | b'\n'))?;
        }
        let is_last = column + 1 == n_columns;
        match bytes[at..] {
            [b',', ..] if !is_last => at += 1,
            [b'\n', ..] if is_last => at += 1,
            [b'\r', b'\n', ..] if is_last => at += 2,
            _ => return None,
        }
    }
    Some((numbers, at))
}

/// The `f64` nearest to a decimal number, and its length.
fn number_of_cell(bytes: &[u8]) -> Option<(f64, usize)> {
    let is_negative = bytes.first() == Some(&b'-');
    let start = usize::from(is_negative);
    let (whole, n_whole) = digits(&bytes[start..], 0);
    let mut end = start + n_whole;
    let (mut sum, mut n_decimals) = (whole, 0);
    if bytes.get(end) == Some(&b'.') {
        (sum, n_decimals) = digits(&bytes[end + 1..], whole);
        end += 1 + n_decimals;
    }
    // Both are exact then, and a quotient of exact numbers is rounded once.
    let is_exact = 0 < n_whole && n_whole + n_decimals < 18 && sum < 1 << 53;
    let scale = POWERS_OF_TEN.get(n_decimals).filter(|_| is_exact)?;
    let number = sum as f64 / scale;
    Some((if is_negative { -number } else { number }, end))
}

/// Digits added to what stood before, and how many; beyond 18 the sum is of no use.
fn digits(bytes: &[u8], mut sum: u64) -> (u64, usize) {
    let mut n = 0;
    while let Some(byte @ b'0'..=b'9') = bytes.get(n) {
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        n += 1;
    }
    (sum, n)
}

/// Those that an `f64` holds exactly.
const POWERS_OF_TEN: [f64; 18] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_is_plain_or_left_alone() {
        let check = |row: &str, expected: Option<[f64; 2]>| {
            let found = numbers_of_row(row.as_bytes(), 3, [2, 1]);
            assert_eq!(found, expected.map(|numbers| (numbers, row.find('\n').unwrap() + 1)), "{row}");
        };
        check("a,1.5,-2\n", Some([-2.0, 1.5]));
        check("a,1.5,-2\r\nb", Some([-2.0, 1.5]));
        check(",0,-0.25\nb,1,1\n", Some([-0.25, 0.0]));
        for odd in [
            "a,1.5,-2",
            "a,1,2,3\n",
            "a,1\n",
            "\"a\",1,2\n",
            "a,\"1\",2\n",
            "a, 1,2\n",
            "a,1e3,2\n",
            "a,.5,2\n",
            "a,+1,2\n",
            "a,,2\n",
            "a,1.2.3,2\n",
            "a,x,2\n",
            "a,1,2 \n",
            "a,1,2\r",
            "\n",
            "",
            "a,nan,2\n",
            "a,123456789012345678901,2\n",
            "a,9007199254740993,2\n",
        ] {
            check(odd, None);
        }
    }

    proptest! {
        #[test]
        fn any_number_is_read_to_the_last_bit(whole in 0..200_u8, decimals in "[0-9]{0,20}", sign in "-?") {
            let text = format!("{sign}{whole}.{decimals}");
            let expected: f64 = text.parse().unwrap();
            if let Some((found, n)) = number_of_cell(text.as_bytes()) {
                prop_assert_eq!((found.to_bits(), n), (expected.to_bits(), text.len()));
            } else {
                prop_assert!(15 < text.len());
            }
        }
    }
}
