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

// Traits, impls and functions are written out: rustc shows them, and a macro would stand between.

/// A column that can be compared for equality.
#[diagnostic::on_unimplemented(
    message = "this lookup needs a column that can be compared",
    label = "a column of type `{Self}`",
    note = "`ALL` allows every lookup that the column's type can do"
)]
pub trait Comparable {}
impl<T: Comparable> Comparable for Option<T> {}
impl Comparable for i16 {}
impl Comparable for i32 {}
impl Comparable for i64 {}
impl Comparable for f32 {}
impl Comparable for f64 {}
impl Comparable for bool {}
impl Comparable for String {}
impl Comparable for bigdecimal::BigDecimal {}
impl Comparable for chrono::NaiveDate {}
impl Comparable for chrono::NaiveTime {}
impl Comparable for chrono::NaiveDateTime {}
impl Comparable for chrono::DateTime<chrono::Utc> {}
impl Comparable for uuid::Uuid {}

#[doc(hidden)]
pub const fn exact<T: Comparable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn r#in<T: Comparable, C>(_: &ColumnOf<T, C>) {}

/// A column that has an order.
#[diagnostic::on_unimplemented(
    message = "this lookup needs a column that has an order",
    label = "a column of type `{Self}`",
    note = "`ALL` allows every lookup that the column's type can do"
)]
pub trait Ordered {}
impl<T: Ordered> Ordered for Option<T> {}
impl Ordered for i16 {}
impl Ordered for i32 {}
impl Ordered for i64 {}
impl Ordered for f32 {}
impl Ordered for f64 {}
impl Ordered for String {}
impl Ordered for bigdecimal::BigDecimal {}
impl Ordered for chrono::NaiveDate {}
impl Ordered for chrono::NaiveTime {}
impl Ordered for chrono::NaiveDateTime {}
impl Ordered for chrono::DateTime<chrono::Utc> {}
impl Ordered for uuid::Uuid {}

#[doc(hidden)]
pub const fn gt<T: Ordered, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn gte<T: Ordered, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn lt<T: Ordered, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn lte<T: Ordered, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn range<T: Ordered, C>(_: &ColumnOf<T, C>) {}

/// A column whose values can be searched as text.
#[diagnostic::on_unimplemented(
    message = "this lookup needs a column of text, numbers or times",
    label = "a column of type `{Self}`",
    note = "`ALL` allows every lookup that the column's type can do"
)]
pub trait Searchable {}
impl<T: Searchable> Searchable for Option<T> {}
impl Searchable for i16 {}
impl Searchable for i32 {}
impl Searchable for i64 {}
impl Searchable for f32 {}
impl Searchable for f64 {}
impl Searchable for String {}
impl Searchable for bigdecimal::BigDecimal {}
impl Searchable for chrono::NaiveDate {}
impl Searchable for chrono::NaiveTime {}
impl Searchable for chrono::NaiveDateTime {}
impl Searchable for chrono::DateTime<chrono::Utc> {}
impl Searchable for uuid::Uuid {}

#[doc(hidden)]
pub const fn iexact<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn contains<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn icontains<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn startswith<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn istartswith<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn endswith<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn iendswith<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn regex<T: Searchable, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn iregex<T: Searchable, C>(_: &ColumnOf<T, C>) {}

/// A column that holds a day.
#[diagnostic::on_unimplemented(
    message = "this lookup needs a column that holds a date",
    label = "a column of type `{Self}`",
    note = "`ALL` allows every lookup that the column's type can do"
)]
pub trait Dated {}
impl<T: Dated> Dated for Option<T> {}
impl Dated for chrono::NaiveDate {}
impl Dated for chrono::NaiveDateTime {}
impl Dated for chrono::DateTime<chrono::Utc> {}

#[doc(hidden)]
pub const fn year<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn iso_year<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn quarter<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn month<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn week<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn day<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn week_day<T: Dated, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn iso_week_day<T: Dated, C>(_: &ColumnOf<T, C>) {}

/// A column that holds a time of day.
#[diagnostic::on_unimplemented(
    message = "this lookup needs a column that holds a time",
    label = "a column of type `{Self}`",
    note = "`ALL` allows every lookup that the column's type can do"
)]
pub trait Timed {}
impl<T: Timed> Timed for Option<T> {}
impl Timed for chrono::NaiveTime {}
impl Timed for chrono::NaiveDateTime {}
impl Timed for chrono::DateTime<chrono::Utc> {}

#[doc(hidden)]
pub const fn hour<T: Timed, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn minute<T: Timed, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn second<T: Timed, C>(_: &ColumnOf<T, C>) {}

/// A column that holds a day and a time.
#[diagnostic::on_unimplemented(
    message = "this lookup needs a column that holds a date and a time",
    label = "a column of type `{Self}`",
    note = "`ALL` allows every lookup that the column's type can do"
)]
pub trait Moment {}
impl<T: Moment> Moment for Option<T> {}
impl Moment for chrono::NaiveDateTime {}
impl Moment for chrono::DateTime<chrono::Utc> {}

#[doc(hidden)]
pub const fn date<T: Moment, C>(_: &ColumnOf<T, C>) {}
#[doc(hidden)]
pub const fn time<T: Moment, C>(_: &ColumnOf<T, C>) {}

/// Every column can be asked whether it holds nothing.
#[doc(hidden)]
pub const fn isnull<T, C>(_: &ColumnOf<T, C>) {}

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
impl Key for i16 {}
impl Key for i32 {}
impl Key for i64 {}
impl Key for String {}
impl Key for uuid::Uuid {}

#[doc(hidden)]
pub const fn key<T: Key>() {}

/// A column that can hold the key of a user.
#[diagnostic::on_unimplemented(
    message = "this column cannot hold whose an object is",
    label = "a column of type `{Self}`",
    note = "`owner` names a column that holds the key of a user, which is a whole number"
)]
pub trait OwnerKey {}
impl<T: OwnerKey> OwnerKey for Option<T> {}
impl OwnerKey for i16 {}
impl OwnerKey for i32 {}
impl OwnerKey for i64 {}

#[doc(hidden)]
pub const fn owns<T: OwnerKey, C>(_: &ColumnOf<T, C>) {}

/// A column that can hold the number of a content type.
#[diagnostic::on_unimplemented(
    message = "this column cannot hold a content type",
    label = "a column of type `{Self}`",
    note = "`content_type` names a column that holds the key of `django_content_type`, which is a whole number"
)]
pub trait ContentTypeKey {}
impl<T: ContentTypeKey> ContentTypeKey for Option<T> {}
impl ContentTypeKey for i16 {}
impl ContentTypeKey for i32 {}
impl ContentTypeKey for i64 {}

#[doc(hidden)]
pub const fn holds_content_type<T: ContentTypeKey, C>(_: &ColumnOf<T, C>) {}

/// A column that can hold a key of type `K`, as it stands or as text.
#[diagnostic::on_unimplemented(
    message = "this column cannot hold the keys of all these resources",
    label = "a column of type `{Self}`, where a key is `{K}`",
    note = "`object_id` names a column of text, or of the type that all the keys have"
)]
pub trait HoldsKey<K> {}
impl<K, T: HoldsKey<K>> HoldsKey<K> for Option<T> {}
impl<K: Key> HoldsKey<K> for String {}
impl HoldsKey<Self> for uuid::Uuid {}
impl<K: IntegerKey> HoldsKey<K> for i16 {}
impl<K: IntegerKey> HoldsKey<K> for i32 {}
impl<K: IntegerKey> HoldsKey<K> for i64 {}

/// A key that is a whole number.
#[diagnostic::on_unimplemented(
    message = "this column holds whole numbers, and not the keys of all these resources",
    label = "a column of whole numbers, where a key is `{Self}`",
    note = "`object_id` names a column of text, or of the type that all the keys have"
)]
pub trait IntegerKey {}
impl IntegerKey for i16 {}
impl IntegerKey for i32 {}
impl IntegerKey for i64 {}

#[doc(hidden)]
pub const fn holds_key_of<M: Model, T: HoldsKey<M::Key>, C>(_: &ColumnOf<T, C>) {}

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
#[expect(
    clippy::needless_pass_by_value,
    reason = "a default is written down as a value"
)]
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
