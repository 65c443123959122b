//! Rows as they were loaded: the cells of a page in one piece, their text in another.

use std::{borrow::Cow, sync::Arc};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use uuid::Uuid;

use crate::{
    data::Value,
    errors::{Error, Result},
    fields::{FieldType, Kind},
    queries::Key,
};

/// A value of a row; text and bytes stand in the page's buffers.
#[derive(Debug, Clone, Copy)]
pub enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Span),
    Decimal(Span),
    StoredDateTime(Span),
    DateTime(NaiveDateTime),
    Date(NaiveDate),
    Time(NaiveTime),
    Uuid(Uuid),
    Bytes(Span),
    Json(Span),
}

/// Where something stands in a buffer.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    start: u32,
    end: u32,
}

/// A column of a page: what it holds, and the places of a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) decimal_places: Option<u32>,
}

/// The rows of one query.
#[derive(Debug, Default)]
pub struct Page {
    columns: Arc<[Loaded]>,
    cells: Vec<Cell>,
    text: String,
    bytes: Vec<u8>,
}

impl Page {
    pub(crate) fn new(columns: Arc<[Loaded]>) -> Self {
        Self {
            cells: Vec::with_capacity(columns.len()),
            columns,
            text: String::with_capacity(1024),
            bytes: Vec::new(),
        }
    }

    /// One row of one column that holds a key; nothing where the key is text, of which a column may have another idea.
    pub(crate) fn of_key(columns: Arc<[Loaded]>, key: &Key) -> Option<Self> {
        let cell = match key {
            Key::Int(number) => Cell::Int(*number),
            Key::Uuid(uuid) => Cell::Uuid(*uuid),
            Key::Text(_) | Key::None => return None,
        };
        Some(Self {
            columns,
            cells: vec![cell],
            ..Self::default()
        })
    }

    /// Makes room for as many rows more, if they are like the first.
    pub(crate) fn expect(&mut self, rows: usize) {
        /// What is likely to be used is asked for at once, but no more than this on the word of a first row.
        const MOST: usize = 1 << 16;
        self.cells.reserve(
            rows.saturating_mul(self.columns.len())
                .min(MOST / size_of::<Cell>()),
        );
        let text = self.text.len() + self.text.len() / 8;
        self.text.reserve(rows.saturating_mul(text).min(MOST));
    }

    pub(crate) fn columns(&self) -> &Arc<[Loaded]> {
        &self.columns
    }

    /// About how many bytes its values are when they are written down, each with a name.
    pub(crate) fn written(&self) -> usize {
        self.text.len() + self.text.len() / 8 + self.bytes.len() * 2 + self.cells.len() * 40
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len() / self.columns.len().max(1)
    }

    /// Lets its rows go.
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
    }

    pub(crate) fn push(&mut self, cell: Cell) {
        self.cells.push(cell);
    }

    /// Appends text, and says where it stands.
    pub(crate) fn write(&mut self, text: &str) -> Result<Span> {
        let start = span_edge(self.text.len())?;
        self.text.push_str(text);
        Ok(Span {
            start,
            end: span_edge(self.text.len())?,
        })
    }

    /// Appends bytes, and says where they stand.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> Result<Span> {
        let start = span_edge(self.bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(Span {
            start,
            end: span_edge(self.bytes.len())?,
        })
    }

    /// What stands at a row and a column of the query.
    #[inline]
    pub(super) fn cell(&self, row: usize, column: usize) -> Cell {
        self.cells[row * self.columns.len() + column]
    }

    #[inline]
    pub(super) fn text(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        self.bytes
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// The value at a row and a column of the query.
    pub(crate) fn value(&self, row: usize, column: usize) -> Value<'_> {
        self.value_of(self.cell(row, column))
    }

    #[expect(
        clippy::inline_always,
        reason = "it is the step from a cell to what is written, done for every one"
    )]
    #[inline(always)]
    fn value_of(&self, cell: Cell) -> Value<'_> {
        match cell {
            Cell::Null => Value::Null,
            Cell::Bool(flag) => Value::Bool(flag),
            Cell::Int(number) => Value::Int(number),
            Cell::Float(number) => Value::Float(number),
            Cell::Text(span) => Value::Text(Cow::Borrowed(self.text(span))),
            Cell::Decimal(span) => Value::Decimal(Cow::Borrowed(self.text(span))),
            Cell::StoredDateTime(span) => Value::StoredDateTime(self.text(span)),
            Cell::DateTime(moment) => Value::DateTime(moment),
            Cell::Date(day) => Value::Date(day),
            Cell::Time(time) => Value::Time(time),
            Cell::Uuid(uuid) => Value::Uuid(uuid),
            Cell::Bytes(span) => Value::Bytes(Cow::Borrowed(self.bytes(span))),
            Cell::Json(span) => self.json(span),
        }
    }

    #[cold]
    fn json(&self, span: Span) -> Value<'static> {
        serde_json::from_str::<serde_json::Value>(self.text(span))
            .map_or(Value::Null, |json| json.to_value().into_owned())
    }
}

fn span_edge(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| Error::bad_request("The page is larger than four gigabytes."))
}

/// A row of a model's table, as much of it as was loaded, or as it is about to be written.
#[derive(Debug, Clone, Copy)]
pub struct Row<'p> {
    held: Held<'p>,
}

#[derive(Debug, Clone, Copy)]
enum Held<'p> {
    Loaded {
        page: &'p Page,
        index: usize,
        /// For each column of the model its place in the page.
        places: &'p [Option<u16>],
    },
    /// A value for each column of the model.
    Drafted(&'p [Value<'static>]),
}

/// The cells of a row that was loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'p> {
    page: &'p Page,
    cells: &'p [Cell],
}

impl<'p> Cells<'p> {
    /// The value at a place of the row.
    #[inline]
    pub(crate) fn value(&self, place: usize) -> Value<'p> {
        self.page.value_of(self.cells[place])
    }
}

impl<'p> Row<'p> {
    pub(crate) fn new(page: &'p Page, index: usize, places: &'p [Option<u16>]) -> Self {
        Self {
            held: Held::Loaded {
                page,
                index,
                places,
            },
        }
    }

    pub(crate) fn drafted(values: &'p [Value<'static>]) -> Self {
        Self {
            held: Held::Drafted(values),
        }
    }

    /// It alone as bytes, to be kept.
    pub(crate) fn to_bytes(self) -> Option<Vec<u8>> {
        match self.held {
            Held::Loaded { page, index, .. } => Some(page.row_to_bytes(index)),
            Held::Drafted(_) => None,
        }
    }

    /// Its cells, if it was loaded.
    pub(crate) fn cells(&self) -> Option<Cells<'p>> {
        match self.held {
            Held::Loaded { page, index, .. } => {
                let columns = page.columns.len();
                let cells = page.cells.get(index * columns..(index + 1) * columns)?;
                Some(Cells { page, cells })
            }
            Held::Drafted(_) => None,
        }
    }

    /// The value of the model's column at this position.
    pub(crate) fn value(&self, column: usize) -> Option<Value<'p>> {
        match self.held {
            Held::Loaded {
                page,
                index,
                places,
            } => {
                let place = places.get(column).copied().flatten()?;
                Some(page.value(index, usize::from(place)))
            }
            Held::Drafted(values) => values.get(column).map(Value::borrowed),
        }
    }

    /// The value of the model's column at this position, as the Rust type that the model gives it.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] where the column was not loaded or holds something else.
    pub fn get<T: FieldType>(&self, column: usize, name: &'static str) -> Result<T> {
        self.value(column)
            .and_then(|value| T::from_value(&value))
            .ok_or(Error::Column {
                column: name,
                wanted: std::any::type_name::<T>(),
            })
    }
}
