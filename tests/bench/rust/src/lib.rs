//! Typed messages in a Rust front end: everwire beside gloo-net with serde_json, over the page's own `WebSocket` class,
//! which the benchmark replaces by one without a network. `parts/rust.mjs` drives it.

use std::cell::RefCell;
use std::rc::Rc;

use everwire::{Encode, Frame, Json, MsgPack, Postcard, Socket};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, SinkExt, StreamExt};
use gloo_net::websocket::{Message, futures::WebSocket};
use js_sys::{JsString, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

/// What is sent and received: the position of a vehicle.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Position {
    id: u32,
    name: String,
    lat: f64,
    lon: f64,
    heading: f32,
    speed: f32,
    at: f64,
}

fn position() -> Position {
    Position {
        id: 4_711,
        name: "bus 7 to the harbour".to_owned(),
        lat: 37.566_535,
        lon: 126.977_969,
        heading: 271.5,
        speed: 12.25,
        at: 1_767_225_600_123.0,
    }
}

/// One way to send and receive positions.
trait Peer {
    fn send(&self, count: u32) -> LocalBoxFuture<'_, Result<(), JsError>>;
    fn receive(&self, count: u32) -> LocalBoxFuture<'_, Result<u32, JsError>>;
}

struct Gloo(RefCell<WebSocket>);

impl Peer for Gloo {
    #[allow(
        clippy::await_holding_refcell_ref,
        reason = "one caller, one call at a time"
    )]
    fn send(&self, count: u32) -> LocalBoxFuture<'_, Result<(), JsError>> {
        async move {
            let value = position();
            for _ in 0..count {
                let text = serde_json::to_string(&value)?;
                self.0.borrow_mut().send(Message::Text(text)).await?;
            }
            Ok(())
        }
        .boxed_local()
    }

    #[allow(
        clippy::await_holding_refcell_ref,
        reason = "one caller, one call at a time"
    )]
    fn receive(&self, count: u32) -> LocalBoxFuture<'_, Result<u32, JsError>> {
        async move {
            let mut sum = 0;
            for _ in 0..count {
                if let Some(Message::Text(text)) = self.0.borrow_mut().next().await.transpose()? {
                    let value: Position = serde_json::from_str(&text)?;
                    sum += u32::from(value.id == position().id);
                }
            }
            Ok(sum)
        }
        .boxed_local()
    }
}

struct Everwire(RefCell<Socket<Position, Position>>);

impl Peer for Everwire {
    #[allow(
        clippy::await_holding_refcell_ref,
        reason = "one caller, one call at a time"
    )]
    fn send(&self, count: u32) -> LocalBoxFuture<'_, Result<(), JsError>> {
        async move {
            let value = position();
            for _ in 0..count {
                self.0.borrow_mut().send(value.clone()).await?;
            }
            Ok(())
        }
        .boxed_local()
    }

    #[allow(
        clippy::await_holding_refcell_ref,
        reason = "one caller, one call at a time"
    )]
    fn receive(&self, count: u32) -> LocalBoxFuture<'_, Result<u32, JsError>> {
        async move {
            let mut sum = 0;
            for _ in 0..count {
                if let Some(value) = self.0.borrow_mut().next().await.transpose()? {
                    sum += u32::from(value.id == position().id);
                }
            }
            Ok(sum)
        }
        .boxed_local()
    }
}

/// A client of the benchmark.
#[wasm_bindgen]
#[allow(missing_debug_implementations)]
pub struct Client {
    peer: Rc<dyn Peer>,
    frame: Frame,
}

#[wasm_bindgen]
impl Client {
    /// Dials `url` as `gloo`, `json`, `msgpack` or `postcard`.
    #[wasm_bindgen(constructor)]
    pub fn new(kind: &str, url: &str) -> Result<Client, JsError> {
        let builder = || Socket::<Position, Position>::builder(url);
        let (peer, frame): (Rc<dyn Peer>, _) = match kind {
            "gloo" => (
                Rc::new(Gloo(RefCell::new(WebSocket::open(url)?))),
                frame_of(&Json)?,
            ),
            "json" => (everwire(builder().open()?), frame_of(&Json)?),
            "msgpack" => (
                everwire(builder().codec(MsgPack).open()?),
                frame_of(&MsgPack)?,
            ),
            "postcard" => (
                everwire(builder().codec(Postcard).open()?),
                frame_of(&Postcard)?,
            ),
            _ => return Err(JsError::new("unknown kind of client")),
        };
        Ok(Client { peer, frame })
    }

    /// What a server would send: a string, or an `ArrayBuffer`.
    pub fn payload(&self) -> JsValue {
        match &self.frame {
            Frame::Text(text) => JsString::from(text.as_str()).into(),
            Frame::Binary(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
        }
    }

    /// Sends so many.
    pub async fn send(&self, count: u32) -> Result<(), JsError> {
        let peer = Rc::clone(&self.peer);
        peer.send(count).await
    }

    /// Resolves once so many have come, to how many were right.
    pub async fn receive(&self, count: u32) -> Result<u32, JsError> {
        let peer = Rc::clone(&self.peer);
        peer.receive(count).await
    }
}

fn everwire(socket: Socket<Position, Position>) -> Rc<dyn Peer> {
    Rc::new(Everwire(RefCell::new(socket)))
}

fn frame_of(codec: &impl Encode<Position>) -> Result<Frame, JsError> {
    Ok(codec.encode(&position())?)
}
