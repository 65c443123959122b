//! How many queries were started on a database, counted by its address, since other tests run beside.

use std::sync::{Arc, Mutex, Once, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

static COUNTED: Mutex<Vec<(String, Arc<Mutex<Seen>>)>> = Mutex::new(Vec::new());

#[derive(Default)]
struct Seen {
    selects: usize,
    counts: usize,
}

/// Counts what connections to a database select, from when it is made on: before they are.
pub struct Selects(Arc<Mutex<Seen>>);

impl Selects {
    pub fn on(url: &str) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| set_default_instrumentation(counting).unwrap());
        let seen = Arc::<Mutex<Seen>>::default();
        let mut counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
        counted.push((url.to_owned(), Arc::clone(&seen)));
        Self(seen)
    }

    /// How many queries there were.
    pub fn all(&self) -> usize {
        self.0.lock().unwrap().selects
    }

    /// How many of them counted rows.
    pub fn counts(&self) -> usize {
        self.0.lock().unwrap().counts
    }
}

#[derive(Default)]
struct Counting(Option<Arc<Mutex<Seen>>>);

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                let counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
                let counted = counted.iter().find(|(known, _)| known == url);
                self.0 = counted.map(|(_, seen)| Arc::clone(seen));
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                if let Some(seen) = &self.0 {
                    let query = query.to_string();
                    let mut seen = seen.lock().unwrap();
                    seen.selects += usize::from(query.starts_with("SELECT"));
                    seen.counts += usize::from(query.starts_with("SELECT COUNT(*)"));
                }
            }
            _ => {}
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that Diesel asks for")]
fn counting() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(Counting::default()))
}
