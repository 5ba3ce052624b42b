//! Handshakes that the tests give to their sockets.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    cell::Cell,
    future::{Future, pending},
    pin::Pin,
    rc::Rc,
};

use everwire::{Handshake, ProviderError};

use crate::common::{eventually, stats};

pub(crate) type Link = Handshake<String, String>;
pub(crate) type Outcome = Result<(), ProviderError>;

/// Says hello and awaits the answer of a server that echoes.
pub(crate) async fn greet(link: Link) -> Outcome {
    let hello = format!("hello {}", link.attempt().number);
    link.send(&hello)?;
    link.expect(|message| *message == hello).await?;
    Ok(())
}

/// Opens once the test says so.
#[derive(Clone, Default)]
pub(crate) struct Gate(Rc<Cell<bool>>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.set(true);
    }

    pub(crate) async fn passed(&self) {
        eventually(|| async {
            stats("none").await;
            self.0.get()
        })
        .await;
    }
}

/// Tells that the future it is in was dropped before its end.
pub(crate) struct Probe(Rc<Cell<u32>>);

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A handshake that says hello and then hangs; the counter says how many were dropped.
pub(crate) fn hanging() -> (Rc<Cell<u32>>, impl Fn(Link) -> HangingGreeting) {
    let dropped = Rc::new(Cell::new(0));
    let counter = Rc::clone(&dropped);
    let handshake = move |link: Link| -> HangingGreeting {
        let probe = Probe(Rc::clone(&counter));
        Box::pin(async move {
            let _probe = probe;
            link.send(&"hello".to_owned())?;
            pending().await
        })
    };
    (dropped, handshake)
}

pub(crate) type HangingGreeting = Pin<Box<dyn Future<Output = Outcome>>>;

pub(crate) async fn is(count: &Cell<u32>, expected: u32) {
    eventually(|| async {
        stats("none").await;
        count.get() == expected
    })
    .await;
}
