//! Places that are given back, kept, charged, and shared.

use tastyrs_throttle::{Redis, Throttle as _};

use super::*;

/// Two throttles that know each other through Redis alone, as on two machines.
fn two_machines(rate: &str) -> Option<[AnyThrottle; 2]> {
    redis()?;
    let prefix = prefix();
    let machine = || {
        let throttle = patient(&url()).prefix(prefix.clone()).rate(rate);
        AnyThrottle::new(throttle)
    };
    Some([machine(), machine()])
}

#[tokio::test]
async fn machines_count_together() -> Result<()> {
    let Some([here, there]) = two_machines("3/h") else {
        return Ok(());
    };
    assert!(passes(&here, &call()).await?);
    assert!(passes(&there, &call()).await?);
    assert!(passes(&here, &call()).await?);

    let waits = [
        refused(&here, &call()).await?,
        refused(&there, &call()).await?,
    ];

    for wait in waits {
        assert!(wait <= Duration::from_secs(3_600), "{wait:?}");
        assert!(wait > Duration::from_secs(3_500), "{wait:?}");
    }
    assert!(passes(&there, &Access::new("ada").resource("notes")).await?);
    Ok(())
}

#[tokio::test]
async fn a_place_that_is_given_back_is_free_on_both_machines() -> Result<()> {
    let Some([here, there]) = two_machines("2/h") else {
        return Ok(());
    };
    let first = admitted(&here, &call()).await?;
    assert!(passes(&here, &call()).await?);
    refused(&here, &call()).await?;

    first.release();

    let again = admitted(&here, &call()).await?;
    drop(again);
    eventually("the other machine has the place", async || {
        passes(&there, &call()).await.unwrap()
    })
    .await;
    assert!(!passes(&here, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn who_is_refused_learns_that_another_machine_gave_a_place_back() -> Result<()> {
    let Some([here, there]) = two_machines("1/h") else {
        return Ok(());
    };
    let place = admitted(&here, &call()).await?;
    refused(&there, &call()).await?;

    drop(place);

    eventually("the place is free", async || {
        passes(&there, &call()).await.unwrap()
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_dropped_while_it_is_decided_holds_no_place() -> Result<()> {
    let Some([here, there]) = two_machines("1/h") else {
        return Ok(());
    };
    assert!(passes(&here, &Access::new("warm")).await?);
    for _ in 0..20 {
        let access = call();
        let mut asked = Box::pin(here.reserve(&access));
        // Sent, and not yet answered.
        let sent = futures_util::poll!(asked.as_mut());
        assert!(sent.is_pending());
        drop(asked);
    }

    assert!(passes(&here, &call()).await?);
    assert!(!passes(&there, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_cost_that_is_known_afterwards_replaces_the_one_before() -> Result<()> {
    let Some([here, there]) = two_machines("10/h") else {
        return Ok(());
    };
    let mut dear = admitted(&here, &call()).await?;
    dear.keep();
    dear.charge(4);
    dear.settle().await?;
    let mut cheap = admitted(&here, &call().cost(5)).await?;
    cheap.keep();
    cheap.charge(1);
    cheap.settle().await?;
    let mut free = admitted(&here, &call().cost(0)).await?;
    free.keep();
    free.charge(2);
    free.settle().await?;

    let left = admitted(&here, &call().quotas()).await?;

    assert_eq!(left.quotas()[0].remaining, 2);
    drop(left);
    assert!(passes(&here, &call().cost(3)).await?);
    assert!(!passes(&there, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn resources_and_rates_count_apart_unless_they_have_one_name() -> Result<()> {
    if redis().is_none() {
        return Ok(());
    }
    let (redis, prefix) = (Redis::open(&url())?, prefix());
    let one = || {
        let throttle = RedisThrottle::new(redis.clone()).prefix(prefix.clone());
        throttle.budget(Duration::from_secs(5))
    };
    let users = call().resource("users");

    let apart = one().rate("1/h");
    let other_rate = AnyThrottle::new(one().rate("2/h"));
    let both = apart.clone().and(one().rates(["5/h"]));
    let apart = AnyThrottle::new(apart);
    assert!(passes(&apart, &call()).await?);
    assert!(passes(&apart, &users).await?);
    assert!(passes(&other_rate, &call()).await?);
    assert!(!passes(&both, &call()).await?);
    assert!(passes(&both, &call().resource("drafts")).await?);

    let minute = AnyThrottle::new(one().rate("5/500ms").name("site"));
    let hour = AnyThrottle::new(one().rate("2/h").name("site"));
    assert!(passes(&hour, &call()).await?);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(passes(&minute, &users).await?);
    assert!(passes(&minute, &users).await?);
    // The short window forgot nothing that the long one counts.
    assert!(!passes(&hour, &call()).await?);
    assert!(passes(&minute, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn one_throttle_serves_runtimes_that_come_and_go() -> Result<()> {
    let Some([here, _]) = two_machines("3/h") else {
        return Ok(());
    };

    let passed: Vec<bool> = (0..5)
        .map(|_| {
            let here = here.clone();
            let worker = std::thread::spawn(move || {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(passes(&here, &call()))
                    .unwrap()
            });
            worker.join().unwrap()
        })
        .collect();

    assert_eq!(passed, [true, true, true, false, false]);
    Ok(())
}

#[tokio::test]
async fn nothing_stays_in_redis_longer_than_the_windows_need() -> Result<()> {
    let Some(mut redis) = redis() else {
        return Ok(());
    };
    let prefix = prefix();
    let throttle = patient(&url())
        .prefix(prefix.clone())
        .rates(["5/s", "10/m"]);
    assert!(passes(&AnyThrottle::new(throttle), &call()).await?);

    let key = format!("{prefix}5/s,10/m@notes:{{daniel}}");
    let left: i64 = redis::cmd("PTTL").arg(&key).query(&mut redis).unwrap();

    assert!((50_000..=60_000).contains(&left), "{left} ms");
    Ok(())
}
