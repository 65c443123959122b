//! Declarations under `#![no_implicit_prelude]`, with a column that is called by a keyword.

#![deny(missing_docs, unreachable_pub, missing_debug_implementations, unused_qualifications, rust_2018_idioms)]
::diesel::table! {
    /// Notes.
    notes (id) {
        /// Id.
        id -> BigInt,
        /// Type.
        r#type -> Text,
        /// Price.
        price -> Numeric,
        /// Day.
        day -> Nullable<Date>,
        /// Parent.
        parent_id -> Nullable<BigInt>,
    }
}

mod strict {
#![no_implicit_prelude]
use ::std::string::String;
use ::std::option::Option;
use ::tastyrs::prelude::*;
use super::notes;
/// A note.
#[derive(::std::fmt::Debug, Model)]
#[diesel(check_for_backend(::diesel::sqlite::Sqlite))]
#[model(absolute_url = Self::url, on_delete(Note::parent_id = set_null))]
pub(crate) struct Note {
    /// id
    id: i64,
    /// The type
    /// of it.
    ///
    /// More.
    #[model(default = "x", max_length = 10)]
    r#type: String,
    #[model(max_digits = 10, decimal_places = 2, default = 0)]
    price: ::bigdecimal::BigDecimal,
    #[model(default = ::chrono::NaiveDate::MIN)]
    day: Option<::chrono::NaiveDate>,
    #[model(foreign_key, default = None)]
    parent_id: Option<i64>,
}

impl Note {
    fn url(&self) -> String {
        ::std::format!("/notes/{}", self.id)
    }
}

/// Resource
#[derive(::std::fmt::Debug, ModelResource)]
#[resource(model = Note, include_absolute_url, filtering(type = [exact], price = [gt, lt], parent = [isnull]), ordering(type))]
pub(crate) struct NoteResource {
    #[field(attribute = parent_id, null)]
    parent: ToOne<Self>,
}

/// Resource
#[derive(::std::fmt::Debug, ModelResource)]
#[resource(model = Note)]
pub(crate) struct PlainResource;

/// A thing.
#[derive(::std::fmt::Debug, ::std::clone::Clone)]
pub(crate) struct Thing {
    id: i32,
    name: String,
    tags: ::std::vec::Vec<String>,
}

/// Things.
#[derive(::std::fmt::Debug, Resource)]
#[resource(object = Thing, resource_name = "memory", always_return_data, filtering(name = ALL))]
pub(crate) struct MemoryResource {
    #[field(readonly, verbose_name = "id")]
    id: Column<i32>,
    name: Column<String>,
    #[field(attribute = tags, null)]
    labels: Column<::std::vec::Vec<String>>,
    #[field(default = 3)]
    three: Computed<i64>,
    #[field(skip)]
    things: ::std::vec::Vec<Thing>,
}

impl ObjectSource for MemoryResource {
    fn obj_get_list(&self, _: &Request) -> Result<::std::vec::Vec<Thing>> {
        Result::Ok(::std::clone::Clone::clone(&self.things))
    }
    fn obj_get(&self, _: &Request, _: &str) -> Result<Thing> {
        Result::Err(Error::NotFound)
    }
    fn detail_uri(&self, object: &Thing) -> String {
        ::std::string::ToString::to_string(&object.id)
    }
}

pub(super) fn main() {
    let _ = <NoteResource as ::tastyrs::resource::Resource>::fields();
    let _ = <MemoryResource as ::tastyrs::resource::Resource>::fields();
    let _ = <PlainResource as ::tastyrs::resource::Resource>::fields();
    let _ = <Note as ::tastyrs::resource::Model>::COLUMNS;
    let _ = <Note as ::tastyrs::resource::Model>::on_delete();
    let _ = (NoteResource::new(), MemoryResource::new(::std::vec::Vec::new()), PlainResource);
}
}
fn main() { strict::main(); }
