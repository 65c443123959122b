//! The kitchen, as it answers on PostgreSQL.

use tastyrs::test::LiveServer;

use super::Scratch;
use crate::kitchen;

#[test]
fn the_kitchen_lists_filters_orders_and_throttles() {
    let Some(scratch) = Scratch::kitchen() else {
        return;
    };
    let served = LiveServer::with_workers(&kitchen::api::build(&scratch.url()).unwrap(), 2);
    let body = |path: &str| {
        let answer = served.get(path);
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
        answer.text().to_owned()
    };

    let note = body("/api/v1/notes/1/");
    assert!(
        note.contains("\"created\": \"2010-03-19T01:18:01\""),
        "{note}"
    );
    let measured = body("/api/v1/measurements/?price=18.22&order_by=-stamp");
    assert!(
        measured.contains("\"price\": \"18.22\"") && measured.contains("\"total_count\": 1"),
        "{measured}"
    );
    let through = body("/api/v1/subjects/?notes__author__username=ada&limit=1");
    assert!(
        through.contains("\"resource_uri\": \"/api/v1/subjects/"),
        "{through}"
    );
    let full = body("/api/v1/fullnotes/?order_by=author&limit=2");
    assert!(full.contains("\"subjects\": [{"), "{full}");
    for path in [
        "/api/v1/notes/?created__year=2012&created__week_day=1",
        "/api/v1/notes/?title__iregex=%5Eapple",
        "/api/v1/notes/?title__contains=%00",
        "/api/v1/measurements/?whole=2147483648",
        "/api/v1/measurements/?opt_label__isnull=true&clock__hour=12",
        "/api/v1/measurements/?stamp__date=2016-02-29",
        "/api/v1/notes/?order_by=author__username&order_by=id",
        "/api/v1/notes/search/?q=BREAD",
    ] {
        body(path);
    }

    let statuses: Vec<u16> = (0..4)
        .map(|_| served.get("/api/v1/throttled/?limit=1").status())
        .collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}
