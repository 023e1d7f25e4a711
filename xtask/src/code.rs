//! Rust text with its comments, strings and characters blanked out, so that what is left is code.

/// The same text, line for line and byte for byte, with spaces in place of all that is no code.
pub(crate) fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let n_skipped = skipped(&bytes[at..], code.last().copied());
        if n_skipped == 0 {
            code.push(bytes[at]);
            at += 1;
            continue;
        }
        let end = (at + n_skipped).min(bytes.len());
        code.extend(bytes[at..end].iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
        at = end;
    }
    // What is no code is blank now, and the rest was cut at its borders, which are ASCII.
    String::from_utf8_lossy(&code).into_owned()
}

/// How many bytes from here on are a comment, a string or a character; 0 when it is code.
fn skipped(rest: &[u8], before: Option<u8>) -> usize {
    let is_in_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'r' | b'b' | b'c', ..] if !is_in_word => raw_string(rest),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`, `b"…"`, `c"…"`; 0 when it is none of them.
fn raw_string(rest: &[u8]) -> usize {
    let n_letters = rest.iter().take(2).take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let n_hashes = rest[n_letters..].iter().take_while(|&&byte| byte == b'#').count();
    let start = n_letters + n_hashes;
    if rest.get(start) != Some(&b'"') {
        return 0;
    }
    if rest[n_letters - 1] != b'r' {
        return if n_hashes == 0 { start + quoted(&rest[start..], b'"') } else { 0 };
    }
    let end: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', n_hashes)).collect();
    let body = &rest[start + 1..];
    let found = body.windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |n_body| start + 1 + n_body + end.len())
}

/// A character such as `'{'` or `'\n'`; 0 for a lifetime.
fn character(rest: &[u8]) -> usize {
    match rest {
        [_, b'\\', ..] => quoted(rest, b'\''),
        [_, first, ..] => {
            let n_bytes = match first {
                0x00..=0x7f => 1,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            if rest.get(1 + n_bytes) == Some(&b'\'') { n_bytes + 2 } else { 0 }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        let check = |text: &str, code: &str| {
            let left = code_only(text);
            assert_eq!(left.len(), text.len(), "{text}");
            assert_eq!(left.split_whitespace().collect::<Vec<_>>().join(" "), code, "{text}");
        };
        check("a // b {", "a");
        check("a /* b /* c */ { */ d", "a d");
        check("let s = \"{ \\\" }\"; x", "let s = ; x");
        check("let s = r#\"{ \" }\"#; x", "let s = ; x");
        check("let b = b\"{\"; let c = br\"{\"; x", "let b = ; let c = ; x");
        check("let c = '{'; let q = '\\''; let u = 'é'; x", "let c = ; let q = ; let u = ; x");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("for b in r { }", "for b in r { }");
        check("\"a\nb\"\nx", "x");
    }
}
