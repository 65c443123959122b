//! The traits by which rustc checks the words of a declaration; the derives call the functions.
//!
//! Each function takes a column of the hidden struct that `#[derive(Model)]` emits, under the span of
//! the word that named it, so that the error stands at that word.

use diesel::{Column, Expression, sql_types::Nullable};

use super::FieldType;
use crate::{
    data::Value,
    resource::{ColumnOf, Hooks, Model},
};

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

/// The hidden struct of a model's columns, which knows the primary key among them.
#[doc(hidden)]
pub trait KeyColumn {
    /// Diesel's struct of the primary key.
    type Column: Column;
}

type KeyOf<M> = <<M as Model>::Columns as KeyColumn>::Column;

/// A type of a primary key, a value of which can stand in an address.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a primary key",
    label = "not a type of a primary key",
    note = "keys are integers, `String` and `Uuid`, since they stand in the addresses of objects"
)]
pub trait Key {}
implement! { i16: Key; i32: Key; i64: Key; String: Key; uuid::Uuid: Key; }

#[doc(hidden)]
pub const fn key<T: Key>() {}

/// A column of the own model that holds the key of the model `M`.
#[doc(hidden)]
pub const fn refers_to<M, T, C>(_: &ColumnOf<T, C>)
where
    M: Model<Columns: KeyColumn>,
    C: Expression<SqlType: References<<KeyOf<M> as Expression>::SqlType>>,
{
}

/// The name of a column that holds the key of the model `M`.
#[doc(hidden)]
pub const fn refers_by<M, T, C>(_: &ColumnOf<T, C>) -> &'static str
where
    M: Model<Columns: KeyColumn>,
    C: Column<SqlType: References<<KeyOf<M> as Expression>::SqlType>>,
{
    C::NAME
}

/// A column of any table that holds the key of the model `M`.
#[doc(hidden)]
pub const fn links<C, M>()
where
    M: Model<Columns: KeyColumn>,
    C: Expression<SqlType: References<<KeyOf<M> as Expression>::SqlType>>,
{
}

/// A column of the table of the model `M`.
#[doc(hidden)]
pub const fn belongs_to<C, M>()
where
    M: Model<Columns: KeyColumn>,
    C: Column<Table: TableOf<<KeyOf<M> as Column>::Table>>,
{
}

/// The same table.
#[diagnostic::on_unimplemented(
    message = "this column belongs to another table than the related resource's model",
    label = "a column of the table `{Self}`, where the model's is `{T}`",
    note = "`reverse` names the column of the related model's table that holds the own key"
)]
pub trait TableOf<T> {}
impl<T> TableOf<T> for T {}

/// A column whose field says the same type.
#[doc(hidden)]
pub const fn is<T, U: SameAs<T>, C>(_: &ColumnOf<U, C>) {}

/// The same type.
#[diagnostic::on_unimplemented(
    message = "this field is of another type than its column",
    label = "the column is of type `{Self}`, and the field of type `{T}`",
    note = "write the field as `Column<{Self}>`"
)]
pub trait SameAs<T> {}
impl<T> SameAs<T> for T {}

/// A column that may hold nothing, and so can be set to null.
#[doc(hidden)]
pub const fn set_null<T: MayBeNull, C>(_: &ColumnOf<T, C>) {}

/// A type that may hold nothing.
#[diagnostic::on_unimplemented(
    message = "this column cannot be set to null",
    label = "a column of type `{Self}`",
    note = "`cascade` deletes its rows, `protect` keeps them and what they refer to"
)]
pub trait MayBeNull {}
impl<T> MayBeNull for Option<T> {}

/// The default of a field, as a function or an expression gives it.
#[doc(hidden)]
pub fn default_value<T, V: DefaultOf<T>>(value: V) -> Value<'static> {
    value.to_value().into_owned()
}

/// A value that a field of type `T` can have by default.
#[diagnostic::on_unimplemented(
    message = "this default is of another type than its field",
    label = "a `{Self}`, where the field is of type `{T}`",
    note = "a default is a value of the field's type, or a function without arguments that gives one"
)]
pub trait DefaultOf<T>: FieldType {}
impl<T: FieldType> DefaultOf<T> for T {}
impl<T: FieldType> DefaultOf<Option<T>> for T {}
impl DefaultOf<String> for &'static str {}
impl DefaultOf<Option<String>> for &'static str {}

/// A resource whose attribute says `hooks`.
#[doc(hidden)]
pub const fn hooks<R: Hooks>() {}
