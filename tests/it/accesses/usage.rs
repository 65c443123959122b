//! How many calls there were, over HTTP.

use serde_json::{Value, json};
use tastyrs::{
    api::Mount,
    django::{Period, Retention, UsageQuery, UsageResource},
    http::User,
    prelude::*,
    test::{LiveServer, TestDatabase},
};

use crate::support::{Author, Db, library};

/// Lets in whoever says a name; `staff` is staff.
struct ByName;

impl Authenticate for ByName {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let name = request.header("x-user").map(ToOwned::to_owned);
        let name = name.ok_or(Error::Unauthorized { challenge: None })?;
        let mut user = User::new(1, name.as_str());
        user.is_staff = name == "staff";
        request.set_identifier(name);
        request.set_user(user);
        Ok(())
    }
}

#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "written",
    excludes(password),
    authentication = ByName,
    throttle = CacheDbThrottle::new()
)]
struct WrittenResource;

fn api(database: &TestDatabase<Db>) -> Mount {
    Api::new("v1")
        .database(database.database())
        .register(WrittenResource)
        .register(UsageResource::new(ByName))
        .build()
        .unwrap()
}

/// Who called how often, as somebody is told; or the status, where that is not 200.
fn told(served: &LiveServer, who: &str, query: &str) -> Result<Vec<(String, i64)>, u16> {
    let path = format!("/api/v1/usage/{query}");
    let answer = served.request("GET", &path, &[("X-User", who)]);
    if answer.status() != 200 {
        return Err(answer.status());
    }
    let objects = answer.json()["objects"].as_array().unwrap().clone();
    let told = |object: Value| {
        let identifier = object["identifier"].as_str().unwrap().to_owned();
        (identifier, object["calls"].as_i64().unwrap())
    };
    Ok(objects.into_iter().map(told).collect())
}

#[test]
fn callers_see_their_own_usage_and_staff_sees_everybodys() {
    let database = library(TestDatabase::temporary(), 1);
    let served = LiveServer::new(&api(&database));
    for (who, calls) in [("ada", 3), ("brian", 2)] {
        for _ in 0..calls {
            served
                .request("GET", "/api/v1/written/", &[("X-User", who)])
                .assert_http_ok();
        }
    }
    let of = |who: &str, calls| (who.to_owned(), calls);

    let stranger = served.get("/api/v1/usage/");
    let written = served.request("DELETE", "/api/v1/usage/", &[("X-User", "staff")]);
    let whole = served.request("GET", "/api/v1/usage/?period=month", &[("X-User", "ada")]);

    assert_eq!((stranger.status(), written.status()), (401, 405));
    assert_eq!(told(&served, "ada", ""), Ok(vec![of("ada", 3)]));
    assert_eq!(told(&served, "ada", "?identifier=brian"), Ok(vec![]));
    assert_eq!(told(&served, "chloe", ""), Ok(vec![]));
    let everybody = vec![of("ada", 3), of("brian", 2)];
    assert_eq!(told(&served, "staff", "?period=month"), Ok(everybody));
    assert_eq!(
        told(&served, "staff", "?identifier=brian"),
        Ok(vec![of("brian", 2)])
    );
    assert_eq!(
        told(&served, "staff", "?limit=1&offset=1"),
        Ok(vec![of("brian", 2)])
    );
    assert_eq!(told(&served, "staff", "?start__gte=2100-01-01"), Ok(vec![]));
    assert_eq!(
        told(&served, "staff", "?start__lt=2020-01-01T00:00:00"),
        Ok(vec![])
    );
    assert_eq!(told(&served, "staff", "?period=week"), Err(400));
    assert_eq!(told(&served, "staff", "?start__gte=soon"), Err(400));
    let object = &whole.json()["objects"][0];
    assert_eq!(object["period"], json!("month"));
    assert!(
        object["start"].as_str().unwrap().ends_with("-01T00:00:00"),
        "{object}"
    );
    assert_eq!(whole.json()["meta"]["total_count"], json!(1));
}

#[actix_web::test]
async fn an_api_tells_its_program_the_usage_and_prunes_when_told() {
    let database = library(TestDatabase::temporary(), 1);
    let api = api(&database);
    let client = tastyrs::test::TestApiClient::new(&api).await;
    client
        .get("/api/v1/written/")
        .header("X-User", "ada")
        .await
        .assert_http_ok();

    let used = api.usage(UsageQuery::new(Period::Hour)).await.unwrap();
    let pruned = api.prune(Retention::new().max_rows(0)).await.unwrap();

    assert_eq!((used[0].identifier.as_str(), used[0].calls), ("ada", 1));
    assert_eq!(pruned, 0, "a throttle counts it still");
    api.drain().await.unwrap();
}

#[actix_web::test]
async fn without_a_database_there_is_no_usage() {
    let api = Api::new("v1").build().unwrap();

    let usage = api.usage(UsageQuery::new(Period::Day)).await;

    assert!(matches!(usage, Err(Error::Configuration(_))));
    api.drain().await.unwrap();
}
