//! Guessing is limited, before anything is looked at.

use std::{
    io::Write as _,
    net::{IpAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::rt::time::timeout;
use tastyrs::{
    api::Mount,
    authentication::Claim,
    django::{Account, Accounts},
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase, create_basic},
    throttle::{BoxFuture, Clock},
};

use super::support::{Author, Note, Subject, library};

#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "by-key",
    excludes(password),
    hooks,
    authentication = ApiKeyAuthentication::new().query(true)
)]
struct ByKey;

impl Hooks for ByKey {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().get("own/", "get_own", Self::own)
    }
}

impl ByKey {
    /// An endpoint of its own that takes the step itself.
    async fn own(&self, request: &mut Request) -> Result<HttpResponse> {
        self.is_authenticated(request).await?;
        self.create_response(request, "let in")
    }
}

#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "by-either",
    authentication = MultiAuthentication::new((
        ApiKeyAuthentication::new().query(true),
        BasicAuthentication::new(),
    ))
)]
struct ByEither;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "by-secret",
    excludes(author_id),
    authentication = BySecret,
    login_throttle = LoginThrottle::new().by_address(CacheThrottle::new().throttle_at(3))
)]
struct SecretResource;

/// Lets in who knows a word.
struct BySecret;

impl Authenticate for BySecret {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        match request.header("x-word") {
            Some("sesame") => Ok(()),
            _ => Err(Error::Forbidden),
        }
    }

    fn claim(&self, request: &Request) -> Option<Claim> {
        request.header("x-word").map(|_| Claim::Secret)
    }
}

/// Accounts whose key is `right`, and how often they were asked.
#[derive(Debug, Default)]
struct Asked {
    times: AtomicUsize,
    /// How long they take to answer.
    slowly: Duration,
    fails: bool,
}

impl Asked {
    fn answer(self: &Arc<Self>, name: &str) -> BoxFuture<'static, Result<Option<Account>>> {
        let (asked, name) = (Arc::clone(self), name.to_owned());
        Box::pin(async move {
            asked.times.fetch_add(1, Ordering::SeqCst);
            if !asked.slowly.is_zero() {
                tokio::time::sleep(asked.slowly).await;
            }
            if asked.fails {
                return Err(Error::Busy);
            }
            let known = ["ada", "brian"].contains(&name.as_str());
            Ok(known.then(|| Account::new(User::new(1, name), "right")))
        })
    }

    fn times(&self) -> usize {
        self.times.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Directory(Arc<Asked>);

impl Accounts for Directory {
    fn with_password<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
        self.0.answer(name)
    }

    fn with_api_key<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
        self.0.answer(name)
    }
}

fn api(asked: &Arc<Asked>, set: impl FnOnce(Api) -> Api) -> Mount {
    let library = library(TestDatabase::in_memory(), 1);
    let api = Api::new("v1")
        .accounts(Directory(Arc::clone(asked)))
        .database(library.database())
        .register(ByKey)
        .register(ByEither)
        .register(SecretResource);
    set(api).build().unwrap()
}

/// An address may fail so often.
fn addresses(throttle_at: u32) -> LoginThrottle {
    LoginThrottle::none().by_address(CacheThrottle::new().throttle_at(throttle_at))
}

/// Anybody may fail so often to be one account.
fn accounts(throttle_at: u32) -> LoginThrottle {
    LoginThrottle::none().by_account(CacheThrottle::new().throttle_at(throttle_at))
}

/// A client, and what it asks.
struct Site {
    client: TestApiClient,
    asked: Arc<Asked>,
}

impl Site {
    async fn new(set: impl FnOnce(Api) -> Api) -> Self {
        let asked = Arc::default();
        let client = TestApiClient::new(&api(&asked, set)).await;
        Self { client, asked }
    }

    /// Accounts take a moment to be found.
    async fn slow(throttle: LoginThrottle) -> Self {
        let asked = slowly(100);
        let client = TestApiClient::new(&api(&asked, |api| api.login_throttle(throttle))).await;
        Self { client, asked }
    }

    async fn limited(throttle: LoginThrottle) -> Self {
        Self::new(|api| api.login_throttle(throttle)).await
    }

    /// What is answered to a name and a key from an address.
    async fn from(&self, peer: &str, name: &str, key: &str) -> u16 {
        let request = self.client.request(Method::GET, "/api/v1/by-key/");
        let peer: IpAddr = peer.parse().unwrap();
        let key = format!("ApiKey {name}:{key}");
        request.peer(peer).authentication(key).await.status()
    }

    async fn login(&self, name: &str, key: &str) -> u16 {
        self.from("192.0.2.1", name, key).await
    }

    /// How many of so many wrong keys are looked at.
    async fn failures(&self, guesses: usize) -> usize {
        let mut looked_at = 0;
        for guess in 0..guesses {
            match self.login("ada", &format!("wrong-{guess}")).await {
                401 => looked_at += 1,
                429 => {}
                other => panic!("{other}"),
            }
        }
        looked_at
    }

    async fn get(&self, path: &str) -> u16 {
        self.client.get(path).await.status()
    }
}

#[actix_web::test]
async fn guessing_meets_429_at_the_limit_and_no_account_is_asked() {
    let site = Site::limited(addresses(10)).await;

    assert_eq!(site.failures(200).await, 10);

    assert_eq!(site.asked.times(), 10);
    let refused = site.client.request(Method::GET, "/api/v1/by-key/own/");
    let refused = refused
        .peer([192, 0, 2, 1])
        .authentication("ApiKey ada:wrong")
        .await;
    assert_eq!(refused.assert_http_too_many_requests().text(), "");
    let wait: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!(site.asked.times(), 10);
}

#[actix_web::test]
async fn while_the_limit_holds_the_right_key_is_refused_like_a_wrong_one() {
    let clock = Clock::manual();
    let throttle = CacheThrottle::new().rate("3/m").clock(clock.clone());
    let site = Site::limited(LoginThrottle::none().by_address(throttle)).await;
    assert_eq!(site.failures(5).await, 3);

    assert_eq!(site.login("ada", "right").await, 429);
    assert_eq!(site.login("brian", "right").await, 429);
    assert_eq!(site.from("192.0.2.2", "ada", "right").await, 200);

    clock.advance_secs(60);
    assert_eq!(site.login("ada", "right").await, 200);
}

#[actix_web::test]
async fn who_is_let_in_spends_nothing() {
    let site = Site::limited(addresses(3).by_account(CacheThrottle::new().throttle_at(3))).await;

    for _ in 0..20 {
        assert_eq!(site.login("ada", "right").await, 200);
    }

    assert_eq!(site.failures(5).await, 3);
}

#[actix_web::test]
async fn who_sends_nothing_that_could_be_right_spends_nothing() {
    let site = Site::limited(addresses(3)).await;
    let sent = async |authorization: &str| {
        let request = site.client.request(Method::GET, "/api/v1/by-key/");
        request.authentication(authorization).await.status()
    };

    for authorization in [
        "ApiKey",
        "ApiKey ada:",
        "ApiKey :x",
        "Bearer x",
        "ApiKey ada",
        "",
    ] {
        for _ in 0..5 {
            assert_eq!(sent(authorization).await, 401, "{authorization}");
        }
    }

    assert_eq!(site.asked.times(), 0);
    assert_eq!(site.failures(5).await, 3);
}

#[actix_web::test]
async fn an_account_is_limited_across_addresses_and_spellings() {
    let site = Site::limited(accounts(5)).await;
    let spellings = ["ada", "Ada", "ADA", "ad\u{e1}"];

    for (guess, name) in spellings.iter().cycle().take(20).enumerate() {
        let status = site.from(&format!("192.0.2.{guess}"), name, "wrong").await;
        assert_eq!(status, if guess < 5 { 401 } else { 429 }, "{guess}");
    }

    assert_eq!(site.from("198.51.100.1", "ada", "right").await, 429);
    assert_eq!(site.from("192.0.2.1", "brian", "right").await, 200);
    assert_eq!(site.from("192.0.2.1", "nobody", "wrong").await, 401);
    assert_eq!(site.asked.times(), 7);
}

#[actix_web::test]
async fn an_account_is_no_address() {
    let both = CacheThrottle::new().throttle_at(2);
    let site = Site::limited(
        LoginThrottle::none()
            .by_address(both.clone())
            .by_account(both),
    )
    .await;

    for _ in 0..3 {
        site.login("192.0.2.9", "wrong").await;
    }

    assert_eq!(site.from("192.0.2.9", "ada", "right").await, 200);
}

#[actix_web::test]
async fn one_limit_refuses_and_the_other_is_not_spent() {
    let site = Site::limited(addresses(3).by_account(CacheThrottle::new().throttle_at(1))).await;

    for _ in 0..10 {
        site.login("ada", "wrong").await;
    }

    assert_eq!(site.login("brian", "wrong").await, 401);
    assert_eq!(site.login("carl", "wrong").await, 401);
    assert_eq!(site.login("dora", "wrong").await, 429);
}

#[actix_web::test]
async fn ways_in_are_counted_each_by_itself_also_where_another_lets_the_caller_in() {
    let site = Site::limited(accounts(4)).await;
    // A caller with an account of their own tries the keys of another.
    let guess = async |name: &str, key: &str, authorization: Option<String>| {
        let path = format!("/api/v1/by-either/?username={name}&api_key={key}");
        let mut request = site.client.request(Method::GET, path);
        if let Some(authorization) = authorization {
            request = request.authentication(authorization);
        }
        request.await.status()
    };

    for expected in [401, 401, 401, 401, 429] {
        let answered = guess("ada", "wrong", None).await;
        assert_eq!(answered, expected);
    }
    for expected in [401, 401, 401, 401, 429] {
        let own = create_basic("brian", "no password is stored");
        assert_eq!(guess("carl", "wrong", Some(own)).await, expected);
    }
    // Two names in one request are two.
    assert_eq!(
        guess("dora", "wrong", Some(create_basic("brian", "x"))).await,
        429
    );
}

#[actix_web::test]
async fn an_authentication_of_ones_own_says_what_is_a_guess() {
    let site = Site::limited(LoginThrottle::none()).await;
    let say = async |word: &str| {
        let request = site.client.request(Method::GET, "/api/v1/by-secret/");
        request.header("X-Word", word).await.status()
    };

    for expected in [403, 403, 403, 429, 429] {
        assert_eq!(say("wrong").await, expected);
    }

    assert_eq!(say("sesame").await, 429);
    // Who says no word is no guesser, and the limit is that of one resource.
    assert_eq!(site.get("/api/v1/by-secret/").await, 403);
    assert_eq!(site.failures(200).await, 200);
}

#[actix_web::test]
async fn what_could_not_be_looked_at_spends_nothing() {
    let asked = Arc::new(Asked {
        fails: true,
        ..Asked::default()
    });
    let api = api(&asked, |api| api.login_throttle(addresses(3)));
    let site = Site {
        client: TestApiClient::new(&api).await,
        asked,
    };

    for _ in 0..10 {
        assert_eq!(site.login("ada", "right").await, 503);
    }
}

#[actix_web::test]
async fn unless_told_otherwise_an_address_may_fail_a_hundred_times_and_with_tastypie_ever() {
    let strict = Site::new(|api| api).await;
    let loose = Site::new(|api| api.compatible(Compatibility::Tastypie)).await;
    let behind_a_proxy = Site::new(|api| api.trusted_proxies(["192.0.2.1"])).await;

    assert_eq!(strict.failures(110).await, 100);
    assert_eq!(strict.from("192.0.2.2", "ada", "wrong").await, 401);
    assert_eq!(loose.failures(200).await, 200);
    let guess = async |client: String| {
        let request = behind_a_proxy
            .client
            .request(Method::GET, "/api/v1/by-key/");
        let request = request
            .peer([192, 0, 2, 1])
            .header("X-Forwarded-For", client);
        request.authentication("ApiKey ada:wrong").await.status()
    };
    for client in 0..110 {
        assert_eq!(guess(format!("198.51.100.{client}")).await, 401);
    }
    assert_eq!(guess("198.51.100.1".to_owned()).await, 401);
}

/// How many of `clients` callers at once are answered with each of 200, 401 and 429.
fn at_once(served: &LiveServer, clients: usize, key: &str) -> [usize; 3] {
    let answered = [200, 401, 429].map(|status| (status, AtomicUsize::new(0)));
    std::thread::scope(|threads| {
        for _ in 0..clients {
            threads.spawn(|| {
                let authorization = format!("ApiKey ada:{key}");
                let headers = [("Authorization", authorization.as_str())];
                let status = served.request("GET", "/api/v1/by-key/", &headers).status();
                let (_, number) = answered.iter().find(|(known, _)| *known == status).unwrap();
                number.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    answered.map(|(_, number)| number.into_inner())
}

fn slowly(millis: u64) -> Arc<Asked> {
    Arc::new(Asked {
        slowly: Duration::from_millis(millis),
        ..Asked::default()
    })
}

#[test]
fn of_many_guesses_at_once_exactly_as_many_are_looked_at_as_the_limit_says() {
    for run in 0..20 {
        for throttle in [addresses(10), accounts(10)] {
            let asked = slowly(10);
            let served = LiveServer::new(&api(&asked, |api| api.login_throttle(throttle)));

            assert_eq!(at_once(&served, 32, "wrong"), [0, 10, 22], "run {run}");

            assert_eq!(asked.times(), 10);
            assert_eq!(at_once(&served, 2, "right"), [0, 0, 2]);
        }
    }
}

#[test]
fn a_crowd_with_the_right_key_is_let_in_whatever_its_size() {
    let asked = slowly(10);
    let throttle = addresses(5).by_account(CacheThrottle::new().throttle_at(4));
    let served = LiveServer::new(&api(&asked, |api| api.login_throttle(throttle)));

    assert_eq!(at_once(&served, 32, "right"), [32, 0, 0]);
    assert_eq!(at_once(&served, 8, "wrong"), [0, 4, 4]);
}

#[test]
fn who_hangs_up_is_counted() {
    let asked = slowly(200);
    let served = LiveServer::with_workers(&api(&asked, |api| api.login_throttle(addresses(3))), 1);
    for guess in 1..=3 {
        let mut client = TcpStream::connect(served.address()).unwrap();
        let request =
            "GET /api/v1/by-key/ HTTP/1.1\r\nHost: x\r\nAuthorization: ApiKey ada:wrong\r\n\r\n";
        client.write_all(request.as_bytes()).unwrap();
        // Hung up while the account is being looked up.
        while asked.times() < guess {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    assert_eq!(at_once(&served, 4, "right"), [0, 0, 4]);
    assert_eq!(asked.times(), 3);
}

#[actix_web::test]
async fn a_login_that_is_cut_off_is_counted_by_what_was_sent() {
    let site = Site::slow(addresses(3)).await;
    let cut_off = async |key: &str, logins: usize| {
        for _ in 0..logins {
            let before = site.asked.times();
            // One that waits for a place is cut off too, and is not yet looked at.
            while site.asked.times() == before {
                let login = timeout(Duration::from_millis(20), site.login("ada", key));
                assert!(login.await.is_err());
            }
        }
    };

    cut_off("right", 6).await;
    assert_eq!(site.login("ada", "right").await, 200);
    cut_off("wrong", 3).await;

    assert_eq!(site.login("ada", "right").await, 429);
    assert_eq!(site.asked.times(), 10);
}

#[test]
fn what_no_throttle_can_work_with_fails_when_the_api_is_built() {
    let wrong = LoginThrottle::none().by_account(CacheThrottle::new().rate("often"));
    let unwritten = LoginThrottle::none().by_address(CacheDbThrottle::new());

    let wrong = Api::new("v1").login_throttle(wrong).build().unwrap_err();
    let unwritten = Api::new("v1")
        .login_throttle(unwritten)
        .build()
        .unwrap_err();

    assert!(
        wrong.to_string().contains("`Api::login_throttle`"),
        "{wrong}"
    );
    assert!(unwritten.to_string().contains("access log"), "{unwritten}");
}
