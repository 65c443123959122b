//! In which runtimes a connection may be made.
//!
//! A runtime does not say whether it has I/O, and panics where it is used without, so somebody who
//! knows has to say it.

use std::collections::HashSet;
use std::future::pending;
use std::sync::{LazyLock, PoisonError, RwLock};

use tokio::runtime::{Handle, Id};

static HERE: LazyLock<RwLock<HashSet<Id>>> = LazyLock::new(RwLock::default);

/// Notes that the current runtime, if there is one, has I/O and time, until it ends.
pub(crate) fn has_io() {
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    let id = runtime.id();
    let is_new = HERE
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id);
    if is_new {
        let noted = Noted(id);
        runtime.spawn(async move {
            let _noted = noted;
            pending::<()>().await;
        });
    }
}

/// Whether this runtime is known to have them.
pub(super) fn is_known(id: Id) -> bool {
    HERE.read()
        .unwrap_or_else(PoisonError::into_inner)
        .contains(&id)
}

/// A runtime that is known; dropped, it has ended.
struct Noted(Id);

impl Drop for Noted {
    fn drop(&mut self) {
        HERE.write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_known_until_it_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let id = runtime.handle().id();
        assert!(!is_known(id));

        runtime.block_on(async {
            has_io();
            has_io();
        });
        let while_it_is = is_known(id);
        drop(runtime);

        assert!(while_it_is);
        assert!(!is_known(id));
    }

    #[test]
    fn where_there_is_no_runtime_nothing_is_noted() {
        has_io();
    }
}
