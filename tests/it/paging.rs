//! Pages that an object tells, and how many objects there are in all.

use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use serde_json::Value;
use tastyrs::{
    fields::Column,
    prelude::*,
    test::{TestApiClient, TestDatabase},
};

use crate::selects::Selects;

diesel::table! {
    item (id) {
        id -> Integer,
        slug -> Text,
        owner_id -> Nullable<Integer>,
        price -> Nullable<Integer>,
        after -> Integer,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = item, check_for_backend(Sqlite))]
struct Item {
    id: i32,
    slug: String,
    owner_id: Option<i32>,
    price: Option<i32>,
    after: i32,
}

#[derive(ModelResource)]
#[resource(
    model = Item, resource_name = "items", excludes(after), filtering(price = ALL), ordering(id, price, slug),
    authorization = Authorization
)]
struct ItemResource;

/// Named by what is no key.
#[derive(ModelResource)]
#[resource(
    model = Item, resource_name = "slugs", excludes(after), ordering(price), detail_uri_name = slug,
    total_count = TotalCount::None
)]
struct SlugResource;

/// A field has the name of a place in a list.
#[derive(ModelResource)]
#[resource(model = Item, resource_name = "fields", filtering(after = ALL))]
struct FieldResource;

#[derive(ModelResource)]
#[resource(
    model = Item, resource_name = "about", excludes(after), filtering(price = ALL),
    total_count = TotalCount::Estimated
)]
struct AboutResource;

/// Narrowed by a hook, which promises that it finds the same rows while nobody writes.
#[derive(ModelResource)]
#[resource(
    model = Item, resource_name = "kept", excludes(after), filtering(price = ALL), ordering(price), hooks,
    total_count = TotalCount::Cached
)]
struct KeptResource;

impl Hooks for KeptResource {
    fn get_object_list(&self, _: &Request) -> Result<item::BoxedQuery<'static, Sqlite>> {
        Ok(item::table.into_boxed().filter(item::id.gt(10)))
    }
}

struct Letter {
    letter: String,
}

#[derive(Resource)]
#[resource(object = Letter, resource_name = "letters", limit = 3)]
struct LetterResource {
    letter: Column<String>,
}

impl ObjectSource for LetterResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Letter>> {
        let letters = "abcdefg".chars().map(String::from);
        Ok(letters.map(|letter| Letter { letter }).collect())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Letter> {
        Ok(Letter {
            letter: name.to_owned(),
        })
    }

    fn detail_uri(&self, letter: &Letter) -> String {
        letter.letter.clone()
    }
}

/// 30 items: prices with ties and without, every seventh none at all.
fn items() -> TestDatabase<Sqlite> {
    filled(TestDatabase::temporary())
}

fn filled(database: TestDatabase<Sqlite>) -> TestDatabase<Sqlite> {
    database.fill(|db| {
        db.batch_execute(
            "CREATE TABLE item (id integer PRIMARY KEY, slug text NOT NULL UNIQUE, owner_id integer, price integer,
                                after integer NOT NULL);",
        )?;
        for id in 1..=30 {
            let price = if id % 7 == 0 {
                "NULL".to_owned()
            } else {
                (id % 5).to_string()
            };
            db.batch_execute(&format!(
                "INSERT INTO item VALUES ({id}, 'item {id}', {}, {price}, {});",
                id % 2,
                id % 3
            ))?;
        }
        Ok(())
    })
}

async fn client(items: &TestDatabase<Sqlite>) -> TestApiClient {
    let api = Api::new("v1")
        .database(items.database())
        .register(ItemResource)
        .register(SlugResource)
        .register(FieldResource)
        .register(AboutResource)
        .register(KeptResource)
        .register(LetterResource::new());
    TestApiClient::new(&api.build().unwrap()).await
}

fn ids(page: &Value) -> Vec<i64> {
    let objects = page["objects"].as_array().unwrap().iter();
    objects.map(|item| item["id"].as_i64().unwrap()).collect()
}

/// All objects, page by page, by the link of this name.
async fn walked(client: &TestApiClient, from: &str, link: &str) -> Vec<Vec<i64>> {
    let mut pages = Vec::new();
    let mut next = Some(from.to_owned());
    while let Some(path) = next {
        let page = client.get(&path).await.assert_http_ok().json();
        next = page["meta"][link].as_str().map(ToOwned::to_owned);
        pages.push(ids(&page));
        assert!(pages.len() < 40, "{path} goes round in circles");
    }
    pages
}

#[actix_web::test]
async fn pages_by_objects_show_each_object_once_in_every_order_and_both_ways() {
    let items = items();
    let client = client(&items).await;
    for resource in ["items", "slugs"] {
        for order in ["", "order_by=price", "order_by=-price"] {
            let list = client
                .get(format!("/api/v1/{resource}/?{order}&limit=0"))
                .await;
            let all = ids(&list.json());
            assert_eq!(all.len(), 30);
            for limit in [1, 4, 10, 30, 31] {
                let path = format!("/api/v1/{resource}/?{order}&limit={limit}&after=");
                let pages = walked(&client, &path, "next").await;
                assert_eq!(pages.concat(), all, "{path}");
                assert!(pages.iter().all(|page| !page.is_empty()), "{path}");

                let last = list.json()["objects"][29]["resource_uri"].to_string();
                let last = last
                    .trim_matches(['"', '/'])
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_owned();
                let path = format!("/api/v1/{resource}/?{order}&limit={limit}&before={last}");
                let pages = walked(&client, &path, "previous").await;
                let back: Vec<i64> = pages.into_iter().rev().flatten().collect();
                assert_eq!(back, all[..29], "{path}");
            }
        }
    }
}

#[actix_web::test]
async fn a_page_by_objects_says_where_the_ones_beside_it_are() {
    let items = items();
    let client = client(&items).await;

    let page = client
        .get("/api/v1/items/?after=28&limit=1&format=json")
        .await
        .json();

    let meta = serde_json::json!({
        "limit": 1,
        "next": "/api/v1/items/?format=json&limit=1&after=29",
        "previous": "/api/v1/items/?format=json&limit=1&before=29",
        "total_count": 30,
    });
    assert_eq!(page["meta"], meta);
    let page = client.get("/api/v1/items/?after=30").await.json();
    assert_eq!((ids(&page), &page["meta"]["next"]), (vec![], &Value::Null));
    let page = client.get("/api/v1/items/?before=1").await.json();
    assert_eq!(
        (ids(&page), &page["meta"]["previous"]),
        (vec![], &Value::Null)
    );
    let page = client
        .get("/api/v1/items/?after=&limit=2&price=3")
        .await
        .json();
    assert_eq!(
        (ids(&page), &page["meta"]["total_count"]),
        (vec![3, 8], &5.into())
    );
}

#[actix_web::test]
async fn an_object_that_is_gone_tells_a_place_by_its_key_alone() {
    let items = items();
    let client = client(&items).await;
    let gone = items
        .database()
        .run(|db| Ok(db.batch_execute("DELETE FROM item WHERE id = 12")?));
    gone.unwrap();

    let page = client.get("/api/v1/items/?after=12&limit=2").await.json();
    assert_eq!(ids(&page), [13, 14]);
    for path in [
        "/api/v1/items/?after=12&order_by=price",
        "/api/v1/items/?before=12&order_by=-price",
        "/api/v1/slugs/?after=item+12",
        "/api/v1/items/?after=nothing",
        "/api/v1/items/?after=1&offset=2",
        "/api/v1/items/?before=",
        "/api/v1/letters/?after=x",
    ] {
        client.get(path).await.assert_http_bad_request();
    }
}

#[actix_web::test]
async fn the_place_of_what_is_hidden_is_not_told() {
    let items = items();
    let client = client(&items).await;

    client
        .get("/api/v1/kept/?after=5&order_by=price")
        .await
        .assert_http_bad_request();
    let page = client.get("/api/v1/kept/?after=5&limit=2").await.json();
    assert_eq!(ids(&page), [11, 12]);
}

#[actix_web::test]
async fn the_name_of_a_field_is_a_filter_and_no_place() {
    let items = items();
    let client = client(&items).await;

    let page = client.get("/api/v1/fields/?after=2&limit=2").await.json();

    assert_eq!(
        (ids(&page), &page["meta"]["offset"]),
        (vec![2, 5], &0.into())
    );
}

#[actix_web::test]
async fn objects_from_elsewhere_are_paged_likewise() {
    let items = items();
    let client = client(&items).await;
    let mut next = Some("/api/v1/letters/?after=".to_owned());
    let mut seen = String::new();
    while let Some(path) = next {
        let page = client.get(path).await.assert_http_ok().json();
        assert_eq!(page["meta"]["total_count"], 7);
        next = page["meta"]["next"].as_str().map(ToOwned::to_owned);
        let objects = page["objects"].as_array().unwrap().iter();
        seen.extend(objects.map(|object| object["letter"].as_str().unwrap()));
        seen.push(' ');
    }

    assert_eq!(seen, "abc def g ");
    let page = client.get("/api/v1/letters/?before=c&limit=5").await.json();
    assert_eq!(
        (
            page["objects"].as_array().unwrap().len(),
            &page["meta"]["previous"]
        ),
        (2, &Value::Null)
    );
}

#[actix_web::test]
async fn without_a_total_nobody_counts_and_links_are_right() {
    let database = TestDatabase::temporary();
    let selects = Selects::on(database.url());
    let items = filled(database);
    let client = client(&items).await;

    let pages = walked(&client, "/api/v1/slugs/?limit=7", "next").await;

    let lengths: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(lengths, [7, 7, 7, 7, 2]);
    let pages = walked(&client, "/api/v1/slugs/?limit=10", "next").await;
    assert_eq!(pages.len(), 3, "a full page may be the last");
    let page = client.get("/api/v1/slugs/?limit=7").await.json();
    assert_eq!(page["meta"].get("total_count"), None);
    assert_eq!(selects.counts(), 0);
}

#[actix_web::test]
async fn an_estimated_total_is_told_by_what_was_analyzed_and_is_never_less_than_what_was_seen() {
    let items = items();
    let client = client(&items).await;
    let total = async |path: &str| client.get(path).await.json()["meta"]["total_count"].clone();
    let run = |sql: &str| {
        items
            .database()
            .run(|db| Ok(db.batch_execute(sql)?))
            .unwrap();
    };

    assert_eq!(
        total("/api/v1/about/?limit=3").await,
        30,
        "nothing was analyzed, so it is counted"
    );
    run("ANALYZE; DELETE FROM item WHERE id > 20;");
    assert_eq!(total("/api/v1/about/?limit=3").await, 30);
    assert_eq!(
        total("/api/v1/about/?limit=3&offset=18").await,
        20,
        "the last page tells"
    );
    assert_eq!(
        total("/api/v1/about/?limit=1&price=3").await,
        4,
        "no guess for a filter"
    );
    run("UPDATE sqlite_stat1 SET stat = '2 1'");
    items
        .database()
        .run(|db| Ok(db.batch_execute("ANALYZE sqlite_schema")?))
        .unwrap();
    assert_eq!(
        total("/api/v1/about/?limit=3").await,
        4,
        "three were seen, and one behind them"
    );
    let page = client.get("/api/v1/about/?limit=3").await.json();
    assert_eq!(page["meta"]["next"], "/api/v1/about/?limit=3&offset=3");
}

#[actix_web::test]
async fn a_total_is_counted_once_while_nothing_changes() {
    let database = TestDatabase::temporary();
    let selects = Selects::on(database.url());
    let items = filled(database);
    let client = client(&items).await;
    let counted = async |path: &str| {
        let before = selects.counts();
        let total = client.get(path).await.assert_http_ok().json()["meta"]["total_count"].clone();
        (total.as_u64().unwrap(), selects.counts() - before)
    };

    for path in [
        "/api/v1/items/?limit=2&price=3",
        "/api/v1/kept/?limit=2",
        "/api/v1/kept/?limit=2&price__gt=1",
    ] {
        let (total, first) = counted(path).await;
        assert_eq!(first, 1, "{path}");
        assert_eq!(counted(path).await, (total, 0), "{path}");
        // Another page of the same list.
        assert_eq!(
            counted(&format!("{path}&offset=1")).await,
            (total, 0),
            "{path}"
        );
    }
    assert_eq!(
        counted("/api/v1/items/?limit=2&price=4").await,
        (5, 1),
        "another value"
    );

    let wrote = items
        .database()
        .run(|db| Ok(db.batch_execute("UPDATE item SET price = 3 WHERE id = 14")?));
    wrote.unwrap();
    assert_eq!(counted("/api/v1/items/?limit=2&price=3").await, (6, 1));
    assert_eq!(counted("/api/v1/items/?limit=2&price=3").await, (6, 0));
    assert_eq!(counted("/api/v1/kept/?limit=2").await, (20, 1));
}
