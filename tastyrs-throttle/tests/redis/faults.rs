//! Redis that is killed, frozen, slow, or away from the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tastyrs_throttle::{Error, OnStoreFailure};

use super::*;
use crate::server::Server;

/// Waits until Redis is known to be back.
async fn back(throttle: &RedisThrottle) {
    eventually("it is back", async || throttle.health().is_there).await;
}

/// Waits until Redis is known to be away, by asking for whoever.
async fn away(throttle: &RedisThrottle) {
    let any = AnyThrottle::new(throttle.clone());
    let mut number = 0;
    eventually("it is away", async || {
        number += 1;
        let identifier = format!("somebody {number}");
        let _ = any.reserve(&Access::new(&identifier)).await;
        !throttle.health().is_there
    })
    .await;
}

fn of(server: &Server) -> RedisThrottle {
    RedisThrottle::open(&server.url())
        .unwrap()
        .prefix(prefix())
        .rate("3/h")
}

#[tokio::test]
async fn while_redis_is_dead_the_process_limits_by_what_it_admitted() -> Result<()> {
    let Some(mut server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).budget(Duration::from_secs(2));
    let any = AnyThrottle::new(throttle.clone());
    assert!(passes(&any, &call()).await?);

    server.kill();
    let passed = [
        passes(&any, &call()).await?,
        passes(&any, &call()).await?,
        passes(&any, &call()).await?,
    ];

    assert_eq!(passed, [true, true, false]);
    let health = throttle.health();
    assert!(!health.is_there, "{health:?}");
    assert_eq!(health.times_away, 1);
    assert!(health.fallbacks >= 3, "{health:?}");
    assert!(health.last_failure.is_some());
    Ok(())
}

#[tokio::test]
async fn what_was_admitted_without_redis_is_told_when_it_is_back() -> Result<()> {
    let Some(mut server) = Server::start(&[]) else {
        return Ok(());
    };
    let prefix = prefix();
    let machine = || of(&server).prefix(prefix.clone());
    let throttle = machine().budget(Duration::from_secs(2));
    let elsewhere = machine().budget(Duration::from_secs(5));
    let elsewhere = AnyThrottle::new(elsewhere);
    let here = AnyThrottle::new(throttle.clone());
    server.kill();
    assert!(passes(&here, &call()).await?);
    drop(admitted(&here, &call()).await?);
    assert!(passes(&here, &call()).await?);
    assert!(throttle.health().owed >= 2);

    server.restart();
    back(&throttle).await;
    eventually("it is told", async || throttle.health().owed == 0).await;
    // Behind what was told.
    assert!(passes(&here, &Access::new("ada")).await?);

    assert!(passes(&elsewhere, &call()).await?);
    assert!(!passes(&elsewhere, &call()).await?);
    assert!(!passes(&here, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn while_redis_is_dead_all_pass_or_none_where_that_is_wanted() -> Result<()> {
    let nowhere = || RedisThrottle::open("redis://127.0.0.1:1").unwrap();
    let open = nowhere().rate("1/h").on_store_failure(OnStoreFailure::Pass);
    let shut = nowhere()
        .rate("1/h")
        .on_store_failure(OnStoreFailure::Refuse);
    let (open, shut) = (AnyThrottle::new(open), AnyThrottle::new(shut));

    for _ in 0..5 {
        assert!(passes(&open, &call()).await?);
        let refused = shut.reserve(&call()).await.unwrap_err();
        assert!(matches!(refused, Error::StoreAway), "{refused:?}");
        let refused = shut.should_be_throttled(&call()).await.unwrap_err();
        assert!(matches!(refused, Error::StoreAway), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn who_was_known_to_be_limited_stays_so_while_redis_is_dead() -> Result<()> {
    let Some(mut server) = Server::start(&[]) else {
        return Ok(());
    };
    let prefix = prefix();
    let throttle = |on| {
        let throttle = of(&server).prefix(prefix.clone()).rate("1/h");
        throttle.budget(Duration::from_secs(2)).on_store_failure(on)
    };
    let (here, there) = (
        throttle(OnStoreFailure::Local),
        throttle(OnStoreFailure::Pass),
    );
    let (here, there) = (AnyThrottle::new(here), AnyThrottle::new(there));
    assert!(passes(&here, &call()).await?);
    assert!(!passes(&there, &call()).await?);

    server.kill();

    assert!(!passes(&there, &call()).await?);
    assert!(passes(&there, &Access::new("ada")).await?);
    Ok(())
}

#[tokio::test]
async fn a_redis_that_starts_again_is_found_without_a_request() -> Result<()> {
    let Some(mut server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server);
    server.kill();
    away(&throttle).await;

    server.restart();
    back(&throttle).await;

    let fallbacks = throttle.health().fallbacks;
    let patient = AnyThrottle::new(throttle.clone().budget(Duration::from_secs(5)));
    assert!(passes(&patient, &call()).await?);
    assert_eq!(throttle.health().fallbacks, fallbacks);
    Ok(())
}

#[tokio::test]
async fn a_redis_that_starts_again_between_requests_is_not_missed() -> Result<()> {
    let Some(mut server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).budget(Duration::from_secs(5));
    let any = AnyThrottle::new(throttle.clone());
    assert!(passes(&any, &call()).await?);
    // A connection that is young is given up when it is lost.
    tokio::time::sleep(Duration::from_millis(1_200)).await;

    server.kill();
    server.restart();
    for _ in 0..3 {
        assert!(passes(&any, &call()).await?);
    }

    assert_eq!(throttle.health().fallbacks, 0);
    assert!(!passes(&any, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_frozen_redis_costs_many_requests_at_once_one_budget() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).rate("1000/h");
    let any = AnyThrottle::new(throttle.clone());
    // However slow the machine is.
    eventually("it answers", async || {
        let passed = passes(&any, &call()).await.unwrap();
        passed && throttle.health().is_there
    })
    .await;

    server.freeze();
    let begun = Instant::now();
    let requests = (0..3_000).map(|number| {
        let any = any.clone();
        async move {
            let identifier = format!("caller {number}");
            passes(&any, &Access::new(&identifier)).await
        }
    });
    let passed = futures_util::future::join_all(requests).await;
    let waited = begun.elapsed();

    assert!(passed.into_iter().all(|passed| passed.unwrap()));
    // One after the other they would wait for minutes.
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    assert!(!throttle.health().is_there);

    server.thaw();
    back(&throttle).await;
    Ok(())
}

#[tokio::test]
async fn while_redis_is_frozen_connections_do_not_pile_up() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).rate("100000/h");
    let any = AnyThrottle::new(throttle.clone());
    let mut connection = server.connection();
    let connections = |connection: &mut redis::Connection| -> u64 {
        let stats: String = redis::cmd("INFO").arg("stats").query(connection).unwrap();
        let (_, after) = stats.split_once("total_connections_received:").unwrap();
        after.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert!(passes(&any, &call()).await?);
    let before = connections(&mut connection);

    server.freeze();
    away(&throttle).await;
    let begun = Instant::now();
    let asked = Arc::new(AtomicU32::new(0));
    while begun.elapsed() < Duration::from_secs(2) {
        for _ in 0..100 {
            assert!(passes(&any, &call()).await?);
            asked.fetch_add(1, Ordering::Relaxed);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.thaw();
    back(&throttle).await;

    let opened = connections(&mut connection) - before;
    assert!(opened <= 12, "{opened} for {asked:?} requests");
    Ok(())
}

#[tokio::test]
async fn a_slow_redis_counts_as_away_until_it_is_fast_again() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).rate("1000/h");
    let any = AnyThrottle::new(throttle.clone());
    assert!(passes(&any, &call()).await?);
    let mut connection = server.connection();

    let pause = redis::cmd("CLIENT")
        .arg("PAUSE")
        .arg(2_000)
        .arg("ALL")
        .clone();
    pause.query::<()>(&mut connection).unwrap();
    away(&throttle).await;
    assert!(passes(&any, &call()).await?);
    back(&throttle).await;

    let sleeper = std::thread::spawn(move || {
        let sleep = redis::cmd("DEBUG").arg("SLEEP").arg("2").clone();
        sleep.query::<()>(&mut connection)
    });
    away(&throttle).await;
    assert!(passes(&any, &call()).await?);
    back(&throttle).await;
    sleeper.join().unwrap().unwrap();
    assert!(throttle.health().times_away >= 2);
    Ok(())
}

#[tokio::test]
async fn a_redis_that_cannot_write_is_away_until_it_can() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).budget(Duration::from_secs(2));
    let any = AnyThrottle::new(throttle.clone());
    assert!(passes(&any, &call()).await?);
    let mut connection = server.connection();
    let set = |connection: &mut redis::Connection, value: &str| {
        let set = redis::cmd("CONFIG")
            .arg("SET")
            .arg("maxmemory")
            .arg(value)
            .clone();
        set.query::<()>(connection).unwrap();
    };

    set(&mut connection, "1");
    away(&throttle).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let still = throttle.health();
    set(&mut connection, "0");
    back(&throttle).await;

    assert!(!still.is_there && still.times_away == 1, "{still:?}");
    Ok(())
}

#[tokio::test]
async fn scripts_that_redis_lost_are_sent_again() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = of(&server).budget(Duration::from_secs(5));
    let any = AnyThrottle::new(throttle.clone());
    let mut connection = server.connection();
    let flush = || redis::cmd("SCRIPT").arg("FLUSH").clone();
    let place = admitted(&any, &call()).await?;

    flush().query::<()>(&mut connection).unwrap();
    place.release();
    let passed = passes(&any, &call()).await?;
    flush().query::<()>(&mut connection).unwrap();

    assert!(passed && passes(&any, &call()).await?);
    assert_eq!(throttle.health().fallbacks, 0);
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_something_else_spoils_nobody_elses_answer() -> Result<()> {
    let Some(server) = Server::start(&[]) else {
        return Ok(());
    };
    let throttle = RedisThrottle::open(&server.url())?.rate("1/h").prefix("x:");
    let throttle = throttle.budget(Duration::from_secs(5));
    let any = AnyThrottle::new(throttle.clone());
    let mut connection = server.connection();
    let set = redis::cmd("SET")
        .arg("x:1/h@notes:{daniel}")
        .arg("1")
        .clone();
    set.query::<()>(&mut connection).unwrap();

    assert!(passes(&any, &call()).await?);
    assert!(!passes(&any, &call()).await?);

    assert!(throttle.health().is_there);
    Ok(())
}
