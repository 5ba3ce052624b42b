//! The stock market behind the ticker page: prices that walk, and orders that count once.
//!
//! It is a STOMP client like the page: it publishes every tick and confirms orders over a broker, the one in this process
//! or a real one.
//!
//! | destination | what |
//! |---|---|
//! | `/topic/ticks` | every tick: `{"s":"HNLE","p":71200,"n":123,"t":1795000000123}` |
//! | `/queue/ticker.orders` | orders; each is answered to its `reply-to` |
//! | `/queue/ticker.snapshot` | requests for all prices and the last orders, answered to `reply-to` |
//! | `/topic/ticker.fills` | every order that was taken, once |

pub mod http;
pub mod ledger;
pub mod market;
pub mod service;
pub mod symbols;

pub use ledger::Ledger;
pub use market::Market;
