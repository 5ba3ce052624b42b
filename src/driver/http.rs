//! One HTTP exchange: text out, text in, at once or in pieces.
//!
//! `XMLHttpRequest` and not `fetch`: it exists in pages and in dedicated and shared workers, tells of pieces and of the end
//! in events instead of promises, ends with `abort` in the same turn, and an exchange without own headers stays a simple
//! one for CORS.

use std::{cell::Cell, rc::Rc};

use everwire_core::Span;
use js_sys::{Function, JsString, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::XmlHttpRequest;

/// What is asked for.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    /// POST with this text, else GET.
    pub(crate) body: Option<&'a str>,
    /// Names and values. The type of a body is `text/plain;charset=UTF-8` unless one of them says otherwise.
    pub(crate) headers: &'a [(String, String)],
    /// Whether cookies and the like go to another origin too.
    pub(crate) credentials: bool,
    /// Longest time for the whole exchange; `None` leaves it to the browser.
    pub(crate) timeout: Option<Span>,
    /// Whether the answer is wanted in pieces, as they come.
    pub(crate) pieces: bool,
}

/// What an exchange reports.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The next piece of an answer with status 200; never empty.
    #[cfg_attr(
        not(feature = "sockjs"),
        allow(dead_code, reason = "only streams come in pieces")
    )]
    Piece(String),
    /// The answer is complete. Of one that came in pieces the text is the rest.
    Done { status: u16, text: String },
    /// No answer: the network, CORS, or the timeout. Browsers do not say which of the first two.
    Failed(&'static str),
}

/// An exchange under way. Dropping it aborts it and reports nothing more.
pub(crate) struct Http {
    native: XmlHttpRequest,
    _listener: Closure<dyn Fn(web_sys::Event)>,
}

impl Http {
    /// Starts it. The last report is [`Reply::Done`] or [`Reply::Failed`].
    ///
    /// # Errors
    /// What the browser says against the URL or a header.
    pub(crate) fn send(
        request: &Request<'_>,
        listener: impl Fn(Reply) + 'static,
    ) -> Result<Self, String> {
        let native = XmlHttpRequest::new().map_err(text)?;
        let method = if request.body.is_some() {
            "POST"
        } else {
            "GET"
        };
        native
            .open_with_async(method, request.url, true)
            .map_err(text)?;
        native.set_with_credentials(request.credentials);
        if let Some(timeout) = request.timeout {
            native.set_timeout(timeout.as_millis_f64().ceil() as u32);
        }
        // What would trigger a preflight is only set if it was asked for.
        for (name, value) in request.headers {
            native.set_request_header(name, value).map_err(text)?;
        }
        let has_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        if request.body.is_some() && !request.headers.iter().any(has_type) {
            native
                .set_request_header("content-type", "text/plain;charset=UTF-8")
                .map_err(text)?;
        }
        let read = Rc::new(Cell::new(0));
        let pieces = request.pieces;
        let listener = Closure::<dyn Fn(web_sys::Event)>::new({
            let native = native.clone();
            move |event: web_sys::Event| {
                let reply = match event.type_().as_str() {
                    "progress" if native.status().is_ok_and(|status| status == 200) => {
                        match rest(&native, &read) {
                            piece if piece.is_empty() => return,
                            piece => Reply::Piece(piece),
                        }
                    }
                    "progress" => return,
                    "load" => Reply::Done {
                        status: native.status().unwrap_or(0),
                        text: rest(&native, &read),
                    },
                    "timeout" => Reply::Failed("no answer in time"),
                    _ => Reply::Failed(
                        "no answer: the server is unreachable, or its CORS headers do not allow this origin",
                    ),
                };
                listener(reply);
            }
        });
        let function: &Function = listener.as_ref().unchecked_ref();
        native.set_onload(Some(function));
        native.set_onerror(Some(function));
        native.set_ontimeout(Some(function));
        if pieces {
            native.set_onprogress(Some(function));
        }
        let http = Self {
            native,
            _listener: listener,
        };
        http.native.send_with_opt_str(request.body).map_err(text)?;
        Ok(http)
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.native.set_onload(None);
        self.native.set_onerror(None);
        self.native.set_ontimeout(None);
        self.native.set_onprogress(None);
        // Harmless on one that has ended; it throws never.
        let _ = self.native.abort();
    }
}

/// What came since the last look. Only that part is copied out of the browser: a stream would cost the square of its
/// length otherwise.
fn rest(native: &XmlHttpRequest, read: &Cell<u32>) -> String {
    let all = Reflect::get(native, &"responseText".into()).unwrap_or(JsValue::UNDEFINED);
    let Some(all) = all.dyn_ref::<JsString>() else {
        return String::new();
    };
    let from = read.replace(all.length());
    all.slice(from, all.length()).into()
}

fn text(error: JsValue) -> String {
    error.dyn_ref::<web_sys::DomException>().map_or_else(
        || "the browser refused it".to_owned(),
        web_sys::DomException::message,
    )
}
