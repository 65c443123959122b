//! How much a body may hold.

use crate::errors::{Error, Result};

/// How deep values may stand in one another.
const DEEPEST: usize = 128;

/// The most values of a body where a serializer does not say.
pub(super) const MOST_VALUES: usize = 250_000;

/// What is left of what a body may hold; a few bytes of it can become a value of many.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    values: usize,
    depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MOST_VALUES)
    }
}

impl Budget {
    /// A body of so many values.
    pub(super) fn new(values: usize) -> Self {
        Self {
            values,
            depth: DEEPEST,
        }
    }

    /// Takes a value.
    pub(super) fn node(&mut self) -> Result<()> {
        self.take(1)
    }

    /// Takes several values.
    pub(super) fn take(&mut self, values: usize) -> Result<()> {
        self.values = self
            .values
            .checked_sub(values)
            .ok_or_else(|| Error::bad_request("The body holds too many values."))?;
        Ok(())
    }

    /// Goes into a list or a map.
    pub(super) fn enter(&mut self) -> Result<()> {
        self.has_room_below(1)?;
        self.depth -= 1;
        Ok(())
    }

    /// Whether so many lists and maps may stand in one another here.
    pub(super) fn has_room_below(&self, height: usize) -> Result<()> {
        if height > self.depth {
            return Err(Error::bad_request("The body is nested too deeply."));
        }
        Ok(())
    }

    /// Comes out of a list or a map.
    pub(super) fn leave(&mut self) {
        self.depth += 1;
    }
}
