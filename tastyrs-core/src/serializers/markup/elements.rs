//! The elements of a text, one after the other.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesStart, BytesText, Event},
};

use super::{super::budget::Budget, names};
use crate::errors::{Error, Result};

/// A piece of a text.
pub(in crate::serializers) enum Piece<'t> {
    /// An element begins.
    Start(BytesStart<'t>),
    /// The innermost element ends.
    End,
    /// Text of the innermost element.
    Text(Cow<'t, str>),
}

/// The pieces of a text that is one element.
///
/// There are no entities but the five that XML has. Whatever is wrong is a [`Error::BadRequest`] without a text.
pub(in crate::serializers) struct Elements<'t> {
    reader: Reader<&'t [u8]>,
    budget: Budget,
    depth: usize,
    ended: bool,
    /// Whether a document type may be named, one that declares nothing.
    doctype: bool,
}

impl<'t> Elements<'t> {
    /// The pieces of a text without a document type.
    pub(in crate::serializers) fn new(text: &'t str, budget: Budget) -> Self {
        let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            budget,
            depth: 0,
            ended: false,
            doctype: false,
        }
    }

    /// The same where a document type may be named.
    #[cfg(feature = "plist")]
    pub(in crate::serializers) fn with_doctype(mut self) -> Self {
        self.doctype = true;
        self
    }

    /// Takes a value that is no element.
    #[cfg(feature = "xml")]
    pub(in crate::serializers) fn take_node(&mut self) -> Result<()> {
        self.budget.node()
    }

    /// The next piece; nothing once the one element has ended and nothing else stands behind it.
    pub(in crate::serializers) fn next(&mut self) -> Result<Option<Piece<'t>>> {
        loop {
            let piece = match self.reader.read_event().map_err(|_| malformed())? {
                Event::Start(start) => self.start(start)?,
                Event::End(_) => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(malformed)?;
                    self.budget.leave();
                    self.ended = self.depth == 0;
                    Piece::End
                }
                Event::Text(text) if self.depth == 0 => {
                    if !text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
                        return Err(malformed());
                    }
                    continue;
                }
                Event::Text(text) => Piece::Text(text.xml10_content()),
                Event::CData(text) if self.depth > 0 => Piece::Text(text.xml10_content()),
                Event::GeneralRef(reference) if self.depth > 0 => {
                    let letter = reference.resolve_char_ref().map_err(|_| malformed())?;
                    Piece::Text(match letter {
                        Some(letter) => Cow::Owned(letter.to_string()),
                        None => Cow::Borrowed(
                            resolve_predefined_entity(&reference).ok_or_else(malformed)?,
                        ),
                    })
                }
                Event::DocType(named) if self.may_name(&named) => continue,
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
                Event::Eof if self.ended => return Ok(None),
                // An empty element comes as its start and its end.
                Event::CData(_)
                | Event::GeneralRef(_)
                | Event::DocType(_)
                | Event::Empty(_)
                | Event::Eof => {
                    return Err(malformed());
                }
            };
            return match &piece {
                Piece::Text(text) if !text.chars().all(names::is_character) => Err(malformed()),
                _ => Ok(Some(piece)),
            };
        }
    }

    fn start(&mut self, start: BytesStart<'t>) -> Result<Piece<'t>> {
        if self.ended || !names::is_name(start.name().as_ref()) {
            return Err(malformed());
        }
        self.budget.node()?;
        self.budget.enter()?;
        self.depth += 1;
        Ok(Piece::Start(start))
    }

    fn may_name(&self, doctype: &BytesText<'_>) -> bool {
        self.doctype && self.depth == 0 && !self.ended && !doctype.contains('[')
    }
}

/// # Compatibility
///
/// `BadRequest` without a text, `serializers.py:446`.
fn malformed() -> Error {
    Error::bad_request("")
}
