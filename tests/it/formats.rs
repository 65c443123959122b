//! In which format a client is answered.

use tastyrs::{
    prelude::*,
    serializers::{DatetimeFormatting, Serializer},
    test::{LiveServer, TestDatabase},
};

use crate::support::{Note, library};

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "plain")]
struct PlainResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "open",
    serializer = Serializer::default()
        .formats(["json", "jsonp", "yaml", "plist", "msgpack"])
        .datetime_formatting(DatetimeFormatting::Rfc2822)
)]
struct OpenResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "pretty",
    fields(id, title),
    serializer = Serializer::json().pretty().camel_case()
)]
struct PrettyResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "wrong", serializer = Serializer::default().formats(["json", "csv"]))]
struct WrongResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "unwritten", default_format = "text/yaml", serializer = Serializer::json())]
struct UnwrittenResource;

fn api() -> Api {
    Api::new("v1").database(library(TestDatabase::in_memory(), 2).database())
}

fn serve(more: impl FnOnce(Api) -> Api) -> LiveServer {
    let api = more(api())
        .register(PlainResource)
        .register(OpenResource)
        .register(PrettyResource);
    LiveServer::with_workers(&api.build().unwrap(), 1)
}

/// The status, the content type and the body of an answer.
fn ask(api: &LiveServer, path: &str, accept: Option<&str>) -> (u16, String, Vec<u8>) {
    let headers: Vec<(&str, &str)> = accept
        .into_iter()
        .map(|accept| ("Accept", accept))
        .collect();
    let answer = api.request("GET", &format!("/api/v1/{path}"), &headers);
    let content_type = answer.header("content-type").unwrap().to_owned();
    (answer.status(), content_type, answer.body().to_vec())
}

fn content_type(api: &LiveServer, path: &str, accept: Option<&str>) -> String {
    ask(api, path, accept).1
}

#[test]
fn who_says_nothing_has_the_formats_whose_feature_is_on() {
    let api = serve(|api| api);

    for (format, wanted) in [
        ("json", "application/json"),
        ("xml", "application/xml; charset=utf-8"),
        ("yaml", "text/yaml; charset=utf-8"),
        ("plist", "application/x-plist; charset=utf-8"),
        ("msgpack", "application/json"),
        ("jsonp&callback=a", "application/json"),
        ("nonsense", "application/json"),
    ] {
        let path = format!("plain/1/?format={format}");
        assert_eq!(content_type(&api, &path, None), wanted, "{format}");
    }
    assert_eq!(
        content_type(&api, "?format=yaml", None),
        "text/yaml; charset=utf-8"
    );
}

#[test]
fn an_api_says_which_formats_its_resources_have() {
    let api = serve(|api| api.default_formats(["json", "yaml"]));

    let accept = Some("application/xml, text/yaml;q=0.5");
    for path in ["plain/", "plain/schema/", "plain/?limit=x", ""] {
        let answered = content_type(&api, path, accept);
        assert_eq!(answered, "text/yaml; charset=utf-8", "{path}");
    }
    assert_eq!(
        content_type(&api, "plain/?format=xml", None),
        "application/json"
    );
}

#[test]
fn jsonp_and_messagepack_are_there_by_a_word() {
    let api = serve(|api| api);

    let (_, mime, body) = ask(&api, "open/1/?callback=a.b", None);
    assert_eq!(mime, "text/javascript");
    let body = String::from_utf8(body).unwrap();
    assert!(body.starts_with("a.b({") && body.ends_with("})"), "{body}");
    assert!(
        body.contains("\"created\": \"Fri, 19 Mar 2010 01:18:01 +0000\", "),
        "{body}"
    );
    let (_, mime, body) = ask(&api, "open/1/", Some("application/msgpack"));
    assert_eq!(mime, "application/msgpack");
    let reader = Serializer::default().formats(["msgpack"]);
    let Value::Map(note) = reader.deserialize(&body, &mime).unwrap() else {
        panic!("{body:x?}");
    };
    assert_eq!(
        note.get("created"),
        Some(&Value::from("Fri, 19 Mar 2010 01:18:01 +0000"))
    );
    let (_, _, body) = ask(&api, "open/1/?format=plist", None);
    assert!(body.starts_with(b"bplist00"));

    let (status, mime, body) = ask(&api, "open/1/?callback=alert(1)", None);
    assert_eq!((status, mime.as_str()), (400, "application/json"));
    assert_eq!(body, b"{\"error\": \"JSONP callback name is invalid.\"}");
    let (status, mime, _) = ask(&api, "open/?limit=x&callback=a", None);
    assert_eq!((status, mime.as_str()), (400, "application/json"));
}

#[test]
fn json_may_have_lines_and_names_in_camel_case() {
    let api = serve(|api| api);

    let (_, _, body) = ask(&api, "pretty/1/", None);

    assert_eq!(
        String::from_utf8(body).unwrap(),
        "{\n  \"id\": 1,\n  \"resourceUri\": \"/api/v1/pretty/1/\",\n  \"title\": \"note 1\"\n}"
    );
}

#[test]
fn a_format_that_nobody_knows_is_told_before_a_port_is_opened() {
    let error = |api: Api| api.build().unwrap_err().to_string();

    let own = error(api().register(WrongResource));
    assert!(own.contains("a format of `wrong` is `csv`"), "{own}");
    let defaults = error(api().default_formats(["jsn"]).register(PlainResource));
    assert!(
        defaults.contains("a format of `Api::default_formats` is `jsn`"),
        "{defaults}"
    );
    let unwritten = error(api().register(UnwrittenResource));
    assert!(
        unwritten.contains("`default_format` of `unwritten` is `text/yaml`"),
        "{unwritten}"
    );
}
