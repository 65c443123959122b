//! A text cut into words, numbers and marks.

/// What is being read. A dot leaves open for a while whether it marks a fraction or parts two tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Word,
    Number,
    DottedWord,
    DottedNumber,
}

/// The words, numbers and marks of a text, in order. White space of any kind is one `" "` a character.
///
/// A number keeps its fraction (`15.25`, `15,25`) unless more dots or letters follow: `20.2.2020` and
/// `Feb.20` fall apart at their dots, which are tokens too. None where a character beyond ASCII stands that
/// is not white space: nothing that can be read has one.
pub(super) fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first.is_ascii_alphanumeric() {
            let (length, falls_apart) = run(rest);
            let (token, after) = rest.split_at_checked(length)?;
            if falls_apart {
                found.extend(pieces(token));
            } else {
                found.push(token);
            }
            (token, after)
        } else {
            let (mark, after) = rest.split_at_checked(first.len_utf8())?;
            found.push(match first {
                _ if is_space(first) => " ",
                _ if first.is_ascii() => mark,
                _ => return None,
            });
            (mark, after)
        };
        debug_assert!(!token.is_empty(), "every turn takes something away");
        rest = after;
    }
    Some(found)
}

/// How many bytes the word or number takes that `text` starts with, and whether it falls apart at its dots.
fn run(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let mut state = match bytes.first() {
        Some(first) if first.is_ascii_digit() => Run::Number,
        _ => Run::Word,
    };
    let mut letters = false;
    let mut dots = 0;
    let mut last = b' ';
    let mut length = 1;
    for &byte in bytes.iter().skip(1) {
        letters |= matches!(state, Run::Word | Run::DottedWord);
        let (word, digit, dot) = (
            byte.is_ascii_alphabetic(),
            byte.is_ascii_digit(),
            byte == b'.',
        );
        state = match state {
            Run::Word if word => Run::Word,
            Run::Word if dot => Run::DottedWord,
            Run::Number if digit => Run::Number,
            Run::Number if dot || (byte == b',' && length >= 2) => Run::DottedNumber,
            Run::DottedWord | Run::DottedNumber if dot => state,
            Run::DottedWord if word => state,
            Run::DottedWord if digit && last == b'.' => Run::DottedNumber,
            Run::DottedNumber if digit => state,
            Run::DottedNumber if word && last == b'.' => Run::DottedWord,
            _ => break,
        };
        dots += usize::from(dot);
        last = byte;
        length += 1;
    }
    let dotted = matches!(state, Run::DottedWord | Run::DottedNumber);
    (
        length,
        dotted && (letters || dots > 1 || matches!(last, b'.' | b',')),
    )
}

/// What stands before, between and after the dots and commas, and these themselves.
fn pieces(token: &str) -> impl Iterator<Item = &str> {
    token
        .split_inclusive(['.', ','])
        .flat_map(|piece| {
            let (rest, mark) = piece
                .strip_suffix(['.', ','])
                .and_then(|rest| piece.split_at_checked(rest.len()))
                .unwrap_or((piece, ""));
            [rest, mark]
        })
        .filter(|piece| !piece.is_empty())
}

/// Whether Python's `str.isspace` says so.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[track_caller]
    fn cut(text: &str) -> String {
        tokens(text).expect("ASCII").join("|")
    }

    #[test]
    fn a_dot_or_comma_in_one_number_marks_its_fraction() {
        assert_eq!(cut("13:14:15.25"), "13|:|14|:|15.25");
        assert_eq!(cut("131415,25Z"), "131415,25|Z");
        assert_eq!(
            cut("1,2"),
            "1|,|2",
            "a comma after one digit parts two numbers"
        );
    }

    #[test]
    fn dots_between_more_than_two_parts_or_beside_letters_part_them() {
        assert_eq!(cut("29.2.2020"), "29|.|2|.|2020");
        assert_eq!(cut("Feb.29.2020"), "Feb|.|29|.|2020");
        assert_eq!(cut("29, 2020."), "29|,| |2020|.");
        assert_eq!(cut("p.m."), "p|.|m|.");
    }

    #[test]
    fn white_space_of_any_kind_is_a_space_and_other_foreign_characters_are_refused() {
        assert_eq!(cut("1:02\u{202f}PM\t\u{1f}"), "1|:|02| |PM| | ");
        assert_eq!(tokens("29 Février"), None);
        assert_eq!(tokens("２０２０"), None);
    }
}
