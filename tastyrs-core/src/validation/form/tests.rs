//! Forms of every kind, and what is told of what is wrong.

use std::borrow::Cow;

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, Deserialize, Serialize, Validate)]
struct NoteForm {
    #[garde(length(chars, max = 100))]
    title: String,
    #[garde(pattern(r"^[-a-z0-9]+$"))]
    slug: String,
}

/// What a form makes of this data.
fn check<F>(data: &Data<'_>) -> (String, Option<F>)
where
    F: DeserializeOwned + Validate<Context: Default> + 'static,
{
    let mut given = given::Given::new();
    let names = reading::names::<F>();
    for (name, value) in data.iter() {
        if names.is_none_or(|names| names.contains(&name)) && !value::is_blank(value) {
            given.push((Cow::Borrowed(name), Cow::Borrowed(value)));
        }
    }
    let mut errors = Errors::new();
    let form = reading::read::<F>(&given, &mut errors).and_then(|read| {
        words::check(&read, &given, &mut errors);
        errors.is_empty().then_some(read.form)
    });
    (crate::serializers::document(&errors.into()), form)
}

fn told<F>(pairs: &[(&'static str, Value<'static>)]) -> String
where
    F: DeserializeOwned + Validate<Context: Default> + 'static,
{
    check::<F>(&pairs.iter().cloned().collect()).0
}

fn note(title: impl Into<Value<'static>>, slug: impl Into<Value<'static>>) -> String {
    told::<NoteForm>(&[("title", title.into()), ("slug", slug.into())])
}

#[test]
fn what_is_right_is_told_to_be() {
    assert_eq!(note("Good", "good-1"), "{}");
    assert_eq!(note("t".repeat(100), "good-1"), "{}");
    assert_eq!(note(format!(" {} ", "t".repeat(100)), " good-1\t"), "{}");
    assert_eq!(note("\u{1c}é\u{a0}", "1"), "{}");
    assert_eq!(note(5, 6), "{}");
}

#[test]
fn nothing_null_and_empty_text_are_told_to_be_required_with_all_else_that_is_wrong() {
    let required = r#"{"slug": ["Enter a valid value."], "title": ["This field is required."]}"#;

    assert_eq!(told::<NoteForm>(&[("slug", "No!".into())]), required);
    assert_eq!(note(Value::Null, "No!"), required);
    assert_eq!(note("", "No!"), required);
    assert_eq!(note(" \t\u{1f}", "No!"), required);
    assert_eq!(
        told::<NoteForm>(&[]),
        r#"{"slug": ["This field is required."], "title": ["This field is required."]}"#
    );
}

#[test]
fn a_text_that_is_too_long_is_told_its_length_in_characters_before_its_nul() {
    assert_eq!(
        note("é".repeat(101), "1"),
        r#"{"title": ["Ensure this value has at most 100 characters (it has 101)."]}"#
    );
    assert_eq!(
        note(format!(" {}\0", "t".repeat(101)), "a\0"),
        r#"{"slug": ["Null characters are not allowed.", "Enter a valid value."], "title": ["Ensure this value has at most 100 characters (it has 102).", "Null characters are not allowed."]}"#
    );
    assert_eq!(
        note("a\0b", "1"),
        r#"{"title": ["Null characters are not allowed."]}"#
    );
}

#[test]
fn text_that_is_none_is_told_to_be_invalid() {
    let list: Value<'static> = vec!["a"].into();

    assert_eq!(note(list, "1"), r#"{"title": ["Enter a valid value."]}"#);
    assert_eq!(
        note(Value::Map(Data::new()), "NO"),
        r#"{"slug": ["Enter a valid value."], "title": ["Enter a valid value."]}"#
    );
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Plain,
    Fancy,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
struct WideForm {
    #[garde(range(min = 1, max = 9))]
    count: i32,
    #[garde(skip)]
    ratio: f64,
    #[garde(skip)]
    flag: bool,
    #[garde(skip)]
    stamp: chrono::NaiveDateTime,
    #[garde(skip)]
    uuid: uuid::Uuid,
    #[garde(skip)]
    kind: Kind,
    #[garde(length(max = 2), inner(length(chars, min = 2)))]
    tags: Vec<String>,
    #[garde(length(chars, min = 3))]
    nick: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    body: String,
    #[garde(custom(even))]
    author: Option<i32>,
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands over a reference"
)]
fn even(author: &Option<i32>, (): &()) -> garde::Result {
    if author.is_some_and(|author| author % 2 != 0) {
        return Err(garde::Error::new("Only even authors."));
    }
    Ok(())
}

fn wide() -> Data<'static> {
    let mut data: Data<'static> = [
        ("count", "7"),
        ("ratio", "0.5"),
        ("stamp", "2013-01-02T03:04:05"),
        ("uuid", "00000000-0000-0000-0000-000000000007"),
        ("kind", "fancy"),
        ("author", "4"),
        ("nick", " "),
    ]
    .into_iter()
    .collect();
    data.insert("flag", Value::Int(1));
    data.insert("tags", vec!["ab", " cd "]);
    data
}

#[test]
fn values_are_read_from_what_clients_send_in_their_place() {
    let (errors, form) = check::<WideForm>(&wide());

    let form = form.unwrap();
    assert_eq!(errors, "{}");
    assert_eq!((form.count, form.flag, form.author), (7, true, Some(4)));
    assert_eq!((form.kind, form.nick), (Kind::Fancy, None));
    assert_eq!(form.tags, ["ab", "cd"]);
    assert_eq!(form.body, "");
}

#[test]
fn all_that_is_wrong_with_fields_of_every_kind_is_told_at_once() {
    let mut data = wide();
    for (name, value) in [
        ("count", Value::from("seven")),
        ("ratio", Value::from("NaN")),
        ("flag", Value::from("perhaps")),
        ("stamp", Value::from("yesterday")),
        ("uuid", Value::from("7")),
        ("kind", Value::from("<odd>")),
        ("tags", Value::from(vec!["ab", "x", "cd"])),
        ("nick", Value::from("é")),
        ("author", Value::from(3)),
    ] {
        data.insert(name, value);
    }

    let (errors, form) = check::<WideForm>(&data);

    assert!(form.is_none());
    let told: serde_json::Value = serde_json::from_str(&errors).unwrap();
    assert_eq!(
        told,
        serde_json::json!({
            "author": ["Only even authors."],
            "count": ["Enter a whole number."],
            "flag": ["Enter a valid value."],
            "kind": ["Select a valid choice. <odd> is not one of the available choices."],
            "nick": ["Ensure this value has at least 3 characters (it has 1)."],
            "ratio": ["Enter a number."],
            "stamp": ["Enter a valid value."],
            "tags": ["Ensure this value has at most 2 items (it has 3)."],
            "tags[1]": ["Ensure this value has at least 2 characters."],
            "uuid": ["Enter a valid value."],
        })
    );
}

#[test]
fn numbers_out_of_their_range_are_told_it() {
    let count = |count: Value<'static>| {
        let mut data = wide();
        data.insert("count", count);
        check::<WideForm>(&data).0
    };

    let least = r#"{"count": ["Ensure this value is greater than or equal to 1."]}"#;
    let most = r#"{"count": ["Ensure this value is less than or equal to 9."]}"#;
    assert_eq!(count(Value::Int(0)), least);
    assert_eq!(count(Value::Float(10.0)), most);
    assert_eq!(count(Value::from("9.00")), "{}");
    let whole = r#"{"count": ["Enter a whole number."]}"#;
    assert_eq!(count(Value::Float(1.5)), whole);
    assert_eq!(count(Value::Bool(true)), whole);
    let invalid = r#"{"count": ["Enter a valid value."]}"#;
    assert_eq!(count(Value::Int(i64::MAX)), invalid);
    assert_eq!(count(Value::UInt(u64::MAX)), invalid);
}

/// A form that takes whatever there is.
#[derive(Debug, Deserialize, Validate)]
struct OpenForm {
    #[garde(skip)]
    #[serde(flatten)]
    rest: std::collections::BTreeMap<String, i32>,
}

#[test]
fn a_form_without_names_of_its_own_is_not_read_for_ever() {
    let many: Data<'static> = (0..20_000)
        .map(|number| (format!("name{number:05}"), "wrong"))
        .collect();

    let few: Data<'static> = [("a", 1), ("b", 2)].into_iter().collect();

    let read = check::<OpenForm>(&few).1;
    let (errors, form) = check::<OpenForm>(&many);

    assert_eq!(read.map(|form| form.rest.len()), Some(2));
    assert!(form.is_none());
    assert!(errors.len() < 10_000, "{}", errors.len());
}

#[derive(Debug, Deserialize, Validate)]
#[serde(try_from = "NoteForm")]
#[garde(transparent)]
struct Refused(#[garde(dive)] NoteForm);

impl TryFrom<NoteForm> for Refused {
    type Error = &'static str;

    fn try_from(_: NoteForm) -> Result<Self, &'static str> {
        Err("inside")
    }
}

#[test]
fn what_is_wrong_with_the_whole_form_stands_apart_and_tells_nothing_of_the_inside() {
    let told = told::<Refused>(&[("title", "a".into()), ("slug", "b".into())]);

    assert_eq!(told, r#"{"__all__": ["Enter a valid value."]}"#);
}

#[test]
fn cleaning_changes_what_was_sent_and_nothing_else() {
    let mut data = wide();
    data.insert("author", "/api/v1/users/4/");
    data.insert("unknown", "  kept ");
    let form = check::<WideForm>(&wide()).1.unwrap();
    let Value::Map(cleaned) = to_value(&form).unwrap() else {
        panic!("a form is written as a map")
    };

    clean(&mut data, cleaned, &["author"]);

    assert_eq!(data.get("count"), Some(&Value::Int(7)));
    assert_eq!(data.get("tags"), Some(&vec!["ab", "cd"].into()));
    assert_eq!(data.get("nick"), Some(&"".into()));
    assert_eq!(data.get("author"), Some(&"/api/v1/users/4/".into()));
    assert_eq!(data.get("unknown"), Some(&"  kept ".into()));
    assert!(!data.contains("body"));
}
