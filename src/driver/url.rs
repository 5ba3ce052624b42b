//! The URL rules of the WebSocket standard, checked before a socket exists.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::Url;

/// Says what is wrong with a URL, in the words of an error message. Relative URLs are resolved against the page, and
/// `http` and `https` mean `ws` and `wss`, as in the WHATWG WebSockets standard.
pub(crate) fn check_url(url: &str) -> Result<(), &'static str> {
    let Some(parsed) = parse(url) else {
        return Err("it is not a valid url");
    };
    if !matches!(
        parsed.protocol().as_str(),
        "ws:" | "wss:" | "http:" | "https:"
    ) {
        return Err("the scheme must be ws, wss, http or https");
    }
    // `hash` is empty for a bare `#` too, which the standard forbids as well.
    if parsed.href().contains('#') {
        return Err("it must not have a fragment");
    }
    Ok(())
}

fn parse(url: &str) -> Option<Url> {
    let base = Reflect::get(&js_sys::global(), &"location".into())
        .and_then(|location| Reflect::get(&location, &"href".into()))
        .ok()
        .and_then(|href: JsValue| href.as_string());
    Url::new(url)
        .or_else(|error| match base {
            Some(base) => Url::new_with_base(url, &base),
            None => Err(error),
        })
        .ok()
}

/// What the URL of an HTTP service is made of.
#[cfg(any(feature = "socketio", feature = "sockjs"))]
pub(crate) struct Base {
    /// Whether it is `https`.
    pub(crate) secure: bool,
    /// Host, with the port unless it is the scheme's own.
    pub(crate) host: String,
    /// At least `/`.
    pub(crate) path: String,
    /// With its `?`, or empty.
    pub(crate) query: String,
}

/// Takes the URL of an HTTP service apart. Relative ones are resolved against the page; `ws` and `wss` mean `http` and `https`.
#[cfg(any(feature = "socketio", feature = "sockjs"))]
pub(crate) fn base_of(url: &str) -> Result<Base, &'static str> {
    check_url(url)?;
    let parsed = parse(url).ok_or("it is not a valid url")?;
    Ok(Base {
        secure: matches!(parsed.protocol().as_str(), "wss:" | "https:"),
        host: parsed.host(),
        path: parsed.pathname(),
        query: parsed.search(),
    })
}
