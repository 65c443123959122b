//! Up to a hundred resources over the benchmark's notes: what another resource costs those that are there.
//!
//! `many --port 8005 --database sqlite:///path/to/file [--resources N] [--workers N]`; with the feature `postgres` the
//! database is the URL of one.

use actix_web::{App, HttpServer};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use tastyrs::prelude::*;

#[cfg(feature = "postgres")]
type Db = diesel::pg::Pg;
#[cfg(not(feature = "postgres"))]
type Db = diesel::sqlite::Sqlite;

diesel::table! {
    auth_user (id) {
        id -> Integer,
        username -> Text,
    }
}

diesel::table! {
    core_note (id) {
        id -> Integer,
        title -> Text,
        slug -> Text,
        content -> Text,
        is_active -> Bool,
        created -> Timestamp,
        updated -> Timestamp,
        author_id -> Nullable<Integer>,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = auth_user, check_for_backend(Db))]
struct User {
    id: i32,
    username: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = core_note, check_for_backend(Db))]
struct Note {
    id: i32,
    title: String,
    slug: String,
    content: String,
    #[model(default = true)]
    is_active: bool,
    #[model(default = now)]
    created: NaiveDateTime,
    #[model(auto_now)]
    updated: NaiveDateTime,
    author_id: Option<i32>,
}

/// The authors, whose addresses stand in every note; it is not counted.
#[derive(ModelResource)]
#[resource(model = User, resource_name = "users", filtering(username = [exact]))]
struct UserResource;

/// A type for each: a type is one resource.
macro_rules! resources {
    ($($resource:ident = $name:tt,)*) => {
        $(
            #[derive(ModelResource)]
            #[resource(
                model = Note,
                resource_name = $name,
                filtering(title = [exact, startswith], slug = [exact], author = ALL_WITH_RELATIONS),
                ordering(created, title, id),
                authorization = Authorization
            )]
            struct $resource {
                #[field(attribute = author_id, null)]
                author: ToOne<UserResource>,
            }
        )*

        /// Registers the first of them.
        fn register(mut api: Api, count: usize) -> Api {
            let mut registered = 0;
            $(
                if registered < count {
                    api = api.register($resource::new());
                    registered += 1;
                }
            )*
            assert_eq!(registered, count, "there are no more resources");
            api
        }
    };
}

#[rustfmt::skip]
resources! {
    NoteResource = "notes", NoteResource1 = "notes1", NoteResource2 = "notes2", NoteResource3 = "notes3",
    NoteResource4 = "notes4", NoteResource5 = "notes5", NoteResource6 = "notes6", NoteResource7 = "notes7",
    NoteResource8 = "notes8", NoteResource9 = "notes9", NoteResource10 = "notes10", NoteResource11 = "notes11",
    NoteResource12 = "notes12", NoteResource13 = "notes13", NoteResource14 = "notes14", NoteResource15 = "notes15",
    NoteResource16 = "notes16", NoteResource17 = "notes17", NoteResource18 = "notes18", NoteResource19 = "notes19",
    NoteResource20 = "notes20", NoteResource21 = "notes21", NoteResource22 = "notes22", NoteResource23 = "notes23",
    NoteResource24 = "notes24", NoteResource25 = "notes25", NoteResource26 = "notes26", NoteResource27 = "notes27",
    NoteResource28 = "notes28", NoteResource29 = "notes29", NoteResource30 = "notes30", NoteResource31 = "notes31",
    NoteResource32 = "notes32", NoteResource33 = "notes33", NoteResource34 = "notes34", NoteResource35 = "notes35",
    NoteResource36 = "notes36", NoteResource37 = "notes37", NoteResource38 = "notes38", NoteResource39 = "notes39",
    NoteResource40 = "notes40", NoteResource41 = "notes41", NoteResource42 = "notes42", NoteResource43 = "notes43",
    NoteResource44 = "notes44", NoteResource45 = "notes45", NoteResource46 = "notes46", NoteResource47 = "notes47",
    NoteResource48 = "notes48", NoteResource49 = "notes49", NoteResource50 = "notes50", NoteResource51 = "notes51",
    NoteResource52 = "notes52", NoteResource53 = "notes53", NoteResource54 = "notes54", NoteResource55 = "notes55",
    NoteResource56 = "notes56", NoteResource57 = "notes57", NoteResource58 = "notes58", NoteResource59 = "notes59",
    NoteResource60 = "notes60", NoteResource61 = "notes61", NoteResource62 = "notes62", NoteResource63 = "notes63",
    NoteResource64 = "notes64", NoteResource65 = "notes65", NoteResource66 = "notes66", NoteResource67 = "notes67",
    NoteResource68 = "notes68", NoteResource69 = "notes69", NoteResource70 = "notes70", NoteResource71 = "notes71",
    NoteResource72 = "notes72", NoteResource73 = "notes73", NoteResource74 = "notes74", NoteResource75 = "notes75",
    NoteResource76 = "notes76", NoteResource77 = "notes77", NoteResource78 = "notes78", NoteResource79 = "notes79",
    NoteResource80 = "notes80", NoteResource81 = "notes81", NoteResource82 = "notes82", NoteResource83 = "notes83",
    NoteResource84 = "notes84", NoteResource85 = "notes85", NoteResource86 = "notes86", NoteResource87 = "notes87",
    NoteResource88 = "notes88", NoteResource89 = "notes89", NoteResource90 = "notes90", NoteResource91 = "notes91",
    NoteResource92 = "notes92", NoteResource93 = "notes93", NoteResource94 = "notes94", NoteResource95 = "notes95",
    NoteResource96 = "notes96", NoteResource97 = "notes97", NoteResource98 = "notes98", NoteResource99 = "notes99",
}

/// The value of an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

#[actix_web::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let port: u16 = option("--port").map_or(Ok(8005), |port| port.parse())?;
    let url = option("--database").ok_or("--database says which database to serve")?;
    let workers = option("--workers").map_or(Ok(2), |workers| workers.parse())?;
    let resources = option("--resources").map_or(Ok(1), |resources| resources.parse())?;
    let database = Database::<Db>::open(url.strip_prefix("sqlite://").unwrap_or(&url))?;
    let api = Api::new("v1")
        .compatible(Compatibility::Tastypie)
        .database(database)
        .register(UserResource);
    let api = register(api, resources).build()?;
    let mounted = api.clone();
    let server = HttpServer::new(move || App::new().service(mounted.scope("/api")))
        .workers(workers)
        .bind(("127.0.0.1", port))?;
    api.serve(server).await?;
    Ok(())
}
