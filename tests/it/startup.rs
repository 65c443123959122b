//! What does not fit together fails before a port is opened, and says what.

use tastyrs::{prelude::*, test::TestDatabase};

use crate::support::{Author, AuthorResource, Note, NoteResource, library};

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
    let library = library(TestDatabase::in_memory(), 1);
    api(Api::new("v1").database(library.database()))
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

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "odd", hooks, excludes(password), collection_name = "meta")]
struct OddCollectionResource;

impl Hooks for OddCollectionResource {}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "odd", excludes(password), default_format = "text/nothing")]
struct OddFormatResource;

macro_rules! odd_path {
    ($resource:ident, $($path:literal),*) => {
        #[derive(ModelResource)]
        #[resource(model = Author, resource_name = "odd", hooks, excludes(password))]
        struct $resource;

        impl Hooks for $resource {
            fn prepend_urls(&self) -> Urls<Self> {
                Urls::new()$(.get($path, "odd", Self::answer))*
            }
        }

        impl $resource {
            async fn answer(&self, request: &mut Request) -> Result<HttpResponse> {
                self.create_response(request, "never called")
            }
        }
    };
}
odd_path!(LeadingSlashResource, "/search/");
odd_path!(NoSlashResource, "search");
odd_path!(BraceResource, "a{b/");
odd_path!(TwiceResource, "search/", "search/");
odd_path!(SamePlaceResource, "{a}/{a}/");

#[test]
fn what_could_never_be_answered() {
    assert!(
        error(|api| api.register(OddCollectionResource))
            .contains("`collection_name` of `odd` is `meta`")
    );
    assert!(
        error(|api| api.register(OddFormatResource))
            .contains("`default_format` of `odd` is `text/nothing`")
    );
    assert!(
        error(|api| api.register(LeadingSlashResource)).contains("`/search/` has an empty part")
    );
    assert!(
        error(|api| api.register(NoSlashResource)).contains("`search` does not end in a slash")
    );
    assert!(error(|api| api.register(BraceResource)).contains("`a{b` in `a{b/`"));
    assert!(error(|api| api.register(TwiceResource)).contains("`search/` is there twice for GET"));
    assert!(error(|api| api.register(SamePlaceResource)).contains("without a name of its own"));
    for name in ["", "a b", "{x}", "v1/x"] {
        let text = Api::new(name).build().unwrap_err().to_string();
        assert!(text.contains("cannot be the name of an API"), "{text}");
    }
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "bare")]
struct BareResource {
    #[field(attribute = author_id)]
    author: ToOne<AuthorResource>,
}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "typed", excludes(password))]
struct TypedResource {
    #[field(dehydrate = Self::length)]
    length: Computed<i64>,
}

impl TypedResource {
    fn length(author: &Author) -> String {
        author.name.len().to_string()
    }
}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "timed", excludes(password), meta = Self::configure)]
struct TimedResource;

impl TimedResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        meta.filtering("id", Filtering::Only(vec![Lookup::Year]))
    }
}

#[test]
fn what_a_field_says_and_its_column_or_hook_does_not() {
    let text = error(|api| api.register(BareResource::new()).register(AuthorResource));
    assert!(
        text.contains("`author` of `bare`") && text.contains("say `null`"),
        "{text}"
    );
    let text = error(|api| api.register(TypedResource::new()));
    assert!(
        text.contains("`dehydrate` of `typed` is `length`") && text.contains("given `string`"),
        "{text}"
    );
    let text = error(|api| api.register(TimedResource));
    assert!(
        text.contains("`filtering` of `timed` allows `year` on `id`"),
        "{text}"
    );
}
