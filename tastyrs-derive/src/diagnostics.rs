//! Mistakes of a declaration: collected, and shown together.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics(Option<syn::Error>);

impl Diagnostics {
    /// Notes a mistake at `tokens`, with a remedy that can be pasted.
    pub(crate) fn error(
        &mut self,
        tokens: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        self.push(syn::Error::new_spanned(
            tokens,
            format!("{message}\nhelp: {help}"),
        ));
    }

    /// Notes a mistake that the parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            None => self.0 = Some(error),
            Some(errors) => errors.combine(error),
        }
    }

    /// The output, with the mistakes behind it: what is sound is emitted, so that one mistake does not bring others.
    pub(crate) fn after<T>(self, sound: Option<&T>, expand: fn(&T) -> TokenStream) -> TokenStream {
        let output = sound.map(expand);
        let errors = self.0.map(syn::Error::into_compile_error);
        quote!(#output #errors)
    }
}

/// The remedy for a word that is not among those that are known: the nearest, or all of them.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    if let Some(meant) = nearest(word, known) {
        return format!("did you mean `{meant}`?");
    }
    let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    format!("there are {}", known.join(", "))
}

fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = word.to_lowercase();
    let allowed = (word.len() / 3).clamp(1, 3);
    let close = known
        .iter()
        .map(|meant| (distance(&lower, &meant.to_lowercase()), *meant));
    close
        .filter(|(distance, meant)| {
            *distance <= allowed || (lower.len() > 2 && meant.starts_with(&lower))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, meant)| meant)
}

/// How many letters must be put in, left out, changed or swapped to come from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
                let swapped =
                    i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                let swap = if swapped {
                    rows[i - 2][j - 2] + 1
                } else {
                    usize::MAX
                };
                changed
                    .min(swap)
                    .min(rows[i - 1][j] + 1)
                    .min(rows[i][j - 1] + 1)
            };
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_slip_is_understood() {
        let known = ["excludes", "fields", "filtering"];

        assert_eq!(did_you_mean("exclude", &known), "did you mean `excludes`?");
        assert_eq!(
            did_you_mean("fitlering", &known),
            "did you mean `filtering`?"
        );
    }

    #[test]
    fn a_word_that_is_near_to_none_is_answered_with_all() {
        assert_eq!(
            did_you_mean("colour", &["null", "full"]),
            "there are `null`, `full`"
        );
    }
}
