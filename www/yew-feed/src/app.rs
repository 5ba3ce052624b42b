//! The page: header, people, composer and the posts of one room.

use std::rc::Rc;

use everwire_yew::ConnectionStatus;
use yew::prelude::*;

use crate::{
    browser::{Identity, keep_language, language, now},
    composer::Composer,
    outbox::Tick,
    post::{Avatar, PostItem},
    room::{Room, use_room},
    texts::{Language, Texts, fill},
};

const ROOMS: [&str; 3] = ["seoul", "busan", "jeju"];
const MAX_FACES: usize = 6;

#[component]
pub(crate) fn App() -> Html {
    let shown_language = use_state(language);
    let language = *shown_language;
    let texts = language.texts();
    let me = use_memo((), |()| Identity::load(language));
    let chosen = use_state(|| {
        let known = me.room.as_deref().filter(|room| ROOMS.contains(room));
        AttrValue::from(known.unwrap_or("seoul").to_owned())
    });
    let room = use_room(&chosen, &me);
    use_effect_with(language, move |language| {
        keep_language(*language, language.texts().title);
    });

    let choose_room = {
        let me = Rc::clone(&me);
        move |name: &'static str| {
            let (me, chosen) = (Rc::clone(&me), chosen.clone());
            let pressed = (chosen.as_str() == name).to_string();
            let onclick = move |_: MouseEvent| {
                let room = Some(name.to_owned());
                Identity {
                    room,
                    ..(*me).clone()
                }
                .save();
                chosen.set(name.into());
            };
            (pressed, onclick)
        }
    };
    let rooms = ROOMS.into_iter().zip(texts.room_names).map(|(name, label)| {
        let (pressed, onclick) = choose_room(name);
        html! { <button type="button" class="room" data-room={name} aria-pressed={pressed} {onclick}>{ label }</button> }
    });
    let languages = [(Language::En, "EN"), (Language::Ko, "한국어")].map(|(to, label)| {
        let shown_language = shown_language.clone();
        let pressed = (to == language).to_string();
        let onclick = move |_: MouseEvent| shown_language.set(to);
        html! { <button type="button" lang={to.code()} aria-pressed={pressed} {onclick}>{ label }</button> }
    });
    let on_post = {
        let room = room.clone();
        Callback::from(move |text| room.post(text))
    };
    let on_typing = {
        let room = room.clone();
        Callback::from(move |active| room.typing(active))
    };
    html! {
        <div class="page">
            <header class="top">
                <h1 class="brand">{ logo() }<span>{ "everwire" }</span></h1>
                <p class="tagline">{ texts.subtitle }</p>
                <div class="top-end">
                    <a class="top-link" href="../">{ texts.main_page }</a>
                    <div class="language" role="group" aria-label={texts.language}>{ for languages }</div>
                    { pill(&room, texts) }
                </div>
            </header>
            { banner(&room, texts) }
            <main class="card">
                <nav class="rooms" aria-label={texts.rooms}>{ for rooms }</nav>
                { people(&room, &me, texts) }
                <Composer {language} {on_post} {on_typing} />
                <p class="typing" role="status" aria-live="polite">{ typing(&room, texts) }</p>
                if room.known().feed.is_lossy() {
                    <p class="missing" role="status">{ texts.missing }</p>
                }
                <Posts {language} posts={posts(&room, &me, texts)} actions={Actions(room.clone())} />
                if !room.known().feed.is_loaded() {
                    <p class="empty">{ texts.loading }</p>
                } else if room.known().feed.posts().next().is_none() {
                    <p class="empty">{ texts.empty }</p>
                }
                <footer class="about">{ texts.about }</footer>
            </main>
        </div>
    }
}

fn logo() -> Html {
    html! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
            <path class="logo-wire" d="M3 20c5 0 5-9 10-9s4 12 9 12 4-8 7-8" />
            <circle class="logo-end" cx="4" cy="20" r="3" />
            <circle class="logo-end" cx="28" cy="15" r="3" />
        </svg>
    }
}

/// How the connection is, in one word. It does not change for losses within the grace.
fn pill(room: &Room, texts: &Texts) -> Html {
    let (name, text) = match room.socket().status() {
        ConnectionStatus::Connecting => ("connecting", texts.connecting),
        ConnectionStatus::Connected => ("connected", texts.connected),
        ConnectionStatus::Reconnecting => ("reconnecting", texts.reconnecting),
        ConnectionStatus::Closed => ("closed", texts.closed),
    };
    let live = room.known().live.to_string();
    html! {
        <span id="pill" class="pill" data-status={name} data-live={live} role="status">
            <span class="pill-dot" aria-hidden="true"></span>
            { text }
        </span>
    }
}

/// Shown when waiting is not enough.
fn banner(room: &Room, texts: &Texts) -> Html {
    let socket = room.socket().clone();
    let reason = match socket.status() {
        ConnectionStatus::Reconnecting => texts.lost.to_owned(),
        ConnectionStatus::Closed => socket
            .error()
            .map_or_else(|| texts.closed.to_owned(), ToString::to_string),
        ConnectionStatus::Connecting | ConnectionStatus::Connected => return Html::default(),
    };
    let retry = move |_: MouseEvent| socket.reconnect();
    html! {
        <div id="banner" class="banner" role="status">
            <div><strong>{ reason }</strong>{ " " }<span>{ texts.kept }</span></div>
            <button type="button" onclick={retry}>{ texts.retry }</button>
        </div>
    }
}

fn people(room: &Room, me: &Identity, texts: &Texts) -> Html {
    let known = room.known();
    let mut present: Vec<_> = known.people.present().collect();
    present.sort_by_key(|(user, name)| (*user != me.user, name.to_lowercase()));
    let faces = present.iter().take(MAX_FACES).map(|(user, name)| {
        html! { <Avatar user={user.to_string()} name={name.to_string()} /> }
    });
    html! {
        <div class="people">
            <span class="faces">{ for faces }</span>
            <span id="present" data-count={present.len().to_string()}>{ fill(texts.present, present.len()) }</span>
            <span class="me">{ &me.name }{ " " }<small>{ "(" }{ texts.you }{ ")" }</small></span>
        </div>
    }
}

fn typing(room: &Room, texts: &Texts) -> String {
    let known = room.known();
    let names: Vec<_> = known.people.typing().collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => fill(texts.typing_one, name),
        _ => fill(texts.typing_many, names.len()),
    }
}

/// What is needed to show a post, without its actions.
#[derive(Clone, PartialEq)]
struct Shown {
    id: AttrValue,
    user: AttrValue,
    name: AttrValue,
    text: AttrValue,
    time: AttrValue,
    mine: bool,
    tick: Option<Tick>,
    failure: Option<AttrValue>,
    likes: Option<u64>,
    liked: bool,
}

/// What waits stands above what the server has.
fn posts(room: &Room, me: &Identity, texts: &Texts) -> Vec<Shown> {
    let known = room.known();
    let drafts = known
        .outbox
        .drafts(known.live)
        .map(|(draft, tick, failure)| Shown {
            id: draft.id.clone().into(),
            user: me.user.clone().into(),
            name: me.name.clone().into(),
            text: draft.text.clone().into(),
            time: time(draft.at, texts),
            mine: true,
            tick: Some(tick),
            failure: failure.map(|text| text.to_owned().into()),
            likes: None,
            liked: false,
        });
    let stored = known.feed.posts().map(|post| {
        let mine = post.user == me.user;
        Shown {
            id: post.id.clone().into(),
            user: post.user.clone().into(),
            name: post.name.clone().into(),
            text: post.text.clone().into(),
            time: time(post.at as f64, texts),
            mine,
            tick: mine.then_some(Tick::Sent),
            failure: None,
            likes: Some(post.likes + known.likes.extra(&post.id)),
            liked: known.likes.has_liked(&post.id),
        }
    });
    drafts.chain(stored).collect()
}

/// When a post was written, by the clock on the wall.
fn time(at: f64, texts: &Texts) -> AttrValue {
    if now() - at < 60_000.0 {
        return texts.just_now.into();
    }
    let date = js_sys::Date::new(&at.into());
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes()).into()
}

/// The room, for what the buttons of posts do.
#[derive(Clone)]
struct Actions(Room);

impl PartialEq for Actions {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PostsProps {
    language: Language,
    posts: Vec<Shown>,
    actions: Actions,
}

#[component]
fn Posts(props: &PostsProps) -> Html {
    // Stable over renders, so that only posts that have changed are drawn again.
    let callbacks = use_memo(props.actions.clone(), |Actions(room)| {
        let action = |act: fn(&Room, &str)| {
            let room = room.clone();
            Callback::from(move |id: AttrValue| act(&room, &id))
        };
        (
            action(Room::like),
            action(Room::resend),
            action(Room::discard),
        )
    });
    let (on_like, on_resend, on_discard) = &*callbacks;
    let items = props.posts.iter().map(|post| {
        let Shown {
            id,
            user,
            name,
            text,
            time,
            mine,
            tick,
            failure,
            likes,
            liked,
        } = post.clone();
        html! {
            <PostItem
                key={post.id.to_string()}
                language={props.language}
                {id} {user} {name} {text} {time} {mine} {tick} {failure} {likes} {liked}
                on_like={on_like.clone()}
                on_resend={on_resend.clone()}
                on_discard={on_discard.clone()}
            />
        }
    });
    html! { <ol id="posts" class="posts">{ for items }</ol> }
}
