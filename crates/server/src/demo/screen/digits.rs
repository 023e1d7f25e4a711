//! Big digits: three columns and three rows of half blocks each.

/// Five rows of three pixels, the top one first, a bit a pixel.
const PIXELS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b011, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b001, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];

/// A number as three rows of text.
pub(super) fn rows(number: u64) -> [String; 3] {
    let digits: Vec<usize> = number.to_string().bytes().map(|digit| usize::from(digit - b'0')).collect();
    core::array::from_fn(|row| {
        let glyphs = digits.iter().map(|&digit| glyph_row(PIXELS[digit], row));
        glyphs.collect::<Vec<_>>().join(" ")
    })
}

fn glyph_row(pixels: [u8; 5], row: usize) -> String {
    let (top, bottom) = (pixels[row * 2], pixels.get(row * 2 + 1).copied().unwrap_or(0));
    let bit = |line: u8, column: u8| line >> (2 - column) & 1 == 1;
    let block = |column: u8| match (bit(top, column), bit(bottom, column)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    (0..3).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_three_rows_high() {
        assert_eq!(rows(10), ["▄█  █▀█", " █  █ █", "▀▀▀ ▀▀▀"]);
    }
}
