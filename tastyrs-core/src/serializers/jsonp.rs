//! JSON as the argument of a call, for pages that load it as a script.
//!
//! Any page of any site may load it so, and its reader's cookies go with the request: it is for data that anybody may
//! see.

use std::sync::LazyLock;

use regex::Regex;

use super::{Options, format::BuiltIn, json};
use crate::data::Value;

pub(super) const FORMAT: BuiltIn = BuiltIn {
    name: "jsonp",
    content_type: "text/javascript",
    write: to_jsonp,
    read: None,
};

/// The function that is called where a request names none.
pub(super) const CALLBACK: &str = "callback";

/// Two ends of lines of JavaScript may stand in JSON text as they are, and are escaped here.
///
/// # Compatibility
///
/// `to_jsonp`, `serializers.py:393`.
fn to_jsonp(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    let start = out.len();
    json::to_json(value, options, out);
    let json = out.split_off(start);
    out.extend_from_slice(options.callback.as_bytes());
    out.push(b'(');
    let mut rest = json.as_slice();
    while let Some(place) = rest.iter().position(|byte| *byte == 0xe2) {
        let (plain, behind) = rest.split_at(place);
        out.extend_from_slice(plain);
        let escaped: &[u8] = match behind {
            [0xe2, 0x80, 0xa8, ..] => br"\u2028",
            [0xe2, 0x80, 0xa9, ..] => br"\u2029",
            _ => &[],
        };
        let (escaped, passed) = if escaped.is_empty() {
            (behind.get(..1).unwrap_or_default(), 1)
        } else {
            (escaped, 3)
        };
        out.extend_from_slice(escaped);
        rest = behind.get(passed..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out.push(b')');
}

/// Names between dots, each with places in brackets behind it or none.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r"[$_\p{L}\p{Nl}][$_\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*(?:\[[0-9]+\])*";
    Regex::new(&format!(r"\A{name}(?:\.{name})*\z")).ok()
});

/// The words that are no names in JavaScript.
const RESERVED: &[&str] = &[
    "abstract",
    "boolean",
    "break",
    "byte",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "double",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "final",
    "finally",
    "float",
    "for",
    "function",
    "goto",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "int",
    "interface",
    "long",
    "native",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "short",
    "static",
    "super",
    "switch",
    "synchronized",
    "this",
    "throw",
    "throws",
    "transient",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "volatile",
    "while",
    "with",
];

/// Whether text names a function and can do nothing else.
///
/// # Compatibility
///
/// `is_valid_jsonp_callback_value`, `utils/validate_jsonp.py`; escapes in names are not taken.
pub(super) fn is_callback(text: &str) -> bool {
    NAMES.as_ref().is_some_and(|names| names.is_match(text))
        && text.split('.').all(|name| {
            let word = name.split('[').next().unwrap_or_default();
            !RESERVED.contains(&word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_a_name_and_nothing_else() {
        for name in [
            "show",
            "$",
            "_a1",
            "a.b.c",
            "café",
            "a[0][12].b",
            "$.ajaxHandler[42][1].foo",
            "let",
        ] {
            assert!(is_callback(name), "{name}");
        }
        for text in [
            "", " show", "show ", "a b", "1a", "alert(1)", "a..b", ".a", "a.", "delete",
            "a.delete", "a[]", "a[x]", "a[0]b", "[0]", "<script>", "a;b", "a\n", r"\u0061", "a-b",
            "this",
        ] {
            assert!(!is_callback(text), "{text}");
        }
    }

    #[test]
    fn ends_of_lines_of_scripts_are_escaped() {
        let options = Options {
            callback: "a.b".into(),
            ..Options::default()
        };
        let mut out = Vec::new();

        to_jsonp(
            &Value::from("x\u{2028}â\u{2029}€\u{201f}"),
            &options,
            &mut out,
        );

        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a.b(\"x\\u2028â\\u2029€\u{201f}\")"
        );
    }
}
