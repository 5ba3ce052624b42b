//! One post on the page.

use yew::prelude::*;

use crate::{
    outbox::Tick,
    texts::{Language, fill},
};

/// A post as it is shown, whether the server has it or not.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct PostProps {
    pub(crate) language: Language,
    pub(crate) id: AttrValue,
    pub(crate) user: AttrValue,
    pub(crate) name: AttrValue,
    pub(crate) text: AttrValue,
    /// In words.
    pub(crate) time: AttrValue,
    pub(crate) mine: bool,
    /// None for others' posts.
    pub(crate) tick: Option<Tick>,
    pub(crate) failure: Option<AttrValue>,
    /// None before the server has the post.
    pub(crate) likes: Option<u64>,
    pub(crate) liked: bool,
    pub(crate) on_like: Callback<AttrValue>,
    pub(crate) on_resend: Callback<AttrValue>,
    pub(crate) on_discard: Callback<AttrValue>,
}

#[component]
pub(crate) fn PostItem(props: &PostProps) -> Html {
    let texts = props.language.texts();
    let call = |callback: &Callback<AttrValue>| {
        let id = props.id.clone();
        callback.reform(move |_: MouseEvent| id.clone())
    };
    let tick = props.tick.map(|tick| {
        let (name, text, path) = match tick {
            Tick::Sending => ("sending", texts.sending, CLOCK),
            Tick::Waiting => ("waiting", texts.waiting, PAUSE),
            Tick::Unknown => ("unknown", texts.unknown, QUESTION),
            Tick::Sent => ("sent", texts.sent, CHECK),
            Tick::Failed => ("failed", texts.failed, ALERT),
        };
        (name, text, path)
    });
    let name = tick.map_or("", |(name, ..)| name);
    html! {
        <li class={classes!("post", props.mine.then_some("mine"))} data-id={props.id.clone()} data-tick={name}>
            <Avatar user={props.user.clone()} name={props.name.clone()} />
            <div class="post-body">
                <div class="post-head">
                    <strong class="post-name">{ &props.name }</strong>
                    <span class="post-time">{ &props.time }</span>
                </div>
                <p class="post-text">{ &props.text }</p>
                <div class="post-foot">
                    if let Some(likes) = props.likes {
                        <button
                            type="button"
                            class={classes!("like", props.liked.then_some("liked"))}
                            aria-label={fill(texts.like, likes)}
                            data-likes={likes.to_string()}
                            onclick={call(&props.on_like)}
                        >
                            { icon(HEART) }
                            <span>{ if likes > 0 { likes.to_string() } else { String::new() } }</span>
                        </button>
                    }
                    if let Some((name, text, path)) = tick {
                        <span class={classes!("tick", format!("tick-{name}"))}>
                            { icon(path) }
                            { text }
                            if let Some(failure) = &props.failure {
                                { format!(": {failure}") }
                            }
                        </span>
                    }
                    if props.tick == Some(Tick::Failed) {
                        <button type="button" class="link" onclick={call(&props.on_resend)}>{ texts.resend }</button>
                        <button type="button" class="link" onclick={call(&props.on_discard)}>{ texts.discard }</button>
                    }
                </div>
            </div>
        </li>
    }
}

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct AvatarProps {
    pub(crate) user: AttrValue,
    pub(crate) name: AttrValue,
}

/// The first letter of a name on a colour that follows from the id.
#[component]
pub(crate) fn Avatar(props: &AvatarProps) -> Html {
    let hue = props.user.bytes().fold(7_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % 360;
    let initial = props.name.chars().take(1).collect::<String>();
    html! {
        <span class="avatar" style={format!("--hue: {hue}")} title={props.name.clone()} aria-hidden="true">
            { initial }
        </span>
    }
}

const HEART: &str =
    "M8 13.5S2 10 2 5.9A3.1 3.1 0 0 1 8 4.7a3.1 3.1 0 0 1 6 1.2C14 10 8 13.5 8 13.5Z";
const CLOCK: &str = "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM8 5v3.2l2 1.3";
const PAUSE: &str = "M6 4v8M10 4v8";
const QUESTION: &str = "M5.7 6a2.3 2.3 0 1 1 3.5 2C8.3 8.5 8 9 8 9.8M8 12.3v.1";
const CHECK: &str = "M3 8.5l3.3 3.3L13 5";
const ALERT: &str = "M8 2.5 14 13.5H2ZM8 6.5v3.2M8 11.6v.1";

fn icon(path: &'static str) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg>
    }
}
