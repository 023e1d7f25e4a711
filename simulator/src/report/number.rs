//! Numbers as a person reads them.

/// With its thousands apart: 599,818.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if 0 < i && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A measured number to three digits, a whole one as it is: 0.042, 8.42, 84.2, 842, 84,200, 7.
pub(crate) fn measured(value: f64) -> String {
    match value.abs() {
        size if size.fract() == 0.0 && value.is_sign_positive() => grouped(value as u64),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ if value < 0.0 => format!("-{}", grouped((-value).round() as u64)),
        _ => grouped(value.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let seen: Vec<_> = [0, 7, 999, 1_000, 599_818, 1_234_567].map(grouped).into();
        assert_eq!(seen, ["0", "7", "999", "1,000", "599,818", "1,234,567"]);
    }

    #[test]
    fn what_was_measured_is_told_to_three_digits() {
        let seen: Vec<_> =
            [0.0, 7.0, 0.0423, 8.424, 84.24, 842.4, 84_240.4, -3.5, -842.4].map(measured).into();
        assert_eq!(seen, ["0", "7", "0.042", "8.42", "84.2", "842", "84,240", "-3.50", "-842"]);
    }
}
