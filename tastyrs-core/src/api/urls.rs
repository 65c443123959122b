//! Addresses of one's own.

use std::{
    fmt,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
};

use actix_web::{HttpResponse, http::Method};

use crate::{
    dispatch::method_check,
    errors::{Error, Result},
    http::Request,
};

type Local<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse>> + 'a>>;
type Call<R> = Box<dyn for<'a> Fn(&'a R, &'a mut Request) -> Local<'a> + Send + Sync>;

/// What an address says in the places that an endpoint left open, by their names.
pub(super) type Captures = Vec<(&'static str, String)>;

/// An endpoint of one's own, whatever the resource.
struct Endpoint {
    path: &'static str,
    name: &'static str,
    method: Method,
    unthrottled: bool,
    warned: AtomicBool,
}

/// The endpoints of a resource.
#[derive(Default)]
pub(super) struct Endpoints(Vec<Endpoint>);

/// Addresses of one's own, below that of the resource; they go before those that every resource has.
///
/// A path ends in a slash. `{name}` in it stands for any text without a slash, which
/// [`Request::capture`] gives.
///
/// # Compatibility
///
/// `prepend_urls`, `resources.py:331`. What is registered for one method answers the others with 405 and `Allow`.
pub struct Urls<R> {
    pub(super) endpoints: Endpoints,
    /// What each of them does.
    calls: Vec<Call<R>>,
}

impl<R> Default for Urls<R> {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            calls: Vec::new(),
        }
    }
}

impl<R> fmt::Debug for Urls<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.endpoints.0.iter().map(|endpoint| endpoint.path))
            .finish()
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident => $method:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name<F>(self, path: &'static str, name: &'static str, view: F) -> Self
        where
            F: for<'a> AsyncFn(&'a R, &'a mut Request) -> Result<HttpResponse> + Copy + Send + Sync + 'static,
        {
            self.method(Method::$method, path, name, view)
        }
    )*};
}

impl<R: 'static> Urls<R> {
    /// Has none.
    pub fn new() -> Self {
        Self::default()
    }

    methods! {
        /// Answers GET at `path`; `name` is what logs call it.
        get => GET;
        /// Answers POST at `path`; `name` is what logs call it.
        post => POST;
        /// Answers PUT at `path`; `name` is what logs call it.
        put => PUT;
        /// Answers PATCH at `path`; `name` is what logs call it.
        patch => PATCH;
        /// Answers DELETE at `path`; `name` is what logs call it.
        delete => DELETE;
    }

    /// Answers a method at `path`; `name` is what logs call it.
    #[must_use]
    pub fn method<F>(
        mut self,
        method: Method,
        path: &'static str,
        name: &'static str,
        view: F,
    ) -> Self
    where
        F: for<'a> AsyncFn(&'a R, &'a mut Request) -> Result<HttpResponse>
            + Copy
            + Send
            + Sync
            + 'static,
    {
        let call: Call<R> = Box::new(move |resource, request| {
            Box::pin(async move { view(resource, request).await })
        });
        self.endpoints.0.push(Endpoint {
            path,
            name,
            method,
            unthrottled: false,
            warned: AtomicBool::new(false),
        });
        self.calls.push(call);
        self
    }

    /// Says that the endpoint before it does not ask the throttle of its resource on purpose.
    #[must_use]
    pub fn unthrottled(mut self) -> Self {
        if let Some(last) = self.endpoints.0.last_mut() {
            last.unthrottled = true;
        }
        self
    }

    /// Calls the endpoint at this place.
    pub(super) fn call<'a>(
        &self,
        place: usize,
        resource: &'a R,
        request: &'a mut Request,
    ) -> Local<'a> {
        (self.calls[place])(resource, request)
    }
}

impl Endpoints {
    /// Finds the path that no address could ever fit, or that another is in front of.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        for (place, endpoint) in self.0.iter().enumerate() {
            let path = endpoint.path;
            let Some(parts) = path.strip_suffix('/').map(|path| path.split('/')) else {
                return Err(format!("`{path}` does not end in a slash"));
            };
            let mut names = Vec::new();
            for part in parts {
                if part.is_empty() {
                    return Err(format!(
                        "`{path}` has an empty part; it starts behind the resource's own slash"
                    ));
                }
                match part
                    .strip_prefix('{')
                    .and_then(|part| part.strip_suffix('}'))
                {
                    Some(name)
                        if name.is_empty()
                            || name.contains(['{', '}'])
                            || names.contains(&name) =>
                    {
                        return Err(format!("`{path}` has a place without a name of its own"));
                    }
                    Some(name) => names.push(name),
                    None if part.contains(['{', '}', '?', '#', '%'])
                        || part.contains(char::is_whitespace) =>
                    {
                        return Err(format!("`{part}` in `{path}` is no part of an address"));
                    }
                    None => {}
                }
            }
            if self.0[..place]
                .iter()
                .any(|other| other.path == path && other.method == endpoint.method)
            {
                return Err(format!("`{path}` is there twice for {}", endpoint.method));
            }
        }
        Ok(())
    }

    /// The endpoints at an address, and what stands in its open places.
    pub(super) fn route(&self, rest: &str) -> Option<(Vec<usize>, Captures)> {
        let (first, captures) = self
            .0
            .iter()
            .enumerate()
            .find_map(|(place, endpoint)| Some((place, matched(endpoint.path, rest)?)))?;
        let path = self.0[first].path;
        let places = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, other)| other.path == path)
            .map(|(place, _)| place);
        Some((places.collect(), captures))
    }

    /// Which of these answers the request's method.
    pub(super) fn chosen(&self, places: &[usize], request: &Request) -> Result<usize> {
        let methods = places.iter().map(|place| self.0[*place].method.clone());
        let allowed: Vec<Method> = methods.collect();
        let method = method_check(request, &allowed)?;
        let wanted = if method == Method::HEAD && !allowed.contains(&method) {
            Method::GET
        } else {
            method
        };
        let mut places = places.iter().copied();
        let place = places.find(|place| self.0[*place].method == wanted);
        place.ok_or(Error::NotFound)
    }

    /// Says, once, that the endpoint at this place answered a request without asking the throttle, where it should have.
    pub(super) fn check_asked(&self, place: usize, request: &Request, resource_name: &str) {
        let endpoint = &self.0[place];
        if !request.progress().throttle_checked
            && !endpoint.unthrottled
            && !endpoint.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                target: "tastyrs::throttle",
                resource = resource_name,
                endpoint = endpoint.name,
                "the endpoint answered without `throttle_check`, though its resource has a throttle; \
                 say `.unthrottled()` behind it in `prepend_urls` if that is meant"
            );
        }
    }
}

/// What stands in the open places of a pattern, if an address fits it.
fn matched(pattern: &'static str, rest: &str) -> Option<Captures> {
    let mut captures = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), rest.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(captures),
            (Some(wanted), Some(given)) => match wanted
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) if !given.is_empty() => captures.push((name, given.to_owned())),
                None if wanted == given => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_place_takes_one_part_of_an_address() {
        assert_eq!(matched("search/", "search/"), Some(vec![]));
        assert_eq!(matched("search/", "search/more/"), None);
        assert_eq!(
            matched("{slug}/children/", "a b/children/"),
            Some(vec![("slug", "a b".to_owned())])
        );
        assert_eq!(matched("{slug}/children/", "/children/"), None);
    }
}
