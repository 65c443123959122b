//! Plays a conversation on a database and an API of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use actix_web::{
    App,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::{Method, Uri, header::HeaderValue},
    rt::{System, time::sleep},
    test::{self, TestRequest},
};
use diesel::sqlite::Sqlite;
use serde_json::Value;
use tastyrs::test::TestDatabase;

use super::{
    case::{Call, Case, Step},
    compare::{self, Answer, Difference, HEADERS},
};
use crate::kitchen::api;

/// Plays a case to its end or to the first difference.
pub(crate) fn play(case: &Case, fixture: &TestDatabase<Sqlite>) -> Result<(), Difference> {
    let database = fixture.copy();
    let play = || System::new().block_on(steps(case, &database));
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|_| Err("the server panicked".to_owned()))
}

async fn steps(case: &Case, database: &TestDatabase<Sqlite>) -> Result<(), Difference> {
    let kitchen = api::build(database.url()).map_err(|error| format!("kitchen: {error}"))?;
    let server = test::init_service(App::new().service(kitchen.scope("/api"))).await;
    for (place, step) in case.steps.iter().enumerate() {
        let said = |label: &str, difference: Difference| {
            format!("step {} {label}: {difference}", place + 1)
        };
        match step {
            Step::Sleep { seconds } => sleep(Duration::from_secs_f64(*seconds)).await,
            Step::Query {
                sql,
                rows,
                volatile,
            } => {
                let got = database.rows(sql);
                let want = rows.iter().cloned().map(Value::Array).collect();
                compare::value(&want, &got, volatile, "")
                    .map_err(|difference| said("sql", difference))?;
            }
            Step::Call {
                request: call,
                repeat,
                response,
            } => {
                let label = format!("{} {}", call.method, call.path);
                for turn in 1..=*repeat {
                    let answered = match request(call) {
                        Ok(request) => server.call(request.to_request()).await,
                        Err(problem) => return Err(said(&label, problem)),
                    };
                    let outcome = match answered {
                        Ok(got) => compare::answer(response, &answer(call, got).await),
                        Err(error) => Err(format!("no answer: {error}")),
                    };
                    outcome.map_err(|difference| match turn {
                        1 => said(&label, difference),
                        _ => said(&format!("{label} (time {turn})"), difference),
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// The request as the recorder sent it.
fn request(call: &Call) -> Result<TestRequest, Difference> {
    let _: Uri = call
        .path
        .parse()
        .map_err(|error| format!("no address: {error}"))?;
    let method = Method::from_bytes(call.method.as_bytes())
        .map_err(|error| format!("no method: {error}"))?;
    let has_body =
        call.body.is_there() || [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let mut request = TestRequest::with_uri(&call.path)
        .method(method)
        .peer_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000)))
        .insert_header(("Host", "127.0.0.1:8001"));
    for (name, value) in &call.headers {
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|error| format!("no header: {error}"))?;
        request = request.insert_header((name.as_str(), value));
    }
    if has_body {
        let body = call.body.bytes();
        request = request
            .insert_header(("Content-Length", body.len()))
            .set_payload(body);
    }
    Ok(request)
}

/// The answer as it would arrive.
async fn answer(call: &Call, got: ServiceResponse<impl MessageBody + 'static>) -> Answer {
    let status = got.status().as_u16();
    let headers = HEADERS
        .into_iter()
        .filter_map(|name| {
            let value = got.headers().get(name)?;
            Some((name, String::from_utf8_lossy(value.as_bytes()).into_owned()))
        })
        .collect();
    let body = test::read_body(got.map_into_boxed_body()).await;
    // A server does not send what a handler put behind the head of an answer to HEAD.
    let body = if call.method == "HEAD" {
        Vec::new()
    } else {
        body.to_vec()
    };
    Answer {
        status,
        headers,
        body,
    }
}
