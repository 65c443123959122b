//! Whole lists as files: what is in them, what they cost, and how they end.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use diesel::prelude::*;
use tastyrs::{
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase},
};

use crate::support::{
    AuthorResource, Db, Note, Subject, SubjectResource, library, note, subject_notes,
};

/// Notes as they are listed elsewhere, and as files.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "notes",
    hooks,
    filtering(title = ALL, author = ALL_WITH_RELATIONS),
    ordering(id, title, author, created),
    export(ndjson, csv)
)]
struct NoteResource {
    #[field(attribute = author_id, null, full)]
    author: ToOne<AuthorResource>,
    #[field(through = subject_notes, null)]
    subjects: ToMany<SubjectResource>,
}

impl Hooks for NoteResource {
    fn authorized_read_list(&self, list: Self::List, _: &Request) -> Result<Self::List> {
        Ok(list.filter(note::id.ne(3)))
    }

    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let title = bundle.obj()?.title.to_uppercase();
        bundle.data.insert("title", title);
        Ok(())
    }

    fn alter_list_data_to_serialize(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        if let Some(Value::List(notes)) = data.get_mut("objects") {
            for note in notes {
                if let Value::Map(note) = note {
                    note.remove("created");
                }
            }
        }
        Ok(())
    }
}

/// Ten thousand a minute, of which each row takes one.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "counted",
    hooks,
    fields(id, title),
    filtering(id = ALL),
    ordering(id, title),
    throttle = CacheThrottle::new().rate("10000/m").and(ConcurrencyThrottle::new(1)),
    throttle_cost = Cost::Objects,
    export(ndjson),
    meta = Self::configure
)]
struct CountedResource;

impl CountedResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        let export = Export::new([ExportFormat::Ndjson]).stall(Duration::from_millis(700));
        meta.export(export)
    }

    async fn standing(&self, request: &mut Request) -> Result<HttpResponse> {
        self.throttle_check(request).await?;
        self.create_response(request, "asked")
    }
}

impl Hooks for CountedResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().get("standing/", "get_standing", Self::standing)
    }

    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        match bundle.request().params().get("broken") {
            Some(id) if id == bundle.obj()?.id.to_string() => {
                Err(Error::bad_request("It is broken."))
            }
            _ => Ok(()),
        }
    }
}

/// A list that says in which columns it is written.
#[derive(ModelResource)]
#[resource(model = Subject, resource_name = "labels", hooks, export(csv), meta = Self::configure)]
struct LabelResource;

impl LabelResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        meta.export(
            Export::new([ExportFormat::Csv])
                .columns(["name", "label"])
                .at_once(1),
        )
    }
}

impl Hooks for LabelResource {
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let label = format!("={}", bundle.obj()?.id);
        bundle.data.insert("label", label);
        Ok(())
    }
}

/// Numbers from nowhere.
#[derive(Resource)]
#[resource(object = u32, resource_name = "numbers", export(csv, ndjson))]
struct NumberResource {
    #[field(dehydrate = Self::number)]
    number: Computed<i64>,
}

impl NumberResource {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a hook of a field is given its object by reference"
    )]
    fn number(number: &u32) -> i64 {
        i64::from(*number)
    }
}

impl ObjectSource for NumberResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<u32>> {
        Ok((0..2_500).collect())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<u32> {
        name.parse().map_err(|_| Error::NotFound)
    }

    fn detail_uri(&self, object: &u32) -> String {
        object.to_string()
    }
}

fn api(library: &TestDatabase<Db>) -> Api {
    Api::new("v1")
        .database(library.database())
        .register(AuthorResource)
        .register(SubjectResource)
        .register(NoteResource::new())
        .register(CountedResource)
        .register(LabelResource)
        .register(NumberResource::new())
}

/// Notes whose titles are the same for every seventh, in a file with a write-ahead log.
fn notes(count: i32) -> TestDatabase<Db> {
    library(TestDatabase::temporary(), count).sql("UPDATE note SET title = 'note ' || (id % 7)")
}

async fn client(library: &TestDatabase<Db>) -> TestApiClient {
    TestApiClient::new(&api(library).build().unwrap()).await
}

fn lines(body: &[u8]) -> Vec<serde_json::Value> {
    let lines = body.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[actix_web::test]
async fn an_export_has_all_that_the_pages_of_a_list_have() {
    let library = notes(2_600);
    let client = client(&library).await;

    for query in [
        "",
        "order_by=-title",
        "order_by=author&order_by=-title",
        "title__endswith=5&order_by=-id",
    ] {
        let export = client
            .get(format!("/api/v1/notes/export.ndjson?{query}"))
            .await;
        let mut pages = Vec::new();
        for offset in [0, 1_000, 2_000] {
            let page = client
                .get(format!("/api/v1/notes/?limit=1000&offset={offset}&{query}"))
                .await;
            let page: serde_json::Value = serde_json::from_slice(page.body()).unwrap();
            pages.extend(page["objects"].as_array().unwrap().clone());
        }

        assert_eq!(export.header("Content-Type"), Some("application/x-ndjson"));
        assert_eq!(
            export.header("Content-Disposition"),
            Some("attachment; filename=\"notes.ndjson\"")
        );
        assert_eq!(export.header("Vary"), Some("Accept"));
        assert!(pages.len() > 300, "{query}");
        assert_eq!(lines(export.body()), pages, "{query}");
    }
    let body = client
        .get("/api/v1/notes/export.ndjson?limit=1")
        .await
        .body()
        .to_vec();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        "{\"author\": {\"id\": 2, \"name\": \"brian\", \"resource_uri\": \"/api/v1/authors/2/\"}, \"id\": 1, \
         \"resource_uri\": \"/api/v1/notes/1/\", \"subjects\": [\"/api/v1/subjects/2/\", \"/api/v1/subjects/3/\"], \
         \"title\": \"NOTE 1\"}\n"
    );
}

#[actix_web::test]
async fn rows_without_a_value_have_their_place_in_the_order() {
    for library in [notes(900), library(TestDatabase::in_memory(), 900)] {
        let library = library.sql("UPDATE note SET author_id = NULL WHERE id % 4 = 1");
        let client = client(&library).await;

        for order in ["author", "-author"] {
            let export = client
                .get(format!("/api/v1/notes/export.ndjson?order_by={order}"))
                .await;
            let page = client
                .get(format!("/api/v1/notes/?limit=1000&order_by={order}"))
                .await;

            let page: serde_json::Value = serde_json::from_slice(page.body()).unwrap();
            assert_eq!(
                lines(export.body()),
                *page["objects"].as_array().unwrap(),
                "{order}"
            );
        }
    }
}

#[actix_web::test]
async fn csv_has_a_line_of_names_and_nested_values_as_json() {
    let library = notes(4).sql(
        "UPDATE note SET title = '=HYPERLINK(\"http://x\", \"y\")' WHERE id = 1;
         UPDATE note SET title = 'two\nlines', author_id = NULL WHERE id = 2",
    );
    let client = client(&library).await;

    let export = client.get("/api/v1/notes/export.csv?limit=2").await;
    let none = client.get("/api/v1/notes/export.csv?title=nothing").await;

    assert_eq!(
        export.header("Content-Type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    assert_eq!(
        export.header("Content-Disposition"),
        Some("attachment; filename=\"notes.csv\"")
    );
    let names = "author,created,id,resource_uri,subjects,title\r\n";
    assert_eq!(
        String::from_utf8_lossy(export.body()),
        names.to_owned()
            + "\"{\"\"id\"\": 2, \"\"name\"\": \"\"brian\"\", \"\"resource_uri\"\": \"\"/api/v1/authors/2/\"\"}\",,1,\
               /api/v1/notes/1/,\"[\"\"/api/v1/subjects/2/\"\", \"\"/api/v1/subjects/3/\"\"]\",\
               \"'=HYPERLINK(\"\"HTTP://X\"\", \"\"Y\"\")\"\r\n\
               ,,2,/api/v1/notes/2/,\"[\"\"/api/v1/subjects/1/\"\", \"\"/api/v1/subjects/3/\"\"]\",\"TWO\nLINES\"\r\n"
    );
    assert_eq!(String::from_utf8_lossy(none.body()), names);
    let labels = client.get("/api/v1/labels/export.csv?limit=2").await;
    assert_eq!(
        String::from_utf8_lossy(labels.body()),
        "name,label\r\nbaking,'=1\r\ndrinks,'=2\r\n"
    );
}

#[actix_web::test]
async fn a_list_from_anywhere_is_exported_too() {
    let library = notes(1);
    let client = client(&library).await;

    let export = client.get("/api/v1/numbers/export.csv").await;

    let body = String::from_utf8_lossy(export.body());
    assert_eq!(body.lines().count(), 2_501);
    assert!(
        body.starts_with("number,resource_uri\r\n0,/api/v1/numbers/0/\r\n"),
        "{body}"
    );
    assert!(body.ends_with("2499,/api/v1/numbers/2499/\r\n"));
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_is_told_by_its_status() {
    let library = notes(5);
    let client = client(&library).await;

    for query in [
        "created=2010-03-19",
        "order_by=resource_uri",
        "limit=x",
        "offset=1",
    ] {
        let answer = client
            .get(format!("/api/v1/notes/export.csv?{query}"))
            .await;
        answer.assert_http_bad_request();
        assert_eq!(
            answer.header("Content-Type"),
            Some("application/json"),
            "{query}"
        );
    }
    client
        .post("/api/v1/notes/export.csv")
        .await
        .assert_http_method_not_allowed();
    client
        .get("/api/v1/subjects/export.csv/")
        .await
        .assert_http_not_found();
    client
        .get("/api/v1/labels/export.ndjson/")
        .await
        .assert_http_not_found();
    client
        .get("/api/v1/notes/export.xml/")
        .await
        .assert_http_not_found();
    let head = client
        .request(Method::HEAD, "/api/v1/notes/export.csv")
        .await;
    head.assert_http_ok();
    assert_eq!(
        head.header("Content-Disposition"),
        Some("attachment; filename=\"notes.csv\"")
    );
    assert!(head.body().is_empty());
}

/// How many places are left of the ten thousand.
fn left(server: &LiveServer) -> u64 {
    let answer = server.get("/api/v1/counted/standing/");
    let field = answer.header("RateLimit").unwrap().to_owned();
    let left = field.split(";r=").nth(1).unwrap();
    let left = left.split(';').next().unwrap();
    // The place that was taken to ask is given back.
    left.parse::<u64>().unwrap() + 1
}

/// Sends a request and reads nothing.
fn asked(server: &LiveServer, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn within_a_minute(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_others_write_meanwhile_is_not_in_it() {
    let library = library(TestDatabase::temporary(), 4_000)
        .sql("UPDATE note SET title = replace(hex(zeroblob(2000)), '0', 'x')");
    let server = LiveServer::new(&api(&library).build().unwrap());
    let mut stream = asked(&server, "/api/v1/counted/export.ndjson?order_by=-title");
    stream.peek(&mut [0]).unwrap();

    let _library = library.sql(
        "DELETE FROM subject_notes; DELETE FROM note WHERE id % 2 = 0; UPDATE note SET title = 'y'",
    );

    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("\"id\": ").count(), 4_000);
    assert!(!text.contains("\"y\""));
}

#[test]
fn each_row_that_was_sent_costs_a_place() {
    let library = notes(2_000);
    let server = LiveServer::new(&api(&library).build().unwrap());

    let export = server.get("/api/v1/counted/export.ndjson");

    // Chunks and their lengths are in the body.
    assert!(export.body().ends_with(b"\r\n0\r\n\r\n"));
    assert_eq!(left(&server), 8_000);
    let few = server.get("/api/v1/counted/export.ndjson?id__lte=3");
    assert_eq!(few.status(), 200);
    assert_eq!(left(&server), 7_997);
    assert_eq!(
        server.get("/api/v1/counted/export.ndjson?id=0").status(),
        200
    );
    assert_eq!(left(&server), 7_996);
}

#[test]
fn who_hangs_up_pays_for_what_was_sent_and_ends_the_work() {
    // More than what fits into the buffers of a socket.
    let library = library(TestDatabase::temporary(), 9_000)
        .sql("UPDATE note SET title = replace(hex(zeroblob(2000)), '0', 'x')");
    let server = LiveServer::new(&api(&library).build().unwrap());

    let mut stream = asked(&server, "/api/v1/counted/export.ndjson");
    stream.read_exact(&mut [0; 1_000]).unwrap();
    drop(stream);

    // Its seat is free again when the export has ended.
    within_a_minute("the export goes on", || {
        server.get("/api/v1/counted/standing/").status() == 200
    });
    let left = left(&server);
    assert!((1_000..10_000).contains(&left), "{left}");
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let library = library(TestDatabase::temporary(), 9_000)
        .sql("UPDATE note SET title = replace(hex(zeroblob(2000)), '0', 'x')");
    let server = LiveServer::new(&api(&library).build().unwrap());

    let mut stream = asked(&server, "/api/v1/counted/export.ndjson");
    stream.peek(&mut [0]).unwrap();
    within_a_minute("a client that takes nothing holds its export", || {
        server.get("/api/v1/counted/standing/").status() == 200
    });

    let mut bytes = Vec::new();
    // It may be reset, or closed.
    let _ = stream.read_to_end(&mut bytes);
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
    assert!(!bytes.ends_with(b"\r\n0\r\n\r\n"));
}

#[test]
fn an_error_on_the_way_ends_the_body_early() {
    let library = notes(3_000);
    let server = LiveServer::new(&api(&library).build().unwrap());

    let export = server.get("/api/v1/counted/export.ndjson?broken=2500");

    assert_eq!(export.status(), 200);
    assert!(!export.body().ends_with(b"\r\n0\r\n\r\n"));
    let left = left(&server);
    assert!((7_500..9_950).contains(&left), "{left}");
}

/// The memory of this process, in KiB: that of now, and the most there was.
fn memory(of: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(of)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Called by the test below, so that nothing else runs in its process.
#[test]
#[ignore = "it is run in a process of its own"]
fn exports_alone() {
    let library = library(TestDatabase::temporary(), 1).sql(
        "WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 50000)
         INSERT INTO note SELECT id, 1, replace(hex(zeroblob(1000)), '0', 'x'), '2010-03-19 01:18:01' FROM n",
    );
    let server = LiveServer::new(&api(&library).build().unwrap());
    let read = |path: &str| {
        let mut stream = asked(&server, path);
        let (mut buffer, mut bytes, mut read) = (vec![0; 64 * 1024], 0, 1);
        while read > 0 {
            read = stream.read(&mut buffer).unwrap();
            bytes += read;
        }
        bytes
    };
    read("/api/v1/notes/export.ndjson?limit=3000");
    let before = memory("VmRSS");
    // The most is forgotten.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();

    let bytes = read("/api/v1/notes/export.ndjson");

    let grown = memory("VmHWM").saturating_sub(before);
    assert!(bytes > 100_000_000, "{bytes}");
    assert!(grown < 16 * 1024, "{grown} KiB");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat_however_long_the_list_is() {
    let program = std::env::current_exe().unwrap();

    let arguments = [
        "--exact",
        "export::exports_alone",
        "--ignored",
        "--nocapture",
    ];
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .unwrap();

    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
