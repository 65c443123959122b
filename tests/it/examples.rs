//! The examples, as a newcomer runs them.

use std::{
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use diesel::sqlite::Sqlite;
use tastyrs::test::{TestDatabase, TestResponse, send};

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// An example that runs until the test ends.
pub struct Example {
    port: u16,
    child: Child,
}

impl Example {
    /// GET of a path.
    pub fn get(&self, path: &str) -> TestResponse {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        send(("127.0.0.1", self.port), request.as_bytes())
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a signal, as `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success(), "{kill}");
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Another method of a path, whose body is JSON.
    fn send(&self, method: &str, path: &str, body: &str) -> TestResponse {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        send(("127.0.0.1", self.port), request.as_bytes())
    }

    /// Starts an example with `--port` and these arguments, and waits until it answers.
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new(binary(name));
        command
            .args(["--port", &port.to_string()])
            .args(arguments)
            .stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the example `{name}` ended"
            );
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "the example `{name}` does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, child }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example's program, which is built where the test runner did not.
fn binary(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let path = path.join("examples").join(name);
    if !path.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--example", name])
            .status()
            .unwrap();
        assert!(built.success(), "the example `{name}` cannot be built");
    }
    path
}

#[test]
fn the_notes_answer_what_their_program_says_to_try() {
    let file = TestDatabase::<Sqlite>::temporary();
    let notes = Example::start("notes", &["--database", file.url()]);

    let list = notes.get("/api/v1/notes/?limit=1");
    let filtered = notes.get("/api/v1/notes/?author__name__startswith=Ada&order_by=-created");
    let found = notes.get("/api/v1/notes/search/?q=honey");
    let secret = notes.get("/api/v1/authors/?email=x");

    list.assert_http_ok();
    assert!(
        list.text()
            .contains("\"next\": \"/api/v1/notes/?limit=1&offset=1\""),
        "{}",
        list.text()
    );
    assert!(list.text().contains("\"word_count\": 6"), "{}", list.text());
    assert_eq!((filtered.status(), found.status()), (200, 200));
    assert!(found.text().contains("honey"), "{}", found.text());
    assert!(!secret.text().contains("email"), "{}", secret.text());
}

#[test]
fn a_note_is_written_changed_and_deleted_as_their_program_says() {
    let file = TestDatabase::<Sqlite>::temporary();
    let notes = Example::start("notes", &["--database", file.url()]);
    let rye = r#"{"title": "Rye", "slug": "rye", "author": "/api/v1/authors/1/"}"#;

    let made = notes.send("POST", "/api/v1/notes/", rye);
    let changed = notes.send(
        "PATCH",
        "/api/v1/notes/61/",
        r#"{"content": "Rye and honey."}"#,
    );
    let nameless = notes.send("POST", "/api/v1/notes/", r#"{"slug": "rye"}"#);
    let deleted = notes.send("DELETE", "/api/v1/notes/61/", "");

    made.assert_http_created();
    assert_eq!(made.header("Location"), Some("/api/v1/notes/61/"));
    assert_eq!(changed.status(), 202);
    assert_eq!(changed.json()["word_count"], 3, "{}", changed.text());
    assert_eq!(
        nameless.text(),
        r#"{"error": "The 'title' field has no data and doesn't allow a default or null value."}"#
    );
    assert_eq!(deleted.status(), 204);
    notes.get("/api/v1/notes/61/").assert_http_not_found();
}

/// The address of the Redis of tests, or nothing where there is none.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn redis_url() -> Option<String> {
    let url = std::env::var("TASTYRS_TEST_REDIS_URL")
        .unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    let client = redis::Client::open(url.as_str()).unwrap();
    if client
        .get_connection_with_timeout(Duration::from_secs(2))
        .is_ok()
    {
        return Some(url);
    }
    let wanted = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!wanted, "no Redis at {url}");
    eprintln!("skipped: no Redis at {url}; say where one is by TASTYRS_TEST_REDIS_URL");
    None
}

#[test]
fn messages_in_redis_are_written_read_changed_and_deleted() {
    let Some(url) = redis_url() else {
        return;
    };
    let key = format!("tastyrs-test:messages:{}", free_port());
    let api = Example::start("redis", &["--redis", &url, "--key", &key]);
    let hello = r#"{"author": "Ada", "text": "Hello"}"#;

    let made = api.send("POST", "/api/v1/messages/", hello);
    let changed = api.send(
        "PATCH",
        "/api/v1/messages/1/",
        r#"{"text": "Good morning"}"#,
    );
    let list = api.get("/api/v1/messages/");
    let set = api.get("/api/v1/messages/set/1;2/");
    let deleted = api.send("DELETE", "/api/v1/messages/1/", "");
    let gone = api.get("/api/v1/messages/1/");
    let wrong = api.send("POST", "/api/v1/messages/", r#"{"author": []}"#);

    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut forget = redis::cmd("DEL");
    forget.arg(&key).arg(format!("{key}:last"));
    forget.query::<()>(&mut connection).unwrap();
    made.assert_http_created();
    assert_eq!(made.header("Location"), Some("/api/v1/messages/1/"));
    assert_eq!(changed.status(), 202, "{}", changed.text());
    assert!(
        list.text().ends_with(
            r#""objects": [{"author": "Ada", "id": 1, "resource_uri": "/api/v1/messages/1/", "text": "Good morning"}]}"#
        ),
        "{}",
        list.text()
    );
    assert!(
        set.text().starts_with(r#"{"not_found": ["2"]"#),
        "{}",
        set.text()
    );
    assert_eq!((deleted.status(), gone.status()), (204, 404));
    assert_eq!(wrong.status(), 400, "{}", wrong.text());
}

#[test]
fn the_notes_turn_the_sixth_call_to_subjects_away() {
    let file = TestDatabase::<Sqlite>::temporary();
    let notes = Example::start("notes", &["--database", file.url()]);

    let statuses: Vec<u16> = (0..5)
        .map(|_| notes.get("/api/v1/subjects/").status())
        .collect();
    let sixth = notes.get("/api/v1/subjects/1/");

    assert_eq!(statuses, [200; 5]);
    sixth.assert_http_too_many_requests();
    let wait: u64 = sixth
        .header("Retry-After")
        .and_then(|wait| wait.parse().ok())
        .unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
}

#[test]
fn a_throttle_of_ones_own_lets_some_through_and_turns_some_away() {
    let file = TestDatabase::<Sqlite>::temporary();
    let notes = Example::start("notes", &["--database", file.url()]);

    let statuses: Vec<u16> = (0..64)
        .map(|_| notes.get("/api/v1/lucky/subjects/").status())
        .collect();

    // Each of them alike 64 times has a chance of one in nine quintillions.
    assert!(
        statuses.contains(&200) && statuses.contains(&429),
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 429)),
        "{statuses:?}"
    );
}

#[test]
fn the_throttle_crate_alone_turns_a_caller_away() {
    let throttled = Example::start("throttled", &[]);

    let statuses: Vec<u16> = (0..8).map(|_| throttled.get("/").status()).collect();
    let last = throttled.get("/");

    assert_eq!(statuses[0], 200);
    last.assert_http_too_many_requests();
    assert!(last.header("Retry-After").is_some());
}

#[test]
fn the_bench_serves_its_contract() {
    let rows = "CREATE TABLE auth_user (id integer PRIMARY KEY, username text NOT NULL);
        CREATE TABLE core_note (id integer PRIMARY KEY, title text NOT NULL, slug text NOT NULL, content text NOT NULL,
            is_active bool NOT NULL, created datetime NOT NULL, updated datetime NOT NULL, author_id integer NULL);
        INSERT INTO auth_user VALUES (1, 'user1');
        INSERT INTO core_note VALUES (7, 'Note 7', 'note-7', 'alpha', 1, '2026-08-02 21:25:13.612852', '2026-08-02 21:25:13.612852', 1);";
    let file = TestDatabase::<Sqlite>::temporary().sql(rows);
    let bench = Example::start(
        "bench",
        &[
            "--database",
            &format!("sqlite://{}", file.url()),
            "--throttle-at",
            "2",
        ],
    );

    let note = bench.get("/api/v1/notes/7/");
    let list = bench.get("/api/v1/notes/?title__startswith=Note&order_by=-created");
    let third = bench.get("/api/v1/notes/7/");

    assert_eq!(
        note.text(),
        "{\"author\": \"/api/v1/users/1/\", \"content\": \"alpha\", \"created\": \"2026-08-02T21:25:13.612852\", \"id\": 7, \
         \"is_active\": true, \"resource_uri\": \"/api/v1/notes/7/\", \"slug\": \"note-7\", \"title\": \"Note 7\", \
         \"updated\": \"2026-08-02T21:25:13.612852\"}"
    );
    assert_eq!((list.status(), third.status()), (200, 429));
}
