//! Objects one by one, on lines of their own: exports.

use std::borrow::Cow;

use super::Serializer;
use crate::{
    data::{Data, Value},
    errors::{Error, Result},
    meta::ExportFormat,
};

/// Writes objects on lines of their own, in batches.
#[derive(Debug)]
pub(crate) struct Lines {
    serializer: Serializer,
    format: ExportFormat,
    /// Those of CSV.
    columns: Vec<String>,
    formulas: bool,
    /// Whether the line of names was written.
    begun: bool,
    /// Whether the log was told of a value that no column has.
    told: bool,
}

impl Lines {
    pub(crate) fn new(
        serializer: Serializer,
        format: ExportFormat,
        columns: Vec<String>,
        formulas: bool,
    ) -> Self {
        Self {
            serializer,
            format,
            columns,
            formulas,
            begun: false,
            told: false,
        }
    }

    /// The next objects; at the beginning of CSV the line of names is in front, however few objects there are.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where CSV cannot be written, which only something that is no object could cause.
    pub(crate) fn write(&mut self, objects: &[Value<'_>], room: usize) -> Result<Vec<u8>> {
        match self.format {
            ExportFormat::Ndjson => Ok(self.ndjson(objects, room)),
            ExportFormat::Csv => self
                .csv(objects, room)
                .map_err(|error| Error::Configuration(format!("CSV was not written: {error}"))),
        }
    }

    fn ndjson(&self, objects: &[Value<'_>], room: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(room);
        for object in objects {
            self.serializer.write_json(object, &mut out);
            out.push(b'\n');
        }
        out
    }

    fn csv(&mut self, objects: &[Value<'_>], room: usize) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            // Made once a batch.
            .buffer_capacity(16 * 1024)
            .from_writer(Vec::with_capacity(room));
        if !std::mem::replace(&mut self.begun, true) {
            for name in &self.columns {
                out.write_field(self.serializer.name(name).as_ref())?;
            }
            out.write_record(None::<&[u8]>)?;
        }
        let empty = Data::new();
        for object in objects {
            let data = match object {
                Value::Map(data) => data,
                _ => &empty,
            };
            for name in &self.columns {
                let cell = data.get(name).map(|value| self.cell(value));
                out.write_field(cell.unwrap_or_default().as_ref())?;
            }
            out.write_record(None::<&[u8]>)?;
            if !self.told
                && let Some((name, _)) = data
                    .iter()
                    .find(|(name, _)| !self.columns.iter().any(|known| known == name))
            {
                self.told = true;
                tracing::debug!(target: "tastyrs::request", name, "CSV has no column for a value: say `Export::columns`");
            }
        }
        out.into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }

    /// A value as it stands in a cell.
    fn cell<'v>(&self, value: &'v Value<'_>) -> Cow<'v, str> {
        match value {
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::List(_) | Value::Map(_) => {
                let mut out = Vec::new();
                self.serializer.write_json(value, &mut out);
                Cow::Owned(String::from_utf8_lossy(&out).into_owned())
            }
            Value::Text(text) if !self.formulas && is_calculated(text) => {
                Cow::Owned(format!("'{text}"))
            }
            other => self.serializer.options().text(other).unwrap_or_default(),
        }
    }
}

/// Whether a spreadsheet would calculate a text, or it would be taken for one that was kept from that: so that a reader
/// who takes the `'` away from such a text has what was there.
fn is_calculated(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(formulas: bool, text: &str) -> String {
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let mut lines = Lines::new(Serializer::json(), ExportFormat::Csv, columns, formulas);
        let object = [("a", Value::from(text)), ("b", Value::from(-1))];
        let object = Value::Map(object.into_iter().collect());
        String::from_utf8(lines.write(&[object], 0).unwrap()).unwrap()
    }

    #[test]
    fn a_spreadsheet_calculates_nothing_that_a_client_stored() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'=1", "''-1"] {
            assert_eq!(csv(false, text), format!("a,b\r\n'{text},-1\r\n"));
            assert_eq!(csv(true, text), format!("a,b\r\n{text},-1\r\n"));
        }
        for text in ["a=1", "'tis", "", "1-2"] {
            assert_eq!(csv(false, text), format!("a,b\r\n{text},-1\r\n"));
        }
        assert_eq!(csv(false, "\t=1"), "a,b\r\n'\t=1,-1\r\n");
        assert_eq!(csv(false, "\n=1"), "a,b\r\n\"'\n=1\",-1\r\n");
    }

    #[test]
    fn cells_hold_anything() {
        assert_eq!(
            csv(false, "a \"b\", c\r\nd"),
            "a,b\r\n\"a \"\"b\"\", c\r\nd\",-1\r\n"
        );
    }

    #[test]
    fn an_empty_list_has_a_line_of_names_once() {
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let mut lines = Lines::new(Serializer::json(), ExportFormat::Csv, columns, false);

        let (first, second) = (lines.write(&[], 0).unwrap(), lines.write(&[], 0).unwrap());

        assert_eq!(
            (first.as_slice(), second.as_slice()),
            (&b"a,b\r\n"[..], &b""[..])
        );
    }
}
