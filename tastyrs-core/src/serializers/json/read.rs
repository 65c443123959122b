//! Reading, as `json.loads` does but for what is no JSON: `NaN`, `Infinity`, halves of surrogate pairs.

use super::{
    super::{budget::Budget, formatting::whole_number},
    write::{CHUNK, escaped},
};
use crate::{
    data::{Data, Value},
    errors::{Error, Result},
};

/// The most digits of a whole number.
///
/// # Compatibility
///
/// Python's `sys.int_info.default_max_str_digits`.
const MOST_DIGITS: usize = 4_300;

/// Reads a value, and nothing behind it.
///
/// # Errors
///
/// [`Error::BadRequest`] where the text is no JSON, or holds more than the budget.
pub(in crate::serializers) fn read(text: &str, budget: Budget) -> Result<Value<'static>> {
    let mut reader = Reader {
        text,
        at: 0,
        budget,
    };
    let value = reader.value()?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(invalid()),
    }
}

fn invalid() -> Error {
    Error::bad_request("Request is not valid JSON.")
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    budget: Budget,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The next byte that is no white space.
    fn token(&mut self) -> Option<u8> {
        self.space();
        self.peek()
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.token() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(invalid())
    }

    /// What was passed since a place.
    fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn value(&mut self) -> Result<Value<'static>> {
        self.budget.node()?;
        match self.token().ok_or_else(invalid)? {
            b'{' => self.map(),
            b'[' => self.list(),
            b'"' => self.string().map(Value::from),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => Err(invalid()),
        }
    }

    fn word(&mut self, word: &str, value: Value<'static>) -> Result<Value<'static>> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(invalid());
        }
        self.at += word.len();
        Ok(value)
    }

    fn list(&mut self) -> Result<Value<'static>> {
        self.at += 1;
        let mut values = Vec::new();
        if self.token() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(values));
        }
        self.budget.enter()?;
        loop {
            values.push(self.value()?);
            if self.token() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b']')?;
            self.budget.leave();
            return Ok(Value::List(values));
        }
    }

    fn map(&mut self) -> Result<Value<'static>> {
        self.at += 1;
        let mut pairs = Vec::new();
        if self.token() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(Data::new()));
        }
        self.budget.enter()?;
        loop {
            if self.token() != Some(b'"') {
                return Err(invalid());
            }
            let name = self.string()?;
            self.expect(b':')?;
            pairs.push((name.into(), self.value()?));
            if self.token() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b'}')?;
            self.budget.leave();
            return Ok(Value::Map(Data::from_pairs(pairs)));
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value<'static>> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !(1..=MOST_DIGITS).contains(&self.digits()) {
            return Err(invalid());
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            if self.digits() == 0 {
                return Err(invalid());
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(invalid());
            }
        }
        let written = self.since(start);
        if whole {
            return Ok(whole_number(written));
        }
        match written.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(invalid()),
        }
    }

    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let start = self.at;
        self.plain();
        let mut out = self.since(start).to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(invalid()),
            }
            let start = self.at;
            self.plain();
            out.push_str(self.since(start));
        }
    }

    /// Passes what stands for itself within a string.
    fn plain(&mut self) {
        let mut rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        while let Some(chunk) = rest.first_chunk() {
            let stops = escaped(chunk);
            if stops != 0 {
                self.at += stops.trailing_zeros() as usize;
                return;
            }
            self.at += CHUNK;
            rest = &rest[CHUNK..];
        }
        let is_plain = |byte: &&u8| **byte >= b' ' && !matches!(**byte, b'"' | b'\\');
        self.at += rest.iter().take_while(is_plain).count();
    }

    fn escape(&mut self) -> Result<char> {
        let letter = self.peek().ok_or_else(invalid)?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(invalid()),
        })
    }

    fn unicode(&mut self) -> Result<char> {
        let first = self.four()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !self.word("\\u", Value::Null)?.is_null() {
                return Err(invalid());
            }
            let second = self.four()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(invalid());
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(invalid)
    }

    fn four(&mut self) -> Result<u32> {
        let start = self.at;
        while self.at < start + 4 && self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            self.at += 1;
        }
        if self.at < start + 4 {
            return Err(invalid());
        }
        u32::from_str_radix(self.since(start), 16).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(text: &str) -> Option<Value<'static>> {
        read(text, Budget::default()).ok()
    }

    fn told(text: &str) -> String {
        read(text, Budget::default()).unwrap_err().to_string()
    }

    #[test]
    fn whole_numbers_keep_all_their_digits() {
        for (text, value) in [
            ("0", Value::Int(0)),
            ("-0", Value::Int(0)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("18446744073709551615", Value::UInt(u64::MAX)),
            (
                "100000000000000000000",
                Value::Decimal("100000000000000000000".into()),
            ),
            (
                "-9223372036854775809",
                Value::Decimal("-9223372036854775809".into()),
            ),
            ("1.0", Value::Float(1.0)),
            ("1E5", Value::Float(1e5)),
            ("-0.0", Value::Float(-0.0)),
        ] {
            assert_eq!(loads(text), Some(value), "{text}");
        }
        assert!(loads(&"9".repeat(4_300)).is_some());
        assert_eq!(loads(&"9".repeat(4_301)), None);
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        let map: Data<'_> = [("a", 3), ("b", 2)].into_iter().collect();

        assert_eq!(
            loads(r#"{"b": 1, "a": 1, "b": 2, "a": 3}"#),
            Some(Value::Map(map))
        );
    }

    #[test]
    fn escapes_are_read_and_halves_of_pairs_refused() {
        assert_eq!(
            loads(r#""a\"\\\/\b\f\n\r\té\ud83c\udf70""#),
            Some(Value::from("a\"\\/\u{8}\u{c}\n\r\té🍰"))
        );
        for text in [
            r#""\ud83c""#,
            r#""\udf70""#,
            r#""\ud83c\u0041""#,
            r#""\ud83cx""#,
            r#""\x41""#,
            r#""\u00e""#,
            r#""\u00 e""#,
            "\"a\nb\"",
            "\"open",
            "\"\\",
        ] {
            assert_eq!(loads(text), None, "{text}");
        }
    }

    #[test]
    fn text_of_every_length_is_read_whole_wherever_something_stands_in_it() {
        for length in 0..70 {
            let plain = "é".repeat(length % 2) + &"x".repeat(length);
            assert_eq!(
                loads(&format!("\"{plain}\"")),
                Some(Value::from(plain.as_str()))
            );
            for place in (0..=plain.len()).filter(|place| plain.is_char_boundary(*place)) {
                let (one, other) = plain.split_at(place);
                let read = loads(&format!(r#"["{one}\n{other}", "{one}\\", 1]"#));
                let wanted = vec![
                    Value::from(format!("{one}\n{other}")),
                    Value::from(format!("{one}\\")),
                    Value::Int(1),
                ];
                assert_eq!(read, Some(Value::List(wanted)), "{length} {place}");
                assert_eq!(loads(&format!("\"{one}\u{1f}{other}\"")), None);
                assert_eq!(loads(&format!("\"{one}")), None);
            }
        }
    }

    #[test]
    fn what_is_no_json_is_refused_in_tastypies_words() {
        for text in [
            "",
            " \n",
            "{",
            "[",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "{'a':1}",
            "yes",
            "nul",
            "nullx",
            "012",
            "1.",
            ".5",
            "-",
            "+1",
            "1e",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "{} {}",
            "[] // no",
            "\u{feff}{}",
            "\u{a0}1",
        ] {
            assert_eq!(told(text), "Request is not valid JSON.", "{text}");
        }
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));

        assert!(loads(&nested(128)).is_some());
        assert_eq!(told(&nested(129)), "The body is nested too deeply.");
        assert_eq!(
            told(&"[".repeat(2_000_000)),
            "The body is nested too deeply."
        );
        assert_eq!(
            told(&format!("[{}1]", "1,".repeat(250_000))),
            "The body holds too many values."
        );
    }

    #[test]
    fn names_in_the_worst_order_take_no_longer_than_others() {
        let pairs: Vec<String> = (0..120_000)
            .rev()
            .map(|number| format!("\"{number:06}\":0"))
            .collect();

        let read = loads(&format!("{{{}}}", pairs.join(",")));

        assert!(matches!(read, Some(Value::Map(data)) if data.len() == 120_000));
    }
}
