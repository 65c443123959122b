//! The edges at which others were seen to fail.

use super::*;
use crate::{BaseThrottle, Error, Throttle};

#[tokio::test]
async fn turns_the_third_call_away_and_says_when_to_come_back() -> Result<()> {
    let (throttle, clock) = per_minute(2);
    throttle.accessed(&call()).await?;
    clock.advance_secs(10);
    throttle.accessed(&call()).await?;
    clock.advance_secs(5);

    let verdict = throttle.should_be_throttled(&call()).await?;

    assert_eq!(verdict, retry_in(45));
    Ok(())
}

#[tokio::test]
async fn asking_counts_nothing() -> Result<()> {
    let (throttle, _) = per_minute(1);

    for _ in 0..10 {
        assert_eq!(
            throttle.should_be_throttled(&call()).await?,
            Verdict::Allowed
        );
    }

    assert!(passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn steps_of_the_wall_clock_change_nothing() -> Result<()> {
    for step in [-3_600, 3_600, i64::MIN, i64::MAX] {
        let (throttle, clock) = per_minute(1);
        throttle.accessed(&call()).await?;
        clock.advance_secs(10);

        clock.step_wall(step);

        assert_eq!(
            throttle.should_be_throttled(&call()).await?,
            retry_in(50),
            "{step}"
        );
        clock.advance_secs(50);
        assert_eq!(
            throttle.should_be_throttled(&call()).await?,
            Verdict::Allowed,
            "{step}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn identifiers_that_look_alike_count_apart() -> Result<()> {
    let (throttle, _) = per_minute(1);
    let long = "a".repeat(100_000);
    let longer = "a".repeat(100_001);

    for identifier in [
        "alice", "al:ice", "a@lice", "1::23", "12::3", "", &long, &longer,
    ] {
        assert!(
            passes(&throttle, &Access::new(identifier)).await?,
            "{identifier:.9}"
        );
        assert!(
            !passes(&throttle, &Access::new(identifier)).await?,
            "{identifier:.9}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn with_a_limit_of_zero_nobody_passes() -> Result<()> {
    let (throttle, clock) = per_minute(0);

    for cost in [0, 1, 2] {
        let retry_after = refused(&throttle, &call().cost(cost)).await?;
        assert_eq!(retry_after.header_value(), None);
    }

    throttle.accessed(&call()).await?;
    clock.advance_secs(600);
    assert_ne!(
        throttle.should_be_throttled(&call()).await?,
        Verdict::Allowed
    );
    Ok(())
}

#[tokio::test]
async fn an_access_exactly_a_timeframe_old_has_left_the_window() -> Result<()> {
    let (throttle, clock) = per_minute(1);
    throttle.accessed(&call()).await?;

    clock.advance(Duration::from_secs(60) - Duration::from_nanos(1));
    let before = throttle.should_be_throttled(&call()).await?;
    clock.advance(Duration::from_nanos(1));
    let after = throttle.should_be_throttled(&call()).await?;

    assert_eq!(
        before,
        Verdict::Throttled(RetryAfter::After(Duration::from_nanos(1)))
    );
    assert_eq!(after, Verdict::Allowed);
    Ok(())
}

#[tokio::test]
async fn at_a_windows_edge_no_second_helping_is_served() -> Result<()> {
    let (throttle, clock) = per_minute(100);
    clock.advance_secs(59);
    for _ in 0..100 {
        assert!(passes(&throttle, &call()).await?);
    }

    clock.advance_secs(2);

    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn ten_a_second_are_ten_in_any_second() -> Result<()> {
    let clock = Clock::manual();
    let throttle = CacheThrottle::new()
        .throttle_at(10)
        .timeframe(Duration::from_secs(1));
    let throttle = AnyThrottle::new(throttle.clock(clock.clone()));
    let mut passed = Vec::new();

    for _ in 0..5_000 {
        clock.advance(Duration::from_micros(997));
        if passes(&throttle, &call()).await? {
            passed.push(clock.monotonic());
        }
    }

    for eleven in passed.windows(11) {
        assert!(
            eleven[0] + Duration::from_secs(1) <= eleven[10],
            "{eleven:?}"
        );
    }
    assert_eq!(passed.len(), 50);
    Ok(())
}

#[tokio::test]
async fn an_identifier_is_forgotten_when_its_expiration_is_over() -> Result<()> {
    let clock = Clock::manual();
    let throttle = CacheThrottle::new()
        .throttle_at(1)
        .timeframe(Duration::from_secs(60));
    let throttle = throttle
        .expiration(Duration::from_secs(10))
        .clock(clock.clone());
    let throttle = AnyThrottle::new(throttle);
    throttle.accessed(&call()).await?;
    clock.advance_secs(9);

    // The look itself puts the end off.
    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(51));
    clock.advance_secs(9);
    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(42));
    clock.advance_secs(10);
    assert_eq!(
        throttle.should_be_throttled(&call()).await?,
        Verdict::Allowed
    );
    Ok(())
}

#[tokio::test]
async fn a_setting_that_cannot_work_is_named() -> Result<()> {
    let zero = AnyThrottle::new(CacheThrottle::new().timeframe(Duration::ZERO));
    let forever = AnyThrottle::new(BaseThrottle::new().timeframe(Duration::MAX));
    let forgetful = AnyThrottle::new(CacheThrottle::new().expiration(Duration::ZERO));

    let binding = crate::Binding::new("notes");
    for (throttle, name) in [
        (&zero, "timeframe"),
        (&forever, "timeframe"),
        (&forgetful, "expiration"),
    ] {
        let error = throttle.bind(&binding).unwrap_err();
        assert!(
            matches!(error, Error::Setting { setting, .. } if setting == name),
            "{error}"
        );
    }
    assert!(zero.reserve(&call()).await.is_err());
    assert!(zero.should_be_throttled(&call()).await.is_err());
    assert!(zero.accessed(&call()).await.is_err());
    Ok(())
}

#[tokio::test]
async fn extreme_settings_work() -> Result<()> {
    let clock = Clock::manual();
    let years = Duration::from_secs(1 << 30);
    for timeframe in [Duration::from_nanos(1), years] {
        for throttle_at in [1, u32::MAX] {
            let throttle = CacheThrottle::new()
                .throttle_at(throttle_at)
                .timeframe(timeframe);
            let throttle = throttle
                .expiration(Duration::MAX)
                .clock(clock.clone())
                .into();

            assert!(passes(&throttle, &call()).await?);
            assert_eq!(passes(&throttle, &call().cost(1)).await?, throttle_at > 1);
            clock.advance(timeframe + Duration::from_secs(1));
            assert!(passes(&throttle, &call()).await?);
        }
    }
    Ok(())
}

#[tokio::test]
async fn at_the_end_of_time_throttles_still_answer() -> Result<()> {
    let (throttle, clock) = per_minute(1);
    assert!(passes(&throttle, &call()).await?);
    clock.advance(Duration::MAX);

    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_dear_request_takes_its_places_at_once_or_not_at_all() -> Result<()> {
    let (throttle, clock) = per_minute(10);
    assert!(passes(&throttle, &call().cost(4)).await?);
    clock.advance_secs(10);
    assert!(passes(&throttle, &call().cost(4)).await?);

    let verdict = throttle.should_be_throttled(&call().cost(3)).await?;

    assert_eq!(verdict, retry_in(50));
    assert!(passes(&throttle, &call().cost(2)).await?);
    assert!(!passes(&throttle, &call()).await?);
    assert!(passes(&throttle, &call().cost(0)).await?);
    assert_eq!(
        refused(&throttle, &call().cost(11)).await?,
        RetryAfter::Unknown
    );
    clock.advance_secs(50);
    assert!(passes(&throttle, &call().cost(4)).await?);
    Ok(())
}

#[tokio::test]
async fn the_base_throttle_lets_everybody_through() -> Result<()> {
    let throttle = AnyThrottle::from(
        BaseThrottle::new()
            .throttle_at(0)
            .expiration(Duration::from_secs(1)),
    );

    for _ in 0..10 {
        assert!(passes(&throttle, &call()).await?);
        throttle.accessed(&call()).await?;
        assert_eq!(
            throttle.should_be_throttled(&call()).await?,
            Verdict::Allowed
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_throttle_behind_an_arc_is_itself() -> Result<()> {
    let shared = std::sync::Arc::new(CacheThrottle::new().throttle_at(1));
    let throttle = AnyThrottle::new(std::sync::Arc::clone(&shared));

    assert!(passes(&throttle, &call()).await?);

    assert_ne!(shared.should_be_throttled(&call()).await?, Verdict::Allowed);
    assert!(format!("{throttle:?}").contains("CacheThrottle"));
    Ok(())
}
