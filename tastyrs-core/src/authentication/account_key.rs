//! Which names may be those of one account.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The most characters of a name that are looked at. Django's names have 150.
const MOST: usize = 1_000;

/// Writes alike all names that some collation of a database may take for one another.
///
/// Else each spelling of a name would have a limit of its own, and there are 2^n of a name with n letters. A database that
/// tells the names apart loses little: two accounts count together.
pub(super) fn account_key(name: &str) -> String {
    let letters = || name.chars().take(MOST);
    let key: String = DecomposingNormalizerBorrowed::new_nfkd()
        .normalize_iter(letters())
        // To and fro: `ẞ` to `ß` to `SS` to `ss`.
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // Accents, spaces, what is invisible; of emoji nothing would be left.
        .filter(|letter| letter.is_alphanumeric() || letter.is_ascii_graphic())
        .collect();
    if key.is_empty() {
        letters().collect()
    } else {
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_database_may_take_for_one_another_are_one() {
        for (name, others) in [
            (
                "ada",
                &[
                    "Ada",
                    "ADA",
                    "ada ",
                    " ada",
                    "a da",
                    "ada\0",
                    "àda",
                    "a\u{300}da",
                    "ａｄａ",
                    "𝐀da",
                    "a\u{200b}da",
                    "a\u{ad}da",
                    "ada\u{fe0f}",
                ][..],
            ),
            (
                "straße",
                &["STRASSE", "strasse", "ﬆrasse", "straẞe", "ſtraße"],
            ),
            ("kilo", &["\u{212a}ilo", "KİLO", "kılo"]),
            ("σοφος", &["ΣΟΦΟΣ", "σοφός", "σοφοσ"]),
            ("ἀγορᾷ", &["ΑΓΟΡΑΙ"]),
        ] {
            for other in others {
                assert_eq!(account_key(other), account_key(name), "{other}");
            }
        }
        assert_eq!(
            account_key("Ada.Lovelace+1@x.example"),
            "ada.lovelace+1@x.example"
        );
    }

    #[test]
    fn other_names_are_others() {
        let names = [
            "", "ada", "adam", "a.da", "a@da", "ada1", "ада", "ℊda", "🦀", "🐍", "é1", "ن", "日本",
        ];
        for (place, name) in names.iter().enumerate() {
            for other in &names[..place] {
                assert_ne!(account_key(name), account_key(other), "{name} and {other}");
            }
        }
    }

    #[test]
    fn a_name_without_end_costs_no_more_than_a_long_one() {
        let long = "\u{fdfa}".repeat(1_000_000);

        assert!(account_key(&long).chars().count() <= MOST * 18);
    }
}
