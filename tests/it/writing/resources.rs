//! The resources over the books.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use diesel::prelude::*;
use tastyrs::{
    fields::Column,
    prelude::*,
    resource::{Connection, Resource, provided},
};

use super::models::{
    Book, Chapter, Item, Loan, Node, Topic, Writer, book, book_topics, chapter, loan, node,
};

/// Lets everybody in by what they say: `X-User: 1`, or `X-User: 1 editor`.
pub struct ByHeader;

impl Authenticate for ByHeader {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let said = request.header("x-user").unwrap_or_default();
        let mut words = said.split(' ');
        let Some(id) = words.next().and_then(|id| id.parse().ok()) else {
            return Ok(());
        };
        let mut user = User::new(id, said);
        user.is_staff = words.next() == Some("editor");
        request.set_user(user);
        Ok(())
    }
}

/// Everybody may read, editors may write.
pub struct Editors;

fn edits<R: Resource>(bundle: &Bundle<'_, R>) -> bool {
    bundle.request().user().is_some_and(|user| user.is_staff)
}

impl<R: Resource> Authorize<R> for Editors {
    fn create_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        Ok(edits(bundle))
    }

    fn update_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        Ok(edits(bundle))
    }

    fn delete_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        Ok(edits(bundle))
    }
}

#[derive(ModelResource)]
#[resource(
    model = Writer,
    resource_name = "writers",
    authentication = ByHeader,
    authorization = Editors
)]
pub struct WriterResource {
    #[field(reverse = loan::holder_id, null)]
    loans: ToMany<LoanResource>,
    #[field(reverse = book::writer_id, null)]
    books: ToMany<BookResource>,
}

#[derive(ModelResource)]
#[resource(
    model = Topic,
    resource_name = "topics",
    authentication = ByHeader,
    authorization = Editors
)]
pub struct TopicResource;

#[derive(ModelResource)]
#[resource(
    model = Chapter,
    resource_name = "chapters",
    authentication = ByHeader,
    authorization = Authorization
)]
pub struct ChapterResource {
    #[field(attribute = book_id)]
    book: ToOne<BookResource>,
}

#[derive(ModelResource)]
#[resource(
    model = Loan,
    resource_name = "loans",
    authentication = ByHeader,
    owner = holder_id,
    always_return_data
)]
pub struct LoanResource {
    #[field(attribute = book_id, null)]
    book: ToOne<BookResource>,
    #[field(attribute = holder_id, blank)]
    holder: ToOne<WriterResource>,
}

/// Everything at once, with hooks.
#[derive(ModelResource)]
#[resource(
    model = Book,
    resource_name = "books",
    authentication = ByHeader,
    authorization = Authorization,
    excludes(secret),
    filtering(pages = ALL, slug = ALL),
    always_return_data,
    hooks
)]
pub struct BookResource {
    #[field(attribute = slug, hydrate = Self::lower)]
    slug: Column<String>,
    #[field(readonly)]
    made: Column<chrono::NaiveDateTime>,
    #[field(attribute = writer_id, null)]
    writer: ToOne<WriterResource>,
    #[field(through = book_topics, null)]
    topics: ToMany<TopicResource>,
    #[field(reverse = chapter::book_id, null)]
    chapters: ToMany<ChapterResource>,
    #[field(reverse = loan::book_id, null)]
    loans: ToMany<LoanResource>,
}

impl BookResource {
    #[expect(
        clippy::unused_self,
        reason = "the hook of a field is a method, whatever it does"
    )]
    fn lower(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let slug = bundle.data.get("slug").and_then(Value::as_str);
        let Some(slug) = slug.map(str::to_lowercase) else {
            return Ok(());
        };
        if slug.contains('!') {
            return Err(Error::bad_request("A slug does not shout."));
        }
        bundle.data.insert("slug", slug);
        Ok(())
    }

    /// Writes two books, the second of which may be one too many.
    async fn pair(&self, request: &mut Request) -> Result<HttpResponse> {
        let second = request.params().get("second").unwrap_or("b").to_owned();
        self.in_db(request, move |_, db| {
            for slug in ["a", &second] {
                let made = chrono::NaiveDateTime::default();
                diesel::insert_into(book::table)
                    .values((
                        book::slug.eq(slug),
                        (book::title.eq(""), book::pages.eq(1), book::blurb.eq("")),
                        (book::secret.eq(""), book::shelf_id.eq(1)),
                        (book::made.eq(made), book::stamp.eq(made)),
                    ))
                    .execute(db)?;
            }
            Ok(())
        })
        .await?;
        self.create_response(request, "done")
    }
}

impl Hooks for BookResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().post("pair/", "pair", Self::pair)
    }

    fn get_object_list(&self, _: &Request) -> Result<Self::List> {
        Ok(book::table.into_boxed().filter(book::title.ne("Hidden")))
    }

    fn alter_deserialized_list_data(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        data.rename("books", "objects");
        Ok(())
    }

    fn alter_deserialized_detail_data(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        if let Some(heading) = data.remove("heading") {
            data.insert("title", heading);
        }
        Ok(())
    }

    fn hydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        if bundle.is_sent("blurb") && bundle.data.get("blurb").and_then(Value::as_str) == Some("?")
        {
            bundle.data.insert("blurb", "asked");
            bundle.obj_mut()?.shelf_id = 2;
        }
        Ok(())
    }

    fn obj_create<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        if hop.request().params().get("by").is_some() {
            "by the hook".clone_into(&mut bundle.obj_mut()?.secret);
        }
        provided::obj_create(hop, db, bundle)?;
        assert!(bundle.obj()?.title != "panic", "as asked");
        if bundle.obj()?.title == "too late" {
            return Err(Error::bad_request("It was stored, and is not."));
        }
        Ok(())
    }

    fn save<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        if bundle.obj()?.pages < 0 {
            return Err(Error::bad_request("A book has pages."));
        }
        provided::save(hop, db, bundle)
    }

    fn obj_delete<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        if bundle.obj()?.title == "Kept" {
            return Err(Error::Forbidden);
        }
        provided::obj_delete(hop, db, bundle)
    }
}

/// The same table, without anything around it.
#[derive(ModelResource)]
#[resource(
    model = Book,
    resource_name = "plain",
    fields(id, writer_id, shelf_id, slug, title, pages),
    authorization = Authorization,
    detail_uri_name = slug,
    filtering(pages = ALL)
)]
pub struct PlainResource;

#[derive(ModelResource)]
#[resource(
    model = Node,
    resource_name = "nodes",
    authorization = Authorization,
    always_return_data
)]
pub struct NodeResource {
    #[field(attribute = parent_code, null)]
    parent: ToOne<Self>,
    #[field(reverse = node::parent_code, null)]
    children: ToMany<Self>,
}

#[derive(ModelResource)]
#[resource(
    model = Item,
    resource_name = "items",
    authorization = Authorization,
    max_limit = 0,
    limit = 0
)]
pub struct ItemResource;

/// A word in the process, with its number.
#[derive(Clone, Default)]
pub struct Word {
    id: i64,
    pub(super) text: String,
    count: i64,
}

/// The words, by their numbers.
pub type Words = Arc<Mutex<BTreeMap<i64, Word>>>;

#[derive(Resource)]
#[resource(
    object = Word,
    resource_name = "words",
    authorization = Authorization,
    always_return_data
)]
pub struct WordResource {
    #[field(readonly)]
    id: Column<i64>,
    text: Column<String>,
    #[field(default = 0)]
    count: Column<i64>,
    #[field(skip)]
    words: Words,
}

impl ObjectSource for WordResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Word>> {
        Ok(self.words.lock().unwrap().values().cloned().collect())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Word> {
        let id: i64 = name.parse().map_err(|_| Error::NotFound)?;
        let words = self.words.lock().unwrap();
        words.get(&id).cloned().ok_or(Error::NotFound)
    }

    fn detail_uri(&self, word: &Word) -> String {
        word.id.to_string()
    }

    fn new_object(&self, _: &Request) -> Result<Word> {
        Ok(Word::default())
    }

    fn obj_create(&self, _: &Request, mut word: Word) -> Result<Word> {
        let mut words = self.words.lock().unwrap();
        word.id = words.keys().last().map_or(1, |last| last + 1);
        words.insert(word.id, word.clone());
        Ok(word)
    }

    fn obj_update(&self, request: &Request, name: &str, word: Word) -> Result<Word> {
        let id = self.obj_get(request, name)?.id;
        let word = Word { id, ..word };
        self.words.lock().unwrap().insert(id, word.clone());
        Ok(word)
    }

    fn obj_delete(&self, request: &Request, name: &str) -> Result<()> {
        let id = self.obj_get(request, name)?.id;
        self.words.lock().unwrap().remove(&id);
        Ok(())
    }
}

/// The same words, to be read.
#[derive(Resource)]
#[resource(object = Word, resource_name = "fixed", authorization = Authorization)]
pub struct FixedResource {
    text: Column<String>,
    #[field(skip)]
    words: Words,
}

impl ObjectSource for FixedResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Word>> {
        Ok(self.words.lock().unwrap().values().cloned().collect())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Word> {
        let id: i64 = name.parse().map_err(|_| Error::NotFound)?;
        let words = self.words.lock().unwrap();
        words.get(&id).cloned().ok_or(Error::NotFound)
    }

    fn detail_uri(&self, word: &Word) -> String {
        word.id.to_string()
    }
}
