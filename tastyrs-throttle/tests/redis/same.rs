//! The same verdicts, waits and quotas as in memory, for one sequence of calls and one clock.

use tastyrs_throttle::{CacheThrottle, Clock, Quota, Redis, Refusal, Throttle, Verdict};

use super::*;

/// A small generator of numbers that only look random: xorshift.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn small(&mut self, end: u32) -> u32 {
        u32::try_from(self.below(end.into())).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// What came of one call, without the place.
#[derive(Debug, PartialEq)]
enum Told {
    Admitted(Vec<Quota>),
    Refused(Refusal),
    Verdict(Verdict),
    Nothing,
}

fn told(admission: Admission<Reservation>) -> (Told, Option<Reservation>) {
    match admission {
        Admission::Admitted(place) => {
            let quotas = place.quotas().into_iter().cloned().collect();
            (Told::Admitted(quotas), Some(place))
        }
        Admission::Refused(refusal) => (Told::Refused(refusal), None),
    }
}

async fn compare(seed: u64, unit: Duration, rates: &[&[&str]], sequences: u32) -> Result<()> {
    if redis().is_none() {
        return Ok(());
    }
    let (redis, prefix) = (Redis::open(&url())?, prefix());
    let mut draw = Draw(seed);
    for sequence in 0..sequences {
        let clock = Clock::manual();
        let rates = draw.of(rates);
        let rates = rates.iter().copied();
        let in_memory = CacheThrottle::new().rates(rates.clone());
        let in_memory = in_memory.clock(clock.clone());
        let in_redis = RedisThrottle::new(redis.clone())
            .prefix(prefix.clone())
            .budget(Duration::from_secs(5))
            .rates(rates.clone())
            .clock(clock.clone());
        let pair = [AnyThrottle::new(in_memory), AnyThrottle::new(in_redis)];
        let identifier = format!("caller {sequence}");
        let mut held: Vec<[Reservation; 2]> = Vec::new();
        for step in 0..100 {
            let pause = draw.of(&[0, 0, 1, 2, 7, 31]);
            clock.advance(unit * draw.small(pause + 1));
            let mut access = Access::new(&identifier)
                .resource("notes")
                .cost(draw.of(&[1, 1, 1, 2, 3, 0]));
            if access.cost > 0 && draw.below(3) == 0 {
                access = access.quotas();
            }
            let action = draw.below(10);
            let charged = draw.small(4);
            let mut results = Vec::new();
            let mut places = Vec::new();
            let mut settled = if action < 3 && !held.is_empty() {
                let index = draw.below(held.len() as u64);
                Vec::from(held.swap_remove(usize::try_from(index).unwrap()))
            } else {
                Vec::new()
            };
            let settles = !settled.is_empty();
            for throttle in &pair {
                if settles {
                    let mut place = settled.remove(0);
                    match action {
                        0 => place.release(),
                        1 => {
                            place.keep();
                            place.charge(charged);
                            place.settle().await?;
                        }
                        _ => {
                            place.keep();
                            place.settle().await?;
                        }
                    }
                    results.push(Told::Nothing);
                } else if action == 3 {
                    results.push(Told::Verdict(throttle.should_be_throttled(&access).await?));
                } else if action == 4 {
                    throttle.accessed(&access).await?;
                    results.push(Told::Nothing);
                } else {
                    let (result, place) = told(throttle.reserve(&access).await?);
                    results.push(result);
                    places.extend(place);
                }
            }

            assert_eq!(
                results[1], results[0],
                "seed {seed}, sequence {sequence} of {rates:?}, step {step}: {access:?}"
            );
            if let Ok(places) = places.try_into() {
                held.push(places);
            }
        }
    }
    assert_eq!(redis.health().fallbacks, 0);
    Ok(())
}

#[tokio::test]
async fn at_whole_seconds_every_verdict_wait_and_quota_is_that_of_the_memory() -> Result<()> {
    let rates: [&[&str]; 5] = [
        &["3/10s"],
        &["1/m"],
        &["2/5s", "6/m"],
        &["3/10s", "5/m", "20/h"],
        &["10/d"],
    ];

    compare(0x5EED_0001, Duration::from_secs(1), &rates, 60).await
}

#[tokio::test]
async fn at_milliseconds_every_verdict_wait_and_quota_is_that_of_the_memory() -> Result<()> {
    let rates: [&[&str]; 4] = [
        &["3/10ms"],
        &["2/7ms", "6/50ms"],
        &["5/100ms", "10/1500ms"],
        &["4/30ms", "100/h"],
    ];

    compare(0x5EED_0002, Duration::from_millis(1), &rates, 60).await
}

#[tokio::test]
async fn what_would_never_pass_is_refused_without_asking() -> Result<()> {
    let nowhere = RedisThrottle::open("redis://127.0.0.1:1")?;
    let nobody = AnyThrottle::new(nowhere.clone().throttle_at(0));
    let two = AnyThrottle::new(nowhere.clone().throttle_at(2));

    let nobody = nobody.should_be_throttled(&call()).await?;
    let three = two.should_be_throttled(&call().cost(3)).await?;

    assert_eq!(nobody, Verdict::Throttled(RetryAfter::Unknown));
    assert_eq!(three, Verdict::Throttled(RetryAfter::Unknown));
    assert_eq!(nowhere.health().fallbacks, 0);
    Ok(())
}

#[tokio::test]
async fn who_is_forgotten_early_is_so_by_the_expiration() -> Result<()> {
    let Some(base) = throttle() else {
        return Ok(());
    };
    let forgetful = base
        .clone()
        .rate("1/h")
        .expiration(Duration::from_millis(800));
    let forgetful = AnyThrottle::new(forgetful);
    assert!(passes(&forgetful, &call()).await?);
    assert!(!passes(&forgetful, &call()).await?);

    eventually("it is forgotten", async || {
        tokio::time::sleep(Duration::from_millis(900)).await;
        passes(&forgetful, &call()).await.unwrap()
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_setting_that_cannot_be_is_told_when_the_throttle_is_bound() -> Result<()> {
    let nowhere = || RedisThrottle::open("redis://127.0.0.1:1").unwrap();
    let binding = tastyrs_throttle::Binding::new("notes");

    let url = RedisThrottle::open("nonsense://hidden")
        .unwrap_err()
        .to_string();
    let budget = nowhere().budget(Duration::ZERO).bind(&binding).unwrap_err();
    let rate = nowhere().rate("many/d").bind(&binding).unwrap_err();

    assert!(
        url.starts_with("the throttle's `url` is no address"),
        "{url}"
    );
    assert!(!url.contains("hidden"));
    assert!(budget.to_string().contains("`budget` is 0ns"), "{budget}");
    assert!(rate.to_string().contains("many/d"), "{rate}");
    let secret = RedisThrottle::open("redis://user:hidden@127.0.0.1:1")?;
    assert!(!format!("{secret:?}").contains("hidden"));
    Ok(())
}
