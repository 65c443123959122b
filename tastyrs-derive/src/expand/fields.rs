//! The fields of a resource.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::default;
use crate::model::{Field, Kind, Relation, Resource, Shown, UseIn};

/// The body of `Resource::fields`.
pub(super) fn fields(resource: &Resource) -> TokenStream {
    let fields = resource.fields.iter().map(|field| {
        let made = constructor(resource, field);
        let options = options(field);
        quote!(.field(#made #options))
    });
    let columns = match &resource.shown {
        Shown::Object(_) => None,
        Shown::Model {
            fields, excludes, ..
        } => {
            let words = |words: &[syn::Ident]| {
                let words = words
                    .iter()
                    .map(|word| syn::ext::IdentExt::unraw(word).to_string());
                quote!(&[#(#words),*])
            };
            let fields = match fields {
                None => quote!(::core::option::Option::None),
                Some(fields) => {
                    let fields = words(fields);
                    quote!(::core::option::Option::Some(#fields))
                }
            };
            let excludes = words(excludes);
            Some(quote!(.columns(#fields, #excludes)))
        }
    };
    quote!(::tastyrs::__private::Fields::<Self>::new() #(#fields)* #columns)
}

fn constructor(resource: &Resource, field: &Field) -> TokenStream {
    let name = &field.name;
    let column_name = |column: &syn::Ident| syn::ext::IdentExt::unraw(column).to_string();
    let call = match (&field.kind, &resource.shown) {
        (Kind::Computed(ty), _) => quote!(computed::<#ty>(#name)),
        (Kind::Column { attribute, .. }, Shown::Model { .. }) => {
            let column = column_name(attribute);
            if column == name.value() {
                quote!(column(#name))
            } else {
                quote!(column_as(#name, #column))
            }
        }
        (Kind::Column { ty, attribute }, Shown::Object(_)) => {
            let value = quote_spanned!(attribute.span()=> &object.#attribute);
            let place = quote_spanned!(attribute.span()=> &mut object.#attribute);
            quote! {
                read::<#ty>(#name, |object| <#ty as ::tastyrs::__private::FieldType>::to_value(#value))
                    .write(|object, value| ::tastyrs::__private::fields::assign::<#ty>(#place, value))
            }
        }
        (
            Kind::ToOne {
                resource,
                attribute,
            },
            _,
        ) => {
            let column = column_name(attribute);
            quote!(to_one::<#resource>(#name, #column))
        }
        (Kind::Generic(generic), _) => {
            let (content_type, object_id) = (
                column_name(&generic.content_type),
                column_name(&generic.object_id),
            );
            let targets = generic.resources.iter().map(|target| {
                quote_spanned!(target.span()=> ::tastyrs::__private::fields::GenericTarget::of::<#target>())
            });
            quote!(generic_foreign_key(#name, #content_type, #object_id, [#(#targets),*]))
        }
        (
            Kind::ToMany {
                resource: target,
                relation,
            },
            _,
        ) => {
            let db = quote!(<Self as ::tastyrs::__private::ModelResource>::Db);
            let column = |column: TokenStream| quote!(<#column as ::tastyrs::__private::diesel::Column>::NAME);
            match relation {
                Relation::Through { table, own, other } => {
                    let (own, other) =
                        (column(quote!(#table::#own)), column(quote!(#table::#other)));
                    quote! {
                        to_many_through::<#target>(
                            #name,
                            ::tastyrs::__private::table_sql::<#db, _>(&#table::table),
                            #own,
                            #other,
                        )
                    }
                }
                Relation::Reverse {
                    table,
                    column: path,
                } => {
                    let column = column(quote!(#path));
                    quote! {
                        to_many_reverse::<#target>(
                            #name,
                            ::tastyrs::__private::table_sql::<#db, _>(&#table::table),
                            #column,
                        )
                    }
                }
            }
        }
    };
    quote!(::tastyrs::__private::Field::<Self>::#call)
}

fn options(field: &Field) -> TokenStream {
    let flags = &field.flags;
    let full = match (field.full.list, field.full.detail) {
        (true, true) => Some(quote!(.full())),
        (true, false) => Some(quote!(.full_list(true))),
        (false, true) => Some(quote!(.full_detail(true))),
        (false, false) => None,
    };
    let default = match (&field.default, &field.kind) {
        (Some(default), Kind::Computed(ty) | Kind::Column { ty, .. }) => {
            let value = default::default(default, ty);
            Some(quote!(.default(#value)))
        }
        _ => None,
    };
    let help_text = field
        .help_text
        .as_ref()
        .map(|text| quote!(.help_text(#text)));
    let verbose_name = field
        .verbose_name
        .as_ref()
        .map(|text| quote!(.verbose_name(#text)));
    let use_in = field.use_in.as_ref().map(|use_in| {
        let variant = match use_in {
            UseIn::All => quote!(All),
            UseIn::List => quote!(List),
            UseIn::Detail => quote!(Detail),
            UseIn::When(when) => quote!(When(#when)),
        };
        quote!(.use_in(::tastyrs::__private::UseIn::#variant))
    });
    let dehydrate = field
        .dehydrate
        .as_ref()
        .map(|hook| quote_spanned!(hook.span()=> .dehydrate(#hook)));
    let hydrate = field
        .hydrate
        .as_ref()
        .map(|hook| quote_spanned!(hook.span()=> .hydrate(#hook)));
    quote!(#(.#flags())* #full #default #help_text #verbose_name #use_in #dehydrate #hydrate)
}
