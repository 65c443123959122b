//! Stores that are shared, and stores that are full.

use super::*;
use crate::{Binding, Error, Store};

fn limit(throttle_at: u32, secs: u64, store: &Store, clock: &Clock) -> AnyThrottle {
    CacheThrottle::new()
        .throttle_at(throttle_at)
        .timeframe(Duration::from_secs(secs))
        .store(store.clone())
        .clock(clock.clone())
        .into()
}

async fn exhaust(throttle: &AnyThrottle, identifier: &str) -> Result<()> {
    while passes(throttle, &Access::new(identifier)).await? {}
    Ok(())
}

#[tokio::test]
async fn throttles_count_apart_unless_they_share_a_store() -> Result<()> {
    let (notes, _) = per_minute(1);
    let (users, _) = per_minute(1);

    assert!(passes(&notes, &call()).await?);

    assert!(passes(&users, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn clones_count_together() -> Result<()> {
    let original = CacheThrottle::new().throttle_at(1);
    let (one, other) = (original.clone().into(), original.into());

    assert!(passes(&one, &call()).await?);

    assert!(!passes(&other, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_long_window_still_finds_what_a_short_one_needs_no_more() -> Result<()> {
    let (store, clock) = (Store::new(), Clock::manual());
    let burst = limit(2, 1, &store, &clock);
    let daily = limit(5, 86_400, &store, &clock);
    daily.bind(&Binding::new("notes"))?;
    for _ in 0..5 {
        assert!(passes(&burst, &call()).await?);
        clock.advance_secs(10);
    }

    let verdict = daily.should_be_throttled(&call()).await?;

    assert_eq!(verdict, retry_in(86_400 - 50));
    assert!(passes(&burst, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_throttle_that_joins_late_with_a_longer_window_loses_nothing_that_is_held() -> Result<()>
{
    let (store, clock) = (Store::new(), Clock::manual());
    let burst = limit(9, 60, &store, &clock);
    clock.advance(Duration::from_nanos(123_456_789));
    for _ in 0..3 {
        assert!(passes(&burst, &call()).await?);
        clock.advance_secs(1);
    }
    let held = admitted(&burst, &call()).await?;

    let monthly = limit(4, 30 * 86_400, &store, &clock);

    assert!(!passes(&monthly, &call()).await?);
    held.release();
    assert!(passes(&monthly, &call()).await?);
    assert!(!passes(&monthly, &call()).await?);
    assert!(passes(&burst, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn throttles_of_one_store_with_two_clocks_are_told_so() -> Result<()> {
    let store = Store::new();
    let _ = limit(1, 60, &store, &Clock::manual())
        .should_be_throttled(&call())
        .await?;

    let error = limit(1, 60, &store, &Clock::manual())
        .bind(&Binding::new("notes"))
        .unwrap_err();

    assert!(matches!(error, Error::ClocksDiffer));
    Ok(())
}

#[tokio::test]
async fn a_flood_of_identifiers_neither_frees_the_limited_one_nor_grows_the_store() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(3_000), Clock::manual());
    let throttle = limit(10, 60, &store, &clock);
    exhaust(&throttle, "daniel").await?;

    for number in 0..300_000 {
        assert!(passes(&throttle, &Access::new(&format!("flood {number}"))).await?);
    }

    assert_eq!(store.len(), 3_000);
    assert_eq!(store.evicted(), 297_001);
    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(60));
    Ok(())
}

#[tokio::test]
async fn a_flood_passes_by_those_who_have_called_more_than_once() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(1_000), Clock::manual());
    let throttle = limit(10, 60, &store, &clock);
    for _ in 0..9 {
        assert!(passes(&throttle, &call()).await?);
    }

    for number in 0..30_000 {
        assert!(passes(&throttle, &Access::new(&format!("flood {number}"))).await?);
    }

    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn whom_a_plan_limits_outlives_a_flood() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(500), Clock::manual());
    let plans = crate::Plans::new();
    plans.set("daniel", crate::Rates::new(["2/m"])?);
    let throttle: AnyThrottle = CacheThrottle::new()
        .throttle_at(10)
        .rates_for(plans.lookup())
        .store(store.clone())
        .clock(clock.clone())
        .into();
    exhaust(&throttle, "daniel").await?;

    for number in 0..20_000 {
        assert!(passes(&throttle, &Access::new(&format!("flood {number}"))).await?);
    }

    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(60));
    clock.advance_secs(60);
    assert!(passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn where_every_place_is_held_a_newcomer_is_not_told_when_to_come_back() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(1), Clock::manual());
    let throttle = limit(2, 60, &store, &clock);
    let held = admitted(&throttle, &call()).await?;

    assert_eq!(
        refused(&throttle, &Access::new("ada")).await?,
        RetryAfter::Unknown
    );

    held.release();
    assert!(passes(&throttle, &Access::new("ada")).await?);
    Ok(())
}

#[tokio::test]
async fn a_store_whose_cap_is_lowered_grows_no_further() -> Result<()> {
    let (store, clock) = (Store::new(), Clock::manual());
    let throttle = limit(2, 60, &store, &clock);
    for number in 0..1_000 {
        assert!(passes(&throttle, &Access::new(&format!("old {number}"))).await?);
    }

    let store = store.max_keys(10);

    for number in 0..1_000 {
        assert!(passes(&throttle, &Access::new(&format!("new {number}"))).await?);
    }
    assert_eq!(store.len(), 1_000);
    Ok(())
}

#[tokio::test]
async fn where_everybody_is_limited_a_newcomer_waits_for_one_to_be_free() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(100), Clock::manual());
    let throttle = limit(1, 60, &store, &clock);
    for number in 0..100 {
        exhaust(&throttle, &format!("flood {number}")).await?;
    }
    clock.advance_secs(20);

    let retry_after = refused(&throttle, &call()).await?;

    assert_eq!(retry_after, RetryAfter::After(Duration::from_secs(40)));
    throttle.accessed(&call()).await?;
    assert_eq!(store.len(), 100);
    for number in 0..100 {
        assert!(!passes(&throttle, &Access::new(&format!("flood {number}"))).await?);
    }
    clock.advance_secs(40);
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_place_that_is_held_outlives_a_flood() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(50), Clock::manual());
    let throttle = limit(2, 60, &store, &clock);
    let mut place = admitted(&throttle, &call()).await?;

    for number in 0..5_000 {
        assert!(passes(&throttle, &Access::new(&format!("flood {number}"))).await?);
    }
    place.keep();
    place.settle().await?;

    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn identifiers_that_no_longer_count_are_let_go_while_others_come() -> Result<()> {
    let (store, clock) = (Store::new(), Clock::manual());
    let throttle = limit(2, 60, &store, &clock);
    for number in 0..1_000 {
        assert!(passes(&throttle, &Access::new(&format!("old {number}"))).await?);
    }
    clock.advance_secs(60);

    for number in 0..600 {
        assert!(passes(&throttle, &Access::new(&format!("new {number}"))).await?);
    }

    // Each newcomer looks at two; in some shards there are fewer newcomers than in others.
    assert!(store.len() < 700, "{}", store.len());
    assert!(!store.is_empty());
    Ok(())
}

#[tokio::test]
async fn asking_about_strangers_holds_no_key() -> Result<()> {
    let (store, clock) = (Store::new(), Clock::manual());
    let throttle = limit(2, 60, &store, &clock);

    for number in 0..100 {
        let _ = throttle
            .should_be_throttled(&Access::new(&number.to_string()))
            .await?;
    }

    assert!(store.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_store_of_no_keys_holds_one() -> Result<()> {
    let (store, clock) = (Store::new().max_keys(0), Clock::manual());
    let throttle = limit(2, 60, &store, &clock);

    for number in 0..100 {
        assert!(passes(&throttle, &Access::new(&number.to_string())).await?);
    }

    assert_eq!(store.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_shorter_expiration_makes_none_of_the_others_forget() -> Result<()> {
    let (store, clock) = (Store::new(), Clock::manual());
    let lasting = limit(1, 3_600, &store, &clock);
    let forgetful: AnyThrottle = CacheThrottle::new()
        .throttle_at(1)
        .expiration(Duration::from_secs(1))
        .store(store.clone())
        .clock(clock.clone())
        .into();
    assert!(passes(&lasting, &call()).await?);

    assert!(!passes(&forgetful, &call()).await?);
    clock.advance_secs(2);

    assert!(!passes(&lasting, &call()).await?);
    Ok(())
}
