//! Rows, and who waits for them.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::*;
use crate::journal::block_on;
use crate::{AccessLog, AccessRow, Binding, BoxFuture, CacheDbThrottle, Error, Throttle};

/// Keeps rows in memory. Each insert needs a permit of `gate`.
struct FakeLog {
    rows: Mutex<Vec<AccessRow>>,
    inserts: AtomicUsize,
    reads: AtomicUsize,
    gate: Semaphore,
    fails: AtomicBool,
    panics: AtomicBool,
}

impl FakeLog {
    /// Lets every insert through.
    fn open() -> Arc<Self> {
        Self::with_permits(1_000_000)
    }

    /// Lets no insert through until it is given permits.
    fn shut() -> Arc<Self> {
        Self::with_permits(0)
    }

    fn with_permits(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            rows: Mutex::default(),
            inserts: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            gate: Semaphore::new(permits),
            fails: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        })
    }

    fn inserts(&self) -> usize {
        self.inserts.load(Ordering::SeqCst)
    }

    fn rows(&self) -> Vec<AccessRow> {
        self.rows.lock().unwrap().clone()
    }
}

impl AccessLog for FakeLog {
    fn record(&self, rows: Vec<AccessRow>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.gate.acquire().await.unwrap().forget();
            self.inserts.fetch_add(1, Ordering::SeqCst);
            assert!(
                !self.panics.load(Ordering::SeqCst),
                "the log panics, as asked"
            );
            if self.fails.load(Ordering::SeqCst) {
                return Err(Error::access_log("writing rows", "the disk is full"));
            }
            self.rows.lock().unwrap().extend(rows);
            Ok(())
        })
    }

    fn recent(&self, since_secs: i64, prefixes: &[String]) -> Result<Vec<AccessRow>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) {
            return Err(Error::access_log("reading rows", "the disk is gone"));
        }
        let mut rows = self.rows();
        rows.retain(|row| {
            row.accessed_secs >= since_secs
                && prefixes.iter().any(|prefix| row.url.starts_with(prefix))
        });
        Ok(rows)
    }
}

fn logged(throttle_at: u32, clock: &Clock) -> CacheDbThrottle {
    CacheDbThrottle::new()
        .throttle_at(throttle_at)
        .timeframe(Duration::from_secs(60))
        .clock(clock.clone())
}

fn notes(log: &Arc<FakeLog>) -> Binding {
    Binding::new("notes")
        .address("/api/v1/notes/")
        .access_log(Arc::clone(log) as _)
}

fn bound(throttle_at: u32, clock: &Clock, log: &Arc<FakeLog>) -> Result<AnyThrottle> {
    let throttle = AnyThrottle::new(logged(throttle_at, clock));
    throttle.bind(&notes(log))?;
    Ok(throttle)
}

fn call() -> Access<'static> {
    Access::new("daniel")
        .resource("notes")
        .method("GET")
        .url("/api/v1/notes/?key=1")
}

async fn kept(throttle: &AnyThrottle) -> Result<Reservation> {
    let mut place = admitted(throttle, &call()).await?;
    place.keep();
    Ok(place)
}

/// Lets the other tasks of this thread run until they wait.
async fn let_others_run() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_row_is_written_before_settle_returns() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let throttle = bound(2, &clock, &log)?;

    let place = kept(&throttle).await?;
    assert!(log.rows().is_empty());
    clock.advance_secs(5);
    place.settle().await?;

    let row = AccessRow {
        identifier: "daniel".to_owned(),
        url: "/api/v1/notes/?key=***".to_owned(),
        request_method: "get".to_owned(),
        accessed_secs: 1_704_067_200,
    };
    assert_eq!(log.rows(), [row]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_kept_leaves_no_row() -> Result<()> {
    let log = FakeLog::open();
    let throttle = bound(1, &Clock::manual(), &log)?;

    admitted(&throttle, &call()).await?.settle().await?;
    drop(admitted(&throttle, &call()).await?);
    kept(&throttle).await?.release();
    let_others_run().await;

    assert!(log.rows().is_empty());
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    assert_eq!(log.rows().len(), 1);
    Ok(())
}

#[tokio::test]
async fn accessed_writes_a_row_too() -> Result<()> {
    let log = FakeLog::open();
    let throttle = bound(1, &Clock::manual(), &log)?;

    throttle.accessed(&call()).await?;

    assert_eq!(log.rows().len(), 1);
    assert_ne!(
        throttle.should_be_throttled(&call()).await?,
        Verdict::Allowed
    );
    Ok(())
}

#[tokio::test]
async fn requests_that_come_while_one_is_written_share_an_insert() -> Result<()> {
    let log = FakeLog::shut();
    let throttle = bound(1_000, &Clock::manual(), &log)?;
    let mut settling = Vec::new();
    for _ in 0..200 {
        let place = kept(&throttle).await?;
        settling.push(tokio::spawn(place.settle()));
        let_others_run().await;
    }

    assert!(settling.iter().all(|settling| !settling.is_finished()));
    log.gate.add_permits(2);
    for settling in settling {
        settling.await.unwrap()?;
    }

    assert_eq!((log.inserts(), log.rows().len()), (2, 200));
    Ok(())
}

#[tokio::test]
async fn a_request_waits_for_room_when_the_log_is_slow() -> Result<()> {
    let log = FakeLog::shut();
    let throttle = bound(30_000, &Clock::manual(), &log)?;
    let mut settling = Vec::new();
    for _ in 0..12_000 {
        settling.push(tokio::spawn(kept(&throttle).await?.settle()));
    }
    let_others_run().await;

    log.gate.add_permits(1_000);
    for settling in settling {
        settling.await.unwrap()?;
    }

    assert_eq!(log.rows().len(), 12_000);
    Ok(())
}

#[tokio::test]
async fn the_row_of_a_dropped_request_is_written_all_the_same() -> Result<()> {
    let log = FakeLog::shut();
    let throttle = bound(10, &Clock::manual(), &log)?;

    // Before it was settled, before settling began, and in the midst of it.
    drop(kept(&throttle).await?);
    drop(kept(&throttle).await?.settle());
    let settling = tokio::spawn(kept(&throttle).await?.settle());
    let_others_run().await;
    settling.abort();
    let_others_run().await;
    log.gate.add_permits(10);
    kept(&throttle).await?.settle().await?;

    assert_eq!(log.rows().len(), 4);
    Ok(())
}

#[tokio::test]
async fn the_first_in_line_may_go_and_the_others_are_served() -> Result<()> {
    let log = FakeLog::shut();
    let throttle = bound(10, &Clock::manual(), &log)?;
    let first = tokio::spawn(kept(&throttle).await?.settle());
    let_others_run().await;
    let second = tokio::spawn(kept(&throttle).await?.settle());
    let_others_run().await;

    first.abort();
    let_others_run().await;
    log.gate.add_permits(10);

    second.await.unwrap()?;
    assert_eq!(log.rows().len(), 2);
    Ok(())
}

#[test]
fn a_runtime_that_ends_in_the_midst_of_an_insert_strands_nobody() {
    let log = FakeLog::shut();
    let throttle = bound(10, &Clock::manual(), &log).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (first, second) = runtime.block_on(async {
        (
            kept(&throttle).await.unwrap(),
            kept(&throttle).await.unwrap(),
        )
    });
    let (mut first, mut second) = (Box::pin(first.settle()), Box::pin(second.settle()));
    runtime.block_on(async {
        tokio::select! { biased; _ = &mut first => {}, () = let_others_run() => {} }
        tokio::select! { biased; _ = &mut second => {}, () = let_others_run() => {} }
    });

    drop(runtime);
    log.gate.add_permits(10);

    assert!(matches!(block_on(first), Err(Error::WriterEnded)));
    block_on(second).unwrap();
    assert_eq!(log.rows().len(), 1);
}

#[tokio::test]
async fn a_log_that_fails_is_an_error_to_each_and_the_hits_stay_counted() -> Result<()> {
    let log = FakeLog::open();
    let throttle = bound(3, &Clock::manual(), &log)?;
    log.fails.store(true, Ordering::SeqCst);

    let (one, other) = (kept(&throttle).await?, kept(&throttle).await?);
    let results = (one.settle().await, other.settle().await);

    assert!(matches!(
        results,
        (Err(Error::AccessLog { .. }), Err(Error::AccessLog { .. }))
    ));
    log.fails.store(false, Ordering::SeqCst);
    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    assert_eq!(log.rows().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_log_that_panics_strands_nobody() -> Result<()> {
    let log = FakeLog::open();
    let throttle = bound(3, &Clock::manual(), &log)?;
    log.panics.store(true, Ordering::SeqCst);

    let result = kept(&throttle).await?.settle().await;

    assert!(matches!(result, Err(Error::WriterEnded)));
    log.panics.store(false, Ordering::SeqCst);
    // The writer's thread may still be on its way out; a row that comes now is written either way.
    kept(&throttle).await?.settle().await?;
    assert_eq!(log.rows().len(), 1);
    Ok(())
}

#[test]
fn without_a_runtime_rows_are_written_too() {
    let log = FakeLog::open();
    let throttle = bound(10, &Clock::manual(), &log).unwrap();

    for _ in 0..3 {
        assert!(block_on(passes(&throttle, &call())).unwrap());
    }

    assert_eq!(log.rows().len(), 3);
}

#[tokio::test]
async fn a_restart_counts_on_from_the_log() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let before = bound(3, &clock, &log)?;
    for _ in 0..3 {
        assert!(passes(&before, &call()).await?);
        clock.advance_secs(10);
    }

    let after = bound(3, &clock, &log)?;

    // A row counts from the end of its second.
    assert_eq!(before.should_be_throttled(&call()).await?, retry_in(30));
    assert_eq!(after.should_be_throttled(&call()).await?, retry_in(31));
    clock.advance_secs(31);
    assert!(passes(&after, &call()).await?);
    assert!(!passes(&after, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn a_restart_on_another_machine_with_a_young_clock_counts_on_too() -> Result<()> {
    let (old, log) = (Clock::manual(), FakeLog::open());
    old.advance_secs(10_000);
    assert!(passes(&bound(1, &old, &log)?, &call()).await?);
    let young = Clock::manual();
    young.step_wall(10_020);

    let throttle = bound(1, &young, &log)?;

    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(41));
    Ok(())
}

#[tokio::test]
async fn rows_from_the_future_never_lock_for_longer_than_a_timeframe() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    assert!(passes(&bound(1, &clock, &log)?, &call()).await?);
    clock.step_wall(-3_600);

    let throttle = bound(1, &clock, &log)?;

    assert_eq!(throttle.should_be_throttled(&call()).await?, retry_in(60));
    Ok(())
}

#[tokio::test]
async fn rows_that_are_too_old_or_of_others_do_not_count() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let before = bound(5, &clock, &log)?;
    assert!(passes(&before, &call()).await?);
    clock.advance_secs(61);
    assert!(passes(&before, &call().url("/api/v1/users/")).await?);

    let after = bound(1, &clock, &log)?;

    assert!(passes(&after, &call()).await?);
    Ok(())
}

#[tokio::test]
async fn rows_are_counted_once_however_many_resources_are_bound() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let before = bound(10, &clock, &log)?;
    for url in ["/api/v1/notes/", "/api/v1/notes/1/", "/api/v1/users/"] {
        assert!(passes(&before, &call().url(url)).await?);
    }

    let reads = log.reads.load(Ordering::SeqCst);
    let throttle = logged(4, &clock);
    let users = Binding {
        resource: "users".to_owned(),
        ..notes(&log)
    }
    .address("/api/v1/users/");
    let all = Binding {
        resource: "all".to_owned(),
        ..notes(&log)
    }
    .address("/api/v1/");
    for binding in [notes(&log), users, all, notes(&log)] {
        Throttle::bind(&throttle.clone(), &binding)?;
    }
    let throttle = AnyThrottle::new(throttle);

    assert!(passes(&throttle, &call()).await?);
    assert!(!passes(&throttle, &call()).await?);
    assert_eq!(log.reads.load(Ordering::SeqCst), reads + 3);
    Ok(())
}

#[tokio::test]
async fn without_an_access_log_the_resource_is_named() -> Result<()> {
    let throttle = AnyThrottle::new(CacheDbThrottle::new());

    let bound = throttle.bind(&Binding::new("notes")).unwrap_err();
    let called = throttle
        .reserve(&call().resource("users"))
        .await
        .unwrap_err();
    let accessed = throttle
        .accessed(&call().resource("users"))
        .await
        .unwrap_err();

    assert!(
        bound
            .to_string()
            .contains("of the resource `notes` has no access log"),
        "{bound}"
    );
    for error in [called, accessed] {
        assert!(error.to_string().contains("`users`"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn rows_that_cannot_be_read_fail_the_start_and_are_read_at_the_next() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    assert!(passes(&bound(1, &clock, &log)?, &call()).await?);
    let throttle = AnyThrottle::new(logged(1, &clock));

    log.fails.store(true, Ordering::SeqCst);
    assert!(throttle.bind(&notes(&log)).is_err());
    log.fails.store(false, Ordering::SeqCst);
    throttle.bind(&notes(&log))?;

    assert!(!passes(&throttle, &call()).await?);
    Ok(())
}

/// A log that never answers.
struct Stuck;

impl AccessLog for Stuck {
    fn record(&self, _: Vec<AccessRow>) -> BoxFuture<'_, Result<()>> {
        Box::pin(pending())
    }

    fn recent(&self, _: i64, _: &[String]) -> Result<Vec<AccessRow>> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn each_resource_writes_to_its_own_log() -> Result<()> {
    let log = FakeLog::open();
    let throttle = AnyThrottle::new(logged(10, &Clock::manual()));
    throttle.bind(&Binding::new("stuck").access_log(Arc::new(Stuck)))?;
    throttle.bind(&notes(&log))?;

    assert!(passes(&throttle, &call()).await?);

    assert_eq!(log.rows().len(), 1);
    Ok(())
}
