//! `content_type = "kitchen.note"`, judged.

use syn::LitStr;

use crate::{diagnostics::Diagnostics, parse::Options};

/// A model as Django names it.
#[derive(Debug)]
pub(crate) struct ContentType {
    pub(crate) app_label: String,
    pub(crate) model: String,
}

impl ContentType {
    pub(super) fn new(options: &mut Options, mistakes: &mut Diagnostics) -> Option<Self> {
        let said = options.text("content_type", mistakes)?;
        let text = said.value();
        let is_word = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        match text.split_once('.') {
            Some((app_label, model)) if is_word(app_label) && is_word(model) => {
                lower_case(&said, app_label, model, mistakes).then(|| Self {
                    app_label: app_label.to_owned(),
                    model: model.to_owned(),
                })
            }
            _ => {
                mistakes.error(
                    &said,
                    "a content type is the label of an app and the name of a model, as they stand in `django_content_type`",
                    "`content_type = \"kitchen.note\"`",
                );
                None
            }
        }
    }
}

/// Django writes the names of models in lower case.
fn lower_case(said: &LitStr, app_label: &str, model: &str, mistakes: &mut Diagnostics) -> bool {
    let lower = model.to_lowercase();
    if lower != model {
        mistakes.error(
            said,
            format!("Django keeps the name of the model `{model}` in lower case"),
            format!("`content_type = \"{app_label}.{lower}\"`"),
        );
    }
    lower == model
}
