//! The demo's feed once more, as a page written in Rust with Yew: what a front end looks like on `everwire-yew`.
//!
//! - [`room`] ties the connection to the page: the one socket, what is said first on it, and which pace each kind of
//!   message has.
//! - [`feed`], [`people`], [`outbox`] and [`likes`] know what is true; they neither draw nor send.
//! - [`app`], [`composer`] and [`post`] draw it.

mod app;
mod browser;
mod composer;
mod feed;
mod likes;
mod outbox;
mod people;
mod post;
mod room;
mod texts;

fn main() {
    yew::Renderer::<app::App>::new().render();
}
