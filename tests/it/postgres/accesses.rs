//! Accesses that throttles write down.

use diesel::{pg::Pg, prelude::*};
use tastyrs::{prelude::*, test::LiveServer};

use super::{Scratch, server::Server};
use crate::accesses::table;

fn on_a_database(check: fn(&Database<Pg>)) {
    if let Some(scratch) = Scratch::new("") {
        check(&Database::open(scratch.url()).unwrap());
    }
}

#[test]
fn usage_on_postgresql() {
    on_a_database(table::calls_are_counted_by_caller_and_period);
}

#[test]
fn reading_on_postgresql() {
    on_a_database(table::rows_are_read_again_page_by_page_and_oldest_first);
}

#[test]
fn pruning_on_postgresql() {
    on_a_database(table::rows_are_pruned_by_age_and_by_number_but_not_within_a_window);
}

#[derive(Resource)]
#[resource(
    object = u64,
    resource_name = "numbers",
    allowed_methods(get),
    throttle = CacheDbThrottle::new().throttle_at(8)
)]
struct NumberResource;

impl ObjectSource for NumberResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<u64>> {
        Ok(vec![7])
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<u64> {
        name.parse().map_err(|_| Error::NotFound)
    }

    fn detail_uri(&self, number: &u64) -> String {
        number.to_string()
    }
}

#[test]
fn a_server_that_is_away_is_a_503_and_the_calls_stay_counted() {
    let Some(postgres) = Server::new() else {
        return;
    };
    let scratch = Scratch::on(&postgres.url(), "accesses".to_owned(), "");
    let api = Api::new("v1")
        .database(Database::<Pg>::open(scratch.url()).unwrap())
        .register(NumberResource)
        .build()
        .unwrap();
    let served = LiveServer::with_workers(&api, 2);
    let call = || served.get("/api/v1/numbers/");
    let together = |count: usize| {
        std::thread::scope(|scope| {
            let calls: Vec<_> = (0..count).map(|_| scope.spawn(call)).collect();
            calls
                .into_iter()
                .map(|call| call.join().unwrap())
                .collect::<Vec<_>>()
        })
    };
    call().assert_http_ok();

    postgres.stop();
    let away = together(5);
    postgres.start();
    let back = [call().status(), call().status(), call().status()];

    for answer in away {
        assert_eq!(answer.status(), 503, "{}", answer.text());
        assert_eq!(answer.header("Retry-After"), Some("1"));
    }
    assert_eq!(back, [200, 200, 429]);
    let rows: i64 = diesel::sql_query("SELECT count(*) AS count FROM tastypie_apiaccess")
        .get_result::<Count>(&mut scratch.connection())
        .unwrap()
        .count;
    assert_eq!(rows, 3);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}
