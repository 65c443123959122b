//! Whole lists as files.

use std::{borrow::Cow, fmt, pin::Pin, sync::Arc, time::Duration};

use actix_web::HttpResponse;
use tokio::sync::Semaphore;

use crate::{
    errors::Result,
    http::Request,
    resource::{Hooks, Resource},
};

/// A format in which a whole list is sent, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// An object of JSON on each line, `export.ndjson`.
    Ndjson,
    /// A line of names and a line for each object, `export.csv`.
    Csv,
}

impl ExportFormat {
    /// The end of its address.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

type Local<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse>> + 'a>>;
type View<R> = for<'a> fn(&'a R, &'a mut Request) -> Local<'a>;

/// A whole list as a file, for what does not fit into a page: its formats and its bounds.
///
/// `#[resource(export(ndjson, csv))]` has `export.ndjson` and `export.csv` behind the address of the list; bounds other
/// than the usual ones are set by `#[resource(meta = Self::configure)]`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_core::meta::{Export, ExportFormat};
/// # use tastyrs_core::resource::Hooks;
/// # fn of<R: Hooks>() -> Export<R> {
/// Export::new([ExportFormat::Csv]).deadline(Duration::from_secs(60)).columns(["id", "title"])
/// # }
/// ```
pub struct Export<R> {
    pub(crate) formats: Vec<ExportFormat>,
    pub(crate) columns: Option<Vec<Cow<'static, str>>>,
    pub(crate) formulas: bool,
    pub(crate) deadline: Duration,
    pub(crate) stall: Duration,
    pub(crate) at_once: Arc<Semaphore>,
    /// That of the resource; one that exports nothing does not carry the code for it.
    pub(crate) view: View<R>,
}

impl<R> Clone for Export<R> {
    fn clone(&self) -> Self {
        Self {
            formats: self.formats.clone(),
            columns: self.columns.clone(),
            at_once: Arc::clone(&self.at_once),
            ..*self
        }
    }
}

impl<R> fmt::Debug for Export<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

impl<R: Hooks> Export<R> {
    /// Has these formats, and the usual bounds.
    pub fn new(formats: impl Into<Vec<ExportFormat>>) -> Self {
        Self {
            formats: formats.into(),
            columns: None,
            formulas: false,
            deadline: Duration::from_secs(600),
            stall: Duration::from_secs(30),
            at_once: Arc::new(Semaphore::new(2)),
            view: |resource, request| Box::pin(resource.get_export(request)),
        }
    }
}

impl<R: Resource> Export<R> {
    /// Sets the columns of CSV and their order; without it they are the fields that lists show, in the order of their
    /// names. A name that only [`Hooks::dehydrate`] adds to the data is a column if it stands here.
    #[must_use]
    pub fn columns<N: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets whether text in CSV stays as it is where a spreadsheet would calculate it; it does not.
    ///
    /// Text that begins with `=`, `+`, `-`, `@`, a tab or the end of a line has a `'` in front otherwise.
    #[must_use]
    pub fn formulas(mut self, formulas: bool) -> Self {
        self.formulas = formulas;
        self
    }

    /// Sets how long an export may take; 10 minutes. What takes longer is cut off.
    ///
    /// So long at most it holds a connection, and a state of the database.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how long a client may take nothing; 30 seconds. Whoever takes nothing for longer is cut off.
    #[must_use]
    pub fn stall(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    /// Sets how many exports of the resource there are at once, at least 1; 2. Whoever comes then is answered 503.
    ///
    /// Besides, all exports of a database use no more than half of its connections.
    #[must_use]
    pub fn at_once(mut self, exports: usize) -> Self {
        self.at_once = Arc::new(Semaphore::new(exports.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }
}

impl<R> Export<R> {
    /// The format whose address ends so: `export.csv`.
    pub(crate) fn at(&self, rest: &str) -> Option<ExportFormat> {
        let extension = rest.strip_prefix("export.")?;
        let formats = self.formats.iter().copied();
        formats
            .into_iter()
            .find(|format| format.extension() == extension)
    }
}
