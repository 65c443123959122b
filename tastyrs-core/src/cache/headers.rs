//! What an answer tells caches.

use std::borrow::Cow;

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderMap, HeaderValue, VARY},
    web::Bytes,
};

use super::AnyCache;
use crate::http::Request;

/// Adds `Vary` and, where the cache says so, `Cache-Control` to an answer that was returned.
///
/// What a view said itself stands: names of `Vary` are added to its own, and its `Cache-Control` is kept.
///
/// # Compatibility
///
/// `Resource.wrap_view`, `resources.py:208`.
pub(crate) fn patch(cache: &AnyCache, request: &Request, response: &mut HttpResponse) {
    patch_vary(cache.varies(), response.headers_mut());
    if response.headers().contains_key(CACHE_CONTROL) {
        return;
    }
    let told = if cache.cacheable(request, response) {
        cache.cache_control()
    } else {
        None
    };
    let by_script = || {
        request
            .header("x-requested-with")
            .is_some_and(|by| by == "XMLHttpRequest")
    };
    if let Some(told) = told.or_else(|| by_script().then_some(Cow::Borrowed("no-cache")))
        && let Ok(value) = HeaderValue::from_str(&told)
    {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
}

fn patch_vary(varies: &[Cow<'static, str>], headers: &mut HeaderMap) {
    // What nearly all answers come to.
    if let [Cow::Borrowed(name)] = varies
        && !headers.contains_key(VARY)
        && let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from_static(name.as_bytes()))
        && !name.is_empty()
    {
        headers.insert(VARY, value);
        return;
    }
    let mut names = String::new();
    for value in headers.get_all(VARY) {
        join(&mut names, value.to_str().unwrap_or_default());
    }
    let has = |names: &str, wanted: &str| {
        names.split(',').any(|name| {
            let name = name.trim();
            name == "*" || name.eq_ignore_ascii_case(wanted)
        })
    };
    for name in varies {
        if !has(&names, name) {
            join(&mut names, name);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&names)
        && !names.is_empty()
    {
        headers.insert(VARY, value);
    }
}

fn join(names: &mut String, more: &str) {
    if !names.is_empty() {
        names.push_str(", ");
    }
    names.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(said: &[&'static str], varies: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(VARY, HeaderValue::from_static(value));
        }
        let varies: Vec<Cow<'static, str>> = varies.iter().map(|name| (*name).into()).collect();
        patch_vary(&varies, &mut headers);
        let all: Vec<&str> = headers
            .get_all(VARY)
            .map(|value| value.to_str().unwrap())
            .collect();
        all.join(" | ")
    }

    #[test]
    fn names_of_vary_are_added_to_those_that_the_view_said() {
        assert_eq!(varied(&[], &["Accept"]), "Accept");
        assert_eq!(varied(&[], &["Accept", "Cookie"]), "Accept, Cookie");
        assert_eq!(varied(&["Origin"], &["Accept"]), "Origin, Accept");
        assert_eq!(
            varied(&["accept, Origin", "X"], &["Accept", "Cookie"]),
            "accept, Origin, X, Cookie"
        );
        assert_eq!(varied(&["*"], &["Accept"]), "*");
        assert_eq!(varied(&[], &[]), "");
    }
}
