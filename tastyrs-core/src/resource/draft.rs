//! A row that is about to be written.

use std::{any::TypeId, cell::OnceCell};

use chrono::{DateTime, NaiveTime};
use uuid::Uuid;

use super::{ColumnSpec, Model};
use crate::{
    compatibility::Compatibility,
    data::{Data, Value},
    database::Row,
    errors::Result,
    fields::{DefaultValue, Kind, same},
    queries::Key,
};

/// Where the value of a column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing has set it: what stands there is the zero of its type.
    Nowhere,
    /// It is the default of its column, or was loaded.
    Kept,
    /// The request sets it.
    Set,
}

/// Another object that was sent in place of its address, to be written before the row that refers to it.
#[derive(Debug)]
pub(super) struct Nested {
    /// The column that refers to it.
    pub(super) column: usize,
    /// Of a generic foreign key, its columns and what they hold in the end.
    pub(super) generic: Option<[(usize, Value<'static>); 2]>,
    pub(super) target: TypeId,
    /// Its key, where it is there already.
    pub(super) key: Option<Key>,
    pub(super) data: Data<'static>,
}

impl Nested {
    /// Whether it gives a column its value.
    pub(super) fn sets(&self, column: usize) -> bool {
        let of_generic =
            |[one, other]: &[(usize, Value<'static>); 2]| one.0 == column || other.0 == column;
        self.column == column || self.generic.as_ref().is_some_and(of_generic)
    }
}

/// A row that is about to be written: a value for each column of the model.
#[derive(Debug)]
pub struct RowDraft {
    pub(super) values: Vec<Value<'static>>,
    pub(super) origins: Vec<Origin>,
    /// What was loaded, where the row is there already.
    pub(super) loaded: Option<Vec<Value<'static>>>,
    pub(super) nested: Vec<Nested>,
    /// The columns that refer to objects which were sent in place of their addresses, and are written.
    pub(super) written: Vec<usize>,
    /// The columns that refer to rows which were looked up in this transaction, and their resources; those of a lone row
    /// were not.
    looked_up: Vec<(usize, TypeId)>,
    /// Whether its statement stands alone, and so sees itself whether what it refers to is there.
    is_lone: bool,
    /// Whether a hook may have changed the object that was made of it.
    lent: bool,
}

impl RowDraft {
    /// A new row with the defaults of its columns.
    ///
    /// # Compatibility
    ///
    /// Django gives a new object its defaults when it is made; text without one is empty, which only the switch keeps.
    pub(super) fn blank(columns: &[ColumnSpec], compatibility: Compatibility) -> Self {
        let mut values = Vec::with_capacity(columns.len());
        let mut origins = Vec::with_capacity(columns.len());
        for column in columns {
            let default = match column.default {
                DefaultValue::NotProvided if column.primary_key => None,
                DefaultValue::NotProvided if column.nullable => Some(Value::Null),
                DefaultValue::NotProvided if column.kind == Kind::Text => {
                    (column.blank || compatibility.is_tastypie()).then(|| Value::from(""))
                }
                default => default.value(),
            };
            origins.push(if default.is_some() {
                Origin::Kept
            } else {
                Origin::Nowhere
            });
            values.push(default.unwrap_or_else(|| zero(column)));
        }
        Self {
            values,
            origins,
            loaded: None,
            nested: Vec::new(),
            written: Vec::new(),
            looked_up: Vec::new(),
            is_lone: false,
            lent: false,
        }
    }

    /// A row that is there.
    pub(super) fn loaded(values: Vec<Value<'static>>) -> Self {
        Self {
            origins: vec![Origin::Kept; values.len()],
            loaded: Some(values.clone()),
            values,
            nested: Vec::new(),
            written: Vec::new(),
            looked_up: Vec::new(),
            is_lone: false,
            lent: false,
        }
    }

    /// Has its statement stand alone.
    pub(super) fn lone(mut self, is_lone: bool) -> Self {
        self.is_lone = is_lone;
        self
    }

    /// Whether its statement stands alone.
    pub(super) fn is_lone(&self) -> bool {
        self.is_lone
    }

    /// Sets a column, in place of what was set or sent for it before.
    pub(crate) fn set(&mut self, column: usize, value: Value<'static>) {
        self.values[column] = value;
        self.origins[column] = Origin::Set;
        self.nested.retain(|nested| !nested.sets(column));
        self.looked_up.retain(|(known, _)| *known != column);
    }

    /// Sets a column to the key of a row that is there.
    pub(super) fn refer(&mut self, column: usize, target: TypeId, key: &Key) {
        self.set(column, key.value());
        self.looked_up.push((column, target));
    }

    /// The resource of the row that a column refers to, where that row was looked up.
    pub(super) fn looked_up(&self, column: usize) -> Option<TypeId> {
        let known = self.looked_up.iter().find(|(known, _)| *known == column);
        known.map(|(_, target)| *target)
    }

    /// What must be there for a lone row to be written: the resources of rows that it refers to, and their keys.
    pub(super) fn needed(&self) -> impl Iterator<Item = (TypeId, Key)> {
        let referring = self.looked_up.iter().filter(|_| self.is_lone);
        referring.filter_map(|(column, target)| Some((*target, Key::of(&self.values[*column])?)))
    }

    /// Whether its statement names a column: of a new row all that have a value, of one that is there those that are set.
    pub(super) fn writes(&self, column: usize) -> bool {
        match self.origins[column] {
            Origin::Nowhere => false,
            Origin::Kept => self.loaded.is_none(),
            Origin::Set => true,
        }
    }

    /// The columns that its INSERT names.
    pub(super) fn inserted(&self) -> Vec<usize> {
        let all = 0..self.values.len();
        all.filter(|column| self.writes(*column)).collect()
    }

    /// The columns that its UPDATE names.
    pub(super) fn updated(&self, key: usize) -> Vec<usize> {
        let all = 0..self.values.len();
        all.filter(|column| *column != key && self.writes(*column))
            .collect()
    }

    /// The key of the row that is there.
    pub(super) fn key_of_loaded(&self, key: usize) -> Option<Key> {
        Key::of(self.loaded.as_ref()?.get(key)?)
    }

    /// Whether the request changes a column of it.
    pub(super) fn differs(&self) -> bool {
        let Some(loaded) = &self.loaded else {
            return true;
        };
        self.origins
            .iter()
            .zip(&self.values)
            .zip(loaded)
            .any(|((origin, value), loaded)| *origin == Origin::Set && !same(value, loaded))
    }

    pub(super) fn object<'d, M: Model>(&'d self, object: &'d OnceCell<M>) -> Result<&'d M> {
        if object.get().is_none() {
            // Nobody else can have set it in between: the cell is not shared between threads.
            let _ = object.set(M::from_row(&Row::drafted(&self.values))?);
        }
        object.get().ok_or(crate::errors::Error::NoObject)
    }

    pub(super) fn object_mut<'d, M: Model>(
        &'d mut self,
        object: &'d mut OnceCell<M>,
    ) -> Result<&'d mut M> {
        self.object(object)?;
        self.lent = true;
        object.get_mut().ok_or(crate::errors::Error::NoObject)
    }

    /// Takes over the columns in which the object differs, and forgets the object, which may be old from here on.
    pub(super) fn absorb<M: Model>(&mut self, object: &mut OnceCell<M>) {
        let Some(object) = object.take() else {
            return;
        };
        if !std::mem::take(&mut self.lent) {
            return;
        }
        for column in 0..self.values.len() {
            let value = object.value(column);
            if !same(&value, &self.values[column]) {
                let value = value.into_owned();
                self.set(column, value);
            }
        }
    }
}

/// What stands in a column that nothing has set.
fn zero(column: &ColumnSpec) -> Value<'static> {
    if column.nullable {
        return Value::Null;
    }
    let epoch = DateTime::UNIX_EPOCH.naive_utc();
    match column.kind {
        Kind::SmallInt | Kind::Integer | Kind::BigInt => Value::Int(0),
        Kind::Float | Kind::Double => Value::Float(0.0),
        Kind::Bool => Value::Bool(false),
        Kind::Text => Value::from(""),
        Kind::Decimal => Value::Decimal("0".into()),
        Kind::Date => Value::Date(epoch.date()),
        Kind::Time => Value::Time(NaiveTime::MIN),
        Kind::DateTime => Value::DateTime(epoch),
        Kind::Uuid => Value::Uuid(Uuid::nil()),
        Kind::Bytes => Value::Bytes(Vec::new().into()),
        Kind::Json => Value::Null,
        Kind::List => Value::List(Vec::new()),
        Kind::Dict => Value::Map(Data::new()),
    }
}
