//! What is told to the facade `metrics`; nothing where the feature is off.

use crate::watch::Decision;

/// Counts a decision; `keys` is how many identifiers its throttle holds.
pub(crate) fn decided(resource: &str, decision: Decision, keys: impl FnOnce() -> Option<usize>) {
    #[cfg(feature = "metrics")]
    {
        let resource = ::metrics::SharedString::from(resource.to_owned());
        ::metrics::counter!(
            "tastyrs_throttle_decisions_total",
            "resource" => resource.clone(),
            "verdict" => decision.name()
        )
        .increment(1);
        if let Some(keys) = keys() {
            let keys = u32::try_from(keys).unwrap_or(u32::MAX);
            ::metrics::gauge!("tastyrs_throttle_keys", "resource" => resource).set(keys);
        }
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (resource, decision, keys);
}

/// Counts a decision that was made without the store that machines share.
#[cfg(feature = "redis")]
pub(crate) fn fell_back(resource: &str, how: &'static str) {
    #[cfg(feature = "metrics")]
    ::metrics::counter!(
        "tastyrs_throttle_fallbacks_total",
        "resource" => resource.to_owned(),
        "how" => how
    )
    .increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = (resource, how);
}

/// Measures how long a store takes, from its making until it is stopped; dropped, it measured
/// nothing.
#[must_use]
pub(crate) struct Stopwatch {
    #[cfg(feature = "metrics")]
    store: &'static str,
    #[cfg(feature = "metrics")]
    started: std::time::Instant,
}

impl Stopwatch {
    pub(crate) fn start(store: &'static str) -> Self {
        #[cfg(not(feature = "metrics"))]
        let _ = store;
        Self {
            #[cfg(feature = "metrics")]
            store,
            #[cfg(feature = "metrics")]
            started: std::time::Instant::now(),
        }
    }

    #[cfg_attr(
        not(feature = "metrics"),
        expect(clippy::unused_self, reason = "nothing is told")
    )]
    pub(crate) fn stop(self) {
        #[cfg(feature = "metrics")]
        ::metrics::histogram!("tastyrs_throttle_store_seconds", "store" => self.store)
            .record(self.started.elapsed());
    }
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use std::sync::{Arc, Mutex};

    use ::metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
        Recorder, SharedString, Unit,
    };

    use super::*;
    use crate::{Access, AnyThrottle, CacheThrottle, Throttle};

    /// Writes down what it is told.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<String>>>);

    struct One(String, Told);

    impl One {
        fn of(key: &Key, told: &Told) -> Arc<Self> {
            let labels = key
                .labels()
                .map(|label| format!(" {}={}", label.key(), label.value()));
            let name = key.name().to_owned() + &labels.collect::<String>();
            Arc::new(Self(name, told.clone()))
        }

        fn tell(&self, value: &str) {
            self.1
                .0
                .lock()
                .expect("nobody panicked")
                .push(format!("{} {value}", self.0));
        }
    }

    impl CounterFn for One {
        fn increment(&self, value: u64) {
            self.tell(&format!("+{value}"));
        }

        fn absolute(&self, value: u64) {
            self.tell(&value.to_string());
        }
    }

    impl GaugeFn for One {
        fn increment(&self, value: f64) {
            self.tell(&format!("+{value}"));
        }

        fn decrement(&self, value: f64) {
            self.tell(&format!("-{value}"));
        }

        fn set(&self, value: f64) {
            self.tell(&value.to_string());
        }
    }

    impl HistogramFn for One {
        fn record(&self, value: f64) {
            assert!((0.0..60.0).contains(&value));
            self.tell("seconds");
        }
    }

    impl Recorder for Told {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(One::of(key, self))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(One::of(key, self))
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::from_arc(One::of(key, self))
        }
    }

    #[test]
    fn each_decision_is_counted_once_by_resource_and_verdict() {
        let told = Told::default();
        let call = Access::new("daniel").resource("notes");
        let open = AnyThrottle::new(CacheThrottle::new());
        let two = CacheThrottle::new().and(CacheThrottle::new());
        let closed = || CacheThrottle::new().throttle_at(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();

        ::metrics::with_local_recorder(&told, || {
            for throttle in [open, two, AnyThrottle::new(closed()), closed().dry_run()] {
                let _ = runtime.block_on(throttle.reserve(&call)).unwrap();
            }
            Stopwatch::start("redis").stop();
        });

        let decisions = "tastyrs_throttle_decisions_total resource=notes verdict=";
        let keys = "tastyrs_throttle_keys resource=notes ";
        let expected = [
            format!("{decisions}allowed +1"),
            format!("{keys}1"),
            format!("{decisions}allowed +1"),
            format!("{keys}2"),
            format!("{decisions}refused +1"),
            format!("{keys}0"),
            format!("{decisions}would_refuse +1"),
            format!("{keys}0"),
            "tastyrs_throttle_store_seconds store=redis seconds".to_owned(),
        ];
        assert_eq!(*told.0.lock().unwrap(), expected);
    }
}
