//! What a field says of itself, whatever its resource.

use std::{any::TypeId, fmt};

use super::Kind;
use crate::{
    bundle::Bundle,
    data::Value,
    django::ContentType,
    resource::{ColumnSpec, Model, ModelResource, Resource},
};

/// The value that a field has where a client says none.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub enum DefaultValue {
    /// There is none; a schema says `No default provided.`.
    #[default]
    NotProvided,
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating point number.
    Float(f64),
    /// Text.
    Text(&'static str),
    /// The current time.
    Now,
    /// What a function answers, each time anew.
    Function(fn() -> Value<'static>),
}

impl DefaultValue {
    /// The value, or `None` where there is no default.
    pub(crate) fn value(self) -> Option<Value<'static>> {
        Some(match self {
            Self::NotProvided => return None,
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::Text(text) => Value::from(text),
            Self::Now => Value::DateTime(crate::clock::now()),
            Self::Function(make) => make(),
        })
    }
}

impl fmt::Debug for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotProvided => f.write_str("NotProvided"),
            Self::Function(_) => f.write_str("Function"),
            known => write!(f, "{:?}", known.value()),
        }
    }
}

/// In which answers a field stands.
pub enum UseIn<R: Resource> {
    /// In all.
    All,
    /// In lists alone.
    List,
    /// In details alone.
    Detail,
    /// Where the function says so.
    When(fn(&Bundle<'_, R>) -> bool),
}

/// In which answers a field stands whose value its source tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    All,
    Lists,
    Details,
}

impl Answers {
    /// Whether lists, or else details, are among them.
    pub(crate) fn has(self, list: bool) -> bool {
        match self {
            Self::All => true,
            Self::Lists => list,
            Self::Details => !list,
        }
    }
}

impl<R: Resource> Clone for UseIn<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Resource> Copy for UseIn<R> {}

impl<R: Resource> fmt::Debug for UseIn<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::List => "List",
            Self::Detail => "Detail",
            Self::When(_) => "When",
        })
    }
}

/// What a field is read from.
#[derive(Debug, Clone)]
pub(crate) enum Attribute {
    /// Nothing but its default or its hook.
    None,
    /// The model's column at this position.
    Column(usize),
    /// The address of the object in the API.
    ResourceUri,
    /// The address of the page that shows the object.
    AbsoluteUrl,
    /// What the object of a source without a model says.
    Object,
    /// Other objects.
    Relation(RelationSpec),
}

/// Which relation a field is.
#[derive(Debug, Clone)]
pub(crate) struct RelationSpec {
    /// A resource, or of a generic foreign key its marker, which stands for all of its targets.
    pub(crate) target: TypeId,
    pub(crate) target_name: &'static str,
    pub(crate) by: By,
    pub(crate) full: Full,
}

impl RelationSpec {
    /// The resources that it may lead to.
    pub(crate) fn targets(&self) -> Vec<TypeId> {
        match &self.by {
            By::Generic(generic) => generic
                .targets
                .iter()
                .map(|target| target.resource)
                .collect(),
            By::Column(_) | By::Through { .. } | By::Reverse { .. } => vec![self.target],
        }
    }
}

/// What ties the two sides of a relation together.
#[derive(Debug, Clone)]
pub(crate) enum By {
    /// A column of the own model that holds the other's key.
    Column(usize),
    /// A table that holds the keys of both.
    Through {
        table: String,
        own: &'static str,
        other: &'static str,
    },
    /// A column of the other table that holds the own key.
    Reverse { table: String, column: &'static str },
    /// Two columns of the own model, which hold what kind of object it is and its key.
    Generic(Generic),
}

impl By {
    /// Whether it is kept in this column of the own model.
    pub(crate) fn is_over(&self, column: usize) -> bool {
        match self {
            Self::Column(own) => *own == column,
            Self::Generic(generic) => generic.content_type == column || generic.object_id == column,
            Self::Through { .. } | Self::Reverse { .. } => false,
        }
    }
}

/// A relation that leads to one object of several resources.
#[derive(Debug, Clone)]
pub(crate) struct Generic {
    /// The column that holds the content type.
    pub(crate) content_type: usize,
    /// The column that holds the key, as it stands or as text.
    pub(crate) object_id: usize,
    pub(crate) targets: Vec<GenericTarget>,
}

/// A resource that a generic foreign key may lead to.
#[derive(Debug, Clone, Copy)]
pub struct GenericTarget {
    pub(crate) resource: TypeId,
    pub(crate) name: &'static str,
    pub(crate) content_type: Option<ContentType>,
}

impl GenericTarget {
    /// The resource `R`, whose model says its content type.
    pub fn of<R: ModelResource>() -> Self {
        Self {
            resource: TypeId::of::<R>(),
            name: std::any::type_name::<R>(),
            content_type: <R::Model as Model>::CONTENT_TYPE,
        }
    }
}

/// Whether related objects are written out, or their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) list: bool,
    pub(crate) detail: bool,
}

impl Full {
    /// Whether they are written out in lists, or in details.
    pub(crate) fn is(self, for_list: bool) -> bool {
        if for_list { self.list } else { self.detail }
    }
}

/// A field, apart from what depends on the type of its resource.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are Tastypie's options of a field, each on its own"
)]
pub(crate) struct FieldSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) attribute: Attribute,
    pub(crate) null: bool,
    pub(crate) blank: bool,
    pub(crate) readonly: bool,
    pub(crate) unique: bool,
    pub(crate) primary_key: bool,
    pub(crate) default: DefaultValue,
    pub(crate) help_text: Option<&'static str>,
    pub(crate) verbose_name: Option<&'static str>,
    pub(crate) decimal_places: Option<u32>,
}

impl FieldSpec {
    pub(super) fn new(name: &'static str, kind: Kind, attribute: Attribute) -> Self {
        Self {
            name,
            kind,
            attribute,
            null: false,
            blank: false,
            readonly: false,
            unique: false,
            primary_key: false,
            default: DefaultValue::NotProvided,
            help_text: None,
            verbose_name: None,
            decimal_places: None,
        }
    }

    pub(super) fn of_column(position: usize, column: &ColumnSpec) -> Self {
        let verbose_name = match column.verbose_name {
            None if column.primary_key && column.kind.is_integer() && column.name == "id" => {
                Some("ID")
            }
            said => said,
        };
        Self {
            null: column.nullable,
            blank: column.blank,
            unique: column.unique,
            primary_key: column.primary_key,
            default: column.field_default(),
            help_text: column.help_text,
            verbose_name,
            decimal_places: column.decimal_places,
            ..Self::new(column.name, column.kind, Attribute::Column(position))
        }
    }

    pub(crate) fn relation(&self) -> Option<&RelationSpec> {
        match &self.attribute {
            Attribute::Relation(relation) => Some(relation),
            _ => None,
        }
    }

    pub(crate) fn relation_mut(&mut self) -> Option<&mut RelationSpec> {
        match &mut self.attribute {
            Attribute::Relation(relation) => Some(relation),
            _ => None,
        }
    }

    pub(crate) fn generic(&self) -> Option<&Generic> {
        match self.relation().map(|relation| &relation.by) {
            Some(By::Generic(generic)) => Some(generic),
            _ => None,
        }
    }

    /// What people read as its name.
    pub(crate) fn verbose(&self) -> String {
        self.verbose_name
            .map_or_else(|| self.name.replace('_', " "), ToOwned::to_owned)
    }
}
