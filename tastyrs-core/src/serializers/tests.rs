//! What holds for all formats.

use proptest::prelude::*;

use super::{DatetimeFormatting, Format, Options, Serializer};
use crate::{
    compatibility::Compatibility,
    data::{Data, Value},
    errors::{Error, Result},
};

/// The media types of the formats that are read.
const READ: &[&str] = &[
    "application/json",
    #[cfg(feature = "xml")]
    "application/xml",
    #[cfg(feature = "yaml")]
    "text/yaml",
    #[cfg(feature = "plist")]
    "application/x-plist",
    #[cfg(feature = "msgpack")]
    "application/msgpack",
];

fn all() -> Serializer {
    let names = super::format::BUILT_IN.iter().map(|format| format.name);
    Serializer::default().formats(names)
}

fn map<'a, const N: usize>(pairs: [(&'a str, Value<'a>); N]) -> Value<'a> {
    Value::Map(pairs.into_iter().collect())
}

fn single() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-300_i64..300).prop_map(Value::Int),
        (1..=u64::MAX >> 1).prop_map(|above| Value::UInt(i64::MAX as u64 + above)),
        any::<f64>()
            .prop_filter("a number", |number| number.is_finite())
            .prop_map(Value::Float),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "yes",
            "~",
            "1:30",
            "2013-01-02",
            "<<",
            "- a",
            "a: b",
            "]]>",
            "NaN",
            "0x1f",
            " "
        ])
        .prop_map(Value::from),
    ]
}

fn nested(
    single: impl Strategy<Value = Value<'static>> + 'static,
    name: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Value<'static>> {
    let pairs = |value: BoxedStrategy<Value<'static>>, name: BoxedStrategy<String>| {
        prop::collection::vec((name, value), 0..6)
            .prop_map(|pairs| Value::Map(pairs.into_iter().collect()))
    };
    let name = name.boxed();
    let inner = name.clone();
    let value = single.prop_recursive(5, 48, 6, move |value| {
        prop_oneof![
            prop::collection::vec(value.clone(), 0..6).prop_map(Value::List),
            pairs(value.boxed(), inner.clone()),
        ]
    });
    pairs(value.boxed(), name)
}

fn anything() -> impl Strategy<Value = Value<'static>> {
    nested(single(), any::<String>())
}

fn comes_back(value: &Value<'static>, content_type: &str) -> Result<(), TestCaseError> {
    let written = all().serialize(value, content_type);
    let written = written.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let read = all().deserialize(&written, content_type).ok();
    let shown = String::from_utf8_lossy(&written).into_owned();
    prop_assert_eq!(read.as_ref(), Some(value), "{}", shown);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn json_comes_back(value in anything()) {
        comes_back(&value, "application/json")?;
        let pretty = all().pretty();
        let written = pretty.serialize(&value, "application/json").unwrap();
        prop_assert_eq!(pretty.deserialize(&written, "application/json").unwrap(), value);
    }

    #[test]
    fn json_is_read_as_serde_json_writes_it_and_the_other_way_round(value in anything()) {
        let theirs = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(all().deserialize(&theirs, "application/json").unwrap(), value.clone());

        let ours = all().serialize(&value, "application/json").unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&ours).is_ok());
    }

    #[cfg(feature = "yaml")]
    #[test]
    fn yaml_comes_back(value in anything()) {
        comes_back(&value, "text/yaml")?;
    }

    #[cfg(feature = "plist")]
    #[test]
    fn property_lists_come_back(value in anything(), bytes in any::<Vec<u8>>()) {
        comes_back(&value, "application/x-plist")?;
        comes_back(&map([("bytes", Value::Bytes(bytes.into())), ("value", value)]), "application/x-plist")?;
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn messagepack_comes_back(value in anything(), bytes in any::<Vec<u8>>()) {
        comes_back(&map([("bytes", Value::Bytes(bytes.into())), ("value", value)]), "application/msgpack")?;
    }

    /// XML has no empty text, which is null, and no control characters; names are those of elements.
    #[cfg(feature = "xml")]
    #[test]
    fn xml_comes_back(value in nested(
        single().prop_map(|value| match value {
            Value::Text(text) => {
                let text: String = text.chars().filter(|letter| super::markup::names::is_character(*letter)).collect();
                Value::from(format!("{text}."))
            }
            value => value,
        }),
        "[A-Za-z_\u{e9}][A-Za-z0-9._\u{b7}-]{0,8}"
            .prop_filter("a name without a meaning", |name| !matches!(name.as_str(), "object" | "objects")),
    )) {
        comes_back(&value, "application/xml")?;
    }

    #[test]
    fn no_reader_panics_at_any_bytes(bytes in any::<Vec<u8>>()) {
        for content_type in READ {
            let _ = all().deserialize(&bytes, content_type);
            let _ = all().deserialize(&[b"bplist00".as_slice(), &bytes].concat(), content_type);
        }
    }

    #[test]
    fn no_reader_panics_at_what_was_damaged(
        value in anything(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        for content_type in READ {
            let mut bytes = all().serialize(&value, content_type).unwrap();
            let place = place.index(bytes.len());
            if cut {
                bytes.truncate(place);
            } else {
                bytes[place] = byte;
            }
            let _ = all().deserialize(&bytes, content_type);
        }
    }

    #[test]
    fn no_reader_panics_at_what_looks_like_text(text in "[-a:#&*!|>'\"%@`{}\\[\\],?<>/=; \\n\\t\\\\0-9.~_]{0,60}") {
        for content_type in READ {
            let _ = all().deserialize(text.as_bytes(), content_type);
        }
    }
}

#[test]
fn days_and_times_have_the_form_that_was_asked_for_in_every_format() {
    let moment = chrono::NaiveDate::from_ymd_opt(2016, 2, 29)
        .and_then(|day| day.and_hms_micro_opt(23, 59, 59, 5))
        .unwrap();
    let value = map([
        ("clock", Value::Time(moment.time())),
        ("day", Value::Date(moment.date())),
        ("stamp", Value::DateTime(moment)),
        (
            "stored",
            Value::StoredDateTime("2016-02-29 23:59:59.000005"),
        ),
    ]);
    let wanted = [
        (
            DatetimeFormatting::Iso8601,
            [
                "23:59:59.000005",
                "2016-02-29",
                "2016-02-29T23:59:59.000005",
            ],
        ),
        (
            DatetimeFormatting::Iso8601Strict,
            ["23:59:59", "2016-02-29", "2016-02-29T23:59:59"],
        ),
        (
            DatetimeFormatting::Rfc2822,
            [
                "23:59:59 +0000",
                "29 Feb 2016",
                "Mon, 29 Feb 2016 23:59:59 +0000",
            ],
        ),
    ];
    for (formatting, [clock, day, stamp]) in wanted {
        let expected = map([
            ("clock", clock.into()),
            ("day", day.into()),
            ("stamp", stamp.into()),
            ("stored", stamp.into()),
        ]);
        for content_type in READ {
            let serializer = all().datetime_formatting(formatting);
            let written = serializer.serialize(&value, content_type).unwrap();
            let read = serializer.deserialize(&written, content_type).unwrap();
            assert_eq!(read, expected, "{content_type}");
        }
    }
}

#[test]
fn moments_and_objects_come_through_serde() {
    let day = chrono::NaiveDate::from_ymd_opt(2016, 2, 29).unwrap();
    let moment = day.and_hms_micro_opt(1, 2, 3, 4).unwrap();
    let object: Data<'_> = [
        ("day", Value::Date(day)),
        ("stamp", Value::DateTime(moment)),
        ("time", Value::Time(moment.time())),
    ]
    .into_iter()
    .collect();

    let value = super::to_value(&vec![object.clone().into_object()]).unwrap();

    assert_eq!(value, Value::from(vec![object]));
    assert!(
        matches!(value, Value::List(values) if matches!(&values[..], [Value::Map(data)] if data.is_object()))
    );
}

#[test]
fn names_go_out_in_camel_case_and_come_back_in_every_format() {
    let value = map([
        ("resource_uri", "/api/".into()),
        (
            "sub_data",
            Value::List(vec![map([("total_count", Value::Int(1))])]),
        ),
    ]);
    let serializer = all().camel_case();

    let json = serializer.serialize(&value, "application/json").unwrap();
    assert_eq!(
        String::from_utf8(json).unwrap(),
        r#"{"resourceUri": "/api/", "subData": [{"totalCount": 1}]}"#
    );
    for content_type in READ {
        let written = serializer.serialize(&value, content_type).unwrap();
        assert_eq!(
            serializer.deserialize(&written, content_type).unwrap(),
            value
        );
    }
}

#[test]
fn a_body_is_read_by_the_type_that_it_says_it_has() {
    let serializer = Serializer::json();
    let read = |content_type: &str| serializer.deserialize(b"{}", content_type);

    assert!(read("application/json").is_ok());
    assert!(read("application/json; charset=utf-8").is_ok());
    for content_type in [
        "Application/JSON",
        "text/json",
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/javascript",
        "application/xml",
    ] {
        assert!(
            matches!(
                read(content_type),
                Err(Error::UnsupportedDeserializationFormat(_))
            ),
            "{content_type}"
        );
    }
    assert!(matches!(
        serializer.serialize(&Value::Null, "text/nothing"),
        Err(Error::UnsupportedSerializationFormat)
    ));
}

#[cfg(feature = "xml")]
#[test]
fn what_is_not_written_is_read_only_as_tastypie_does() {
    let settled = |compatibility| {
        let mut serializer = Serializer::json();
        serializer.settle(&all(), compatibility, "`notes`").unwrap();
        serializer.deserialize(b"<object/>", "application/xml")
    };

    assert!(settled(Compatibility::Tastypie).is_ok());
    assert!(settled(Compatibility::Strict).is_err());
}

struct Lines;

impl Format for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn content_type(&self) -> &'static str {
        "text/x-lines"
    }

    fn write(&self, value: &Value<'_>, options: &Options) -> Result<Vec<u8>> {
        let Value::List(values) = value else {
            return Ok(Vec::new());
        };
        let lines = values.iter().filter_map(|value| options.text(value));
        Ok(lines.collect::<Vec<_>>().join("\n").into_bytes())
    }
}

#[test]
fn a_format_of_ones_own_stands_beside_those_of_the_api_or_in_the_place_of_one() {
    let defaults = Serializer::default().formats(["json", "jsonp"]);
    let settled = |serializer: Serializer| {
        let mut serializer = serializer;
        serializer
            .settle(&defaults, Compatibility::Strict, "`notes`")
            .unwrap();
        serializer
    };

    let beside = settled(
        Serializer::default()
            .with(Lines)
            .content_type("json", "text/json"),
    );
    assert!(
        beside.writes("text/x-lines")
            && beside.writes("text/javascript")
            && beside.writes("text/json")
    );
    assert_eq!(beside.get_mime_for_format("lines"), "text/x-lines");
    assert_eq!(beside.get_mime_for_format("xml"), "application/json");

    let named = settled(Serializer::default().formats(["lines"]).with(Lines));
    assert!(named.writes("text/x-lines") && !named.writes("application/json"));
    let same = settled(Serializer::default().with(Lines).formats(["lines"]));
    let value = Value::List(vec![
        Value::Bool(true),
        Value::Null,
        Value::Float(1e-7),
        "a".into(),
    ]);
    assert_eq!(
        same.serialize(&value, "text/x-lines").unwrap(),
        b"True\n1e-07\na"
    );
    assert!(matches!(
        same.deserialize(b"a", "text/x-lines"),
        Err(Error::UnsupportedDeserializationFormat(_))
    ));
}

#[test]
fn a_format_that_nobody_knows_is_told_when_the_api_is_built() {
    let mut unknown = Serializer::default().formats(["json", "csv"]);

    let error = unknown
        .settle(&all(), Compatibility::Strict, "`notes`")
        .unwrap_err();

    assert_eq!(
        error.to_string(),
        "a format of `notes` is `csv`, which is no format: say `Serializer::with` to add one of your own"
    );
}

#[test]
fn a_serializer_may_read_more_values_or_fewer() {
    let few = Serializer::json().most_values(3);

    assert!(few.deserialize(b"[1, 2]", "application/json").is_ok());
    assert!(few.deserialize(b"[1, 2, 3]", "application/json").is_err());
}
