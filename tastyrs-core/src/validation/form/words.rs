//! What garde found, in Django's words.

use std::{borrow::Cow, collections::BTreeMap, fmt::Display};

use garde::i18n::{
    DefaultI18n, I18n, InvalidCreditCard, InvalidEmail, InvalidPhoneNumber, InvalidUrl, IpKind,
    with_i18n,
};

use super::{
    ALL,
    given::Given,
    reading::{INVALID, REQUIRED, Read},
    value::trimmed,
};
use crate::{data::Value, validation::Errors};

type Text = Cow<'static, str>;

/// What a length that is wrong is told by until the length is known; no message of anybody's begins so.
const AT_MOST: &str = "\u{f8ff}most ";
const AT_LEAST: &str = "\u{f8ff}least ";
const NUL: &str = "Null characters are not allowed.";

/// Checks a form that was read, and adds what is wrong with it.
///
/// # Compatibility
///
/// Django's `forms.CharField` looks at the length, then for NUL, then at the rest.
pub(super) fn check<F>(read: &Read<F>, given: &Given<'_>, errors: &mut Errors)
where
    F: garde::Validate<Context: Default>,
{
    let report = with_i18n(Django, || read.form.validate()).err();
    let mut lengths: BTreeMap<String, Vec<Text>> = BTreeMap::new();
    let mut rest = Vec::new();
    for (path, error) in report.iter().flat_map(garde::Report::iter) {
        let field = match path.to_string() {
            path if path.is_empty() => ALL.to_owned(),
            path => path,
        };
        if read.broken.contains_key(first_name(&field)) {
            continue;
        }
        match length(error.message(), value(given, &field)) {
            Some(message) => lengths.entry(field).or_default().push(message.into()),
            None => rest.push((field, error.message().to_owned())),
        }
    }
    for (field, messages) in lengths {
        errors.extend(messages.into_iter().map(|message| (field.clone(), message)));
    }
    let nul = read
        .nul
        .iter()
        .filter(|field| !read.broken.contains_key(*field));
    errors.extend(nul.map(|field| (field.clone(), NUL)));
    errors.extend(rest);
}

/// The field that a path begins with: `tags` of `tags[0].name`.
fn first_name(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn value<'g>(given: &'g Given<'_>, field: &str) -> Option<&'g Value<'g>> {
    let found = given.iter().find(|(name, _)| name == field)?;
    Some(&found.1)
}

/// What is told of a length that is wrong, where that is what is told.
///
/// # Compatibility
///
/// Django's `MaxLengthValidator` and `MinLengthValidator`.
fn length(message: &str, value: Option<&Value<'_>>) -> Option<String> {
    let (word, limit) = match (
        message.strip_prefix(AT_MOST),
        message.strip_prefix(AT_LEAST),
    ) {
        (Some(limit), _) => ("most", limit),
        (_, Some(limit)) => ("least", limit),
        _ => return None,
    };
    let (thing, has) = match value {
        Some(Value::List(values)) => ("item", Some(values.len())),
        Some(Value::Map(data)) => ("item", Some(data.len())),
        Some(Value::Text(text)) => ("character", Some(trimmed(text).chars().count())),
        Some(Value::Int(number)) => ("character", Some(number.to_string().len())),
        _ => ("character", None),
    };
    let plural = if limit == "1" { "" } else { "s" };
    let has = has.map_or(String::new(), |has| format!(" (it has {has})"));
    Some(format!(
        "Ensure this value has at {word} {limit} {thing}{plural}{has}."
    ))
}

/// Django's words, and garde's own where it has none.
struct Django;

impl I18n for Django {
    fn length_lower_than(&self, min: usize) -> Text {
        format!("{AT_LEAST}{min}").into()
    }

    fn length_greater_than(&self, max: usize) -> Text {
        format!("{AT_MOST}{max}").into()
    }

    fn range_lower_than(&self, min: &dyn Display) -> Text {
        format!("Ensure this value is greater than or equal to {min}.").into()
    }

    fn range_greater_than(&self, max: &dyn Display) -> Text {
        format!("Ensure this value is less than or equal to {max}.").into()
    }

    fn pattern_no_match(&self, _: &dyn Display) -> Text {
        INVALID.into()
    }

    fn url_invalid(&self, _: InvalidUrl) -> Text {
        "Enter a valid URL.".into()
    }

    fn email_invalid(&self, _: InvalidEmail) -> Text {
        "Enter a valid email address.".into()
    }

    fn ip_invalid(&self, kind: IpKind) -> Text {
        match kind {
            IpKind::Any => "Enter a valid IPv4 or IPv6 address.".into(),
            kind => format!("Enter a valid {kind} address.").into(),
        }
    }

    fn required_not_set(&self) -> Text {
        REQUIRED.into()
    }

    fn credit_card_invalid(&self, reason: InvalidCreditCard) -> Text {
        DefaultI18n.credit_card_invalid(reason)
    }

    fn contains_missing(&self, pattern: &dyn Display) -> Text {
        DefaultI18n.contains_missing(pattern)
    }

    fn prefix_missing(&self, pattern: &dyn Display) -> Text {
        DefaultI18n.prefix_missing(pattern)
    }

    fn suffix_missing(&self, pattern: &dyn Display) -> Text {
        DefaultI18n.suffix_missing(pattern)
    }

    fn phone_number_invalid(&self, reason: InvalidPhoneNumber) -> Text {
        DefaultI18n.phone_number_invalid(reason)
    }

    fn matches_field_mismatch(&self, field: &dyn Display) -> Text {
        DefaultI18n.matches_field_mismatch(field)
    }

    fn ascii_invalid(&self) -> Text {
        DefaultI18n.ascii_invalid()
    }

    fn alphanumeric_invalid(&self) -> Text {
        DefaultI18n.alphanumeric_invalid()
    }
}
