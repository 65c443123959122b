//! What `#[derive(Model)]` says of a Diesel struct.

use std::{fmt, marker::PhantomData};

use diesel::query_builder::QueryFragment;

use crate::{
    data::Value,
    database::{Dialect, Narrow, Row},
    django::ContentType,
    errors::Result,
    fields::{DefaultValue, FieldType, Kind},
};

/// A Diesel struct whose columns are known by name, one row of its table.
///
/// Implemented by `#[derive(Model)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "add `#[derive(Model)]` to the Diesel struct `{Self}`"
)]
pub trait Model: Sized + Send + Sync + 'static {
    /// The backend of its resources, where they do not name another.
    type Db: Dialect;
    /// The Rust type of its primary key.
    type Key: FieldType;
    /// Its columns as the fields of a struct, so that rustc knows their names.
    #[doc(hidden)]
    type Columns;

    /// Its columns in the order of its fields.
    const COLUMNS: &'static [ColumnSpec];
    /// The position of its primary key in [`COLUMNS`](Self::COLUMNS).
    const KEY: usize;
    /// Whether it has an address of its own, [`absolute_url`](Self::absolute_url).
    const HAS_ABSOLUTE_URL: bool = false;
    /// The name by which generic foreign keys refer to it.
    const CONTENT_TYPE: Option<ContentType> = None;

    #[doc(hidden)]
    fn columns() -> Self::Columns;

    /// The value of the column at this position of [`COLUMNS`](Self::COLUMNS).
    fn value(&self, column: usize) -> Value<'_>;

    /// Makes a model of a row.
    ///
    /// # Errors
    ///
    /// [`Error::Column`](crate::Error::Column) where a column was not loaded or is of another type.
    fn from_row(row: &Row<'_>) -> Result<Self>;

    /// The address of the page that shows it.
    ///
    /// # Compatibility
    ///
    /// Django's `Model.get_absolute_url`.
    fn absolute_url(&self) -> Option<String> {
        None
    }

    /// What is done to rows that refer to it when it is deleted.
    fn on_delete() -> Vec<OnDelete> {
        Vec::new()
    }
}

/// A [`Model`] on one backend; `#[derive(Model)]` implements it for those that `check_for_backend` names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not declared for the backend `{DB}`",
    label = "not a model of this backend",
    note = "name the backend in `#[diesel(check_for_backend({DB}))]` on `{Self}`"
)]
pub trait ModelFor<DB: Dialect>: Model {
    /// Diesel's boxed query of its table.
    type Query: Narrow<DB> + 'static;

    /// All rows of its table.
    fn query() -> Self::Query;

    /// The name of its table as it stands in SQL.
    fn table_sql() -> String;
}

/// The name of a table as it stands in SQL on one backend.
pub fn table_sql<DB, T>(table: &T) -> String
where
    DB: Dialect,
    T: diesel::QuerySource,
    T::FromClause: QueryFragment<DB>,
{
    DB::sql_of(&table.from_clause())
}

/// A column as its model declares it.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are Django's options of a field, each on its own"
)]
pub struct ColumnSpec {
    pub(crate) name: &'static str,
    pub(crate) column: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) primary_key: bool,
    pub(crate) foreign_key: bool,
    pub(crate) blank: bool,
    pub(crate) unique: bool,
    pub(crate) default: DefaultValue,
    pub(crate) verbose_name: Option<&'static str>,
    pub(crate) help_text: Option<&'static str>,
    pub(crate) max_length: Option<u32>,
    pub(crate) max_digits: Option<u32>,
    pub(crate) decimal_places: Option<u32>,
    pub(crate) auto_now: bool,
    /// Whether a value of its kind is one of its type, which may be one of the user's own.
    pub(crate) accepts: fn(&Value<'_>) -> bool,
}

impl ColumnSpec {
    /// A column of type `T` under the name of the model's field and of the table's column.
    pub const fn new<T: FieldType>(name: &'static str, column: &'static str) -> Self {
        Self {
            name,
            column,
            kind: T::KIND,
            nullable: T::NULLABLE,
            primary_key: false,
            foreign_key: false,
            blank: false,
            unique: false,
            default: DefaultValue::NotProvided,
            verbose_name: None,
            help_text: None,
            max_length: None,
            max_digits: None,
            decimal_places: None,
            auto_now: false,
            accepts: accepts::<T>,
        }
    }

    /// Is the primary key; an integer one is given by the database.
    #[must_use]
    pub const fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self.unique = true;
        if self.kind.is_integer() {
            self.blank = true;
        }
        self
    }

    /// Refers to another table, and so is shown by relations alone.
    #[must_use]
    pub const fn foreign_key(mut self) -> Self {
        self.foreign_key = true;
        self
    }

    /// May be left out by a client; text is then empty.
    #[must_use]
    pub const fn blank(mut self) -> Self {
        self.blank = true;
        self
    }

    /// No two rows have the same.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The value where a client says none.
    #[must_use]
    pub const fn default(mut self, default: DefaultValue) -> Self {
        self.default = default;
        self
    }

    /// What it is called where people read it.
    #[must_use]
    pub const fn verbose_name(mut self, name: &'static str) -> Self {
        self.verbose_name = Some(name);
        self
    }

    /// What a schema says of it.
    #[must_use]
    pub const fn help_text(mut self, text: &'static str) -> Self {
        self.help_text = Some(text);
        self
    }

    /// The most characters that it holds.
    #[must_use]
    pub const fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// The most digits that a decimal has, its places counted in.
    #[must_use]
    pub const fn max_digits(mut self, digits: u32) -> Self {
        self.max_digits = Some(digits);
        self
    }

    /// The places that a decimal has behind its point.
    #[must_use]
    pub const fn decimal_places(mut self, places: u32) -> Self {
        self.decimal_places = Some(places);
        self
    }

    /// Is set to the current time by every write.
    #[must_use]
    pub const fn auto_now(mut self) -> Self {
        self.auto_now = true;
        self.default = DefaultValue::Now;
        self
    }

    /// The name of the table's column.
    pub const fn name_in_table(&self) -> &'static str {
        self.column
    }

    /// What it holds.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The default that its field has: that of an integer key and of blank text is empty text.
    ///
    /// # Compatibility
    ///
    /// `BaseModelResource.get_fields`, `resources.py:2008`.
    pub(crate) fn field_default(&self) -> DefaultValue {
        match self.default {
            DefaultValue::NotProvided if self.blank && !self.nullable => DefaultValue::Text(""),
            default => default,
        }
    }
}

fn accepts<T: FieldType>(value: &Value<'_>) -> bool {
    T::from_value(value).is_some()
}

/// What happens to the rows that refer to a model by one column when the model is deleted.
#[derive(Clone)]
pub struct OnDelete {
    /// The referring table as it stands in SQL.
    pub table: String,
    /// The referring column.
    pub column: &'static str,
    /// What is done to its rows.
    pub action: DeleteAction,
    /// The column that is the primary key of the referring table.
    pub key: &'static str,
    /// What that key is.
    pub key_kind: Kind,
    /// What is done, in turn, to the rows that refer to those of the referring table.
    pub next: fn() -> Vec<Self>,
}

impl fmt::Debug for OnDelete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {:?}", self.table, self.column, self.action)
    }
}

/// What is done to a row whose reference is deleted.
///
/// # Compatibility
///
/// Django's `on_delete`: `CASCADE`, `SET_NULL`, `PROTECT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteAction {
    /// It is deleted too.
    Cascade,
    /// Its reference becomes null.
    SetNull,
    /// It stays, and what it refers to is not deleted.
    Protect,
}

/// A column as a field of the hidden struct by which rustc checks the words of a declaration.
#[doc(hidden)]
pub struct ColumnOf<T, C>(PhantomData<fn() -> (T, C)>);

impl<T, C> ColumnOf<T, C> {
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T, C> Default for ColumnOf<T, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, C> fmt::Debug for ColumnOf<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ColumnOf")
    }
}
