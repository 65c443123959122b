//! A field as it is declared, and the fields of a resource.

use std::{any::TypeId, fmt, sync::Arc};

use super::{
    Answers, Attribute, By, DefaultValue, Dehydrated, FieldSpec, FieldType, Generic,
    GenericForeignKey, GenericTarget, Kind, RelationSpec, UseIn, spec::Full,
};
use crate::{
    bundle::Bundle,
    data::Value,
    errors::Result,
    resource::{Model, ModelResource, Resource},
};

/// A hook that gives a field its value.
pub(crate) type Hook<R> = Arc<dyn Fn(&R, &Bundle<'_, R>) -> Result<Value<'static>> + Send + Sync>;
/// A hook that has a word before a field is read in.
pub(crate) type HydrateHook<R> = Arc<dyn Fn(&R, &mut Bundle<'_, R>) -> Result<()> + Send + Sync>;
/// How a field is read from the object of a source without a model.
pub(crate) type Reader<R> = for<'a> fn(&'a <R as Resource>::Object) -> Value<'a>;
/// How a field of such an object is set; whether the value is one of its type.
pub(crate) type Writer<R> = fn(&mut <R as Resource>::Object, &Value<'_>) -> bool;

/// A field of the resource `R`.
pub struct Field<R: Resource> {
    pub(crate) spec: FieldSpec,
    pub(crate) use_in: UseIn<R>,
    pub(crate) dehydrate: Option<Hook<R>>,
    pub(crate) hydrate: Option<HydrateHook<R>>,
    pub(crate) read: Option<Reader<R>>,
    pub(crate) write: Option<Writer<R>>,
    /// What its hook gives, where that is known.
    pub(crate) given: Option<Kind>,
}

impl<R: Resource> Field<R> {
    /// In which answers it stands as its source tells it; nothing where code of one's own has a say in it.
    pub(crate) fn answers(&self) -> Option<Answers> {
        match self.use_in {
            _ if self.dehydrate.is_some() => None,
            UseIn::All => Some(Answers::All),
            UseIn::List => Some(Answers::Lists),
            UseIn::Detail => Some(Answers::Details),
            UseIn::When(_) => None,
        }
    }
}

impl<R: Resource> Clone for Field<R> {
    fn clone(&self) -> Self {
        Self {
            spec: self.spec.clone(),
            use_in: self.use_in,
            dehydrate: self.dehydrate.clone(),
            hydrate: self.hydrate.clone(),
            read: self.read,
            write: self.write,
            given: self.given,
        }
    }
}

impl<R: Resource> fmt::Debug for Field<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("spec", &self.spec)
            .field("use_in", &self.use_in)
            .finish_non_exhaustive()
    }
}

impl<R: Resource> Field<R> {
    fn from_spec(spec: FieldSpec) -> Self {
        Self {
            spec,
            use_in: UseIn::All,
            dehydrate: None,
            hydrate: None,
            read: None,
            write: None,
            given: None,
        }
    }

    /// A field that a hook or a default gives its value.
    pub fn computed<T: FieldType>(name: &'static str) -> Self {
        Self::from_spec(FieldSpec {
            null: T::NULLABLE,
            ..FieldSpec::new(name, T::KIND, Attribute::None)
        })
    }

    /// A field that is read from the object of a source without a model.
    pub fn read<T: FieldType>(
        name: &'static str,
        read: for<'a> fn(&'a R::Object) -> Value<'a>,
    ) -> Self {
        let spec = FieldSpec {
            null: T::NULLABLE,
            ..FieldSpec::new(name, T::KIND, Attribute::Object)
        };
        Self {
            read: Some(read),
            ..Self::from_spec(spec)
        }
    }

    /// How such a field is set, and whether the value was one of its type; without it, it is never read from a client.
    #[must_use]
    pub fn write(mut self, write: fn(&mut R::Object, &Value<'_>) -> bool) -> Self {
        self.write = Some(write);
        self
    }

    /// The address of the object in the API.
    pub(crate) fn resource_uri() -> Self {
        Self::from_spec(FieldSpec {
            readonly: true,
            ..FieldSpec::new("resource_uri", Kind::Text, Attribute::ResourceUri)
        })
    }

    /// The address of the page that shows the object.
    pub(crate) fn absolute_url() -> Self {
        Self::from_spec(FieldSpec {
            readonly: true,
            ..FieldSpec::new("absolute_url", Kind::Text, Attribute::AbsoluteUrl)
        })
    }

    fn related<T: 'static>(name: &'static str, kind: Kind, by: By) -> Self {
        let relation = RelationSpec {
            target: TypeId::of::<T>(),
            target_name: std::any::type_name::<T>(),
            by,
            full: Full {
                list: false,
                detail: false,
            },
        };
        Self::from_spec(FieldSpec::new(name, kind, Attribute::Relation(relation)))
    }

    /// May be null.
    #[must_use]
    pub fn null(mut self) -> Self {
        self.spec.null = true;
        self
    }

    /// May be left out.
    #[must_use]
    pub fn blank(mut self) -> Self {
        self.spec.blank = true;
        self
    }

    /// Is shown and never read from a client.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.spec.readonly = true;
        self
    }

    /// No two objects have the same.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.spec.unique = true;
        self
    }

    /// The value where a client says none.
    #[must_use]
    pub fn default(mut self, default: DefaultValue) -> Self {
        self.spec.default = default;
        self
    }

    /// What a schema says of it.
    #[must_use]
    pub fn help_text(mut self, text: &'static str) -> Self {
        self.spec.help_text = Some(text);
        self
    }

    /// What it is called where people read it.
    #[must_use]
    pub fn verbose_name(mut self, name: &'static str) -> Self {
        self.spec.verbose_name = Some(name);
        self
    }

    /// In which answers it stands.
    #[must_use]
    pub fn use_in(mut self, use_in: UseIn<R>) -> Self {
        self.use_in = use_in;
        self
    }

    /// Writes related objects out, in lists and in details.
    #[must_use]
    pub fn full(self) -> Self {
        self.full_list(true).full_detail(true)
    }

    /// Whether lists write related objects out.
    #[must_use]
    pub fn full_list(mut self, full: bool) -> Self {
        if let Some(relation) = self.spec.relation_mut() {
            relation.full.list = full;
        }
        self
    }

    /// Whether details write related objects out.
    #[must_use]
    pub fn full_detail(mut self, full: bool) -> Self {
        if let Some(relation) = self.spec.relation_mut() {
            relation.full.detail = full;
        }
        self
    }

    /// Has a word before it is read in: a function of the bundle, or of the resource and the bundle, which may change
    /// `bundle.data` and the object.
    ///
    /// # Compatibility
    ///
    /// `hydrate_FOO`, `resources.py:944`.
    #[must_use]
    pub fn hydrate<Marker, H: HydratesField<R, Marker>>(mut self, hook: H) -> Self {
        self.hydrate = Some(Arc::new(move |resource, bundle| {
            hook.hydrate(resource, bundle)
        }));
        self
    }

    /// Gives it its value: a function of the object, or of the resource and the bundle.
    #[must_use]
    pub fn dehydrate<Marker, H: ReadsField<R, Marker>>(mut self, hook: H) -> Self {
        self.given = H::KIND;
        self.dehydrate = Some(Arc::new(move |resource, bundle| {
            hook.read(resource, bundle)
        }));
        self
    }
}

impl<R: ModelResource> Field<R> {
    /// The column of the model that has this name; the field has the name too.
    ///
    /// # Panics
    ///
    /// Where the model has no such column, which the derive has rustc check.
    pub fn column(name: &'static str) -> Self {
        Self::from_spec(FieldSpec::of_column(
            position::<R::Model>(name),
            &R::Model::COLUMNS[position::<R::Model>(name)],
        ))
    }

    /// A field under another name than its column's.
    pub fn column_as(name: &'static str, column: &'static str) -> Self {
        let mut field = Self::column(column);
        field.spec.name = name;
        field
    }

    /// A field that refers to one object by a column that holds its key.
    pub fn to_one<T: Resource>(name: &'static str, column: &'static str) -> Self {
        Self::related::<T>(
            name,
            Kind::Integer,
            By::Column(position::<R::Model>(column)),
        )
    }

    /// A field that refers to one object of one of these resources, by a column that holds its content type and one
    /// that holds its key.
    pub fn generic_foreign_key(
        name: &'static str,
        content_type: &'static str,
        object_id: &'static str,
        targets: impl IntoIterator<Item = GenericTarget>,
    ) -> Self {
        let generic = Generic {
            content_type: position::<R::Model>(content_type),
            object_id: position::<R::Model>(object_id),
            targets: targets.into_iter().collect(),
        };
        Self::related::<GenericForeignKey<()>>(name, Kind::Integer, By::Generic(generic))
    }

    /// A field that refers to many objects through a table that holds the keys of both sides.
    pub fn to_many_through<T: Resource>(
        name: &'static str,
        table: String,
        own: &'static str,
        other: &'static str,
    ) -> Self {
        Self::related::<T>(name, Kind::List, By::Through { table, own, other })
    }

    /// A field that refers to the objects which refer to this one by a column of theirs.
    pub fn to_many_reverse<T: Resource>(
        name: &'static str,
        table: String,
        column: &'static str,
    ) -> Self {
        Self::related::<T>(name, Kind::List, By::Reverse { table, column })
    }
}

fn position<M: Model>(name: &str) -> usize {
    M::COLUMNS
        .iter()
        .position(|column| column.name == name)
        .expect("the derive had rustc check the names of columns")
}

/// The fields of a resource, in the order in which they are written out.
#[derive(Debug)]
pub struct Fields<R: Resource>(pub(crate) Vec<Field<R>>);

impl<R: Resource> Default for Fields<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Resource> Fields<R> {
    /// Has none yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: Field<R>) -> Self {
        self.0.push(field);
        self
    }
}

impl<R: ModelResource> Fields<R> {
    /// Adds the columns of the model that no field above shows, but for those that only relations show.
    ///
    /// # Compatibility
    ///
    /// `BaseModelResource.get_fields`, `resources.py:1960`: `fields` restricts, `excludes` leaves out. The object id of
    /// a generic foreign key is shown, as there, but not read: that field alone says what it leads to.
    #[must_use]
    pub fn columns(mut self, fields: Option<&[&str]>, excludes: &[&str]) -> Self {
        for (position, column) in R::Model::COLUMNS.iter().enumerate() {
            let shown = self.0.iter().any(|field| {
                field.spec.name == column.name
                    || match field.spec.relation().map(|relation| &relation.by) {
                        Some(By::Column(by)) => *by == position,
                        Some(By::Generic(generic)) => generic.content_type == position,
                        _ => false,
                    }
            });
            let is_object_id = self.0.iter().any(|field| {
                let generic = field.spec.generic();
                generic.is_some_and(|generic| generic.object_id == position)
            });
            let asked = fields.is_none_or(|fields| fields.contains(&column.name));
            let relational = column.foreign_key && fields.is_none();
            if !shown && asked && !relational && !excludes.contains(&column.name) {
                let mut field = Field::from_spec(FieldSpec::of_column(position, column));
                field.spec.readonly = is_object_id;
                self.0.push(field);
            }
        }
        self
    }
}

/// A function that gives a field its value.
///
/// It is implemented for `fn(&Object) -> V` and for `fn(&Resource, &Bundle<Resource>) -> V`, where `V` is
/// the field's type or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "this function cannot give a field of `{R}` its value",
    label = "not a function of the object, nor of the resource and the bundle",
    note = "it is `fn(&Model) -> V` or `fn(&Self, &Bundle<'_, Self>) -> V`, where `V` is a field's type or a `Result` of it"
)]
pub trait ReadsField<R: Resource, Marker>: Send + Sync + 'static {
    #[doc(hidden)]
    const KIND: Option<Kind>;
    #[doc(hidden)]
    fn read(&self, resource: &R, bundle: &Bundle<'_, R>) -> Result<Value<'static>>;
}

#[doc(hidden)]
#[derive(Debug)]
pub struct OfObject;
#[doc(hidden)]
#[derive(Debug)]
pub struct OfBundle;

impl<R, F, V> ReadsField<R, (OfObject, V)> for F
where
    R: Resource,
    F: Fn(&R::Object) -> V + Send + Sync + 'static,
    V: Dehydrated,
{
    const KIND: Option<Kind> = V::KIND;

    fn read(&self, _: &R, bundle: &Bundle<'_, R>) -> Result<Value<'static>> {
        self(bundle.obj()?).dehydrated()
    }
}

impl<R, F, V> ReadsField<R, (OfBundle, V)> for F
where
    R: Resource,
    F: Fn(&R, &Bundle<'_, R>) -> V + Send + Sync + 'static,
    V: Dehydrated,
{
    const KIND: Option<Kind> = V::KIND;

    fn read(&self, resource: &R, bundle: &Bundle<'_, R>) -> Result<Value<'static>> {
        self(resource, bundle).dehydrated()
    }
}

/// A function that has a word before a field is read in.
///
/// It is implemented for `fn(&mut Bundle<Resource>)` and for `fn(&Resource, &mut Bundle<Resource>)`; both may answer
/// a `Result`.
#[diagnostic::on_unimplemented(
    message = "this function cannot have a word before a field of `{R}` is read in",
    label = "not a function of the bundle, nor of the resource and the bundle",
    note = "it is `fn(&mut Bundle<'_, Self>)` or `fn(&Self, &mut Bundle<'_, Self>)`, and may answer a `Result<()>`"
)]
pub trait HydratesField<R: Resource, Marker>: Send + Sync + 'static {
    #[doc(hidden)]
    fn hydrate(&self, resource: &R, bundle: &mut Bundle<'_, R>) -> Result<()>;
}

/// What a hook that changes something may answer: nothing, or the error that it met.
#[doc(hidden)]
pub trait Done {
    fn done(self) -> Result<()>;
}

impl Done for () {
    fn done(self) -> Result<()> {
        Ok(())
    }
}

impl Done for Result<()> {
    fn done(self) -> Self {
        self
    }
}

impl<R, F, D> HydratesField<R, (OfObject, D)> for F
where
    R: Resource,
    F: Fn(&mut Bundle<'_, R>) -> D + Send + Sync + 'static,
    D: Done,
{
    fn hydrate(&self, _: &R, bundle: &mut Bundle<'_, R>) -> Result<()> {
        self(bundle).done()
    }
}

impl<R, F, D> HydratesField<R, (OfBundle, D)> for F
where
    R: Resource,
    F: Fn(&R, &mut Bundle<'_, R>) -> D + Send + Sync + 'static,
    D: Done,
{
    fn hydrate(&self, resource: &R, bundle: &mut Bundle<'_, R>) -> Result<()> {
        self(resource, bundle).done()
    }
}
