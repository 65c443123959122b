//! What filters and orderings know of resources and of the relations between them.

use std::{any::TypeId, collections::HashMap};

use uuid::Uuid;

use super::Filtering;
use crate::{
    data::Value,
    database::{Bind, Dialect},
    fields::{FieldSpec, Kind, RelationSpec},
};

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Int(i64),
    Text(Box<str>),
    Uuid(Uuid),
    /// A key that no row has.
    None,
}

impl Key {
    pub(crate) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Int(number) => Self::Int(*number),
            Value::Text(text) => Self::Text(text.as_ref().into()),
            Value::Uuid(uuid) => Self::Uuid(*uuid),
            _ => return None,
        })
    }

    /// The value of a column that holds it.
    pub(crate) fn value(&self) -> Value<'static> {
        match self {
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::from(text.to_string()),
            Self::Uuid(uuid) => Value::Uuid(*uuid),
            Self::None => Value::Null,
        }
    }

    /// The forms in which a column may hold it.
    pub(crate) fn binds<DB: Dialect>(&self) -> Vec<Bind> {
        match self {
            Self::Int(number) => vec![Bind::Int(*number)],
            // PostgreSQL refuses NUL in text; nothing that it holds is equal to it.
            Self::Text(text) if DB::is_remote() && text.contains('\0') => Vec::new(),
            Self::Text(text) => vec![Bind::Text(text.to_string())],
            Self::Uuid(uuid) => DB::uuid_forms(*uuid),
            Self::None => Vec::new(),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Uuid(uuid) => uuid.fmt(f),
            Self::None => Ok(()),
        }
    }
}

/// A column, with its names as they stand in SQL.
#[derive(Debug, Clone)]
pub(crate) struct NodeColumn {
    pub(crate) name: &'static str,
    /// `"note"."title"`.
    pub(crate) sql: String,
    /// `"title"`.
    pub(crate) quoted: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) decimal_places: Option<u32>,
}

/// A resource with a model, as queries see it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) resource_name: String,
    pub(crate) table: String,
    pub(crate) columns: Vec<NodeColumn>,
    pub(crate) key: usize,
    /// The column by which an address names an object.
    pub(crate) detail: usize,
    /// Whether the name in an address is the key, in the one form that it has, and nobody's code says who may see a row: so
    /// a row need not be loaded for it to be told what it is called.
    pub(crate) is_plain: bool,
    pub(crate) fields: Vec<FieldSpec>,
    pub(crate) filtering: Vec<(String, Filtering)>,
    pub(crate) ordering: Vec<String>,
}

impl Node {
    pub(crate) fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn key(&self) -> &NodeColumn {
        &self.columns[self.key]
    }

    pub(crate) fn filtering(&self, name: &str) -> Option<&Filtering> {
        self.filtering
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, rule)| rule)
    }
}

/// The resources of an API that share a database.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) by_type: HashMap<TypeId, usize>,
}

impl Graph {
    /// The resource that a relation leads to; that it is there was checked when the API was built. A generic foreign key
    /// leads to no one resource.
    pub(crate) fn target(&self, relation: &RelationSpec) -> Option<&Node> {
        self.node(relation.target)
    }

    /// The resource of a type.
    pub(crate) fn node(&self, resource: TypeId) -> Option<&Node> {
        let position = self.by_type.get(&resource)?;
        self.nodes.get(*position)
    }
}
