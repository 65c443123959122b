//! `#[derive(Model)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Index, spanned::Spanned};

use super::default;
use crate::model::{Action, Column, ContentType, OnDelete, Table};

/// The impls of `Model` and `ModelFor`, and the hidden struct of the columns.
pub(crate) fn table(table: &Table) -> TokenStream {
    let Table {
        ident,
        vis,
        module,
        columns,
        key,
        ..
    } = table;
    let hidden = format_ident!("ColumnsOf{}", ident);
    let db = table.backends.first();
    let (idents, types): (Vec<_>, Vec<_>) = columns
        .iter()
        .map(|column| (&column.ident, &column.ty))
        .unzip();
    let names: Vec<_> = columns.iter().map(|column| &column.name).collect();
    let of_table: Vec<_> = columns.iter().map(|column| &column.of_table).collect();
    let positions: Vec<Index> = (0..columns.len()).map(Index::from).collect();
    let values = columns.iter().map(|column| {
        let ident = &column.ident;
        quote_spanned!(column.type_span()=> ::tastyrs::__private::FieldType::to_value(&self.#ident))
    });
    let specs = columns
        .iter()
        .enumerate()
        .map(|(position, column)| spec(table, column, position == *key));
    let key_type = columns.get(*key).map(|column| &column.ty);
    let key_column = of_table.get(*key);
    let key_check = columns
        .get(*key)
        .map(|column| column.call_on_type(&Ident::new("key", column.type_span())));
    let absolute_url = absolute_url(table);
    let on_delete = on_delete(table);
    let content_type = table.content_type.as_ref().map(|ContentType { app_label, model }| {
        quote! {
            const CONTENT_TYPE: ::core::option::Option<::tastyrs::__private::ContentType> =
                ::core::option::Option::Some(::tastyrs::__private::ContentType::new(#app_label, #model));
        }
    });
    let backends = table.backends.iter().map(|backend| quote! {
        #[automatically_derived]
        impl ::tastyrs::__private::ModelFor<#backend> for #ident {
            type Query = ::tastyrs::__private::diesel::helper_types::IntoBoxed<'static, #module::table, #backend>;

            fn query() -> Self::Query {
                ::tastyrs::__private::diesel::QueryDsl::into_boxed(#module::table)
            }

            fn table_sql() -> ::std::string::String {
                ::tastyrs::__private::table_sql::<#backend, _>(&#module::table)
            }
        }
    });
    quote! {
        const _: () = {
            #[doc(hidden)]
            #[allow(dead_code, missing_debug_implementations, reason = "rustc alone looks at its fields, to check declarations")]
            #vis struct #hidden {
                #(#vis #idents: ::tastyrs::__private::ColumnOf<#types, #module::#of_table>,)*
            }

            #[automatically_derived]
            impl ::tastyrs::__private::fields::KeyColumn for #hidden {
                type Column = #module::#key_column;
            }

            #[automatically_derived]
            impl ::tastyrs::__private::Model for #ident {
                type Db = #db;
                type Key = #key_type;
                type Columns = #hidden;

                const COLUMNS: &'static [::tastyrs::__private::ColumnSpec] = &[#(#specs),*];
                const KEY: usize = #key;
                #content_type

                fn columns() -> #hidden {
                    #hidden { #(#idents: ::tastyrs::__private::ColumnOf::new(),)* }
                }

                fn value(&self, column: usize) -> ::tastyrs::__private::Value<'_> {
                    match column {
                        #(#positions => #values,)*
                        _ => ::tastyrs::__private::Value::Null,
                    }
                }

                fn from_row(row: &::tastyrs::__private::Row<'_>) -> ::tastyrs::__private::Result<Self> {
                    ::core::result::Result::Ok(Self {
                        #(#idents: row.get::<#types>(#positions, #names)?,)*
                    })
                }

                #absolute_url
                #on_delete
            }

            #(#backends)*

            const _: fn() = || { #key_check };
        };
    }
}

fn spec(table: &Table, column: &Column, is_key: bool) -> TokenStream {
    let module = &table.module;
    let Column {
        name,
        ty,
        of_table,
        flags,
        ..
    } = column;
    let primary_key = is_key.then(|| quote!(.primary_key()));
    let default = column.default.as_ref().map(|default| {
        let value = default::default(default, ty);
        quote!(.default(#value))
    });
    let (setters, values): (Vec<_>, Vec<_>) = column.values.iter().cloned().unzip();
    quote! {
        ::tastyrs::__private::ColumnSpec::new::<#ty>(
            #name,
            <#module::#of_table as ::tastyrs::__private::diesel::Column>::NAME,
        ) #primary_key #(.#flags())* #default #(.#setters(#values))*
    }
}

fn absolute_url(table: &Table) -> Option<TokenStream> {
    let url = table.absolute_url.as_ref()?;
    let call = quote_spanned!(url.span()=> ::core::convert::Into::into(#url(self)));
    Some(quote! {
        const HAS_ABSOLUTE_URL: bool = true;

        fn absolute_url(&self) -> ::core::option::Option<::std::string::String> {
            #call
        }
    })
}

fn on_delete(table: &Table) -> Option<TokenStream> {
    let (ident, db) = (&table.ident, table.backends.first());
    if table.on_delete.is_empty() {
        return None;
    }
    let entries = table.on_delete.iter().map(|OnDelete { model, column, action, said }| {
        let columns = quote_spanned!(column.span()=> <#model as ::tastyrs::__private::Model>::columns());
        let name = quote_spanned!(column.span()=> ::tastyrs::__private::fields::refers_by::<#ident, _, _>(&#columns.#column));
        let variant = match action {
            Action::Cascade => quote!(Cascade),
            Action::SetNull => quote!(SetNull),
            Action::Protect => quote!(Protect),
        };
        let nullable = (*action == Action::SetNull)
            .then(|| quote_spanned!(said.span()=> ::tastyrs::__private::fields::set_null(&#columns.#column);));
        quote! {{
            #nullable
            ::tastyrs::__private::OnDelete {
                table: <#model as ::tastyrs::__private::ModelFor<#db>>::table_sql(),
                column: #name,
                action: ::tastyrs::__private::DeleteAction::#variant,
                key: <#model as ::tastyrs::__private::Model>::COLUMNS[<#model as ::tastyrs::__private::Model>::KEY].name_in_table(),
                key_kind: <#model as ::tastyrs::__private::Model>::COLUMNS[<#model as ::tastyrs::__private::Model>::KEY].kind(),
                next: <#model as ::tastyrs::__private::Model>::on_delete,
            }
        }}
    });
    Some(quote! {
        fn on_delete() -> ::std::vec::Vec<::tastyrs::__private::OnDelete> {
            ::std::vec![#(#entries),*]
        }
    })
}
