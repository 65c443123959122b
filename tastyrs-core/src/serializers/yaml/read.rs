//! Text to values.

use std::collections::HashMap;

use base64::Engine as _;
use granit_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::{
    super::budget::Budget,
    resolve::{self, Kind},
};
use crate::{
    data::{Data, Value},
    errors::{Error, Result},
};

/// The tags that YAML itself defines.
const OWN: &str = "tag:yaml.org,2002:";

/// Reads one document; an empty one is null.
///
/// What an anchor names is counted again wherever an alias repeats it.
///
/// # Errors
///
/// [`Error::BadRequest`] where the text is no YAML, has tags that denote no data, or holds more than the budget.
pub(super) fn read(text: &str, budget: Budget) -> Result<Value<'static>> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        budget,
    };
    let mut document = None;
    loop {
        match reader.next()? {
            Event::DocumentStart(..) if document.is_some() => return Err(invalid()),
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            Event::StreamEnd => return Ok(document.unwrap_or_default()),
            event => document = Some(reader.node(event)?),
        }
    }
}

fn invalid() -> Error {
    Error::bad_request("Request is not valid YAML.")
}

/// What an anchor names.
struct Anchored {
    value: Value<'static>,
    /// How much of the budget it takes.
    weight: usize,
    /// How deep it is.
    height: usize,
}

struct Reader<'t> {
    events: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Anchored>,
    budget: Budget,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Event<'t>> {
        match self.events.next() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(_)) | None => Err(invalid()),
        }
    }

    fn node(&mut self, event: Event<'t>) -> Result<Value<'static>> {
        self.budget.node()?;
        let (anchor, value) = match event {
            Event::Alias(anchor) => return self.alias(anchor),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(_, anchor, tag) => {
                expect(tag.as_deref(), "seq")?;
                (anchor, self.list()?)
            }
            Event::MappingStart(_, anchor, tag) => {
                expect(tag.as_deref(), "map")?;
                (anchor, self.map()?)
            }
            _ => return Err(invalid()),
        };
        if anchor > 0 {
            let (weight, height) = weigh(&value);
            self.budget.take(weight)?;
            let anchored = Anchored {
                value: value.clone(),
                weight,
                height,
            };
            self.anchors.insert(anchor, anchored);
        }
        Ok(value)
    }

    /// An anchor is known once what it names is read, so nothing holds itself.
    fn alias(&mut self, anchor: usize) -> Result<Value<'static>> {
        let anchored = self.anchors.get(&anchor).ok_or_else(invalid)?;
        self.budget.take(anchored.weight)?;
        self.budget.has_room_below(anchored.height)?;
        Ok(anchored.value.clone())
    }

    fn list(&mut self) -> Result<Value<'static>> {
        self.budget.enter()?;
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => break,
                event => values.push(self.node(event)?),
            }
        }
        self.budget.leave();
        Ok(Value::List(values))
    }

    /// Names that are merged in stand before those of the map itself, which count more.
    fn map(&mut self) -> Result<Value<'static>> {
        self.budget.enter()?;
        let (mut merged, mut pairs) = (Vec::new(), Vec::new());
        loop {
            let (name, is_merge) = match self.next()? {
                Event::MappingEnd => break,
                Event::Scalar(text, style, anchor, tag) => {
                    let is_merge = style == ScalarStyle::Plain
                        && tag.is_none()
                        && resolve::kind(&text) == Kind::Merge;
                    let name = text.into_owned();
                    if anchor > 0 {
                        self.anchors.insert(anchor, named(&name));
                    }
                    (name, is_merge)
                }
                Event::Alias(anchor) => match self.alias(anchor)? {
                    Value::Text(name) => (name.into_owned(), false),
                    _ => return Err(invalid()),
                },
                _ => return Err(invalid()),
            };
            let event = self.next()?;
            let value = self.node(event)?;
            if is_merge {
                merge(value, &mut merged)?;
            } else {
                pairs.push((name.into(), value));
            }
        }
        self.budget.leave();
        merged.append(&mut pairs);
        Ok(Value::Map(Data::from_pairs(merged)))
    }
}

type Pairs = Vec<(std::borrow::Cow<'static, str>, Value<'static>)>;

/// What an anchor at a name names.
fn named(name: &str) -> Anchored {
    let value = Value::from(name.to_owned());
    let (weight, height) = weigh(&value);
    Anchored {
        value,
        weight,
        height,
    }
}

/// Of several maps the first counts most.
fn merge(value: Value<'static>, merged: &mut Pairs) -> Result<()> {
    let maps = match value {
        Value::List(values) => values,
        single => vec![single],
    };
    for map in maps.into_iter().rev() {
        match map {
            Value::Map(data) => merged.extend(data.into_pairs()),
            _ => return Err(invalid()),
        }
    }
    Ok(())
}

/// How many values a value holds, long text counting for more than one, and how deep it is.
fn weigh(value: &Value<'_>) -> (usize, usize) {
    let below = |values: &mut dyn Iterator<Item = &Value<'_>>| {
        values.map(weigh).fold((1, 1), |(weight, height), below| {
            (weight + below.0, height.max(below.1 + 1))
        })
    };
    match value {
        Value::List(values) => below(&mut values.iter()),
        Value::Map(data) => {
            let names: usize = data.iter().map(|(name, _)| name.len() / 16).sum();
            let (weight, height) = below(&mut data.iter().map(|(_, value)| value));
            (weight + names, height)
        }
        Value::Text(text) | Value::Decimal(text) => (1 + text.len() / 16, 0),
        Value::Bytes(bytes) => (1 + bytes.len() / 16, 0),
        _ => (1, 0),
    }
}

fn expect(tag: Option<&Tag>, own: &str) -> Result<()> {
    match tag {
        Some(tag) if name_of(tag).as_deref() != Some(own) => Err(invalid()),
        _ => Ok(()),
    }
}

/// The name of a tag of YAML's own; `!` says that the text is text.
fn name_of(tag: &Tag) -> Option<std::borrow::Cow<'_, str>> {
    if matches!(tag.parts(), ("!", "") | ("", "!")) {
        return Some("str".into());
    }
    tag.suffix_in_namespace(OWN)
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value<'static>> {
    let own = || Value::from(text.to_owned());
    let kind = match tag {
        None if style == ScalarStyle::Plain => resolve::kind(text),
        None => Kind::Text,
        Some(tag) => match name_of(tag).ok_or_else(invalid)?.as_ref() {
            "str" | "python/unicode" | "python/str" => Kind::Text,
            "null" => Kind::Null,
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "timestamp" => Kind::Timestamp,
            "binary" => return binary(text),
            _ => return Err(invalid()),
        },
    };
    let value = match kind {
        Kind::Null => Some(Value::Null),
        Kind::Bool => resolve::boolean(text).map(Value::Bool),
        Kind::Int => resolve::integer(text),
        Kind::Float => resolve::float(text).map(Value::Float),
        Kind::Timestamp => resolve::timestamp(text),
        Kind::Merge | Kind::Default | Kind::Text => Some(own()),
    };
    value.ok_or_else(invalid)
}

fn binary(text: &str) -> Result<Value<'static>> {
    let digits: String = text.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(digits);
    bytes
        .map(|bytes| Value::Bytes(bytes.into()))
        .map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Option<Value<'static>> {
        read(text, Budget::default()).ok()
    }

    fn told(text: &str) -> String {
        read(text, Budget::default()).unwrap_err().to_string()
    }

    fn pairs<const N: usize>(pairs: [(&'static str, Value<'static>); N]) -> Value<'static> {
        Value::Map(pairs.into_iter().collect())
    }

    #[test]
    fn plain_words_have_the_types_of_yaml_1_1() {
        let moment = chrono::NaiveDate::from_ymd_opt(2013, 1, 2)
            .and_then(|day| day.and_hms_opt(3, 4, 5))
            .unwrap();

        let read = load(
            "a: yes\nb: '12'\nc: 12\nd: 1.5\ne: ~\nf:\ng: 2013-01-02T03:04:05\nh: [x, \"y\\n\"]\ni: {j: k}\n\
             1: one\nl: !!str 12\nm: |\n  two\n  lines\nn: !!binary aGk=\no: ! 7\n",
        );

        let expected = pairs([
            ("a", Value::Bool(true)),
            ("b", "12".into()),
            ("c", Value::Int(12)),
            ("d", Value::Float(1.5)),
            ("e", Value::Null),
            ("f", Value::Null),
            ("g", Value::DateTime(moment)),
            ("h", Value::from(vec!["x", "y\n"])),
            ("i", pairs([("j", "k".into())])),
            ("1", "one".into()),
            ("l", "12".into()),
            ("m", "two\nlines\n".into()),
            ("n", Value::Bytes(b"hi".as_slice().into())),
            ("o", "7".into()),
        ]);
        assert_eq!(read, Some(expected));
        assert_eq!(load(""), Some(Value::Null));
        assert_eq!(load("# nothing\n"), Some(Value::Null));
        assert_eq!(load("a: 1\na: 2"), Some(pairs([("a", Value::Int(2))])));
    }

    #[test]
    fn aliases_repeat_and_maps_are_merged() {
        assert_eq!(
            load("a: &x [1]\nb: *x"),
            Some(pairs([
                ("a", Value::from(vec![1])),
                ("b", Value::from(vec![1]))
            ]))
        );
        let read = load("- &x {a: 1, b: 2}\n- &y {b: 3, c: 4}\n- {<<: [*x, *y], a: 5}");
        let Some(Value::List(values)) = read else {
            panic!("{read:?}")
        };
        assert_eq!(
            values.last(),
            Some(&pairs([
                ("a", Value::Int(5)),
                ("b", Value::Int(2)),
                ("c", Value::Int(4))
            ]))
        );
    }

    #[test]
    fn what_is_no_data_is_refused() {
        for text in [
            "a: [",
            "a: 'b",
            "a: b: c",
            "a: *x",
            "a: &a [*a]",
            "--- 1\n--- 2",
            "? [1]\n: 2",
            "{[1]: 2}",
            "a: !!python/object/apply:os.getcwd []",
            "a: !mine b",
            "a: !!set {b}",
            "a: .inf",
            "a: .nan",
            "a: 2013-02-30",
            "a: !!int x",
            "a: !!binary '#'",
            "<<: 1",
            "a: !!map [1]",
        ] {
            assert_eq!(told(text), "Request is not valid YAML.", "{text}");
        }
    }

    #[test]
    fn aliases_cannot_multiply_without_end() {
        use std::fmt::Write as _;

        let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            writeln!(laughs, "a{level}: &a{level} [{aliases}]").unwrap();
        }
        assert_eq!(told(&laughs), "The body holds too many values.");

        let long = format!(
            "a: &a \"{}\"\nb: [{}]",
            "x".repeat(500_000),
            "*a, ".repeat(100_000)
        );
        assert_eq!(told(&long), "The body holds too many values.");

        let mut tower = String::from("- &a0 [1]\n");
        for level in 1..300 {
            writeln!(tower, "- &a{level} [*a{}]", level - 1).unwrap();
        }
        assert_eq!(told(&tower), "The body is nested too deeply.");

        let anchors: Vec<String> = (0..120).map(|level| format!("&a{level} [")).collect();
        let anchors = anchors.concat();
        let nested = format!("{anchors}{}{}", "1, ".repeat(200_000), "]".repeat(120));
        assert_eq!(told(&nested), "The body holds too many values.");
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));

        assert!(load(&nested(128)).is_some());
        assert_eq!(told(&nested(129)), "The body is nested too deeply.");
        assert!(load(&"[".repeat(500_000)).is_none());
        assert!(load(&"- ".repeat(500_000)).is_none());
        assert!(load(&format!("[{}]", "1,".repeat(260_000))).is_none());
    }
}
