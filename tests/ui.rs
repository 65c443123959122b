//! What the derives take, and what they say when they refuse.

#[test]
fn a_declaration_is_taken_or_refused_at_the_word_that_is_wrong() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/*/pass/*.rs");
    cases.compile_fail("tests/ui/*/fail/*.rs");
}
