//! The resources over notes that everything else refers to, and the search.

use diesel::{prelude::*, sql_types::Bool};
use serde::Serialize;
use tastyrs::{data::Data, prelude::*};

use super::{
    models::{Note, Subject, User},
    schema::{Db, note, subject_notes},
    throttles::shared,
};

#[derive(ModelResource)]
#[resource(
    model = User,
    resource_name = "auth/user",
    allowed_methods(get),
    excludes(password, last_login, is_superuser, email, is_staff),
    filtering(username = ALL),
    throttle = BaseThrottle::new().throttle_at(100),
)]
pub struct UserResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "notes",
    hooks,
    filtering(
        author = ALL_WITH_RELATIONS,
        created = ALL,
        id = ALL,
        is_active = [exact],
        slug = [exact, in, startswith],
        title = ALL,
    ),
    ordering(id, title, slug, created, author),
    authorization = Authorization,
    throttle = shared(CacheThrottle::new()),
)]
pub struct NoteResource {
    #[field(attribute = author_id, null)]
    author: ToOne<UserResource>,
}

impl Hooks for NoteResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().get("search/", "get_search", Self::search)
    }
}

/// How many notes a page of found ones has.
const PER_PAGE: i64 = 20;

#[derive(Serialize)]
struct Found {
    objects: Vec<Data<'static>>,
}

impl NoteResource {
    async fn search(&self, request: &mut Request) -> Result<HttpResponse> {
        self.method_check(request, &[Method::GET])?;
        self.is_authenticated(request).await?;
        self.throttle_check(request).await?;

        let text = request.params().get("q").unwrap_or_default().to_owned();
        let page = request
            .params()
            .get("page")
            .unwrap_or("1")
            .trim()
            .parse::<i64>();
        if text.len() > 10_000 {
            return Err(Error::bad_request("Search for less."));
        }
        let page = page.ok().filter(|page| *page > 0).ok_or(Error::NotFound)?;
        let objects = self
            .in_db(request, move |notes, db| {
                let pattern = format!(
                    "%{}%",
                    text.replace('\\', "\\\\")
                        .replace('%', "\\%")
                        .replace('_', "\\_")
                );
                let matching = || note::table.filter(contains(&pattern));
                let total: i64 = matching().count().get_result(db)?;
                if page > 1 && (page - 1).saturating_mul(PER_PAGE) >= total {
                    return Err(Error::NotFound);
                }
                let found: Vec<Note> = matching()
                    .order(note::id)
                    .limit(PER_PAGE)
                    .offset((page - 1) * PER_PAGE)
                    .select(Note::as_select())
                    .load(db)?;
                notes.full_dehydrate_all(db, &found)
            })
            .await?;

        self.log_throttled_access(request).await?;
        self.create_response(request, Found { objects })
    }
}

/// Whether the title or the content matches a pattern in any case of letters.
fn contains(pattern: &str) -> Box<dyn BoxableExpression<note::table, Db, SqlType = Bool>> {
    let pattern = pattern.to_owned();
    #[cfg(feature = "postgres")]
    return Box::new(
        note::title
            .ilike(pattern.clone())
            .or(note::content.ilike(pattern)),
    );
    #[cfg(not(feature = "postgres"))]
    Box::new(
        note::title
            .like(pattern.clone())
            .escape('\\')
            .or(note::content.like(pattern).escape('\\')),
    )
}

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "fullnotes",
    filtering(title = ALL, subjects = ALL_WITH_RELATIONS),
    ordering(title, author),
    authorization = Authorization,
    always_return_data
)]
pub struct FullNoteResource {
    #[field(attribute = author_id, null, full)]
    author: ToOne<UserResource>,
    #[field(through = subject_notes, null, full)]
    subjects: ToMany<SubjectResource>,
}

#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "subjects",
    filtering(name = ALL, notes = ALL_WITH_RELATIONS),
    ordering(name),
    authorization = Authorization,
    always_return_data
)]
pub struct SubjectResource {
    #[field(through = subject_notes, null)]
    notes: ToMany<NoteResource>,
}
