//! Where to connect: URLs and subprotocols, as values or as functions that are asked before every dial.

use std::{error::Error as StdError, fmt, future, rc::Rc};

use futures_core::future::LocalBoxFuture;

use crate::{driver, error::Error};

/// Why a provider function could not answer, or a handshake failed. Any error type and any text converts into it.
pub type ProviderError = Box<dyn StdError>;

type Answer<T> = LocalBoxFuture<'static, Result<T, ProviderError>>;

/// The dial that a provider function is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Consecutive failures before this dial; 0 for the first one after the start or a stable connection.
    pub number: u32,
    /// Index into the list of URLs; 0 without a list.
    pub endpoint: u32,
}

impl Attempt {
    pub(crate) fn new(number: u32, endpoint: u32) -> Self {
        Self { number, endpoint }
    }
}

/// A value, or the function that provides it.
enum Source<T> {
    Value(T),
    Provider(Rc<dyn Fn(Attempt) -> Answer<T>>),
}

impl<T: Clone + 'static> Source<T> {
    fn resolve(&self, attempt: Attempt) -> Answer<T> {
        match self {
            Self::Value(value) => Box::pin(future::ready(Ok(value.clone()))),
            Self::Provider(provider) => provider(attempt),
        }
    }
}

/// The address of a socket: one URL, several to fail over between, or a function that is asked before every dial.
///
/// URLs follow the WHATWG rules: `ws`, `wss`, `http` and `https` (mapped to `ws` and `wss`), relative ones resolved
/// against the page, no fragment. Fixed URLs are checked by [`open`](crate::Builder::open); a provider that fails, or
/// answers with a bad URL, counts as a failed dial and is asked again after the backoff.
///
/// ```no_run
/// # use everwire::Url;
/// let one = Url::from("wss://example.com/feed");
/// let several = Url::from(["wss://a.example.com", "wss://b.example.com"]);
/// let fresh_token = Url::from_async_fn(|_attempt| async {
///     let token = fetch_token().await?;
///     Ok(format!("wss://example.com/feed?token={token}"))
/// });
/// # async fn fetch_token() -> Result<String, &'static str> { Ok(String::new()) }
/// ```
pub struct Url(Source<Vec<String>>);

impl Url {
    /// Asks `provider` before every dial. An `Err` is a failed dial.
    pub fn from_fn(provider: impl Fn(Attempt) -> Result<String, ProviderError> + 'static) -> Self {
        Self::from_async_fn(move |attempt| future::ready(provider(attempt)))
    }

    /// Asks `provider` before every dial and awaits the answer, within the connect timeout. An `Err` is a failed dial.
    pub fn from_async_fn<F>(provider: impl Fn(Attempt) -> F + 'static) -> Self
    where
        F: Future<Output = Result<String, ProviderError>> + 'static,
    {
        Self(Source::Provider(Rc::new(move |attempt| {
            let answer = provider(attempt);
            Box::pin(async { Ok(vec![answer.await?]) })
        })))
    }

    /// The fixed URLs.
    #[cfg(feature = "socketio")]
    pub(crate) fn fixed(&self) -> &[String] {
        match &self.0 {
            Source::Value(urls) => urls,
            Source::Provider(_) => &[],
        }
    }

    /// How many fixed URLs there are to fail over between.
    pub(crate) fn endpoints(&self) -> u32 {
        match &self.0 {
            Source::Value(urls) => u32::try_from(urls.len()).unwrap_or(u32::MAX),
            Source::Provider(_) => 1,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let Source::Value(urls) = &self.0 else {
            return Ok(());
        };
        if urls.is_empty() {
            return Err(Error::NoUrl);
        }
        urls.iter().try_for_each(|url| {
            driver::check_url(url).map_err(|reason| Error::BadUrl {
                url: url.clone(),
                reason,
            })
        })
    }

    /// The URL of this dial.
    pub(crate) async fn resolve(&self, attempt: Attempt) -> Result<String, ProviderError> {
        let mut urls = self.0.resolve(attempt).await?;
        let index = match self.0 {
            Source::Value(_) => attempt.endpoint as usize % urls.len().max(1),
            Source::Provider(_) => 0,
        };
        if index < urls.len() {
            Ok(urls.swap_remove(index))
        } else {
            Err("no url".into())
        }
    }
}

impl From<&str> for Url {
    fn from(url: &str) -> Self {
        Self(Source::Value(vec![url.to_owned()]))
    }
}

impl From<String> for Url {
    fn from(url: String) -> Self {
        Self(Source::Value(vec![url]))
    }
}

impl From<Vec<String>> for Url {
    fn from(urls: Vec<String>) -> Self {
        Self(Source::Value(urls))
    }
}

impl<const N: usize> From<[&str; N]> for Url {
    fn from(urls: [&str; N]) -> Self {
        Self(Source::Value(urls.map(str::to_owned).into()))
    }
}

/// The subprotocols to offer, in order of preference; none by default.
///
/// ```no_run
/// # use everwire::Protocols;
/// let offered = Protocols::from(["v2.feed", "v1.feed"]);
/// ```
pub struct Protocols(Source<Vec<String>>);

impl Protocols {
    /// Asks `provider` before every dial. An `Err` is a failed dial.
    pub fn from_fn(
        provider: impl Fn(Attempt) -> Result<Vec<String>, ProviderError> + 'static,
    ) -> Self {
        Self::from_async_fn(move |attempt| future::ready(provider(attempt)))
    }

    /// Asks `provider` before every dial and awaits the answer, within the connect timeout. An `Err` is a failed dial.
    pub fn from_async_fn<F>(provider: impl Fn(Attempt) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Vec<String>, ProviderError>> + 'static,
    {
        Self(Source::Provider(Rc::new(move |attempt| {
            Box::pin(provider(attempt))
        })))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let Source::Value(names) = &self.0 else {
            return Ok(());
        };
        for (index, name) in names.iter().enumerate() {
            let reason = if !is_token(name) {
                "is not a token: use letters, digits and punctuation other than separators"
            } else if names.iter().take(index).any(|other| other == name) {
                "is listed twice"
            } else {
                continue;
            };
            return Err(Error::BadProtocol {
                protocol: name.clone(),
                reason,
            });
        }
        Ok(())
    }

    pub(crate) async fn resolve(&self, attempt: Attempt) -> Result<Vec<String>, ProviderError> {
        self.0.resolve(attempt).await
    }
}

impl Default for Protocols {
    fn default() -> Self {
        Self(Source::Value(Vec::new()))
    }
}

impl From<&str> for Protocols {
    fn from(name: &str) -> Self {
        Self(Source::Value(vec![name.to_owned()]))
    }
}

impl From<Vec<String>> for Protocols {
    fn from(names: Vec<String>) -> Self {
        Self(Source::Value(names))
    }
}

impl<const N: usize> From<[&str; N]> for Protocols {
    fn from(names: [&str; N]) -> Self {
        Self(Source::Value(names.map(str::to_owned).into()))
    }
}

/// `token` of RFC 9110 section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_separator = |byte: u8| b"\"(),/:;<=>?@[\\]{}".contains(&byte);
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !is_separator(byte))
}

impl<T: fmt::Debug> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Provider(_) => f.write_str("<function>"),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({:?})", self.0)
    }
}

impl fmt::Debug for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocols({:?})", self.0)
    }
}
