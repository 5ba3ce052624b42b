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
