//! The derives of tastyrs; users meet them in the crate `tastyrs`, whose documentation has a page for each.
//!
//! - `parse`: tokens to options, with their spans
//! - `model`: options to a declaration that is sound, with all mistakes collected on the way
//! - `expand`: a sound declaration to tokens, thin calls of `tastyrs::__private`
//! - `diagnostics`: mistakes, each at its token and with its remedy

mod diagnostics;
mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use diagnostics::Diagnostics;

// The pages of the derives stand at their re-exports in `tastyrs`.
#[expect(
    missing_docs,
    reason = "the page stands at the re-export in `tastyrs`, where its examples compile"
)]
#[proc_macro_derive(Model, attributes(model, diesel))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut mistakes = Diagnostics::default();
    let table = model::Table::new(&input, &mut mistakes);
    mistakes.after(table.as_ref(), expand::table).into()
}

#[expect(
    missing_docs,
    reason = "the page stands at the re-export in `tastyrs`, where its examples compile"
)]
#[proc_macro_derive(ModelResource, attributes(resource, field))]
pub fn derive_model_resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut mistakes = Diagnostics::default();
    let resource = model::Resource::of_model(&input, &mut mistakes);
    mistakes.after(resource.as_ref(), expand::resource).into()
}

#[expect(
    missing_docs,
    reason = "the page stands at the re-export in `tastyrs`, where its examples compile"
)]
#[proc_macro_derive(Resource, attributes(resource, field))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut mistakes = Diagnostics::default();
    let resource = model::Resource::of_objects(&input, &mut mistakes);
    mistakes.after(resource.as_ref(), expand::resource).into()
}
