//! What a script answers, as bytes.
//!
//! Scripts answer a list of numbers or an error, and what a connection begins with is answered by
//! a simple text: of the protocol (RESP2), this is all that a line must read.

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Numbers(&'a [i64]),
    Simple,
    Error(String),
}

/// Bytes that are no such answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// How many numbers an answer has, at most.
const NUMBERS: usize = 1 << 16;
/// How long a line of an answer is, at most.
const LINE: usize = 1 << 16;

/// The first answer in these bytes, whose numbers are read into `numbers`, and how many of the bytes
/// it is; nothing where it is not all there.
pub(super) fn frame<'a>(
    bytes: &[u8],
    numbers: &'a mut Vec<i64>,
) -> Result<Option<(Frame<'a>, usize)>, Malformed> {
    let mut rest = bytes;
    numbers.clear();
    let Some((kind, first)) = line(&mut rest)? else {
        return Ok(None);
    };
    let frame = match kind {
        b'+' => Frame::Simple,
        b'-' => Frame::Error(String::from_utf8_lossy(first).into_owned()),
        b':' => {
            numbers.push(number(first)?);
            Frame::Numbers(numbers)
        }
        b'*' => {
            let count = usize::try_from(number(first)?).map_err(|_| Malformed)?;
            if count > NUMBERS {
                return Err(Malformed);
            }
            for _ in 0..count {
                if let Some(number) = usual(&mut rest) {
                    numbers.push(number);
                    continue;
                }
                match line(&mut rest)? {
                    Some((b':', text)) => numbers.push(number(text)?),
                    Some(_) => return Err(Malformed),
                    None => return Ok(None),
                }
            }
            Frame::Numbers(numbers)
        }
        _ => return Err(Malformed),
    };
    Ok(Some((frame, bytes.len() - rest.len())))
}

/// The number of the next line, in one pass, where it is written as Redis writes most; nothing, and
/// nothing taken, where another has to look.
fn usual(rest: &mut &[u8]) -> Option<i64> {
    let [b':', text @ ..] = *rest else {
        return None;
    };
    let (is_negative, text) = match text {
        [b'-', text @ ..] => (true, text),
        text => (false, text),
    };
    let mut number = 0;
    for (position, byte) in text.iter().enumerate() {
        match byte {
            // So many digits are no number that is too large.
            b'0'..=b'9' if position < 18 => number = number * 10 + i64::from(byte - b'0'),
            b'\r' if position > 0 && text.get(position + 1) == Some(&b'\n') => {
                *rest = text.get(position + 2..)?;
                return Some(if is_negative { -number } else { number });
            }
            _ => return None,
        }
    }
    None
}

/// The kind and the text of the next line; nothing where it is not all there.
fn line<'a>(rest: &mut &'a [u8]) -> Result<Option<(u8, &'a [u8])>, Malformed> {
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
        return if rest.len() > LINE {
            Err(Malformed)
        } else {
            Ok(None)
        };
    };
    let (line, behind) = rest.split_at(end + 1);
    *rest = behind;
    match line {
        [kind, text @ .., b'\r', b'\n'] => Ok(Some((*kind, text))),
        _ => Err(Malformed),
    }
}

fn number(text: &[u8]) -> Result<i64, Malformed> {
    let text = str::from_utf8(text).map_err(|_| Malformed)?;
    text.parse().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANSWERS: &[u8] =
        b"*2\r\n:-1\r\n:1764057600000000\r\n-NOSCRIPT No matching\r\n+OK\r\n:0\r\n";

    fn all(mut bytes: &[u8]) -> (Vec<String>, usize) {
        let (mut frames, mut numbers) = (Vec::new(), Vec::new());
        while let Some((frame, length)) = frame(bytes, &mut numbers).unwrap() {
            frames.push(format!("{frame:?}"));
            bytes = &bytes[length..];
        }
        (frames, bytes.len())
    }

    #[test]
    fn answers_are_read_one_after_the_other() {
        let (frames, left) = all(ANSWERS);

        assert_eq!(left, 0);
        let expected = [
            Frame::Numbers(&[-1, 1_764_057_600_000_000]),
            Frame::Error("NOSCRIPT No matching".to_owned()),
            Frame::Simple,
            Frame::Numbers(&[0]),
        ];
        assert_eq!(frames, expected.map(|frame| format!("{frame:?}")));
    }

    #[test]
    fn an_answer_that_is_not_all_there_is_waited_for() {
        let (frames, _) = all(ANSWERS);

        for end in 0..ANSWERS.len() {
            let (mut some, left) = all(&ANSWERS[..end]);
            let (others, _) = all(&ANSWERS[end - left..]);
            some.extend(others);
            assert_eq!(some, frames);
        }
    }

    #[test]
    fn what_no_script_answers_is_malformed() {
        for bytes in [
            &b"$3\r\nabc\r\n"[..],
            b"*-1\r\n",
            b"*1\r\n+OK\r\n",
            b"*99999999999999999999\r\n",
            b"*65537\r\n",
            b":one\r\n",
            b":1\n",
            b"\r\n",
            &vec![b'+'; LINE + 1],
        ] {
            let mut numbers = Vec::new();
            assert_eq!(frame(bytes, &mut numbers), Err(Malformed), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_in_one_pass_as_it_is_otherwise(
            text in prop_oneof![any::<i64>().prop_map(|number| number.to_string()), "[-+]?[0-9a]{0,22}"],
            end in "\r\n|\r|\n|\r\nx|",
        ) {
            let bytes = format!(":{text}{end}").into_bytes();
            let (mut once, mut otherwise) = (&bytes[..], &bytes[..]);

            if let Some(read) = usual(&mut once) {
                let (kind, text) = line(&mut otherwise).unwrap().unwrap();
                prop_assert_eq!((kind, number(text)), (b':', Ok(read)));
            }
            prop_assert_eq!(once, otherwise);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = frame(&bytes, &mut Vec::new());
        }
    }
}
