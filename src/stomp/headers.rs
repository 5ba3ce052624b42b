//! Headers of `CONNECT`: fixed, or asked for before every attempt.

use std::{fmt, future, rc::Rc};

use futures_core::future::LocalBoxFuture;

use crate::endpoint::{Attempt, ProviderError};

type Answer = LocalBoxFuture<'static, Result<Vec<(String, String)>, ProviderError>>;

/// Headers of `CONNECT`: credentials, `host`, a token. A provider is asked before every dial, so that each attempt has a
/// fresh token.
///
/// ```no_run
/// # use everwire::stomp::ConnectHeaders;
/// let fixed = ConnectHeaders::from([("login", "guest"), ("passcode", "guest")]);
/// let fresh = ConnectHeaders::from_async_fn(|_attempt| async {
///     Ok(vec![("Authorization".to_owned(), format!("Bearer {}", fetch_token().await?))])
/// });
/// # async fn fetch_token() -> Result<String, &'static str> { Ok(String::new()) }
/// ```
#[derive(Clone)]
pub struct ConnectHeaders {
    pub(super) fixed: Vec<(String, String)>,
    provider: Option<Rc<dyn Fn(Attempt) -> Answer>>,
}

impl ConnectHeaders {
    /// Asks `provider` before every dial. An `Err` is a failed dial.
    pub fn from_fn(
        provider: impl Fn(Attempt) -> Result<Vec<(String, String)>, ProviderError> + 'static,
    ) -> Self {
        Self::from_async_fn(move |attempt| future::ready(provider(attempt)))
    }

    /// Asks `provider` before every dial and awaits the answer, within the connect timeout. An `Err` is a failed dial.
    pub fn from_async_fn<F>(provider: impl Fn(Attempt) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Vec<(String, String)>, ProviderError>> + 'static,
    {
        Self {
            fixed: Vec::new(),
            provider: Some(Rc::new(move |attempt| Box::pin(provider(attempt)))),
        }
    }

    pub(super) const fn none() -> Self {
        Self {
            fixed: Vec::new(),
            provider: None,
        }
    }

    pub(super) const fn is_provided(&self) -> bool {
        self.provider.is_some()
    }

    /// The headers of this dial: the fixed ones, then the provider's.
    pub(super) async fn resolve(
        &self,
        attempt: Attempt,
    ) -> Result<Vec<(String, String)>, ProviderError> {
        let mut headers = self.fixed.clone();
        if let Some(provider) = &self.provider {
            headers.extend(provider(attempt).await?);
        }
        Ok(headers)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for ConnectHeaders {
    fn from(headers: [(&str, &str); N]) -> Self {
        headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
            .into()
    }
}

impl From<Vec<(String, String)>> for ConnectHeaders {
    fn from(fixed: Vec<(String, String)>) -> Self {
        Self {
            fixed,
            provider: None,
        }
    }
}

impl fmt::Debug for ConnectHeaders {
    /// Names only: values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.fixed.iter().map(|(name, _)| name))
            .finish()
    }
}
