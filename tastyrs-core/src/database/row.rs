//! Rows as they were loaded: the cells of a page in one piece, their text in another.

use std::{borrow::Cow, convert::Infallible, ops::Range, sync::Arc};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use uuid::Uuid;

use crate::{
    data::Value,
    errors::{Error, Result},
    fields::{FieldType, Kind},
    queries::Key,
};

/// A value of a row; its text and bytes stand in the buffers of a page, or elsewhere.
#[derive(Debug, Clone, Copy)]
pub enum Cell<T = Span, B = Span> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(T),
    Decimal(T),
    StoredDateTime(T),
    DateTime(NaiveDateTime),
    Date(NaiveDate),
    Time(NaiveTime),
    Uuid(Uuid),
    Bytes(B),
    Json(T),
}

/// A value of a row, lent by who holds it.
pub(crate) type Lent<'v> = Cell<&'v str, &'v [u8]>;

impl<T, B> Cell<T, B> {
    /// The same value, its text and bytes taken elsewhere.
    #[expect(
        clippy::inline_always,
        reason = "it is a step of each value on its way in and out"
    )]
    #[inline(always)]
    fn taken<U, C, E>(
        self,
        text: impl FnOnce(T) -> Result<U, E>,
        bytes: impl FnOnce(B) -> Result<C, E>,
    ) -> Result<Cell<U, C>, E> {
        Ok(match self {
            Self::Null => Cell::Null,
            Self::Bool(flag) => Cell::Bool(flag),
            Self::Int(number) => Cell::Int(number),
            Self::Float(number) => Cell::Float(number),
            Self::Text(value) => Cell::Text(text(value)?),
            Self::Decimal(digits) => Cell::Decimal(text(digits)?),
            Self::StoredDateTime(moment) => Cell::StoredDateTime(text(moment)?),
            Self::DateTime(moment) => Cell::DateTime(moment),
            Self::Date(day) => Cell::Date(day),
            Self::Time(time) => Cell::Time(time),
            Self::Uuid(uuid) => Cell::Uuid(uuid),
            Self::Bytes(value) => Cell::Bytes(bytes(value)?),
            Self::Json(document) => Cell::Json(text(document)?),
        })
    }
}

impl<'v> Lent<'v> {
    /// What it is to those who show it.
    #[expect(
        clippy::inline_always,
        reason = "it is the step to what is written, done for every value"
    )]
    #[inline(always)]
    pub(crate) fn value(self) -> Value<'v> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Decimal(digits) => Value::Decimal(Cow::Borrowed(digits)),
            Self::StoredDateTime(text) => Value::StoredDateTime(text),
            Self::DateTime(moment) => Value::DateTime(moment),
            Self::Date(day) => Value::Date(day),
            Self::Time(time) => Value::Time(time),
            Self::Uuid(uuid) => Value::Uuid(uuid),
            Self::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            Self::Json(document) => json(document),
        }
    }
}

#[cold]
fn json(document: &str) -> Value<'static> {
    serde_json::from_str::<serde_json::Value>(document)
        .map_or(Value::Null, |json| json.to_value().into_owned())
}

/// Where something stands in a buffer.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn between(start: usize, end: usize) -> Result<Self> {
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Ok(Self { start, end }),
            _ => Err(Error::bad_request(
                "The page is larger than four gigabytes.",
            )),
        }
    }
}

/// A column of a page: what it holds, and the places of a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) decimal_places: Option<u32>,
}

impl Loaded {
    /// It holds what its kind cannot be read from.
    #[cold]
    pub(super) fn unreadable(&self) -> Error {
        Error::Column {
            column: self.name,
            wanted: self.kind.dehydrated_type(),
        }
    }
}

/// The rows of one query.
#[derive(Debug, Default)]
pub(crate) struct Page {
    columns: Arc<[Loaded]>,
    cells: Vec<Cell>,
    text: String,
    bytes: Vec<u8>,
    /// How many rows there will be at most; 0 where nothing says.
    most_rows: usize,
}

/// What is likely to be used is asked for at once, but no more than this on the word of a first row.
pub(crate) const MOST_EXPECTED: usize = 1 << 16;

impl Page {
    /// Holds no row yet, and `most_rows` at most; 0 where nothing says how many.
    pub(crate) fn new(columns: Arc<[Loaded]>, most_rows: usize) -> Self {
        Self {
            cells: Vec::with_capacity(columns.len()),
            columns,
            text: String::with_capacity(1024),
            bytes: Vec::new(),
            most_rows,
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

    /// Behind the first row, makes room for all others, if they are like it.
    pub(super) fn took_a_row(&mut self) {
        if self.most_rows <= 2 || self.len() != 1 {
            return;
        }
        let rows = self.most_rows - 1;
        self.cells.reserve(
            rows.saturating_mul(self.columns.len())
                .min(MOST_EXPECTED / size_of::<Cell>()),
        );
        let text = self.text.len() + self.text.len() / 8;
        self.text
            .reserve(rows.saturating_mul(text).min(MOST_EXPECTED));
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

    /// Puts a value behind the others.
    #[inline]
    pub(crate) fn push(&mut self, value: Lent<'_>) -> Result<()> {
        let (text, bytes) = (&mut self.text, &mut self.bytes);
        let cell = value.taken(
            |value| {
                let start = text.len();
                text.push_str(value);
                Span::between(start, text.len())
            },
            |value| {
                let start = bytes.len();
                bytes.extend_from_slice(value);
                Span::between(start, bytes.len())
            },
        )?;
        self.cells.push(cell);
        Ok(())
    }

    /// What stands at a row and a column of the query.
    #[inline]
    pub(super) fn cell(&self, row: usize, column: usize) -> Lent<'_> {
        self.lent(self.cells[row * self.columns.len() + column])
    }

    /// The value at a row and a column of the query.
    pub(crate) fn value(&self, row: usize, column: usize) -> Value<'_> {
        self.cell(row, column).value()
    }

    #[inline]
    fn lent(&self, cell: Cell) -> Lent<'_> {
        fn range(span: Span) -> Range<usize> {
            span.start as usize..span.end as usize
        }
        let text = |span| self.text.get(range(span)).unwrap_or_default();
        let bytes = |span| self.bytes.get(range(span)).unwrap_or_default();
        let Ok(lent) = cell.taken(
            |span| Ok::<_, Infallible>(text(span)),
            |span| Ok(bytes(span)),
        );
        lent
    }
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
        self.page.lent(self.cells[place]).value()
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
