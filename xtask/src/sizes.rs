//! Every file says what it is for; files and functions stay small.

use crate::Tree;
use crate::code::code_only;

/// A function fits on a screen.
const N_FUNCTION_LINES_MAX: usize = 70;

/// Past 400 lines one looks for a second subject; at this many there is one.
const N_FILE_LINES_MAX: usize = 500;

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut sentences = Vec::new();
    for (path, text) in tree.sources() {
        if !text.starts_with("//!") && !path.ends_with("/tests.rs") {
            sentences.push(format!("{path}: does not open with `//!` and what the file is for"));
        }
        if path.ends_with("/mod.rs") {
            sentences
                .push(format!("{path}: a module foo is foo.rs beside foo/, so that its name is on its tab"));
        }
    }
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".rs")) {
        let n_lines = text.lines().count();
        if N_FILE_LINES_MAX < n_lines {
            sentences.push(format!(
                "{path}: has {n_lines} lines, more than {N_FILE_LINES_MAX}; look for a second subject"
            ));
        }
        for function in functions(text).into_iter().filter(|function| N_FUNCTION_LINES_MAX < function.n_lines)
        {
            sentences.push(format!(
                "{path}:{}: the function {} has {} lines, more than {N_FUNCTION_LINES_MAX}",
                function.line, function.name, function.n_lines
            ));
        }
    }
    sentences
}

struct Function {
    name: String,
    /// Where it begins, counted from 1.
    line: usize,
    n_lines: usize,
}

/// Every function with a body, from the line of its name to that of its last brace.
fn functions(text: &str) -> Vec<Function> {
    let code = code_only(text);
    let mut functions = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word_inside = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if is_word_inside || name.is_empty() {
            continue;
        }
        if let Some(end) = end_of_body(&code[at..]) {
            let line = code[..at].matches('\n').count() + 1;
            let n_lines = code[at..at + end].matches('\n').count() + 1;
            functions.push(Function { name, line, n_lines });
        }
    }
    functions
}

/// How far the function goes; `None` when it has no body.
fn end_of_body(code: &str) -> Option<usize> {
    let (mut n_round, mut n_curly) = (0_i32, 0_i32);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => n_round += 1,
            b')' | b']' => n_round -= 1,
            b';' if n_round == 0 && n_curly == 0 => return None,
            b'{' => n_curly += 1,
            b'}' => {
                n_curly -= 1;
                if n_curly == 0 && n_round == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)]))
    }

    #[test]
    fn a_function_longer_than_a_screen_is_told_by_name_and_line() {
        let body = |n_lines: usize| "    x();\n".repeat(n_lines);
        let file =
            |n_lines: usize| format!("//! x\n\nfn long(a: [u8; 3]) -> X {{\n{}}}\n", body(n_lines - 2));
        assert_eq!(said("crates/a/src/lib.rs", &file(70)), [] as [&str; 0]);
        let told = said("crates/a/src/lib.rs", &file(71));
        assert_eq!(told, ["crates/a/src/lib.rs:3: the function long has 71 lines, more than 70"]);
        let declared = format!("//! x\ntrait T {{\n    fn declared();\n{}}}\n", "    fn a();\n".repeat(80));
        assert_eq!(said("crates/a/src/lib.rs", &declared), [] as [&str; 0]);
    }

    #[test]
    fn a_file_without_a_purpose_or_with_two_is_told() {
        assert!(said("crates/a/src/b.rs", "use x;\n")[0].contains("does not open with"));
        assert_eq!(said("crates/a/tests/b.rs", "use x;\n"), [] as [&str; 0]);
        assert!(said("crates/a/src/b.rs", &format!("//! x\n{}", "\n".repeat(500)))[0].contains("501 lines"));
        assert!(said("crates/a/src/b/mod.rs", "//! x\n")[0].contains("foo.rs beside foo/"));
    }
}
