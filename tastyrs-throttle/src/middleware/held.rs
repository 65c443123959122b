//! The place of a request on its way.

use crate::counts::{Counts, Outcome};
use crate::fields::{Field, Fields, Put};
use crate::reservation::{Reservation, Settling};

use super::Charge;

/// A place that counts from now on, unless the end of its request says otherwise. Dropped, its
/// caller hung up.
pub(crate) struct Held {
    place: Option<Reservation>,
    usual: Counts,
}

impl Held {
    pub(crate) fn new(mut place: Reservation, usual: Counts) -> Self {
        place.keep();
        Self {
            place: Some(place),
            usual,
        }
    }

    /// What the client is told of where it stands.
    pub(crate) fn fields(&self, fields: Fields) -> Vec<Field> {
        let mut all = Vec::new();
        self.put_fields(fields, &mut |name, text| {
            all.push((name.text(), text.into()));
        });
        all
    }

    /// Hands each of these fields to `put`.
    pub(crate) fn put_fields(&self, fields: Fields, put: &mut Put<'_>) {
        if let Some(place) = &self.place {
            place.put_fields(fields, put);
        }
    }

    /// Settles the place before the answer leaves.
    pub(crate) fn ended(mut self, outcome: Outcome, charge: Option<Charge>) -> Settling {
        let Some(mut place) = self.place.take() else {
            return Settling::done();
        };
        place.ended(outcome, self.usual);
        if let Some(Charge(cost)) = charge {
            place.charge(cost);
        }
        place.settling()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(place) = &mut self.place {
            place.ended(Outcome::Dropped, self.usual);
        }
    }
}
