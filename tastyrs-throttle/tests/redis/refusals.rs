//! Who is known to be limited is refused without asking.

use tastyrs_throttle::{Clock, Plans, Rates};

use super::*;
use crate::server::Server;

/// How many scripts a server has run.
fn scripts_run(connection: &mut redis::Connection) -> u64 {
    let stats: String = redis::cmd("INFO")
        .arg("commandstats")
        .query(connection)
        .unwrap();
    ["cmdstat_evalsha:calls=", "cmdstat_eval:calls="]
        .into_iter()
        .filter_map(|name| {
            let (_, after) = stats.split_once(name)?;
            after.split(',').next()?.parse::<u64>().ok()
        })
        .sum()
}

#[tokio::test]
async fn a_caller_known_to_be_limited_costs_no_round_trip_and_waits_ever_less() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let clock = Clock::manual();
    let throttle = AnyThrottle::new(patient(&server.url()).rate("1/m").clock(clock.clone()));
    assert!(passes(&throttle, &call()).await?);
    refused(&throttle, &call()).await?;
    let mut connection = server.connection();
    let before = scripts_run(&mut connection);

    clock.advance(Duration::from_millis(400));
    for _ in 0..500 {
        let wait = refused(&throttle, &call()).await?;
        assert_eq!(wait, Duration::from_millis(59_600));
    }

    assert_eq!(scripts_run(&mut connection), before);
    clock.advance(Duration::from_millis(59_600));
    assert!(passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_caller_limited_for_an_hour_is_asked_about_a_dozen_times() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let clock = Clock::manual();
    let throttle = AnyThrottle::new(patient(&server.url()).rate("1/h").clock(clock.clone()));
    assert!(passes(&throttle, &call()).await?);
    let mut connection = server.connection();
    let before = scripts_run(&mut connection);

    for second in 0..3_600 {
        let wait = refused(&throttle, &call()).await?;
        assert_eq!(wait, Duration::from_secs(3_600 - second));
        clock.advance_secs(1);
    }

    let asked = scripts_run(&mut connection) - before;
    assert!((1..=13).contains(&asked), "{asked}");
    assert!(passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_better_plan_holds_at_once_for_who_is_limited() -> Result<()> {
    let Some(throttle) = throttle() else {
        return Ok(());
    };
    let plans = Plans::new();
    let throttle = AnyThrottle::new(throttle.rate("1/h").rates_for(plans.lookup()));
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);

    plans.set("daniel", Rates::new(["3/h"])?);

    assert!(passes(&throttle, &call()).await?);
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_clock_of_redis_that_is_set_back_locks_nobody_out() -> Result<()> {
    if redis().is_none() {
        return Ok(());
    }
    // Two throttles whose clocks differ are one Redis whose clock was set back by an hour.
    let prefix = prefix();
    let by = |clock: &Clock| {
        let throttle = patient(&url()).prefix(prefix.clone()).rate("2/m");
        AnyThrottle::new(throttle.clock(clock.clone()))
    };
    let (late, early) = (Clock::manual(), Clock::manual());
    late.advance_secs(3_600);
    assert!(passes(&by(&late), &call()).await?);
    assert!(passes(&by(&late), &call()).await?);

    let wait = refused(&by(&early), &call()).await?;

    assert_eq!(wait, Duration::from_secs(60));
    early.advance_secs(60);
    assert!(passes(&by(&early), &call()).await?);
    Ok(())
}
