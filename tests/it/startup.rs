//! What does not fit together fails before a port is opened, and says what.

use tastyrs::prelude::*;

use crate::support::{Author, AuthorResource, Note, NoteResource, TemporaryFile, library};

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes")]
struct OtherNoteResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "round")]
struct RoundResource {
    #[field(attribute = author_id, null, full)]
    author: ToOne<RoundAuthorResource>,
}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "round/authors", excludes(password))]
struct RoundAuthorResource {
    #[field(reverse = crate::support::note::author_id, null, full)]
    notes: ToMany<RoundResource>,
}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "late", excludes(password), meta = Self::configure)]
struct LateResource;

impl LateResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        meta.ordering(["shoe_size"])
    }
}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "hasty", excludes(password), throttle = CacheThrottle::new().timeframe(std::time::Duration::ZERO))]
struct HastyResource;

fn error(api: impl FnOnce(Api) -> Api) -> String {
    let file = TemporaryFile::new("startup.db");
    let database = library(&file, 1, DatabaseOptions::default().max_connections(1));
    api(Api::new("v1").database(database))
        .build()
        .unwrap_err()
        .to_string()
}

#[test]
fn two_resources_of_one_name() {
    let text = error(|api| {
        api.register(OtherNoteResource)
            .register(NoteResource::new())
    });

    assert!(text.contains("two resources are named `notes`"), "{text}");
    assert!(
        text.contains("OtherNoteResource") && text.contains("::NoteResource"),
        "{text}"
    );
}

#[test]
fn a_relation_to_a_resource_that_is_not_registered() {
    let text = error(|api| api.register(NoteResource::new()).register(AuthorResource));

    assert!(
        text.contains("`subjects` of `notes`") && text.contains("SubjectResource"),
        "{text}"
    );
}

#[test]
fn objects_that_would_be_written_out_in_a_circle() {
    let text = error(|api| {
        api.register(RoundResource::new())
            .register(RoundAuthorResource::new())
    });

    assert!(
        text.contains("`full` goes in a circle") && text.contains("round/authors"),
        "{text}"
    );
}

#[test]
fn an_option_that_is_wrong_only_at_run_time() {
    let text = error(|api| api.register(LateResource));

    assert!(
        text.contains("`ordering` of `late` names `shoe_size`"),
        "{text}"
    );
}

#[test]
fn a_throttle_whose_settings_make_no_sense() {
    let text = error(|api| api.register(HastyResource));

    assert!(
        text.contains("the throttle of `hasty`") && text.contains("timeframe"),
        "{text}"
    );
}

#[test]
fn a_resource_without_its_database() {
    let text = Api::new("v1")
        .register(AuthorResource)
        .build()
        .unwrap_err()
        .to_string();

    assert!(text.contains("`authors` needs a database"), "{text}");
}
