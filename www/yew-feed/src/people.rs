//! Who is in the room and who is typing.

use std::collections::BTreeMap;

use everwire_messages::ServerMessage;

/// After a reconnect the others come back too; nobody is shown as gone before this time. Ms.
const GRACE: f64 = 4_000.0;
/// A notice of typing that is not renewed ends by itself. Ms.
const TYPING_FOR: f64 = 5_000.0;

#[derive(Debug)]
struct Person {
    name: String,
    /// When to forget them, unless they show up before.
    until: f64,
}

#[derive(Debug, Default)]
pub(crate) struct People {
    present: BTreeMap<String, Person>,
    typing: BTreeMap<String, Person>,
}

impl People {
    /// Ids and names of everyone present.
    pub(crate) fn present(&self) -> impl Iterator<Item = (&str, &str)> {
        self.present
            .iter()
            .map(|(id, person)| (id.as_str(), person.name.as_str()))
    }

    /// Names of the others who are typing.
    pub(crate) fn typing(&self) -> impl Iterator<Item = &str> {
        self.typing.values().map(|person| person.name.as_str())
    }

    pub(crate) fn apply(&mut self, message: &ServerMessage, now: f64) {
        match message {
            ServerMessage::Welcome(welcome) => {
                for person in self.present.values_mut() {
                    person.until = person.until.min(now + GRACE);
                }
                for one in welcome.present.iter().filter(|one| one.online) {
                    self.see(&one.user, &one.name);
                }
                self.typing.clear();
            }
            ServerMessage::Presence(presence) if presence.online => {
                self.see(&presence.user, &presence.name);
            }
            ServerMessage::Presence(presence) => {
                self.present.remove(&presence.user);
                self.typing.remove(&presence.user);
            }
            ServerMessage::Typing(typing) if typing.active => {
                let person = Person {
                    name: typing.name.clone(),
                    until: now + TYPING_FOR,
                };
                self.typing.insert(typing.user.clone(), person);
            }
            ServerMessage::Typing(typing) => {
                self.typing.remove(&typing.user);
            }
            ServerMessage::Posted(post) => {
                self.typing.remove(&post.user);
            }
            _ => {}
        }
    }

    /// Lets go of what has run out; call it about once a second.
    pub(crate) fn sweep(&mut self, now: f64) {
        self.present.retain(|_, person| person.until > now);
        self.typing.retain(|_, person| person.until > now);
    }

    fn see(&mut self, user: &str, name: &str) {
        let person = Person {
            name: name.to_owned(),
            until: f64::INFINITY,
        };
        self.present.insert(user.to_owned(), person);
    }
}
