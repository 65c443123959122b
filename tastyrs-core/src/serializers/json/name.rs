//! Names that are written often, as they stand before each value.

use super::write::word;

/// How many bytes are copied at once: a length that is known when this is compiled costs less than one that is not.
const MOST: usize = 32;

/// A name as it stands in JSON before its value, between quotes and with a colon.
#[derive(Debug)]
pub(crate) struct JsonName {
    /// With room behind it up to [`MOST`].
    written: Box<[u8]>,
    length: usize,
}

impl JsonName {
    /// Writes a name down.
    pub(crate) fn new(name: &str) -> Self {
        let mut written = Vec::with_capacity(MOST);
        word(name, &mut written);
        let length = written.len();
        written.resize(length.max(MOST), b' ');
        Self {
            written: written.into(),
            length,
        }
    }

    /// Appends it.
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        match self.written.first_chunk::<MOST>() {
            Some(whole) if self.length <= MOST => {
                out.extend_from_slice(whole);
                out.truncate(out.len() - MOST + self.length);
            }
            _ => out.extend_from_slice(&self.written),
        }
    }
}
