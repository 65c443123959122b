//! Every option of a resource and of its fields, under the lints of a strict crate.

#![deny(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, unused, unused_qualifications, rust_2018_idioms)]

#[path = "../../schema.rs"]
mod schema;

use std::sync::Arc;

use schema::{Note, SubjectResource, UserResource, subject, subject_notes};
use tastyrs::{prelude::*, serializers::Serializer, validation::Validation};

/// What one may search in.
#[derive(Debug, Default)]
struct Index;

/// Notes.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "notes",
    hooks,
    filtering(title = ALL, slug = [exact, in, startswith], created = [year, range], author = ALL_WITH_RELATIONS, subjects = ALL, heading = [icontains]),
    ordering(id, title, author, heading),
    authentication = Authentication::new(),
    authorization = Authorization,
    throttle = CacheThrottle::new().throttle_at(100),
    throttle_cost = Cost::Objects,
    export(ndjson, csv),
    login_throttle = LoginThrottle::new(),
    cache = SimpleCache::new(),
    validation = Validation,
    list_allowed_methods(get, post),
    detail_allowed_methods(get),
    limit = 20,
    max_limit = 1_000,
    total_count = TotalCount::Cached,
    collection_name = "items",
    detail_uri_name = slug,
    excludes(is_active),
    include_resource_uri = false,
    always_return_data,
    default_format = "application/json",
    serializer = Serializer::default(),
    max_body_bytes = 65_536,
    backend = schema::Db,
    meta = Self::configure,
)]
struct NoteResource {
    /// Who wrote it.
    #[field(attribute = author_id, null, full_detail)]
    author: ToOne<UserResource>,
    #[field(through = subject_notes, full, use_in = detail, readonly)]
    subjects: ToMany<SubjectResource>,
    #[field(through = subject_notes(note_id, subject_id), full_list = true)]
    topics: ToMany<SubjectResource>,
    #[field(reverse = subject::note_id, blank)]
    own_subjects: ToMany<SubjectResource>,
    #[field(attribute = title, dehydrate = Note::title, unique)]
    heading: Column<String>,
    #[field(help_text = "words in the title", verbose_name = "words", dehydrate = Self::words)]
    word_count: Computed<i64>,
    #[field(default = -7, use_in = list, readonly)]
    mark: Computed<i32>,
    #[field(default = now, use_in = Self::shown)]
    asked: Computed<chrono::NaiveDateTime>,
    #[field(default = Self::kind)]
    kind: Computed<String>,
    #[field(skip)]
    index: Arc<Index>,
}

impl Hooks for NoteResource {}

impl NoteResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        meta.limit(10)
    }

    fn words(&self, bundle: &Bundle<'_, Self>) -> Result<i64> {
        let _ = &self.index;
        Ok(bundle.obj()?.title().split(' ').count() as i64)
    }

    fn shown(bundle: &Bundle<'_, Self>) -> bool {
        bundle.for_list()
    }

    fn kind() -> &'static str {
        "note"
    }
}

fn main() {
    let _ = NoteResource::new(Arc::new(Index));
}
