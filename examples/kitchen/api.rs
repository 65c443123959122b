//! The resources under one name.

use tastyrs::{api::Mount, prelude::*};

use super::{memory::MemoryResource, notes::*, resources::*, schema::Db, throttles};

/// The API on the database at `url`.
pub fn build(url: &str) -> Result<Mount> {
    let database = Database::<Db>::open(url)?;
    throttles::start();
    Api::new("v1")
        .compatible(Compatibility::Tastypie)
        .database(database)
        .register(UserResource)
        .register(NoteResource::new())
        .register(FullNoteResource::new())
        .register(SubjectResource::new())
        .register(MediaBitResource::new())
        .register(MediaBitLiteResource::new())
        .register(MeasurementResource)
        .register(CategoryResource::new())
        .register(SlugNoteResource)
        .register(KeyedResource::new())
        .register(BasicResource)
        .register(MultiResource)
        .register(ValidatedResource)
        .register(ThrottledResource)
        .register(DbThrottledResource)
        .register(QuickResource)
        .register(ForgetfulResource)
        .register(ShutResource)
        .register(ShutUntilResource)
        .register(LimitedResource)
        .register(UnlimitedResource)
        .register(HookedResource::new())
        .register(GuardedResource)
        .register(BriefResource)
        .register(CachedResource)
        .register(FeedResource)
        .register(JsonOnlyResource)
        .register(RfcDatesResource)
        .register(StrictDatesResource)
        .register(MemoryResource::new(MemoryResource::first_things()))
        .build()
}
