//! The pages of the book lead to one another.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The pages: the readme, the book, the decisions.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs/src", "docs/decisions"] {
        let files = fs::read_dir(root.join(folder)).unwrap();
        let files = files.map(|file| file.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    pages
}

/// The lines of a page that are no code.
fn prose(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let mut in_code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    lines.map(ToOwned::to_owned).collect()
}

/// Where the links of a page lead.
fn links(page: &Path) -> Vec<String> {
    let text = prose(page).join("\n");
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    links.map(|(link, _)| link.to_owned()).collect()
}

/// The names of a page's headings in addresses, as mdBook and GitHub make them.
fn anchors(page: &Path) -> Vec<String> {
    let headings = prose(page);
    let headings = headings.iter().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let letters = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = letters
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(|heading| anchor(heading)).collect()
}

#[test]
fn no_link_leads_to_nowhere() {
    let mut checked = 0;
    for page in pages() {
        for link in links(&page) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() {
                page.clone()
            } else {
                page.with_file_name(file)
            };
            assert!(target.exists(), "{}: {link}", page.display());
            let there = anchor.is_empty() || anchors(&target).iter().any(|there| there == anchor);
            assert!(there, "{}: {link}", page.display());
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} links");
}

#[test]
fn the_summary_and_the_doc_tests_have_every_page_of_the_book() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let summary = fs::read_to_string(root.join("docs/src/SUMMARY.md")).unwrap();
    let tested = fs::read_to_string(root.join("src/lib.rs")).unwrap();

    for page in pages() {
        let name = page.file_name().unwrap().to_str().unwrap().to_owned();
        if !page.starts_with(root.join("docs/src")) || name == "SUMMARY.md" {
            continue;
        }
        assert!(summary.contains(&format!("({name})")), "{name}");
        let has_code = fs::read_to_string(&page).unwrap().contains("```rust");
        assert!(
            !has_code || tested.contains(&format!("docs/src/{name}")),
            "{name}"
        );
    }
}
