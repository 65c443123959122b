//! The authentications over Django's tables, through HTTP.

use actix_web::{
    App,
    http::{
        Method,
        header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE},
    },
    test::{TestRequest, call_service, init_service, read_body},
};
use diesel::{SqliteConnection, connection::SimpleConnection as _, sqlite::Sqlite};

use super::{AnyAuthentication, ApiKeyAuthentication, BasicAuthentication, MultiAuthentication};
use crate::{
    Compatibility,
    api::Api,
    database::Database,
    errors::{Error, Result},
    fields::{Field, FieldType as _, Fields},
    http::Request,
    meta::Meta,
    resource::{Hooks, ObjectSource, Objects, Resource},
};

const KEYED: u8 = 0;
const QUERIED: u8 = 1;
const BASIC: u8 = 2;
const MULTI: u8 = 3;

/// Shows as whom its caller is known.
struct Who<const BY: u8>;

impl<const BY: u8> Resource for Who<BY> {
    type Object = String;
    type List = Vec<String>;
    type Source = Objects;
    const READS_OBJECTS: bool = true;

    fn meta() -> Meta<Self> {
        let (keyed, basic) = (ApiKeyAuthentication::new(), BasicAuthentication::new());
        let (name, authentication): (_, AnyAuthentication) = match BY {
            KEYED => ("keyed", keyed.into()),
            QUERIED => ("queried", keyed.query(true).into()),
            BASIC => ("basic", basic.into()),
            _ => ("multi", MultiAuthentication::new((keyed, basic)).into()),
        };
        let mut meta = Meta::new(name);
        meta.authentication = authentication;
        meta
    }

    fn fields() -> Fields<Self> {
        Fields::new().field(Field::read::<String>("who", |who: &String| who.to_value()))
    }
}

impl<const BY: u8> Hooks for Who<BY> {}

impl<const BY: u8> ObjectSource for Who<BY> {
    fn obj_get_list(&self, request: &Request) -> Result<Vec<String>> {
        let user = request.user().ok_or(Error::NoObject)?;
        let identifier = request.identifier().unwrap_or("nobody");
        Ok(vec![format!("{} as {identifier}", user.username)])
    }

    fn obj_get(&self, _: &Request, _: &str) -> Result<String> {
        Err(Error::NotFound)
    }

    fn detail_uri(&self, who: &String) -> String {
        who.clone()
    }
}

fn database() -> Database<Sqlite> {
    let database = Database::<Sqlite>::open(":memory:").unwrap();
    let tables = "CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128) NOT NULL,
             is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, is_staff bool NOT NULL,
             is_active bool NOT NULL);
         CREATE TABLE tastypie_apikey (id integer PRIMARY KEY, key varchar(128) NOT NULL,
             user_id integer NOT NULL UNIQUE);
         INSERT INTO auth_user VALUES
             (1, 'pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=', 0, 'ada', 0, 1),
             (3, 'pbkdf2_sha256$1000$salt3$X7Y485K4g7futPSiRAAYPXexr/gRJ/0gQY73qLzrbsY=', 0, 'chloé', 1, 1),
             (4, 'pbkdf2_sha256$1000$salt4$hkSBi7GBxQ25IbqcTyshkCN1bNab0hf5EDKUhjEEkp4=', 0, 'dmitri', 0, 0);
         INSERT INTO tastypie_apikey VALUES (1, 'k1', 1), (2, 'k3', 3), (3, 'k4', 4);";
    database
        .run(|connection: &mut SqliteConnection| Ok(connection.batch_execute(tables)?))
        .unwrap();
    database
}

/// What came back: the status, the challenge, and as whom the caller is known.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Known(String),
    Refused(Option<String>),
    Other(u16),
}

fn known(text: &str) -> Told {
    Told::Known(text.to_owned())
}

const REFUSED: Told = Told::Refused(None);

fn challenged() -> Told {
    Told::Refused(Some("Basic Realm=\"django-tastypie\"".to_owned()))
}

async fn call(compatibility: Compatibility, request: TestRequest) -> Told {
    let api = Api::new("v1")
        .compatible(compatibility)
        .database(database())
        .register(Who::<KEYED>)
        .register(Who::<QUERIED>)
        .register(Who::<BASIC>)
        .register(Who::<MULTI>)
        .build()
        .unwrap();
    let app = init_service(App::new().service(api.scope("/api"))).await;
    let answer = call_service(&app, request.to_request()).await;
    match answer.status().as_u16() {
        200 => {
            let body = String::from_utf8(read_body(answer).await.to_vec()).unwrap();
            let (_, rest) = body.split_once("\"who\": \"").unwrap();
            Told::Known(rest.split('"').next().unwrap().to_owned())
        }
        401 => {
            let challenge = answer.headers().get(WWW_AUTHENTICATE);
            Told::Refused(challenge.map(|value| value.to_str().unwrap().to_owned()))
        }
        status => Told::Other(status),
    }
}

async fn get(path: &str, authorization: impl AsRef<[u8]>) -> Told {
    let request = TestRequest::get().uri(&format!("/api/v1/{path}"));
    let value = HeaderValue::from_bytes(authorization.as_ref()).unwrap();
    call(
        Compatibility::Strict,
        request.insert_header((AUTHORIZATION, value)),
    )
    .await
}

#[actix_web::test]
async fn a_key_lets_its_account_in() {
    assert_eq!(get("keyed/", "ApiKey ada:k1").await, known("ada as ada"));
    assert_eq!(
        get("keyed/", "apikey chloé:k3").await,
        known("chloé as chloé")
    );
    for wrong in [
        "",
        "ApiKey",
        "ApiKey ada",
        "ApiKey ada:",
        "ApiKey :k1",
        "ApiKey ada:k3",
        "ApiKey ada:k1:more",
        "ApiKey ADA:k1",
        "ApiKey dmitri:k4",
        "Token ada:k1",
        "ApiKey nobody:k1",
    ] {
        assert_eq!(get("keyed/", wrong).await, REFUSED, "{wrong}");
    }
    assert_eq!(get("keyed/", b"ApiKey \xff:k1").await, REFUSED);
}

#[actix_web::test]
async fn a_key_in_the_address_counts_only_where_that_was_said() {
    let get =
        async |compatibility, path: &str| call(compatibility, TestRequest::get().uri(path)).await;

    let address = "?username=ada&api_key=k1";
    let queried = get(Compatibility::Strict, &format!("/api/v1/queried/{address}")).await;
    let strict = get(Compatibility::Strict, &format!("/api/v1/keyed/{address}")).await;
    let tastypie = get(Compatibility::Tastypie, &format!("/api/v1/keyed/{address}")).await;
    let without_name = get(Compatibility::Tastypie, "/api/v1/keyed/?api_key=k1").await;

    assert_eq!(queried, known("ada as ada"));
    assert_eq!(strict, REFUSED);
    assert_eq!(tastypie, known("ada as ada"));
    assert_eq!(without_name, REFUSED);
}

#[actix_web::test]
async fn a_header_of_another_scheme_falls_back_to_the_address() {
    let address = "queried/?username=ada&api_key=k1";

    assert_eq!(get(address, "Basic abc").await, known("ada as ada"));
    assert_eq!(get(address, "ApiKey ada").await, REFUSED);
}

#[actix_web::test]
async fn a_key_in_a_form_is_understood() {
    let post = |body: &'static str| {
        TestRequest::default()
            .method(Method::POST)
            .uri("/api/v1/queried/")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .insert_header(("content-length", body.len()))
            .set_payload(body)
    };

    let right = call(Compatibility::Strict, post("username=ada&api_key=k1")).await;
    let wrong = call(Compatibility::Strict, post("username=ada&api_key=k3")).await;

    assert!(matches!(right, Told::Other(_)), "{right:?}");
    assert_eq!(wrong, REFUSED);
}

#[actix_web::test]
async fn a_password_lets_its_account_in() {
    let ada_secret_1 = "Basic YWRhOnNlY3JldC0x";

    assert_eq!(get("basic/", ada_secret_1).await, known("ada as ada"));
    assert_eq!(
        get("basic/", "BASIC Y2hsb8OpOnNlY3JldC0z").await,
        known("chloé as chloé")
    );
    for wrong in [
        "",
        "Basic",
        "Basic !!!!",
        "Basic YWRhOg==",
        "Basic OnNlY3JldC0x",
        "Basic YnJpYW46c2VjcmV0LTI",
        "Basic YWRhOnNlY3JldC0y",
        "Basic bm9ib2R5OnNlY3JldC0x",
        "Basic ZG1pdHJpOnNlY3JldC00",
        "Basic /zox",
    ] {
        assert_eq!(get("basic/", wrong).await, challenged(), "{wrong}");
    }
    assert_eq!(get("basic/", b"Basic \xff").await, challenged());
}

#[actix_web::test]
async fn the_first_of_several_that_says_yes_is_enough() {
    assert_eq!(get("multi/", "ApiKey ada:k1").await, known("ada as ada"));
    assert_eq!(
        get("multi/", "Basic YWRhOnNlY3JldC0x").await,
        known("ada as ada")
    );
}

/// As recorded: a key that does not fit is an answer, an account that is not active is a plain no.
#[actix_web::test]
async fn several_that_refuse_give_the_first_refusal_that_is_an_answer() {
    assert_eq!(get("multi/", "").await, REFUSED);
    assert_eq!(get("multi/", "ApiKey ada:k3").await, REFUSED);
    assert_eq!(get("multi/", "Basic ZG1pdHJpOnNlY3JldC00").await, REFUSED);
    assert_eq!(get("multi/", "ApiKey dmitri:k4").await, challenged());
}

#[test]
fn an_api_without_a_database_is_not_built() {
    let error = Api::new("v1").register(Who::<MULTI>).build().unwrap_err();

    assert!(
        matches!(&error, Error::Configuration(text) if text.contains("`multi`") && text.contains("ApiKeyAuthentication")),
        "{error}"
    );
}
