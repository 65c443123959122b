//! The resources under one name.

use tastyrs::{api::Mount, prelude::*};

use super::{memory::MemoryResource, notes, resources, schema::Db, throttles};

/// The API on the database at `url`.
pub fn build(url: &str) -> Result<Mount> {
    let database = Database::<Db>::open(url)?;
    throttles::start();
    Api::new("v1")
        .compatible(Compatibility::Tastypie)
        .default_formats(["json", "xml", "yaml"])
        .database(database)
        .register(notes::UserResource)
        .register(notes::NoteResource::new())
        .register(notes::FullNoteResource::new())
        .register(notes::SubjectResource::new())
        .register(resources::MediaBitResource::new())
        .register(resources::MediaBitLiteResource::new())
        .register(resources::MeasurementResource::new())
        .register(resources::CategoryResource::new())
        .register(resources::SlugNoteResource)
        .register(resources::KeyedResource::new())
        .register(resources::BasicResource)
        .register(resources::MultiResource)
        .register(resources::ValidatedResource)
        .register(resources::ThrottledResource)
        .register(resources::DbThrottledResource)
        .register(resources::QuickResource)
        .register(resources::ForgetfulResource)
        .register(resources::ShutResource)
        .register(resources::ShutUntilResource)
        .register(resources::LimitedResource)
        .register(resources::UnlimitedResource)
        .register(resources::HookedResource::new())
        .register(resources::GuardedResource)
        .register(resources::BriefResource)
        .register(resources::CachedResource)
        .register(resources::FeedResource)
        .register(resources::JsonOnlyResource)
        .register(resources::RfcDatesResource)
        .register(resources::StrictDatesResource)
        .register(MemoryResource::new(MemoryResource::first_things()))
        .build()
}
