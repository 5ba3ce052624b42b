//! What an exported class does.

use std::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use everwire_core::codec::{Decode, Encode};
use futures_core::Stream;
use js_sys::{Array, Function, Reflect};
use serde::{Serialize, de::DeserializeOwned};
use tsify::Tsify;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{future_to_promise, spawn_local};

use crate::{
    Json,
    builder::Builder,
    client::Client,
    endpoint::Protocols,
    error::Error,
    options::{CloseOptions, MessageOptions},
    socket::Socket,
    state::{StateChange, States},
};

use super::typescript;

/// A socket whose messages come from and go to JavaScript, behind a class of
/// [`export_socket!`](crate::export_socket). Dropping it closes the connection.
pub struct Exported<In, Out> {
    client: Client<In, Out>,
    listeners: Rc<Listeners>,
    /// The only strong reference; the tasks hold weak ones.
    _streams: Rc<RefCell<Streams<In, Out>>>,
}

struct Streams<In, Out> {
    socket: Socket<In, Out>,
    states: States,
}

/// What arrives next, in the order of the wire.
enum News<In> {
    State(StateChange),
    Item(Result<In, Error>),
}

#[derive(Default)]
struct Listeners {
    message: RefCell<Vec<Function>>,
    state: RefCell<Vec<Function>>,
    error: RefCell<Vec<Function>>,
    /// The task that waits for the first listener.
    waker: RefCell<Option<Waker>>,
}

impl<In, Out> Exported<In, Out>
where
    In: Tsify + Serialize + 'static,
    Out: Tsify + DeserializeOwned + 'static,
{
    /// A builder for what JavaScript passed to the constructor.
    ///
    /// # Errors
    /// A `SocketError` if the URL or the protocols are neither a text nor a list of texts.
    pub fn builder(
        url: JsValue,
        protocols: Option<JsValue>,
    ) -> Result<Builder<In, Out, Json>, JsValue> {
        let urls = texts(&url).ok_or_else(|| {
            typescript::failure("bad-url", "url must be a string or a list of strings")
        })?;
        let mut builder = Socket::<In, Out>::builder(urls);
        if let Some(protocols) = protocols {
            let names = texts(&protocols).ok_or_else(|| {
                typescript::failure(
                    "bad-protocol",
                    "protocols must be a string or a list of strings",
                )
            })?;
            builder = builder.protocols(Protocols::from(names));
        }
        Ok(builder)
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// A `SocketError`.
    pub fn open<C>(builder: Builder<In, Out, C>) -> Result<Self, JsValue>
    where
        C: Encode<Out> + Decode<In> + 'static,
    {
        let socket = builder.open().map_err(|error| typescript::error(&error))?;
        let client = socket.client();
        let listeners = Rc::new(Listeners::default());
        let states = socket.states();
        let streams = Rc::new(RefCell::new(Streams { socket, states }));
        spawn_local(dispatch(Rc::downgrade(&streams), Rc::clone(&listeners)));
        Ok(Self {
            client,
            listeners,
            _streams: streams,
        })
    }

    /// The state's name.
    pub fn state(&self) -> JsValue {
        typescript::state(self.client.state()).into()
    }

    /// Sends a value of the outgoing type.
    ///
    /// # Errors
    /// A `SocketError`: the value has another type, or is not accepted.
    pub fn send(&self, message: JsValue) -> Result<(), JsValue> {
        let message = Out::from_js(message)
            .map_err(|error| typescript::failure("encode", &error.to_string()))?;
        match self.client.send_with(&message, MessageOptions::new()) {
            Ok(_) => Ok(()),
            Err(error) => Err(typescript::error(&error)),
        }
    }

    /// Adds a listener and returns the function that removes it.
    ///
    /// # Errors
    /// A `SocketError` for an unknown kind or something that cannot be called.
    pub fn on(&self, kind: &str, listener: JsValue) -> Result<JsValue, JsValue> {
        let listener: Function = listener
            .dyn_into()
            .map_err(|_| typescript::failure("bad-options", "listener must be a function"))?;
        let Some(list) = self.listeners.list(kind) else {
            let message = "kind must be message, state or error";
            return Err(typescript::failure("bad-options", message));
        };
        // A copy of its own, so that a function that listens twice is removed once.
        let listener = listener.bind0(&JsValue::UNDEFINED);
        list.borrow_mut().push(listener.clone());
        let waker = self.listeners.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
        let listeners = Rc::downgrade(&self.listeners);
        let kind = kind.to_owned();
        let remove = move || {
            if let Some(listeners) = listeners.upgrade()
                && let Some(list) = listeners.list(&kind)
            {
                list.borrow_mut().retain(|other| *other != listener);
            }
        };
        // Freed by the garbage collector, with the function that JavaScript holds.
        Ok(Closure::<dyn Fn()>::new(remove).into_js_value())
    }

    /// Dials now.
    pub fn reconnect(&self) {
        self.client.reconnect();
    }

    /// Flushes and closes; a promise for the end.
    ///
    /// # Errors
    /// A `SocketError` for a bad code or reason.
    pub fn close(&self, code: Option<f64>, reason: Option<String>) -> Result<JsValue, JsValue> {
        let mut options = CloseOptions::new().reason(reason.unwrap_or_default());
        if let Some(code) = code {
            // Saturates, and what is out of range is refused below.
            options = options.code(code as u16);
        }
        options.check().map_err(|error| typescript::error(&error))?;
        let closed = self.client.close(options);
        let promise = future_to_promise(async move {
            closed.await.map_err(|error| typescript::error(&error))?;
            Ok(JsValue::UNDEFINED)
        });
        Ok(promise.into())
    }
}

/// Passes on what arrives until the class is dropped. No borrow is held while a listener runs.
async fn dispatch<In, Out>(streams: Weak<RefCell<Streams<In, Out>>>, listeners: Rc<Listeners>)
where
    In: Tsify + Serialize,
{
    while let Some(news) = poll_fn(|context| next(&streams, &listeners, context)).await {
        match news {
            News::State(change) => listeners.call(&listeners.state, &typescript::change(&change)),
            News::Item(Ok(message)) => match message.into_js() {
                Ok(message) => listeners.call(&listeners.message, message.as_ref()),
                Err(error) => {
                    let error = typescript::failure("decode", &error.to_string());
                    listeners.call(&listeners.error, &error);
                }
            },
            News::Item(Err(error)) => {
                listeners.call(&listeners.error, &typescript::error(&error));
            }
        }
    }
}

fn next<In, Out>(
    streams: &Weak<RefCell<Streams<In, Out>>>,
    listeners: &Listeners,
    context: &mut Context<'_>,
) -> Poll<Option<News<In>>> {
    let Some(streams) = streams.upgrade() else {
        return Poll::Ready(None);
    };
    let mut streams = streams.borrow_mut();
    // Messages first: the ones that came before a change were also read before it.
    let item = if !listeners.message.borrow().is_empty() {
        Pin::new(&mut streams.socket).poll_next(context)
    } else {
        listeners.waker.replace(Some(context.waker().clone()));
        if listeners.error.borrow().is_empty() {
            Poll::Pending
        } else {
            // Messages wait for their first listener, errors do not wait behind them.
            let error = streams.socket.inbound.poll_error(context);
            error.map(|error| Some(Err(error)))
        }
    };
    if let Poll::Ready(Some(item)) = item {
        return Poll::Ready(Some(News::Item(item)));
    }
    // Goes on after the end of a connection: a change tells when it is revived.
    Pin::new(&mut streams.states)
        .poll_next(context)
        .map(|change| change.map(News::State))
}

impl Listeners {
    fn list(&self, kind: &str) -> Option<&RefCell<Vec<Function>>> {
        match kind {
            "message" => Some(&self.message),
            "state" => Some(&self.state),
            "error" => Some(&self.error),
            _ => None,
        }
    }

    fn call(&self, list: &RefCell<Vec<Function>>, argument: &JsValue) {
        let listeners = list.borrow().clone();
        for listener in listeners {
            if let Err(error) = listener.call1(&JsValue::UNDEFINED, argument) {
                report(&error);
            }
        }
    }
}

/// `reportError`, where it exists.
fn report(error: &JsValue) {
    let global = js_sys::global();
    let function = Reflect::get(&global, &"reportError".into());
    if let Some(function) = function.ok().and_then(|f| f.dyn_into::<Function>().ok()) {
        // What it throws has nowhere else to go.
        let _ = function.call1(&global, error);
    }
}

/// A text, or a list of texts.
fn texts(value: &JsValue) -> Option<Vec<String>> {
    match value.as_string() {
        Some(text) => Some(vec![text]),
        None => value
            .dyn_ref::<Array>()?
            .iter()
            .map(|text| text.as_string())
            .collect(),
    }
}

impl<In, Out> fmt::Debug for Exported<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt_as("Exported", f)
    }
}
