//! One native WebSocket, from construction to the grave.

use std::rc::Rc;

use everwire_core::codec::Frame;
use js_sys::{Array, ArrayBuffer, Function, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{BinaryType, CloseEvent, DomException, MessageEvent};

/// What a socket reports.
pub(crate) enum Event {
    /// The handshake succeeded; the subprotocol that the server chose, or `""`.
    Open(String),
    /// A message arrived.
    Message(Frame),
    /// It is over. There is no event for `error`: it is not always fired (never when an open socket is cut), always
    /// followed by this one, and says nothing.
    Close {
        code: u16,
        reason: String,
        clean: bool,
    },
}

/// A native socket with its handlers. Dropping it takes the handlers off **first** and closes then: the close event of a
/// half-open connection comes 60 s later, when the closures are long gone.
pub(crate) struct WebSocket {
    native: web_sys::WebSocket,
    _open: Closure<dyn Fn(web_sys::Event)>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _close: Closure<dyn Fn(CloseEvent)>,
}

impl WebSocket {
    /// Starts the handshake.
    ///
    /// # Errors
    /// The text of the exception that the constructor threw.
    pub(crate) fn open(
        url: &str,
        protocols: &[String],
        listener: impl Fn(Event) + 'static,
    ) -> Result<Self, String> {
        // As an array, one token each: one string would be one token, however many commas it has.
        let protocols: Array = protocols
            .iter()
            .map(|name| JsValue::from_str(name))
            .collect();
        let native = web_sys::WebSocket::new_with_str_sequence(url, &protocols)
            .map_err(|error| exception(&error))?;
        // Blobs are read asynchronously, which reorders messages and holds memory.
        native.set_binary_type(BinaryType::Arraybuffer);

        let listener = Rc::new(listener);
        let open = Closure::<dyn Fn(web_sys::Event)>::new({
            let (listener, native) = (Rc::clone(&listener), native.clone());
            move |_| listener(Event::Open(native.protocol()))
        });
        let message = Closure::<dyn Fn(MessageEvent)>::new({
            let listener = Rc::clone(&listener);
            move |event: MessageEvent| {
                if let Some(frame) = read(&event.data()) {
                    listener(Event::Message(frame));
                }
            }
        });
        let close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            listener(Event::Close {
                code: event.code(),
                reason: event.reason(),
                clean: event.was_clean(),
            });
        });
        native.set_onopen(Some(function(&open)));
        native.set_onmessage(Some(function(&message)));
        native.set_onclose(Some(function(&close)));
        Ok(Self {
            native,
            _open: open,
            _message: message,
            _close: close,
        })
    }

    /// Hands a frame to the browser. `false` if it would not be sent: the native `send` of a closing socket returns
    /// without an error and drops the data.
    pub(crate) fn send(&self, frame: &Frame) -> bool {
        self.is_open() && self.send_open(frame)
    }

    /// As [`send`](Self::send), right after [`is_open`](Self::is_open) was asked.
    pub(crate) fn send_open(&self, frame: &Frame) -> bool {
        match frame {
            Frame::Text(text) => self.native.send_with_str(text),
            // A copy outside the wasm memory: `send` refuses views of shared memory, and of memory that grows.
            Frame::Binary(bytes) => self
                .native
                .send_with_array_buffer(&Uint8Array::from(bytes.as_slice()).buffer()),
        }
        .is_ok()
    }

    /// Starts the closing handshake; the close event follows. Code and reason have been validated.
    pub(crate) fn close(&self, code: Option<u16>, reason: &str) {
        // It throws for a bad code or reason only.
        let _ = match code {
            Some(code) => self.native.close_with_code_and_reason(code, reason),
            None => self.native.close(),
        };
    }

    /// Bytes handed over that have not reached the network.
    pub(crate) fn buffered(&self) -> usize {
        self.native.buffered_amount() as usize
    }

    /// Whether `send` would send. It is over before the close event: the peer's close frame, or the cut, is known to the
    /// browser first.
    pub(crate) fn is_open(&self) -> bool {
        self.native.ready_state() == web_sys::WebSocket::OPEN
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.native.set_onopen(None);
        self.native.set_onmessage(None);
        self.native.set_onclose(None);
        self.close(None, "");
    }
}

fn function<T: ?Sized>(closure: &Closure<T>) -> &Function {
    closure.as_ref().unchecked_ref()
}

fn read(data: &JsValue) -> Option<Frame> {
    if let Some(text) = data.as_string() {
        return Some(Frame::Text(text));
    }
    let buffer = data.dyn_ref::<ArrayBuffer>()?;
    Some(Frame::Binary(Uint8Array::new(buffer).to_vec()))
}

fn exception(error: &JsValue) -> String {
    match error.dyn_ref::<DomException>() {
        Some(error) => format!("{}: {}", error.name(), error.message()),
        None => error
            .dyn_ref::<js_sys::Error>()
            .map_or_else(String::new, |error| error.message().into()),
    }
}
