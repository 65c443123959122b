//! What a validation is given of an object, and what it says of it.
//!
//! A hook stands in the place of a write: the parameters of the address change the data, and the answer tells what is
//! wrong with it.

use tastyrs::{
    prelude::*,
    test::{LiveServer, TestDatabase},
    validation::{CleanedDataFormValidation, FormValidation},
};

use crate::support::{AuthorResource, Note, library};

#[derive(serde::Deserialize, serde::Serialize, garde::Validate)]
struct NoteForm {
    #[garde(length(chars, max = 8))]
    title: String,
    #[garde(range(max = 2))]
    author: Option<i32>,
    #[garde(skip)]
    created: chrono::NaiveDateTime,
}

/// Takes no title twice.
struct NoEcho;

impl Validate<NoteResource> for NoEcho {
    fn is_valid(&self, bundle: &mut Bundle<'_, NoteResource>) -> Result<Errors> {
        let same = bundle.data.get("title").and_then(|title| title.as_str())
            == Some(bundle.obj()?.title.as_str());
        Ok(same
            .then_some(("title", "It is that already."))
            .into_iter()
            .collect())
    }
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", hooks, validation = NoEcho)]
struct NoteResource {
    #[field(attribute = author_id, null)]
    author: ToOne<AuthorResource>,
}

impl Hooks for NoteResource {
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let params = bundle.request().params();
        for (name, value) in params.iter() {
            match value {
                "-" => {
                    bundle.data.remove(name);
                }
                "null" => {
                    bundle.data.insert(name.to_owned(), Value::Null);
                }
                _ => {
                    bundle.data.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        let errors = match bundle.request().header("x-validation") {
            Some("form") => FormValidation::<NoteForm>::new().is_valid(bundle)?,
            Some("cleaned") => CleanedDataFormValidation::<NoteForm>::new().is_valid(bundle)?,
            _ => Self::meta()
                .validation
                .ok_or(Error::NoObject)?
                .is_valid(bundle)?,
        };
        bundle.data.insert("errors", errors);
        Ok(())
    }
}

fn validated(validation: &str, query: &str) -> serde_json::Value {
    let database = library(TestDatabase::in_memory(), 3);
    let api = Api::new("v1")
        .database(database.database())
        .register(NoteResource::new())
        .register(AuthorResource);
    let served = LiveServer::with_workers(&api.build().unwrap(), 1);
    let path = format!("/api/v1/notes/1/{query}");
    let answer = served.request("GET", &path, &[("X-Validation", validation)]);
    answer.assert_http_ok();
    answer.json()
}

fn errors(query: &str) -> serde_json::Value {
    validated("form", query)["errors"].take()
}

#[test]
fn a_form_is_given_what_was_sent_and_the_rest_of_the_object() {
    let nothing = serde_json::json!({});

    assert_eq!(errors(""), nothing);
    assert_eq!(errors("?title=-&created=-&author=-"), nothing);
    assert_eq!(errors("?title=%20fits%20in%20%20"), nothing);
    assert_eq!(
        errors("?title=null&created=%20"),
        serde_json::json!({"title": ["This field is required."], "created": ["This field is required."]})
    );
    assert_eq!(
        errors("?title=far+too+long&created=soon"),
        serde_json::json!({
            "title": ["Ensure this value has at most 8 characters (it has 12)."],
            "created": ["Enter a valid value."],
        })
    );
}

#[test]
fn a_related_object_is_checked_by_its_key() {
    let nothing = serde_json::json!({});
    let too_great =
        serde_json::json!({"author": ["Ensure this value is less than or equal to 2."]});

    assert_eq!(errors("?author=/api/v1/authors/2/"), nothing);
    assert_eq!(errors("?author=null"), nothing);
    assert_eq!(errors("?author=/api/v1/authors/3/"), too_great);
}

#[test]
fn cleaned_data_takes_the_place_of_what_was_sent() {
    let cleaned = validated("cleaned", "?title=%20padded%20&author=/api/v1/authors/2/");
    let wrong = validated("cleaned", "?title=%20padded%20&created=soon");

    assert_eq!(cleaned["title"], "padded");
    assert_eq!(cleaned["author"], "/api/v1/authors/2/");
    assert_eq!(cleaned["created"], "2010-03-19T01:18:01");
    assert_eq!(wrong["title"], " padded ");
}

#[test]
fn a_validation_of_ones_own_sees_the_object_and_the_data() {
    let same = validated("own", "");
    let other = validated("own", "?title=other");

    assert_eq!(
        same["errors"],
        serde_json::json!({"title": ["It is that already."]})
    );
    assert_eq!(other["errors"], serde_json::json!({}));
}
