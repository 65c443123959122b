//! Rows, and who waits for them.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::*;
use crate::journal::{Journal, block_on};
use crate::{
    AccessLog, AccessRow, Binding, BoxFuture, CacheDbThrottle, Durability, Error, Recorded,
    Throttle,
};

/// Keeps rows in memory. Each insert needs a permit of `gate`.
struct FakeLog {
    rows: Mutex<Vec<AccessRow>>,
    /// The inserts that were begun, and those that got their permit.
    begun: AtomicUsize,
    inserts: AtomicUsize,
    reads: AtomicUsize,
    gate: Semaphore,
    fails: AtomicBool,
    panics: AtomicBool,
    /// A URL that the log takes in no row.
    refuses: Mutex<Option<&'static str>>,
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
            begun: AtomicUsize::new(0),
            inserts: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            gate: Semaphore::new(permits),
            fails: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            refuses: Mutex::default(),
        })
    }

    fn inserts(&self) -> usize {
        self.inserts.load(Ordering::SeqCst)
    }

    fn rows(&self) -> Vec<AccessRow> {
        self.rows.lock().unwrap().clone()
    }

    /// Waits until so many inserts were begun.
    fn wait_for_inserts(&self, count: usize) {
        while self.begun.load(Ordering::SeqCst) < count {
            std::thread::yield_now();
        }
    }

    /// Waits until so many rows are there.
    fn wait_for_rows(&self, count: usize) {
        while self.rows.lock().unwrap().len() < count {
            std::thread::yield_now();
        }
    }
}

impl AccessLog for FakeLog {
    fn record(&self, rows: Arc<[AccessRow]>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.begun.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            self.inserts.fetch_add(1, Ordering::SeqCst);
            assert!(
                !self.panics.load(Ordering::SeqCst),
                "the log panics, as asked"
            );
            if self.fails.load(Ordering::SeqCst) {
                return Err(Error::access_log("writing rows", "the disk is full"));
            }
            let refused = *self.refuses.lock().unwrap();
            if rows.iter().any(|row| Some(row.url.as_str()) == refused) {
                return Err(Error::rows_refused("a value is too long"));
            }
            self.rows.lock().unwrap().extend(rows.iter().cloned());
            Ok(())
        })
    }

    fn recent(
        &self,
        since_secs: i64,
        addresses: &[String],
        each: &mut dyn FnMut(Recorded<'_>),
    ) -> Result<()> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) {
            return Err(Error::access_log("reading rows", "the disk is gone"));
        }
        for row in self.rows() {
            let row = Recorded::new(&row.identifier, &row.url, row.accessed_secs);
            if row.accessed_secs >= since_secs && addresses.iter().any(|at| row.is_at(at)) {
                each(row);
            }
        }
        Ok(())
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

/// A throttle whose rows are written behind their answers.
fn behind(flush: Duration, clock: &Clock, log: &Arc<FakeLog>) -> Result<AnyThrottle> {
    let durability = Durability::Behind { flush };
    let throttle = AnyThrottle::new(logged(1_000_000, clock).durability(durability));
    throttle.bind(&notes(log))?;
    Ok(throttle)
}

fn call_of(identifier: &str) -> Access<'_> {
    Access::new(identifier)
        .resource("notes")
        .method("GET")
        .url("/api/v1/notes/")
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
        log.wait_for_inserts(1);
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

    log.gate.add_permits(20_000);
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

    block_on(first).unwrap();
    block_on(second).unwrap();
    assert_eq!(log.rows().len(), 2);
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
    fn record(&self, _: Arc<[AccessRow]>) -> BoxFuture<'_, Result<()>> {
        Box::pin(pending())
    }

    fn recent(&self, _: i64, _: &[String], _: &mut dyn FnMut(Recorded<'_>)) -> Result<()> {
        Ok(())
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

#[tokio::test]
async fn a_row_behind_its_answer_is_written_when_its_time_has_come() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::shut());
    let throttle = behind(Duration::from_millis(1), &clock, &log)?;

    kept(&throttle).await?.settle().await?;
    kept(&throttle).await?.settle().await?;
    assert!(log.rows().is_empty());
    log.gate.add_permits(10);
    log.wait_for_rows(2);

    assert!(log.inserts() <= 2);
    Ok(())
}

#[tokio::test]
async fn draining_writes_what_waits_behind_its_answer() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let throttle = behind(Duration::from_secs(3_600), &clock, &log)?;
    for _ in 0..2_500 {
        kept(&throttle).await?.settle().await?;
    }
    assert!(log.rows().is_empty());

    throttle.drain().await?;

    assert_eq!((log.rows().len(), log.inserts()), (2_500, 3));
    throttle.drain().await
}

#[tokio::test]
async fn a_request_waits_when_the_queue_behind_the_answers_is_full() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::shut());
    let throttle = behind(Duration::from_secs(3_600), &clock, &log)?;
    kept(&throttle).await?.settle().await?;
    while log.begun.load(Ordering::SeqCst) == 0 {
        kept(&throttle).await?.settle().await?;
    }
    let mut settling = Vec::new();
    for _ in 0..10_010 {
        settling.push(tokio::spawn(kept(&throttle).await?.settle()));
    }
    let_others_run().await;

    let waiting = settling
        .iter()
        .filter(|settling| !settling.is_finished())
        .count();
    log.gate.add_permits(20_000);
    for settling in settling {
        settling.await.unwrap()?;
    }

    assert!((1..10_010).contains(&waiting), "{waiting}");
    throttle.drain().await
}

#[tokio::test]
async fn rows_behind_their_answers_outlive_a_log_that_fails_for_a_while() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let throttle = behind(Duration::from_millis(1), &clock, &log)?;
    log.fails.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        kept(&throttle).await?.settle().await?;
    }
    log.wait_for_inserts(2);

    log.fails.store(false, Ordering::SeqCst);
    throttle.drain().await?;

    assert_eq!(log.rows().len(), 3);
    Ok(())
}

#[tokio::test]
async fn one_row_that_is_refused_takes_no_others_with_it() -> Result<()> {
    for durability in [
        Durability::BeforeAnswer,
        Durability::Behind {
            flush: Duration::from_millis(1),
        },
    ] {
        let log = FakeLog::shut();
        let throttle = AnyThrottle::new(logged(1_000, &Clock::manual()).durability(durability));
        throttle.bind(&notes(&log))?;
        *log.refuses.lock().unwrap() = Some("/api/v1/notes/poison/");
        let mut settling = Vec::new();
        for number in 0..300 {
            let url = if number == 170 {
                "/api/v1/notes/poison/"
            } else {
                "/api/v1/notes/"
            };
            let mut place = admitted(&throttle, &call().url(url)).await?;
            place.keep();
            settling.push(tokio::spawn(place.settle()));
        }
        let_others_run().await;
        log.gate.add_permits(1_000);

        let mut failed = Vec::new();
        for (number, settling) in settling.into_iter().enumerate() {
            if let Err(error) = settling.await.unwrap() {
                assert!(matches!(error, Error::RowsRefused { .. }), "{error}");
                failed.push(number);
            }
        }
        throttle.drain().await?;

        assert_eq!(log.rows().len(), 299, "{durability:?}");
        let told = if durability == Durability::BeforeAnswer {
            vec![170]
        } else {
            vec![]
        };
        assert_eq!(failed, told);
        assert!(log.inserts() < 64, "{}", log.inserts());
    }
    Ok(())
}

#[tokio::test]
async fn a_log_that_never_answers_keeps_nobody_for_ever() {
    let patience = Duration::from_millis(80);
    let journal = Journal::patient(Arc::new(Stuck), Durability::BeforeAnswer, patience);
    let row = || AccessRow::new(&call(), 0);

    let (first, second) = tokio::join!(journal.write(row()), async {
        tokio::task::yield_now().await;
        journal.write(row()).await
    });
    let third = journal.write(row()).await;
    journal.write_in_the_background(row());
    let drained = journal.drain().await;

    for result in [first, second, third, drained] {
        let error = result.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "it did not answer in time");
    }
}

#[tokio::test]
async fn identifiers_that_are_too_long_for_a_row_are_found_again() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let lengthy = |end: &str| format!("{}{end}", "x".repeat(400));
    let (one, other, nul) = (lengthy("one"), lengthy("other"), "a\0b");
    let whole = "y".repeat(255);
    let before = bound(1, &clock, &log)?;
    assert!(passes(&before, &call_of(&one)).await?);
    assert!(passes(&before, &call_of(nul)).await?);
    assert!(passes(&before, &call_of(&whole)).await?);

    let after = bound(1, &clock, &log)?;

    assert!(!passes(&after, &call_of(&one)).await?);
    assert!(passes(&after, &call_of(&other)).await?);
    assert!(!passes(&after, &call_of(nul)).await?);
    assert!(passes(&after, &call_of("a\u{FFFD}b")).await?);
    assert!(!passes(&after, &call_of(&whole)).await?);
    Ok(())
}

#[tokio::test]
async fn further_parameters_may_hold_secrets() -> Result<()> {
    for durability in [
        Durability::BeforeAnswer,
        Durability::Behind {
            flush: Duration::ZERO,
        },
    ] {
        let log = FakeLog::open();
        let throttle = logged(2, &Clock::manual())
            .secret_parameters(["sid"])
            .durability(durability);
        let throttle = AnyThrottle::new(throttle);
        throttle.bind(&notes(&log))?;

        let call = call().url("/api/v1/notes/?sid=s1&token=t1&a=1");
        assert!(passes(&throttle, &call).await?);
        throttle.accessed(&call).await?;
        throttle.drain().await?;

        for row in log.rows() {
            assert_eq!(row.url, "/api/v1/notes/?sid=***&token=***&a=1");
        }
        assert_eq!(log.rows().len(), 2);
    }
    Ok(())
}

#[tokio::test]
async fn whoever_waits_behind_rows_that_rest_does_not_hurry_them() -> Result<()> {
    let (clock, log) = (Clock::manual(), FakeLog::open());
    let throttle = behind(Duration::from_millis(1), &clock, &log)?;
    log.fails.store(true, Ordering::SeqCst);
    for _ in 0..10_000 {
        kept(&throttle).await?.settle().await?;
    }
    log.wait_for_inserts(3);
    let before = log.inserts();

    let waiting = tokio::spawn(kept(&throttle).await?.settle());
    let_others_run().await;
    log.wait_for_inserts(before + 3);
    std::thread::sleep(Duration::from_millis(200));
    let tried = log.inserts() - before;
    log.fails.store(false, Ordering::SeqCst);
    waiting.await.unwrap()?;

    // Without a rest it would be tried as often as the machine can.
    assert!(tried < 50, "tried {tried} times");
    throttle.drain().await?;
    assert_eq!(log.rows().len(), 10_001);
    Ok(())
}
