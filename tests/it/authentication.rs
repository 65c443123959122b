//! Who is let in, by each kind of authentication.

use diesel::connection::SimpleConnection as _;
use md5::{Digest as _, Md5};
use tastyrs::{
    api::Mount,
    django::{ApiKey, SecretKeys, UserTable},
    prelude::*,
    test::{LiveServer, TestDatabase, TestResponse, create_basic, send},
};

use super::support::{Db, Note, library};

/// The key with which Django 5.2 signed the sessions below.
const SECRET_KEY: &str = "kitchen-secret-key-of-the-tests";
const ADA: &str = "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=";
const OF_ADA: &str = ".eJxVjMsOwiAQAP-FsyHS5VE8evcbyC4sUjWQlPZk_HdD0oNeZybzFgH3rYS98xqWJC5CidMvI4xPrkOkB9Z7k7HVbV1IjkQetstbS_y6Hu3foGAvYxszgwPDzlrjIlrrJkINZHRSWs0xT9Eg-HPWBhiIjFdsAXGmhMk78fkC28M4Ag:1r31eq:7ZST1t_ihroqPEXfXAuDYhkhErCGJxR7bCXWcokvIlA";
const OF_INACTIVE: &str = ".eJxVjMsOwiAQRf-FtSHS4VFcuu83kBkYpGogKe3K-O_apAvd3nPOfYmA21rC1nkJcxIXocXpdyOMD647SHestyZjq-syk9wVedAup5b4eT3cv4OCvXxrFTODA8POWuMiWusGQg1kdFJajTEP0SD4c9YGGIiMV2wBcaSEyTvx_gDdjjgF:1r31eq:z4ADboRw4Y1Qyx66f9iGOI1grP23Kbs2lquPmAUubow";
const OF_DELETED: &str = ".eJxVjMsOwiAQRf-FtSHS4VFcuu83kBkYpGogKe3K-O_apAvd3nPOfYmA21rC1nkJcxIX4cXpdyOMD647SHestyZjq-syk9wVedAup5b4eT3cv4OCvXxrFTODA8POWuMiWusGQg1kdFJajTEP0SD4c9YGGIiMV2wBcaSEyTvx_gDgizgK:1r31eq:rPEgSDU63djqRG7JV-61gdkvGf_G596G__uuWnyn7QM";
const OF_NOBODY: &str = "eyJ4IjoxfQ:1r31eq:dhsibjUPi8-3rq6AwTzpPOp8INcTjc6W6114eut0fDs";
const BY_OLDER_KEY: &str = ".eJxVjLsOAiEURP-F2hBwCQ9Le7-B3AfIqoFk2a02_ruSbKHNFDNnzi4ibGuJW09LnFlchBan3w6BnqmOgR9Q701Sq-syoxyIPNYub43T63qwf4ICvQytTUiozlaHbDxwChM6NiPspHUmHYiJskneByRlVP4eMoPHrJ1j8f4ABSc5VQ:1r31eq:u9sxodEf403p72K8LXSFH0Jjd7uazemMT1cYHPrv3v0";

macro_rules! kinds {
    ($($name:ident, $path:tt, $authentication:expr;)*) => {$(
        #[derive(ModelResource)]
        #[resource(model = Note, resource_name = $path, authentication = $authentication)]
        struct $name;
    )*};
}
kinds! {
    ByKey, "key", ApiKeyAuthentication::new();
    ByQuery, "query", ApiKeyAuthentication::new().query(true);
    ByPassword, "password", BasicAuthentication::new();
    ByDigest, "digest", DigestAuthentication::new();
    BySession, "session", SessionAuthentication::new(
        SecretKeys::new(SECRET_KEY).fallback("an-older-secret-key")
    );
    BySecureSession, "secure", SessionAuthentication::new(SECRET_KEY)
        .secure_proxy_header("X-Forwarded-Proto", "https")
        .trusted_origin("https://admin.example");
    ByAny, "any", MultiAuthentication::new((
        ApiKeyAuthentication::new(),
        SessionAuthentication::new(SECRET_KEY),
        DigestAuthentication::new(),
    ));
}

/// The library, and Django's tables beside it.
fn accounts() -> TestDatabase<Db> {
    library(TestDatabase::temporary(), 6).fill(|db| {
        db.immediate_transaction(|db| {
            db.batch_execute(
                "CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128) NOT NULL,
                     is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, is_staff bool NOT NULL,
                     is_active bool NOT NULL);
                 CREATE TABLE tastypie_apikey (id integer PRIMARY KEY, key varchar(128) NOT NULL,
                     created datetime NOT NULL, user_id integer NOT NULL UNIQUE);
                 CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL,
                     expire_date datetime NOT NULL);",
            )?;
            let users = [
                (1, ADA, "ada", 1),
                (2, "argon2$argon2id$v=19$m=1024,t=2,p=8$c2FsdDFzYWx0MQ$uKxNwE+/4PVTMKj1BXQBHXY7VE8I6ycwo6kq98TfdHE", "argon", 1),
                (3, "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuugfcKpkcu91xrji7VBc7ewWGgWrCRyWi", "bcrypt", 1),
                (4, ADA, "dmitri", 0),
                (5, "scrypt$1024$salt1salt1$8$5$6c9YdkUPHODkJijzo7Gbhe26mN8WMeU+2d7VxVxDLGefDKPmMoZMJwn5GTwpgPk9xrklO1OzX/nGXFg8w3TPcw==", "scrypt", 1),
                (6, "!AL6RetyRXDcNuwDu1LMLqGy41DMCt4aZAH81yjnq", "unusable", 1),
                // Would take minutes, and gigabytes.
                (7, "pbkdf2_sha256$4000000000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=", "hostile", 1),
                (8, "argon2$argon2id$v=19$m=4000000000,t=9,p=1$c2FsdDFzYWx0MQ$uKxNwE+/4PVTMKj1BXQBHXY7VE8I6ycwo6kq98TfdHE", "greedy", 1),
            ];
            for (id, password, name, is_active) in users {
                db.batch_execute(&format!(
                    "INSERT INTO auth_user VALUES ({id}, '{password}', 0, '{name}', 0, {is_active})"
                ))?;
            }
            let sessions = [
                ("adaadaadaada", OF_ADA, "2100-01-01 00:00:00"),
                ("expiredexpired", OF_ADA, "2020-01-01 00:00:00.123456"),
                ("inactiveinactive", OF_INACTIVE, "2100-01-01 00:00:00"),
                ("deleteddeleted", OF_DELETED, "2100-01-01 00:00:00"),
                ("nobodynobody", OF_NOBODY, "2100-01-01 00:00:00"),
                ("olderkeyolderkey", BY_OLDER_KEY, "2100-01-01 00:00:00"),
                ("garbagegarbage", "no session", "2100-01-01 00:00:00"),
            ];
            for (key, data, expires) in sessions {
                db.batch_execute(&format!(
                    "INSERT INTO django_session VALUES ('{key}', '{data}', '{expires}')"
                ))?;
            }
            // Signed, but by nobody who has the key.
            let tampered = OF_ADA.replacen('V', "W", 1);
            db.batch_execute(&format!(
                "INSERT INTO django_session VALUES ('tamperedtampered', '{tampered}', '2100-01-01 00:00:00');
                 INSERT INTO tastypie_apikey VALUES (1, 'k1', '2020-01-01 00:00:00', 1),
                     (2, 'k4', '2020-01-01 00:00:00', 4), (3, '', '2020-01-01 00:00:00', 5);"
            ))?;
            Ok(())
        })
    })
}

fn api(database: Database<Db>) -> Mount {
    Api::new("v1")
        .database(database)
        .register(ByKey)
        .register(ByQuery)
        .register(ByPassword)
        .register(ByDigest)
        .register(BySession)
        .register(BySecureSession)
        .register(ByAny)
        .build()
        .unwrap()
}

/// A server of the API above, with its database.
struct Site {
    // It ends before its database does.
    served: LiveServer,
    database: TestDatabase<Db>,
}

fn site() -> Site {
    let database = accounts();
    Site {
        served: LiveServer::with_workers(&api(database.database()), 1),
        database,
    }
}

impl Site {
    fn call(&self, method: &str, path: &str, headers: &[(&str, &[u8])]) -> TestResponse {
        let mut request = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nHost: notes.example\r\nConnection: close\r\n"
        )
        .into_bytes();
        for (name, value) in headers {
            request.extend(name.as_bytes());
            request.extend(b": ");
            request.extend(*value);
            request.extend(b"\r\n");
        }
        request.extend(b"\r\n");
        send(self.served.address(), &request)
    }

    fn get(&self, path: &str, header: &str, value: &str) -> u16 {
        self.call("GET", path, &[(header, value.as_bytes())])
            .status()
    }

    fn authorized(&self, path: &str, value: &str) -> u16 {
        self.get(path, "Authorization", value)
    }

    fn with_session(&self, key: &str) -> u16 {
        self.get("session/", "Cookie", &format!("sessionid={key}"))
    }

    fn run(&self, sql: &str) {
        self.database.run(|db| Ok(db.batch_execute(sql)?));
    }
}

#[test]
fn every_password_that_django_stores_lets_its_account_in() {
    let site = site();

    for name in ["ada", "argon", "bcrypt", "scrypt"] {
        let [right, again] =
            [(); 2].map(|()| site.authorized("password/", &create_basic(name, "secret-1")));
        let wrong = site.authorized("password/", &create_basic(name, "secret-2"));
        assert_eq!((right, again, wrong), (200, 200, 401), "{name}");
    }
    for name in ["dmitri", "unusable", "hostile", "greedy", "nobody", ""] {
        assert_eq!(
            site.authorized("password/", &create_basic(name, "secret-1")),
            401,
            "{name}"
        );
    }
}

#[test]
fn a_password_that_was_changed_lets_nobody_in_that_was_let_in_before() {
    let site = site();
    assert_eq!(
        site.authorized("password/", &create_basic("ada", "secret-1")),
        200
    );

    site.run("UPDATE auth_user SET password = '!' WHERE id = 1");

    assert_eq!(
        site.authorized("password/", &create_basic("ada", "secret-1")),
        401
    );
}

#[test]
fn an_account_that_was_shut_is_not_let_in_by_what_is_remembered() {
    let site = site();
    assert_eq!(
        site.authorized("password/", &create_basic("ada", "secret-1")),
        200
    );

    site.run("UPDATE auth_user SET is_active = 0 WHERE id = 1");

    assert_eq!(
        site.authorized("password/", &create_basic("ada", "secret-1")),
        401
    );
}

#[test]
fn a_key_that_was_made_here_lets_its_user_in() {
    let site = site();
    let made = site.database.run(|db| ApiKey::create_for(db, 2));

    assert_eq!(
        site.authorized("key/", &format!("ApiKey argon:{}", made.key)),
        200
    );
    assert_eq!(
        site.authorized("key/", &format!("ApiKey ada:{}", made.key)),
        401
    );
    // A row without a key is no key.
    assert_eq!(site.authorized("key/", "ApiKey scrypt:"), 401);
    assert_eq!(site.authorized("digest/", "ApiKey scrypt:"), 401);
}

#[test]
fn a_key_in_the_address_counts_where_that_was_said_and_stands_in_no_link() {
    let site = site();

    let page = site.call("GET", "query/?username=ada&api_key=k1&limit=2", &[]);
    let not_said = site.call("GET", "key/?username=ada&api_key=k1&limit=2", &[]);

    assert_eq!((page.status(), not_said.status()), (200, 401));
    assert!(page.text().contains("offset=2"), "{}", page.text());
    assert!(!page.text().contains("k1"), "{}", page.text());
}

#[test]
fn a_session_lets_in_who_signed_in() {
    let site = site();

    assert_eq!(site.with_session("adaadaadaada"), 200);
    assert_eq!(site.with_session("olderkeyolderkey"), 200);
    assert_eq!(
        site.get("secure/", "Cookie", "sessionid=olderkeyolderkey"),
        401
    );
    for key in [
        "expiredexpired",
        "inactiveinactive",
        "deleteddeleted",
        "nobodynobody",
        "garbagegarbage",
        "tamperedtampered",
        "unknownunknown",
        "",
        "' OR 1=1 --",
        "adaadaadaad%",
    ] {
        assert_eq!(site.with_session(key), 401, "{key}");
    }
}

#[test]
fn a_session_ends_with_its_password_its_row_or_its_user() {
    let site = site();
    assert_eq!(site.with_session("adaadaadaada"), 200);

    site.run("UPDATE auth_user SET password = 'pbkdf2_sha256$1000$salt2$x' WHERE id = 1");
    assert_eq!(site.with_session("adaadaadaada"), 401);

    site.run(&format!(
        "UPDATE auth_user SET password = '{ADA}' WHERE id = 1"
    ));
    assert_eq!(site.with_session("adaadaadaada"), 200);

    site.run("UPDATE auth_user SET is_active = 0 WHERE id = 1");
    assert_eq!(site.with_session("adaadaadaada"), 401);

    site.run("UPDATE auth_user SET is_active = 1 WHERE id = 1; DELETE FROM django_session");
    assert_eq!(site.with_session("adaadaadaada"), 401);
}

const TOKEN: &str = "abcdefghijklmnopqrstuvwxyzABCDEF";
/// The same, masked by Django.
const MASKED: &str = "Zz9876543210ABCDEFGHIJKLMNOPQRSTZAbbbbbbbbbbMOQSUWY02468acegikmo";

fn cookies(token: &str) -> String {
    format!("sessionid=adaadaadaada; csrftoken={token}")
}

#[test]
fn who_may_change_something_sends_the_token_of_the_site() {
    let site = site();
    let post = |cookies: &str, token: &str| {
        let headers = [
            ("Cookie", cookies.as_bytes()),
            ("X-CSRFToken", token.as_bytes()),
            ("Content-Length", b"0"),
        ];
        site.call("POST", "session/", &headers).status()
    };

    for (cookie, sent) in [
        (TOKEN, TOKEN),
        (TOKEN, MASKED),
        (MASKED, MASKED),
        (MASKED, TOKEN),
    ] {
        assert_ne!(post(&cookies(cookie), sent), 401, "{cookie} {sent}");
    }
    let other = TOKEN.replace('a', "b");
    for (cookie, sent) in [
        (TOKEN, ""),
        ("", ""),
        ("", TOKEN),
        (TOKEN, other.as_str()),
        ("x", "x"),
    ] {
        assert_eq!(post(&cookies(cookie), sent), 401, "{cookie} {sent}");
    }
    assert_eq!(post(&format!("csrftoken={TOKEN}"), TOKEN), 401);
    // What only reads needs none.
    assert_eq!(site.with_session("adaadaadaada"), 200);
}

#[test]
fn a_method_that_is_asked_for_instead_needs_the_token_too() {
    let site = site();
    let cookies = cookies(TOKEN);

    let answer = site.call(
        "POST",
        "session/",
        &[
            ("Cookie", cookies.as_bytes()),
            ("X-HTTP-Method-Override", b"PATCH"),
            ("Content-Length", b"0"),
        ],
    );

    assert_eq!(answer.status(), 401);
}

#[test]
fn over_https_a_page_of_the_site_must_have_sent_it() {
    let site = site();
    let cookies = cookies(TOKEN);
    let post = |headers: &[(&str, &[u8])]| {
        let mut all = vec![
            ("Cookie", cookies.as_bytes()),
            ("X-CSRFToken", MASKED.as_bytes()),
            ("Content-Length", &b"0"[..]),
        ];
        all.extend(headers);
        site.call("POST", "secure/", &all).status()
    };
    let https = ("X-Forwarded-Proto", &b"https"[..]);

    assert_ne!(post(&[]), 401);
    assert_ne!(
        post(&[https, ("Referer", b"https://notes.example/edit/")]),
        401
    );
    assert_ne!(post(&[https, ("Referer", b"https://admin.example/")]), 401);
    for referer in [
        &b"http://notes.example/"[..],
        b"https://evil.example/",
        b"https://notes.example.evil.example/",
        b"https://notes.example@evil.example/",
        b"\xff",
        b"",
    ] {
        assert_eq!(post(&[https, ("Referer", referer)]), 401);
    }
    assert_eq!(post(&[https]), 401);
}

fn md5(text: &str) -> String {
    let hash: [u8; 16] = Md5::digest(text).into();
    format!("{:032x}", u128::from_be_bytes(hash))
}

/// The nonce of a challenge.
fn nonce_of(answer: &TestResponse) -> String {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let (_, rest) = challenge.split_once("nonce=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// What a client with this key answers.
fn digest(name: &str, key: &str, nonce: &str, nc: &str, method: &str, uri: &str) -> String {
    let one = md5(&format!("{name}:django-tastypie:{key}"));
    let two = md5(&format!("{method}:{uri}"));
    let response = md5(&format!("{one}:{nonce}:{nc}:c0ffee:auth:{two}"));
    format!(
        "Digest username=\"{name}\", realm=\"django-tastypie\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, qop=auth, nc={nc}, cnonce=\"c0ffee\", opaque=\"tastyrs\""
    )
}

#[test]
fn digest_lets_in_who_has_the_key_without_sending_it() {
    let site = site();
    let challenged = site.call("GET", "digest/", &[]);
    let challenge = challenged.header("www-authenticate").unwrap().to_owned();
    let nonce = nonce_of(&challenged);
    let uri = "/api/v1/digest/";

    assert_eq!((challenged.status(), challenged.text()), (401, ""));
    assert!(
        challenge.starts_with("Digest realm=\"django-tastypie\", nonce=\""),
        "{challenge}"
    );
    assert!(
        challenge.contains("qop=\"auth\"") && !challenge.contains("stale"),
        "{challenge}"
    );
    let right = digest("ada", "k1", &nonce, "00000001", "GET", uri);
    assert_eq!(site.authorized("digest/", &right), 200);
    for wrong in [
        digest("ada", "k2", &nonce, "00000002", "GET", uri),
        digest("ada", "secret-1", &nonce, "00000002", "GET", uri),
        digest("nobody", "k1", &nonce, "00000002", "GET", uri),
        digest("nobody", "", &nonce, "00000002", "GET", uri),
        digest("scrypt", "", &nonce, "00000002", "GET", uri),
        digest("ada", "k1", "made up", "00000002", "GET", uri),
        digest("ada", "k1", &nonce, "00000002", "POST", uri),
        digest("ada", "k1", &nonce, "00000002", "GET", "/api/v1/key/"),
        digest("dmitri", "k4", &nonce, "00000002", "GET", uri),
    ] {
        assert_eq!(site.authorized("digest/", &wrong), 401, "{wrong}");
    }
}

#[test]
fn what_somebody_listened_to_cannot_be_sent_again() {
    let site = site();
    let nonce = nonce_of(&site.call("GET", "digest/", &[]));
    let uri = "/api/v1/digest/?limit=1";
    let right = digest("ada", "k1", &nonce, "00000001", "GET", uri);
    assert_eq!(site.authorized("digest/?limit=1", &right), 200);

    let again = site.call(
        "GET",
        "digest/?limit=1",
        &[("Authorization", right.as_bytes())],
    );
    let elsewhere = site.authorized("digest/?limit=2", &right);
    let next = digest("ada", "k1", &nonce, "00000002", "GET", uri);

    assert_eq!((again.status(), elsewhere), (401, 401));
    assert!(
        again
            .header("www-authenticate")
            .unwrap()
            .ends_with("stale=true")
    );
    assert_eq!(site.authorized("digest/?limit=1", &next), 200);
}

#[test]
fn whatever_is_sent_is_at_most_refused() {
    let site = site();
    let long = |start: &str, part: &str| format!("{start}{}", part.repeat(3_000)).into_bytes();
    let mut values: Vec<Vec<u8>> = vec![
        long("ApiKey ", "a"),
        long("ApiKey a:", "b"),
        long("Basic ", "YWRh"),
        long("Basic ", "===="),
        long("Digest ", "a=\"\\\","),
        long("Digest username=\"", "\\\""),
        long("Bearer ", "e.y."),
        long("", ":"),
        long("Basic ", " \t"),
    ];
    for scheme in [
        "ApiKey",
        "Basic",
        "Digest",
        "Bearer",
        "Negotiate",
        "",
        "basic",
        "é",
    ] {
        for data in [
            &b""[..],
            b" ",
            b"\xff\xfe",
            b"a",
            b":",
            b"a:b:c",
            b"====",
            b"YQ",
            b"YQ=",
            b"YQ==YQ==",
            b"gDqA",
            b"AAA6AAA=",
            b"a=b,,,=,",
            b"username=\"ada",
            b"nc=ffffffff, nc=ffffffff",
            b"%00%ff",
            "☂:☂".as_bytes(),
        ] {
            values.push([scheme.as_bytes(), b" ", data].concat());
        }
    }

    for path in ["key/", "query/", "password/", "digest/", "session/", "any/"] {
        for value in &values {
            for header in ["Authorization", "Cookie", "X-CSRFToken"] {
                // One that cannot be a header at all is refused by the server itself.
                let status = site.call("GET", path, &[(header, value)]).status();
                assert!(
                    matches!(status, 400 | 401 | 431),
                    "{status} {path} {header}: {}",
                    String::from_utf8_lossy(value)
                );
            }
        }
    }
    assert_eq!(site.authorized("key/", "ApiKey ada:k1"), 200);
}

#[test]
fn the_first_of_several_that_knows_the_caller_lets_them_in() {
    let site = site();
    let challenged = site.call("GET", "any/", &[]);
    let uri = "/api/v1/any/";

    assert_eq!(site.authorized("any/", "ApiKey ada:k1"), 200);
    assert_eq!(site.get("any/", "Cookie", "sessionid=adaadaadaada"), 200);
    let nonce = nonce_of(&site.call("GET", "digest/", &[]));
    let foreign = digest("ada", "k1", &nonce, "00000001", "GET", uri);
    assert_eq!(site.authorized("any/", &foreign), 401);
    assert_eq!(challenged.status(), 401);
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "members", authentication = BasicAuthentication::new(), owner = author_id)]
struct OfMembers;

#[test]
fn users_may_have_a_table_of_their_own() {
    let database = library(TestDatabase::temporary(), 6).sql(&format!(
                "CREATE TABLE \"crm_mem\"\"ber\" (number integer PRIMARY KEY, email text NOT NULL, secret text NOT NULL);
                 INSERT INTO \"crm_mem\"\"ber\" VALUES (2, 'ada@example.org', '{ADA}'),
                     (3, 'twice@example.org', '{ADA}'), (4, 'twice@example.org', '{ADA}');"
    ));
    let members = UserTable::new("crm_mem\"ber")
        .id("number")
        .username("email")
        .password("secret")
        .without_is_active()
        .without_is_staff()
        .without_is_superuser();
    let api = Api::new("v1")
        .accounts(members.of(database.database()))
        .database(database.database())
        .register(OfMembers);
    let served = LiveServer::with_workers(&api.build().unwrap(), 1);
    let get = |authorization: &str| {
        let headers = [("Authorization", authorization)];
        served.request("GET", "/api/v1/members/", &headers)
    };

    let own = get(&create_basic("ada@example.org", "secret-1"));

    assert_eq!(own.status(), 200);
    assert!(own.text().contains("\"total_count\": 2"), "{}", own.text());
    assert_eq!(
        get(&create_basic("ada@example.org", "secret-2")).status(),
        401
    );
    // A name that two have is nobody's.
    assert_eq!(
        get(&create_basic("twice@example.org", "secret-1")).status(),
        401
    );
}

#[test]
fn an_empty_secret_key_is_told_when_the_api_is_built() {
    #[derive(ModelResource)]
    #[resource(model = Note, authentication = SessionAuthentication::new(""))]
    struct Careless;
    let accounts = accounts();

    let built = Api::new("v1")
        .database(accounts.database())
        .register(Careless)
        .build();

    assert!(built.unwrap_err().to_string().contains("SECRET_KEY"));
}

#[cfg(feature = "jwt")]
mod jwt {
    use tastyrs::authentication::{JwtAuthentication, JwtKey};

    use super::*;

    // Made by PyJWT, for the audience `notes`: `ada` and `dmitri` until 2100, `ada` until 2001, `ada` unsigned.
    const FOR_ADA: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6Im5vdGVzIn0.S0OCWBd1NSothJ3O-yxa72dy8EVYOx_k9kyNhR-hS5s";
    const FOR_DMITRI: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJkbWl0cmkiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6Im5vdGVzIn0.wLor_ZrD9TLHYmexhUv3t3DSmeQtirvzTNdFvx7Xof0";
    const EXPIRED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjEwMDAwMDAwMDAsImF1ZCI6Im5vdGVzIn0.v4mMTgKrdqAZvQvE7wW85D3rTfNpsg5CzlUdSP-OVuo";
    const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDAsImF1ZCI6Im5vdGVzIn0.";

    fn by_token() -> JwtAuthentication {
        let key = JwtKey::hs256("a secret of at least thirty-two bytes").unwrap();
        JwtAuthentication::new(key).audience("notes")
    }

    #[derive(ModelResource)]
    #[resource(model = Note, resource_name = "token", authentication = by_token())]
    struct ByToken;

    #[test]
    fn a_token_lets_in_whom_it_names() {
        let accounts = accounts();
        let api = Api::new("v1")
            .database(accounts.database())
            .register(ByToken);
        let served = LiveServer::with_workers(&api.build().unwrap(), 1);
        let get = |header: &str| {
            let header = header.split_once(": ").unwrap();
            served.request("GET", "/api/v1/token/", &[header])
        };

        let nothing = get("X-Nothing: 1");
        assert_eq!(nothing.status(), 401);
        assert_eq!(
            nothing.header("www-authenticate"),
            Some("Bearer realm=\"django-tastypie\"")
        );
        assert_eq!(
            get(&format!("Authorization: Bearer {FOR_ADA}")).status(),
            200
        );
        for token in [FOR_DMITRI, EXPIRED, UNSIGNED, "", "a.b.c"] {
            let answer = get(&format!("Authorization: Bearer {token} "));
            assert_eq!(answer.status(), 401, "{token}");
        }
        let refused = get(&format!("Authorization: Bearer {UNSIGNED}"));
        assert!(
            refused
                .header("www-authenticate")
                .unwrap()
                .ends_with("error=\"invalid_token\"")
        );
    }
}
