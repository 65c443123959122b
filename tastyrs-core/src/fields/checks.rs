//! The traits by which rustc checks the words of a declaration; the derives call the functions.
//!
//! Each function takes a column of the hidden struct that `#[derive(Model)]` emits, under the span of
//! the word that named it, so that the error stands at that word.

use diesel::sql_types::Nullable;

use crate::resource::ColumnOf;

macro_rules! lookups {
    ($($(#[$doc:meta])* $trait:ident, $message:literal: $($function:ident),* $(,)?;)*) => {$(
        $(#[$doc])*
        #[diagnostic::on_unimplemented(
            message = $message,
            label = "a column of type `{Self}`",
            note = "`ALL` allows every lookup that the column's type can do"
        )]
        pub trait $trait {}
        impl<T: $trait> $trait for Option<T> {}
        $(
            #[doc(hidden)]
            pub const fn $function<T: $trait, C>(_: &ColumnOf<T, C>) {}
        )*
    )*};
}

lookups! {
    /// A column that can be compared for equality.
    Comparable, "this lookup needs a column that can be compared": exact, r#in;
    /// A column that has an order.
    Ordered, "this lookup needs a column that has an order": gt, gte, lt, lte, range;
    /// A column whose values can be searched as text.
    Searchable, "this lookup needs a column of text, numbers or times":
        iexact, contains, icontains, startswith, istartswith, endswith, iendswith, regex, iregex;
    /// A column that holds a day.
    Dated, "this lookup needs a column that holds a date":
        year, iso_year, quarter, month, week, day, week_day, iso_week_day;
    /// A column that holds a time of day.
    Timed, "this lookup needs a column that holds a time": hour, minute, second;
    /// A column that holds a day and a time.
    Moment, "this lookup needs a column that holds a date and a time": date, time;
}

/// Every column can be asked whether it holds nothing.
#[doc(hidden)]
pub const fn isnull<T, C>(_: &ColumnOf<T, C>) {}

macro_rules! implement {
    ($($type:ty: $($trait:ident),*;)*) => {$($(impl $trait for $type {})*)*};
}
implement! {
    i16: Comparable, Ordered, Searchable;
    i32: Comparable, Ordered, Searchable;
    i64: Comparable, Ordered, Searchable;
    f32: Comparable, Ordered, Searchable;
    f64: Comparable, Ordered, Searchable;
    bool: Comparable;
    String: Comparable, Ordered, Searchable;
    bigdecimal::BigDecimal: Comparable, Ordered, Searchable;
    chrono::NaiveDate: Comparable, Ordered, Searchable, Dated;
    chrono::NaiveTime: Comparable, Ordered, Searchable, Timed;
    chrono::NaiveDateTime: Comparable, Ordered, Searchable, Dated, Timed, Moment;
    chrono::DateTime<chrono::Utc>: Comparable, Ordered, Searchable, Dated, Timed, Moment;
    uuid::Uuid: Comparable, Ordered, Searchable;
}

/// A column that can hold the key `K`.
#[diagnostic::on_unimplemented(
    message = "this column cannot refer to the key of the related resource",
    label = "a column of type `{Self}`, where the key is `{K}`",
    note = "a relation's column has the type of the other model's primary key, or is nullable of it"
)]
pub trait References<K> {}
impl<K> References<K> for K {}
impl<K> References<K> for Nullable<K> {}

/// A column by which rows can be put in order.
#[doc(hidden)]
pub const fn orders<T: Sortable, C>(_: &ColumnOf<T, C>) {}

/// A column by which rows can be put in order: all but documents and bytes.
#[diagnostic::on_unimplemented(
    message = "rows cannot be put in order by this column",
    label = "a column of type `{Self}`"
)]
pub trait Sortable {}
impl<T: Comparable> Sortable for T {}
