//! What may stand in XML.

#[cfg(feature = "xml")]
use std::borrow::Cow;

/// Whether a name may begin with it.
fn is_start(letter: char) -> bool {
    matches!(letter,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Whether it may stand in a name.
fn is_part(letter: char) -> bool {
    is_start(letter)
        || matches!(letter,
            '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether text is the name of an element, with a prefix or without.
pub(in crate::serializers) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first == ':' || is_start(first))
        && letters.all(|letter| letter == ':' || is_part(letter))
}

/// Text as the name of an element: what cannot stand there becomes `_`.
#[cfg(feature = "xml")]
pub(in crate::serializers) fn element(name: &str) -> Cow<'_, str> {
    let mut letters = name.chars();
    let first = letters.next();
    if first.is_some_and(is_start) && letters.all(is_part) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 1);
    if !first.is_some_and(is_start) {
        out.push('_');
    }
    let letters = name.chars();
    out.extend(letters.map(|letter| if is_part(letter) { letter } else { '_' }));
    Cow::Owned(out)
}

/// Whether it may stand in text.
pub(in crate::serializers) fn is_character(letter: char) -> bool {
    !matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}
