//! Several limits at once, costs, what counts, limits by caller, dry runs.

use super::*;
use crate::{ConcurrencyThrottle, Counts, Outcome, Plans, Rates, Throttle};

fn at(clock: &Clock) -> CacheThrottle {
    CacheThrottle::new().clock(clock.clone())
}

#[tokio::test]
async fn the_longest_wait_of_several_rates_wins_and_a_refusal_spends_nothing() -> Result<()> {
    let clock = Clock::manual();
    let throttle = AnyThrottle::new(at(&clock).rates(["2/s", "3/m"]));
    for _ in 0..2 {
        assert!(passes(&throttle, &call()).await?);
    }

    assert_eq!(
        refused(&throttle, &call()).await?,
        RetryAfter::After(Duration::from_secs(1))
    );
    clock.advance_secs(1);
    assert!(passes(&throttle, &call()).await?);
    for _ in 0..5 {
        assert_eq!(
            refused(&throttle, &call()).await?,
            RetryAfter::After(Duration::from_secs(59))
        );
    }
    clock.advance_secs(59);

    assert!(passes(&throttle, &call()).await?);
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn throttles_that_hold_together_count_on_all_or_on_none() -> Result<()> {
    let clock = Clock::manual();
    let hour = at(&clock).rate("5/h");
    let throttle = hour
        .clone()
        .and(at(&clock).rate("1/s"))
        .and(at(&clock).rate("1/10s"));
    assert!(passes(&throttle, &call()).await?);

    for _ in 0..10 {
        assert_eq!(
            refused(&throttle, &call()).await?,
            RetryAfter::After(Duration::from_secs(10))
        );
    }

    let hour = AnyThrottle::new(hour);
    for _ in 0..4 {
        assert!(passes(&hour, &call()).await?);
    }
    assert!(!passes(&hour, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_cost_known_afterwards_replaces_the_one_before() -> Result<()> {
    let clock = Clock::manual();
    let throttle = AnyThrottle::new(at(&clock).rate("10/m"));
    let mut dear = admitted(&throttle, &call()).await?;
    dear.keep();
    dear.charge(4);
    dear.settle().await?;
    let mut cheap = admitted(&throttle, &call().cost(5)).await?;
    cheap.keep();
    cheap.charge(1);
    cheap.settle().await?;

    let left = admitted(&throttle, &call().quotas()).await?;

    assert_eq!(left.quotas()[0].remaining, 4);
    drop(left);
    let mut beyond = admitted(&throttle, &call()).await?;
    beyond.keep();
    beyond.charge(500);
    beyond.settle().await?;
    assert_eq!(
        refused(&throttle, &call()).await?,
        RetryAfter::After(Duration::from_secs(60))
    );
    Ok(())
}

#[tokio::test]
async fn what_does_not_count_gives_its_place_back() -> Result<()> {
    for (counts, counted) in [
        (Counts::All, [true, true, true, true]),
        (Counts::Answered, [true, true, false, true]),
        (Counts::Failures, [false, true, true, true]),
    ] {
        let ends = [
            Outcome::Answered(200),
            Outcome::Answered(404),
            Outcome::Raised(400),
            Outcome::Dropped,
        ];
        for (outcome, counted) in ends.into_iter().zip(counted) {
            let throttle = CacheThrottle::new().throttle_at(1).counts(counts);
            let throttle = throttle.and(CacheThrottle::new().throttle_at(1).counts(counts));
            let mut place = admitted(&throttle, &call()).await?;
            place.keep();
            place.ended(outcome, Counts::All);
            place.settle().await?;

            assert_eq!(
                !passes(&throttle, &call()).await?,
                counted,
                "{counts:?} {outcome:?}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_plan_is_changed_while_requests_are_served() -> Result<()> {
    let clock = Clock::manual();
    let plans = Plans::new();
    let throttle = AnyThrottle::new(at(&clock).rate("1/m").rates_for(plans.lookup()));
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);

    plans.set("daniel", Rates::new(["3/m"])?);

    assert!(passes(&throttle, &call()).await?);
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    assert!(passes(&throttle, &Access::new("ada")).await?);
    assert!(!passes(&throttle, &Access::new("ada")).await?);
    plans.replace([]);
    clock.advance_secs(60);
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_turns_nobody_away() -> Result<()> {
    let throttle = CacheThrottle::new().throttle_at(1).dry_run();

    for _ in 0..3 {
        assert!(passes(&throttle, &call()).await?);
        assert_eq!(
            throttle.should_be_throttled(&call()).await?,
            Verdict::Allowed
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_who_asks_is_told_where_it_stands() -> Result<()> {
    let clock = Clock::manual();
    let throttle = AnyThrottle::new(at(&clock).rates(["2/s", "10/m"]));
    let call = call().quotas();
    assert!(passes(&throttle, &call).await?);
    clock.advance(Duration::from_millis(250));

    let mut place = admitted(&throttle, &call).await?;
    place.keep();
    let told: Vec<_> = place.quotas().into_iter().cloned().collect();
    place.settle().await?;

    let [burst, sustained] = told.as_slice() else {
        panic!("two rates: {told:?}")
    };
    assert_eq!((&*burst.name, burst.limit, burst.remaining), ("2/s", 2, 0));
    assert_eq!(burst.window, Some(Duration::from_secs(1)));
    assert_eq!(burst.reset, Some(Duration::from_millis(750)));
    assert_eq!(
        (&*sustained.name, sustained.limit, sustained.remaining),
        ("10/m", 10, 8)
    );
    assert!(!burst.violated && !sustained.violated);
    let Admission::Refused(refusal) = throttle.reserve(&call).await? else {
        panic!("the burst is used up")
    };
    assert!(refusal.quotas[0].violated && !refusal.quotas[1].violated);
    assert_eq!(refusal.quotas[0].reset, Some(Duration::from_millis(750)));
    assert_eq!(refusal.quotas[1].remaining, 8);
    Ok(())
}

#[tokio::test]
async fn a_place_that_joins_another_shares_its_fate() -> Result<()> {
    let clock = Clock::manual();
    for kept in [true, false] {
        let throttle = AnyThrottle::new(at(&clock).rate("10/m"));
        let mut first = admitted(&throttle, &call().quotas()).await?;
        first.keep();
        let mut both = first.join(admitted(&throttle, &call().cost(4).quotas()).await?);
        let outcome = if kept {
            Outcome::Answered(200)
        } else {
            Outcome::Raised(400)
        };
        both.ended(outcome, Counts::Answered);
        let left: Vec<_> = both.quotas().iter().map(|quota| quota.remaining).collect();
        both.settle().await?;

        let place = admitted(&throttle, &call().quotas()).await?;

        assert_eq!(left, [5]);
        assert_eq!(place.quotas()[0].remaining, if kept { 4 } else { 9 });
    }
    Ok(())
}

#[tokio::test]
async fn so_many_requests_are_under_way_and_no_more() -> Result<()> {
    let concurrency = ConcurrencyThrottle::new(2);
    let throttle = CacheThrottle::new().rate("100/h").and(concurrency.clone());
    let mut kept = admitted(&throttle, &call()).await?;
    kept.keep();
    let dropped = admitted(&throttle, &call()).await?;

    assert_eq!(refused(&throttle, &call()).await?, RetryAfter::Unknown);
    assert!(passes(&throttle, &Access::new("ada")).await?);
    drop(dropped);
    assert!(passes(&throttle, &call()).await?);
    kept.settle().await?;

    assert!(concurrency.is_empty());
    let first = admitted(&throttle, &call().quotas()).await?;
    let told = first.quotas();
    assert_eq!((told[0].limit, told[0].remaining), (100, 97));
    assert_eq!(
        (&*told[1].name, told[1].limit, told[1].remaining),
        ("concurrency", 2, 1)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_may_have_more_at_once_and_none_of_many_threads_slips_through() -> Result<()> {
    let throttle = ConcurrencyThrottle::new(1)
        .at_once_for(|access| (access.identifier == "daniel").then_some(7));
    let throttle = AnyThrottle::new(throttle);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let throttle = throttle.clone();
            tokio::spawn(async move { throttle.reserve(&call()).await })
        })
        .collect();

    let mut admitted = Vec::new();
    for task in tasks {
        if let Admission::Admitted(place) = task.await.expect("the task ends")? {
            admitted.push(place);
        }
    }

    assert_eq!(admitted.len(), 7);
    Ok(())
}

#[tokio::test]
async fn who_asks_for_more_than_there_ever_is_is_told_which_limit_it_is() -> Result<()> {
    let clock = Clock::manual();
    let throttle = AnyThrottle::new(at(&clock).rates(["3/s", "10/m"]));
    assert!(passes(&throttle, &call()).await?);

    let Admission::Refused(refusal) = throttle.reserve(&call().cost(4).quotas()).await? else {
        panic!("there are never four at once")
    };

    assert_eq!(refusal.retry_after, RetryAfter::Unknown);
    let told: Vec<_> = refusal
        .quotas
        .iter()
        .map(|quota| (quota.remaining, quota.violated))
        .collect();
    assert_eq!(told, [(2, true), (9, false)]);
    Ok(())
}
