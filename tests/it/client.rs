//! Whom throttles count, behind proxies and without.

use std::net::IpAddr;

use tastyrs::{
    api::Mount,
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase, send},
    throttle::ForwardedHeader,
};

use super::support::{Subject, library};

#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "subjects",
    hooks,
    throttle = CacheThrottle::new().throttle_at(1)
)]
struct SubjectResource;

impl Hooks for SubjectResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().get("who/", "get_who", Self::who).unthrottled()
    }
}

impl SubjectResource {
    /// Shows whose address a caller has.
    #[expect(
        clippy::unused_async,
        reason = "an endpoint is async, whatever it does"
    )]
    async fn who(&self, request: &mut Request) -> Result<HttpResponse> {
        let address = |address: Option<IpAddr>| address.map(|address| address.to_string());
        let (client, peer) = (address(request.client()), address(request.peer()));
        let who: Data<'_> = [("client", client), ("peer", peer)].into_iter().collect();
        self.create_response(request, who)
    }
}

fn api(set: impl FnOnce(Api) -> Api) -> Mount {
    let library = library(TestDatabase::in_memory(), 1);
    set(Api::new("v1"))
        .database(library.database())
        .register(SubjectResource)
        .build()
        .unwrap()
}

/// Behind proxies in 10.0.0.0/8.
fn behind_proxies(api: Api) -> Api {
    api.trusted_proxies(["10.0.0.0/8"])
}

/// Whether a call that comes from `peer`, with this header, is turned away.
async fn is_refused(client: &TestApiClient, peer: &str, header: &str, value: &str) -> bool {
    let request = client.request(Method::GET, "/api/v1/subjects/");
    let peer: IpAddr = peer.parse().unwrap();
    match request.peer(peer).header(header, value).await.status() {
        200 => false,
        429 => true,
        other => panic!("{other}"),
    }
}

async fn is_refused_for(client: &TestApiClient, peer: &str, forwarded_for: &str) -> bool {
    is_refused(client, peer, "X-Forwarded-For", forwarded_for).await
}

#[actix_web::test]
async fn without_trusted_proxies_headers_say_nothing() {
    let client = TestApiClient::new(&api(|api| api)).await;

    assert!(!is_refused_for(&client, "192.0.2.1", "198.51.100.1").await);
    assert!(is_refused_for(&client, "192.0.2.1", "198.51.100.2").await);
    assert!(is_refused(&client, "192.0.2.1", "Forwarded", "for=198.51.100.3").await);
    assert!(!is_refused_for(&client, "192.0.2.2", "198.51.100.1").await);
}

#[actix_web::test]
async fn the_header_of_a_caller_who_is_no_trusted_proxy_says_nothing() {
    let client = TestApiClient::new(&api(behind_proxies)).await;

    assert!(!is_refused_for(&client, "192.0.2.1", "198.51.100.1").await);
    assert!(is_refused_for(&client, "192.0.2.1", "198.51.100.2").await);
    assert!(is_refused_for(&client, "192.0.2.1", "10.0.0.1").await);
}

#[actix_web::test]
async fn behind_a_proxy_callers_are_told_apart_and_cannot_be_others() {
    let client = TestApiClient::new(&api(behind_proxies)).await;

    assert!(!is_refused_for(&client, "10.0.0.1", "198.51.100.1").await);
    assert!(is_refused_for(&client, "10.0.0.1", "198.51.100.1").await);
    for forged in [
        "8.8.8.8",
        "10.0.0.7",
        "unknown",
        "\"",
        "8.8.8.8, 9.9.9.9",
        "",
    ] {
        let header = format!("{forged}, 198.51.100.1");
        assert!(
            is_refused_for(&client, "10.0.0.2", &header).await,
            "{header}"
        );
    }
    assert!(!is_refused_for(&client, "10.0.0.1", "198.51.100.2").await);
    // Who is refused behind a proxy is refused before it.
    assert!(is_refused_for(&client, "198.51.100.2", "203.0.113.1").await);
}

#[actix_web::test]
async fn behind_two_proxies_the_outer_one_says_who_calls() {
    let client = TestApiClient::new(&api(behind_proxies)).await;

    assert!(!is_refused_for(&client, "10.0.0.1", "8.8.8.8, 198.51.100.1, 10.0.0.2").await);
    assert!(is_refused_for(&client, "10.0.0.3", "9.9.9.9, 198.51.100.1, 10.0.0.4").await);
    assert!(!is_refused_for(&client, "10.0.0.1", "198.51.100.2, 10.0.0.2").await);
}

#[actix_web::test]
async fn the_header_that_was_not_chosen_says_nothing() {
    let by_default = TestApiClient::new(&api(behind_proxies)).await;
    let chosen = |api| behind_proxies(api).forwarded_header(ForwardedHeader::Forwarded);
    let chosen = TestApiClient::new(&api(chosen)).await;
    let proxy = "10.0.0.1";

    assert!(!is_refused(&by_default, proxy, "Forwarded", "for=198.51.100.1").await);
    assert!(is_refused(&by_default, proxy, "Forwarded", "for=198.51.100.2").await);
    assert!(!is_refused(&chosen, proxy, "Forwarded", "for=198.51.100.1;proto=https").await);
    assert!(!is_refused(&chosen, proxy, "Forwarded", "for=\"[2001:db8::1]:443\"").await);
    assert!(is_refused(&chosen, proxy, "Forwarded", "for=\"x, for=198.51.100.1").await);
    assert!(!is_refused_for(&chosen, proxy, "198.51.100.3").await);
    assert!(is_refused_for(&chosen, proxy, "198.51.100.4").await);
}

#[actix_web::test]
async fn an_ipv6_caller_counts_by_their_network_and_an_ipv4_one_however_written() {
    let client = TestApiClient::new(&api(behind_proxies)).await;
    let wider = |api| behind_proxies(api).ipv6_prefix(48).ipv4_prefix(24);
    let wider = TestApiClient::new(&api(wider)).await;

    assert!(!is_refused_for(&client, "2001:db8:1:2::1", "").await);
    assert!(is_refused_for(&client, "2001:db8:1:2:ffff::2", "").await);
    assert!(is_refused_for(&client, "10.0.0.1", "[2001:db8:1:2::3]:1").await);
    assert!(!is_refused_for(&client, "2001:db8:1:3::1", "").await);
    assert!(!is_refused_for(&client, "192.0.2.1", "").await);
    assert!(is_refused_for(&client, "::ffff:192.0.2.1", "").await);
    assert!(is_refused_for(&client, "::ffff:10.0.0.1", "::ffff:192.0.2.1").await);

    assert!(!is_refused_for(&wider, "2001:db8:1:2::1", "").await);
    assert!(is_refused_for(&wider, "2001:db8:1:3::1", "").await);
    assert!(!is_refused_for(&wider, "2001:db8:2::1", "").await);
    assert!(!is_refused_for(&wider, "192.0.2.1", "").await);
    assert!(is_refused_for(&wider, "192.0.2.2", "").await);
}

#[test]
fn an_endpoint_sees_the_caller_and_the_peer_and_several_lines_are_one_list() {
    let served = LiveServer::with_workers(
        &api(|api| api.trusted_proxies(["127.0.0.1", "10.0.0.0/8"])),
        1,
    );
    let request = "GET /api/v1/subjects/who/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-For: 198.51.100.1\r\nForwarded: for=9.9.9.9\r\n\
        X-Forwarded-For: 10.0.0.2,\r\n\r\n";

    let who = send(served.address(), request.as_bytes());

    assert_eq!(
        who.text(),
        r#"{"client": "198.51.100.1", "peer": "127.0.0.1"}"#
    );
}

#[test]
fn what_names_no_proxy_fails_when_the_api_is_built() {
    let wrong = |api: Api| api.build().unwrap_err().to_string();

    for text in ["10.0.0.1/8", "proxy.example", "10.0.0.0/33"] {
        let error = wrong(Api::new("v1").trusted_proxies(["::1", text]));
        assert!(error.contains(&format!("`{text}`")), "{error}");
    }
    let error = wrong(Api::new("v1").ipv6_prefix(129).ipv4_prefix(24));
    assert!(error.contains("`ipv6_prefix` is 129"), "{error}");
}
