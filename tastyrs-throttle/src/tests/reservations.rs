//! Places that are kept, given back or dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::{Error, Throttle, Ticket};

#[tokio::test]
async fn a_place_counts_from_the_moment_it_is_taken() -> Result<()> {
    let (throttle, clock) = per_minute(1);

    let mut place = admitted(&throttle, &call()).await?;
    clock.advance_secs(20);

    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(40));
    place.keep();
    assert!(place.is_kept());
    place.settle().await?;
    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(40));
    Ok(())
}

#[tokio::test]
async fn a_place_that_is_not_kept_is_given_back() -> Result<()> {
    let (throttle, _) = per_minute(1);

    admitted(&throttle, &call()).await?.settle().await?;
    drop(admitted(&throttle, &call()).await?);
    let mut kept = admitted(&throttle, &call()).await?;
    kept.keep();
    kept.release();

    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_kept_place_that_is_dropped_stays_counted() -> Result<()> {
    let (throttle, _) = per_minute(2);

    let mut place = admitted(&throttle, &call()).await?;
    place.keep();
    drop(place);
    let mut place = admitted(&throttle, &call()).await?;
    place.keep();
    drop(place.settle());

    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_place_given_back_uncovers_the_access_that_it_stood_before() -> Result<()> {
    let (throttle, clock) = per_minute(2);
    assert!(passes(&throttle, &call()).await?);
    clock.advance_secs(30);
    let second = admitted(&throttle, &call()).await?;
    clock.advance_secs(30);
    let third = admitted(&throttle, &call()).await?;

    second.release();

    assert!(passes(&throttle, &call()).await?);
    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(60));
    third.release();
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_place_settled_after_its_window_changes_nothing() -> Result<()> {
    for is_kept in [true, false] {
        let (throttle, clock) = per_minute(1);
        let mut old = admitted(&throttle, &call()).await?;
        clock.advance_secs(60);
        assert!(passes(&throttle, &call()).await?);
        clock.advance_secs(10);

        if is_kept {
            old.keep();
        }
        old.settle().await?;

        assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(50));
    }
    Ok(())
}

/// Lets everybody through and counts what it is told.
#[derive(Default)]
struct Counting {
    accessed: AtomicU32,
}

impl Throttle for Counting {
    async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
        Ok(Verdict::Allowed)
    }

    async fn accessed(&self, access: &Access<'_>) -> Result<()> {
        assert_eq!(access.identifier, "daniel");
        self.accessed.fetch_add(access.cost, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn a_throttle_of_ones_own_is_told_of_what_was_kept() -> Result<()> {
    let own = Arc::new(Counting::default());
    let throttle = AnyThrottle::new(Arc::clone(&own));

    admitted(&throttle, &call()).await?.settle().await?;
    assert_eq!(own.accessed.load(Ordering::SeqCst), 0);
    assert!(passes(&throttle, &call().cost(3)).await?);

    assert_eq!(own.accessed.load(Ordering::SeqCst), 3);
    Ok(())
}

#[tokio::test]
async fn a_throttle_of_ones_own_is_told_of_a_dropped_request_in_the_background() -> Result<()> {
    let own = Arc::new(Counting::default());
    let throttle = AnyThrottle::new(Arc::clone(&own));

    let mut place = admitted(&throttle, &call()).await?;
    place.keep();
    drop(place);
    tokio::task::yield_now().await;

    assert_eq!(own.accessed.load(Ordering::SeqCst), 1);
    Ok(())
}

#[test]
fn a_dropped_request_without_a_runtime_does_not_panic() {
    let throttle = AnyThrottle::new(Counting::default());
    let mut place = crate::journal::block_on(admitted(&throttle, &call())).unwrap();
    place.keep();

    drop(place);
}

/// A throttle that counts with a `CacheThrottle` inside.
struct Wrapped(CacheThrottle);

impl Throttle for Wrapped {
    async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        self.0.should_be_throttled(access).await
    }

    async fn reserve(&self, access: &Access<'_>) -> Result<Admission> {
        if access.identifier == "admin" {
            return Ok(Admission::Admitted(Ticket::new()));
        }
        self.0.reserve(access).await
    }
}

#[tokio::test]
async fn a_throttle_may_count_with_another_inside() -> Result<()> {
    let throttle = AnyThrottle::new(Wrapped(CacheThrottle::new().throttle_at(1)));

    assert!(passes(&throttle, &call()).await?);

    assert!(!passes(&throttle, &call()).await?);
    assert!(passes(&throttle, &Access::new("admin")).await?);
    Ok(())
}

struct Failing;

impl Throttle for Failing {
    async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
        Err(Error::own("no answer"))
    }
}

#[tokio::test]
async fn a_throttle_that_fails_says_why() {
    let error = AnyThrottle::new(Failing)
        .reserve(&call())
        .await
        .unwrap_err();

    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "no answer");
}

#[test]
fn a_reservation_can_go_to_another_thread() {
    fn is_send<T: Send + 'static>() {}
    is_send::<Reservation>();
    is_send::<AnyThrottle>();
}

#[tokio::test]
async fn whoever_settles_a_place_holds_little_meanwhile() -> Result<()> {
    let (throttle, _) = per_minute(1);
    let place = admitted(&throttle, &call()).await?;

    assert!(size_of_val(&place.settle()) <= 32);
    Ok(())
}
