//! What is remembered of objects, and what others are told of it.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::prelude::*;
use tastyrs::{
    prelude::*,
    test::{LiveServer, TestDatabase, TestResponse},
    throttle::Clock,
};

use crate::support::{Db, Note, library, note};

/// Lets everybody in by the name that they say.
struct ByHeader;

impl Authenticate for ByHeader {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        if let Some(name) = request.header("x-user").map(ToOwned::to_owned) {
            request.set_identifier(name.as_str());
            request.set_user(User::new(0, name));
        }
        Ok(())
    }
}

/// Lets `brian` read nothing.
struct NotForBrian;

impl<R: tastyrs::resource::Resource> Authorize<R> for NotForBrian {
    fn read_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        Ok(bundle.request().identifier() != Some("brian"))
    }
}

/// One cache for all tests, which keep apart by the names of their APIs.
static KEPT: LazyLock<SimpleCache> = LazyLock::new(SimpleCache::new);

/// Notes that are remembered for each caller. With `?hold` the answer waits once the row was read.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "cached",
    hooks,
    excludes(author_id),
    authorization = NotForBrian,
    authentication = ByHeader,
    cache = KEPT.clone().private()
)]
struct CachedResource {
    #[field(skip)]
    held: Arc<AtomicBool>,
}

impl CachedResource {
    /// Writes a note by Diesel, and says so.
    async fn rename(&self, request: &mut Request) -> Result<HttpResponse> {
        let id = request.capture("id").unwrap_or_default().to_owned();
        let fails = request.params().get("fail").is_some();
        self.in_db(request, move |notes, db| {
            let note = note::table.find(id.parse::<i32>().unwrap_or_default());
            diesel::update(note)
                .set(note::title.eq("renamed"))
                .execute(db)?;
            notes.forget(&id);
            if fails {
                return Err(Error::bad_request("as asked"));
            }
            Ok(())
        })
        .await?;
        self.create_response(request, "done")
    }
}

impl Hooks for CachedResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().post("rename/{id}/", "rename", Self::rename)
    }

    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        if bundle.request().params().get("hold").is_some() {
            self.held.store(true, Ordering::SeqCst);
            while self.held.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        let caller = bundle.request().identifier().unwrap_or("nobody").to_owned();
        bundle.data.insert("caller", caller);
        Ok(())
    }
}

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::manual);

/// Notes that are remembered for everybody, for ten seconds of a clock that stands still, and for each language.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "public",
    excludes(author_id),
    authentication = ByHeader,
    cache = SimpleCache::new()
        .clock(CLOCK.clone())
        .timeout(Duration::from_secs(10))
        .public()
        .varies(["Accept", "Accept-Language"])
)]
struct PublicResource;

/// Notes of which nothing is remembered.
#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", excludes(author_id))]
struct NoteResource;

/// An API under a name of its own, with its database.
struct Library {
    name: &'static str,
    held: Arc<AtomicBool>,
    // It ends before its database does.
    served: LiveServer,
    database: TestDatabase<Db>,
}

impl Library {
    fn new(name: &'static str) -> Self {
        let database = library(TestDatabase::temporary(), 9);
        let held = Arc::new(AtomicBool::new(false));
        let api = Api::new(name)
            .database(database.database())
            .register(CachedResource::new(Arc::clone(&held)))
            .register(PublicResource)
            .register(NoteResource);
        let served = LiveServer::new(&api.build().unwrap());
        Self {
            name,
            held,
            served,
            database,
        }
    }

    /// Changes the titles where nobody sees it.
    fn retitle(&self, title: &str) {
        let update = diesel::update(note::table).set(note::title.eq(title));
        self.database
            .database()
            .transaction(|db| Ok(update.execute(db)?))
            .unwrap();
    }

    fn send(&self, method: &str, path: &str, headers: &str) -> TestResponse {
        let headers: Vec<(&str, &str)> = headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect();
        let path = format!("/api/{}/{path}", self.name);
        self.served.request(method, &path, &headers)
    }

    /// The title that a caller is shown.
    fn title(&self, path: &str, headers: &str) -> String {
        let answer = self.send("GET", path, headers);
        let body = answer.json();
        body["title"].as_str().unwrap().to_owned()
    }
}

#[test]
fn an_object_once_read_stays_as_it_was_under_the_name_as_written() {
    let library = Library::new("stays");
    let before = library.title("cached/2/", "");
    library.retitle("changed");

    let again = library.title("cached/2/", "");
    let by_another_name = library.title("cached/02/", "");
    let in_a_set = library.send("GET", "cached/set/2/", "").text().to_owned();
    let in_a_list = library.send("GET", "cached/", "").text().to_owned();
    let of_another_resource = library.title("notes/2/", "");

    assert_eq!((before.as_str(), again.as_str()), ("note 2", "note 2"));
    assert_eq!(by_another_name, "changed");
    assert_eq!(of_another_resource, "changed");
    assert!(!in_a_set.contains("note 2") && !in_a_list.contains("note 2"));
}

#[test]
fn each_caller_is_shown_what_was_loaded_and_made_for_them() {
    let library = Library::new("callers");
    let ada = library
        .send("GET", "cached/2/", "X-User: ada\r\n")
        .text()
        .to_owned();
    library.retitle("changed");

    let ada_again = library
        .send("GET", "cached/2/", "X-User: ada\r\n")
        .text()
        .to_owned();
    let chloe = library
        .send("GET", "cached/2/", "X-User: chloe\r\n")
        .text()
        .to_owned();

    assert_eq!(ada, ada_again);
    assert!(
        ada.contains(r#""caller": "ada""#) && ada.contains("note 2"),
        "{ada}"
    );
    assert!(
        chloe.contains(r#""caller": "chloe""#) && chloe.contains("changed"),
        "{chloe}"
    );
}

#[test]
fn nobody_sees_through_the_cache_what_they_may_not_read() {
    let library = Library::new("secrets");
    let ada = library.send("GET", "cached/2/", "X-User: ada\r\n").status();

    let brian = library.send("GET", "cached/2/", "X-User: brian\r\n");
    let brian_again = library.send("GET", "cached/2/", "X-User: brian\r\n");

    assert_eq!(ada, 200);
    assert_eq!((brian.status(), brian_again.status()), (403, 403));
    assert_eq!((brian.text(), brian_again.text()), ("", ""));
}

#[test]
fn a_public_object_is_the_same_for_all_callers_of_a_language_until_it_is_too_old() {
    let library = Library::new("public");
    let (ada, brian) = ("X-User: ada\r\n", "X-User: brian\r\nAccept: text/html\r\n");
    let first = library.title("public/2/", ada);
    library.retitle("changed");

    let other = library.title("public/2/", brian);
    let french = library.title("public/2/", "Accept-Language: fr\r\n");
    CLOCK.advance_secs(10);
    let later = library.title("public/2/", ada);

    assert_eq!((first.as_str(), other.as_str()), ("note 2", "note 2"));
    assert_eq!((french.as_str(), later.as_str()), ("changed", "changed"));
}

#[test]
fn what_is_written_through_the_resource_is_shown_at_once_under_every_name() {
    let library = Library::new("written");
    let before = (
        library.title("cached/2/", ""),
        library.title("cached/02/", "X-User: ada\r\n"),
    );
    library.retitle("changed");

    let unseen = library.title("cached/2/", "");
    let written = library.send("POST", "cached/rename/2/", "").status();
    let after = (
        library.title("cached/2/", ""),
        library.title("cached/02/", "X-User: ada\r\n"),
    );

    assert_eq!(before, ("note 2".to_owned(), "note 2".to_owned()));
    assert_eq!((unseen.as_str(), written), ("note 2", 200));
    assert_eq!(after, ("renamed".to_owned(), "renamed".to_owned()));
}

#[test]
fn a_read_that_began_before_a_write_leaves_nothing_old_behind() {
    let library = Library::new("race");
    let (reading, written) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| library.title("cached/2/?hold=1", ""));
        while !library.held.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let written = library.send("POST", "cached/rename/2/", "").status();
        library.held.store(false, Ordering::SeqCst);
        (reading.join().unwrap(), written)
    });

    let after = library.title("cached/2/", "");

    assert_eq!((reading.as_str(), written), ("note 2", 200));
    assert_eq!(after, "renamed");
}

#[test]
fn a_write_that_is_taken_back_costs_a_query_and_shows_nothing_wrong() {
    let library = Library::new("back");
    library.title("cached/2/", "");

    let failed = library.send("POST", "cached/rename/2/?fail=1", "").status();
    let after = library.title("cached/2/", "");

    assert_eq!((failed, after.as_str()), (400, "note 2"));
}

#[test]
fn answers_tell_what_they_vary_on_and_for_how_long_they_hold() {
    let library = Library::new("told");
    let told = |method: &str, path: &str, headers: &str| {
        let answer = library.send(method, path, headers);
        let header = |name: &str| answer.header(name).unwrap_or("-").to_owned();
        (answer.status(), header("Vary"), header("Cache-Control"))
    };
    let expected =
        |status, vary: &str, control: &str| (status, vary.to_owned(), control.to_owned());
    let script = "X-Requested-With: XMLHttpRequest\r\n";

    let public = "max-age=10, s-maxage=10, public";
    let varies = "Accept, Accept-Language";
    assert_eq!(told("GET", "public/", ""), expected(200, varies, public));
    assert_eq!(told("HEAD", "public/1/", ""), expected(200, varies, public));
    assert_eq!(
        told("GET", "public/1/", script),
        expected(200, varies, public)
    );
    assert_eq!(
        told("GET", "public/schema/", ""),
        expected(200, varies, public)
    );
    assert_eq!(told("GET", "public/99/", ""), expected(404, varies, "-"));
    assert_eq!(
        told("GET", "public/99/", script),
        expected(404, varies, "no-cache")
    );
    assert_eq!(told("GET", "public/?limit=x", ""), expected(400, "-", "-"));
    assert_eq!(
        told("GET", "cached/1/", ""),
        expected(200, "Accept", "max-age=60, private")
    );
    assert_eq!(
        told("GET", "notes/1/", ""),
        expected(200, "Accept", "no-cache")
    );
}

#[test]
fn what_is_not_there_is_not_remembered() {
    let library = Library::new("missing");
    let before = library.send("GET", "cached/77/", "").status();
    let insert = diesel::insert_into(note::table).values((
        note::id.eq(77),
        note::title.eq("late"),
        note::created.eq(chrono::NaiveDateTime::default()),
    ));
    library
        .database
        .database()
        .transaction(|db| Ok(insert.execute(db)?))
        .unwrap();

    let after = library.title("cached/77/", "");
    let nonsense = library
        .served
        .get("/api/missing/cached/no%20number/")
        .status();

    assert_eq!((before, after.as_str(), nonsense), (404, "late", 404));
}
