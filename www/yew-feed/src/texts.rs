//! Every text of the page, in English and Korean.

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    En,
    Ko,
}

impl Language {
    /// The language of a tag such as `ko-KR`.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        match tag.get(..2)? {
            "ko" => Some(Self::Ko),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }
}

/// Texts; `{}` stands for a value.
#[derive(Debug, PartialEq)]
pub(crate) struct Texts {
    pub(crate) title: &'static str,
    pub(crate) subtitle: &'static str,
    pub(crate) main_page: &'static str,
    pub(crate) language: &'static str,
    pub(crate) rooms: &'static str,
    pub(crate) room_names: [&'static str; 3],
    pub(crate) connecting: &'static str,
    pub(crate) connected: &'static str,
    pub(crate) reconnecting: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) lost: &'static str,
    pub(crate) kept: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) present: &'static str,
    pub(crate) you: &'static str,
    pub(crate) composer: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) send: &'static str,
    pub(crate) too_long: &'static str,
    pub(crate) typing_one: &'static str,
    pub(crate) typing_many: &'static str,
    pub(crate) feed: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) loading: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) just_now: &'static str,
    pub(crate) like: &'static str,
    pub(crate) sending: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) sent: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) resend: &'static str,
    pub(crate) discard: &'static str,
    pub(crate) about: &'static str,
}

/// Puts a value into a text.
pub(crate) fn fill(text: &str, value: impl ToString) -> String {
    text.replacen("{}", &value.to_string(), 1)
}

static EN: Texts = Texts {
    title: "everwire · feed in Yew",
    subtitle: "The feed in Rust, with Yew",
    main_page: "Main page",
    language: "Language",
    rooms: "Rooms",
    room_names: ["Seoul", "Busan", "Jeju"],
    connecting: "Connecting",
    connected: "Live",
    reconnecting: "Reconnecting",
    closed: "Ended",
    lost: "The connection is lost. Reconnecting…",
    kept: "What you write is kept and sent later.",
    retry: "Try now",
    present: "{} here now",
    you: "you",
    composer: "New post",
    hint: "Write something…",
    send: "Post",
    too_long: "{} characters too many",
    typing_one: "{} is typing…",
    typing_many: "{} people are typing…",
    feed: "Feed",
    empty: "No posts yet. Write the first one.",
    loading: "Loading the feed…",
    missing: "Some earlier posts could not be recovered.",
    just_now: "just now",
    like: "Like, {} so far",
    sending: "Sending",
    waiting: "Waiting for the connection",
    unknown: "Not confirmed yet, asking the server",
    sent: "Sent",
    failed: "Not sent",
    resend: "Send again",
    discard: "Discard",
    about: "One socket by use_socket, paced messages by use_topic, and every post exactly once.",
};

static KO: Texts = Texts {
    title: "everwire · Yew로 만든 피드",
    subtitle: "Rust와 Yew로 만든 피드",
    main_page: "메인 페이지",
    language: "언어",
    rooms: "방",
    room_names: ["서울", "부산", "제주"],
    connecting: "연결 중",
    connected: "실시간",
    reconnecting: "다시 연결 중",
    closed: "종료됨",
    lost: "연결이 끊겼습니다. 다시 연결하는 중…",
    kept: "작성한 글은 보관했다가 나중에 보냅니다.",
    retry: "지금 시도",
    present: "지금 {}명",
    you: "나",
    composer: "글쓰기",
    hint: "글을 입력하세요…",
    send: "게시",
    too_long: "{}자 초과",
    typing_one: "{} 님이 입력 중…",
    typing_many: "{}명이 입력 중…",
    feed: "피드",
    empty: "아직 글이 없습니다. 첫 글을 남겨 보세요.",
    loading: "피드를 불러오는 중…",
    missing: "이전 글 일부를 복구하지 못했습니다.",
    just_now: "방금",
    like: "좋아요, 현재 {}개",
    sending: "보내는 중",
    waiting: "연결을 기다리는 중",
    unknown: "아직 확인되지 않음, 서버에 다시 확인하는 중",
    sent: "보냄",
    failed: "보내지 못함",
    resend: "다시 보내기",
    discard: "삭제",
    about: "소켓 하나는 use_socket, 전송 간격은 use_topic이 맡고, 모든 글은 정확히 한 번만 올라갑니다.",
};
