//! `GenericForeignKey<(NoteResource, SubjectResource)>`, judged.

use quote::ToTokens;
use syn::{Ident, Type};

use super::field::{Around, needs_model};
use crate::{diagnostics::Diagnostics, parse::Options};

/// A relation to one object of several resources.
#[derive(Debug)]
pub(crate) struct Generic {
    pub(crate) resources: Vec<Type>,
    /// The column that says of which resource it is.
    pub(crate) content_type: Ident,
    /// The column that holds its key.
    pub(crate) object_id: Ident,
}

pub(super) fn generic(
    ident: &Ident,
    resources: &Type,
    options: &mut Options,
    around: Around<'_>,
    mistakes: &mut Diagnostics,
) -> Option<Generic> {
    needs_model(ident, around, mistakes)?;
    let resources = targets(ident, resources, mistakes);
    let needed = ["content_type", "object_id"].map(|name| options.has(name));
    let what = match needed {
        [true, true] => None,
        [false, true] => Some("which column says of which kind the other object is"),
        [true, false] => Some("which column holds the key of the other object"),
        [false, false] => Some("which columns hold the kind and the key of the other object"),
    };
    if let Some(what) = what {
        mistakes.error(
            ident,
            format!("`{ident}` does not say {what}"),
            "`#[field(content_type = content_type_id, object_id = object_id)]`",
        );
    }
    let [content_type, object_id] =
        ["content_type", "object_id"].map(|name| options.word(name, mistakes));
    let (content_type, object_id) = (content_type?, object_id?);
    if content_type == object_id {
        mistakes.error(
            &object_id,
            format!("`{object_id}` cannot hold the kind of an object and its key"),
            "`content_type = content_type_id, object_id = object_id`",
        );
        return None;
    }
    Some(Generic {
        resources: resources?,
        content_type,
        object_id,
    })
}

/// The resources of the tuple, each once.
fn targets(ident: &Ident, resources: &Type, mistakes: &mut Diagnostics) -> Option<Vec<Type>> {
    let Type::Tuple(tuple) = resources else {
        let resource = resources.to_token_stream();
        mistakes.error(
            resources,
            format!("`{ident}` leads to several resources, which stand in a tuple"),
            format!(
                "`GenericForeignKey<({resource},)>`, or `ToOne<{resource}>` where there is one only"
            ),
        );
        return None;
    };
    if tuple.elems.is_empty() {
        mistakes.error(
            tuple,
            format!("`{ident}` leads to no resource"),
            "`GenericForeignKey<(NoteResource, SubjectResource)>`",
        );
        return None;
    }
    let mut kept: Vec<Type> = Vec::new();
    for resource in &tuple.elems {
        if kept.contains(resource) {
            let resource_text = resource.to_token_stream();
            mistakes.error(
                resource,
                format!("`{resource_text}` stands in the tuple twice"),
                format!("keep one `{resource_text}`"),
            );
        } else {
            kept.push(resource.clone());
        }
    }
    Some(kept)
}
