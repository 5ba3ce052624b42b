// everwire/socket.io/policies: what goes out when, what becomes of it, and what happens around the connection.
import { virtualTime } from "../../support/virtual-time.js";
import { equal, next, ok, thrown, until } from "./assert.mjs";
import { withFetch } from "./polling.mjs";

/** A scenario in virtual time; `joined` gives a connected socket, its policies, and what was emitted since. */
const timed = (scenario) => async (context) => {
  const { connect, server, policies: lib } = context;
  const time = virtualTime();
  const socket = connect();
  await next(socket, "connect");
  const events = () => server.messages.slice(1).filter((text) => text[0] === "2").map((text) => JSON.parse(text.slice(text.indexOf("["))).slice(1));
  try {
    await scenario({ ...context, ...lib, socket, time, events, paced: lib.policies(socket) });
  } finally {
    lib.policies(socket).close();
    time.restore();
  }
};

const flat = (events) => events.map(([value]) => value);
/** The last words of handles. */
const ends = (handles) => Promise.all(handles.map(async (handle) => {
  const { status, reason } = await handle.acked;
  return reason ? `${status} ${reason}` : status;
}));

export const own = {
  "policies: throttle sends the first and the latest value, and says what became of the others": timed(async ({ paced, throttle, time, events }) => {
    const position = paced.event("position", { policy: throttle({ interval: 100 }) });
    const handles = ["a", "b", "c"].map((value) => position.emit(value));
    equal([flat(events()), position.pending, position.peek()], [["a"], true, "c"]);
    time.advance(99);
    equal(flat(events()), ["a"]);
    time.advance(1);
    equal([flat(events()), position.pending], [["a", "c"], false]);
    equal([await ends(handles), (await handles[1].acked).by === handles[2]], [["written", "superseded", "written"], true]);
    time.advance(50);
    position.emit("d");
    time.advance(49);
    equal(flat(events()), ["a", "c"]);
    time.advance(1);
    equal(flat(events()), ["a", "c", "d"]);
  }),

  "policies: debounce waits for quiet, and never longer than maxWait": timed(async ({ paced, debounce, time, events }) => {
    const view = paced.event("view", { policy: debounce({ wait: 100, maxWait: 250 }) });
    view.emit(0);
    time.advance(50);
    view.emit(1);
    time.advance(99);
    equal(events(), []);
    time.advance(1);
    equal(flat(events()), [1]);
    for (let i = 2; i < 10; i++) {
      view.emit(i);
      time.advance(60);
    }
    ok(events().length >= 2, "sent although it never went quiet");
  }),

  "policies: keys have slots of their own": timed(async ({ paced, throttle, time, events }) => {
    const position = paced.event("position", { policy: throttle({ interval: 100 }), key: (value) => value.id });
    for (const x of [1, 2, 3]) for (const id of ["p", "q"]) position.emit({ id, x });
    equal([position.isPending("p"), position.isPending("z"), position.peek("q")], [true, false, { id: "q", x: 3 }]);
    position.cancel("p");
    time.advance(100);
    equal(flat(events()), [{ id: "p", x: 1 }, { id: "q", x: 1 }, { id: "q", x: 3 }]);
    position.emit({ id: "p", x: 4 }, { key: "other" });
    equal(flat(events()).at(-1), { id: "p", x: 4 });
  }),

  "policies: conflate holds the latest or the merged value while the socket's buffer is full": timed(async ({ paced, conflate, server, time, events }) => {
    const position = paced.event("position", { policy: conflate(), key: (value) => value.id });
    const likes = paced.event("likes", { policy: conflate({ merge: (older, newer) => older + newer }) });
    server.socket.bufferedAmount = 1 << 20;
    for (const x of [1, 2, 3]) for (const id of ["p", "q"]) position.emit({ id, x });
    const handles = [1, 2, 3].map((count) => likes.emit(count));
    time.advance(1_000);
    equal(events(), []);
    server.socket.bufferedAmount = 0;
    time.advance(50);
    equal(flat(events()), [{ id: "p", x: 3 }, { id: "q", x: 3 }, 6]);
    equal((await handles[0].acked).merged, true);
    equal(await ends(handles), ["superseded", "superseded", "written"]);
  }),

  "policies: a merge that throws fails that call and leaves the value": timed(async ({ paced, conflate, events, server, time }) => {
    const sum = paced.event("sum", {
      policy: conflate({ merge: (older, newer) => { if (newer < 0) throw new Error("negative"); return older + newer; } }),
    });
    server.socket.bufferedAmount = 1 << 20;
    sum.emit(1);
    equal((await thrown(() => sum.emit(-1))).code, "merge");
    server.socket.bufferedAmount = 0;
    time.advance(50);
    equal(flat(events()), [1]);
  }),

  "policies: a rate limit queues, conflates, drops or refuses the excess": timed(async ({ paced, rateLimit, time, events }) => {
    const queued = paced.event("queued", { policy: rateLimit({ rate: 10, burst: 5 }) });
    for (let i = 0; i < 9; i++) queued.emit(i);
    equal(flat(events()), [0, 1, 2, 3, 4]);
    time.advance(100);
    equal(flat(events()), [0, 1, 2, 3, 4, 5]);
    time.advance(300);
    equal(flat(events()), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const strict = paced.event("strict", { policy: rateLimit({ rate: 1, overflow: "reject" }) });
    strict.emit(1);
    equal((await thrown(() => strict.emit(2))).code, "rate-limited");
    const lossy = paced.event("lossy", { policy: rateLimit({ rate: 1, overflow: "drop-newest" }) });
    equal(await ends([lossy.emit(1), lossy.emit(2)]), ["written", "dropped rate"]);
  }),

  "policies: flush admits, cancel takes back, and order says what an immediate value does to the others": timed(async ({ paced, throttle, time, events }) => {
    const typing = paced.event("typing", { policy: throttle({ interval: 100 }) });
    typing.emit("a");
    typing.emit("b");
    await typing.flush();
    equal(flat(events()), ["a", "b"]);
    typing.emit("c");
    time.advance(99);
    equal(flat(events()), ["a", "b"]);
    typing.cancel();
    time.advance(1_000);
    equal([flat(events()), paced.pending], [["a", "b"], false]);
    typing.emit("d");
    typing.emit("e");
    typing.emit("now", { immediate: true });
    equal(flat(events()), ["a", "b", "d", "e", "now"]);
    const draft = paced.event("draft", { policy: throttle({ interval: 100 }), order: "supersede" });
    draft.emit("f");
    const gone = draft.emit("g");
    draft.emit("done", { immediate: true });
    time.advance(1_000);
    equal([flat(events()).slice(5), await ends([gone])], [["f", "done"], ["cancelled"]]);
  }),

  "policies: the ways that a wait ends early": timed(async ({ paced, throttle, time, events }) => {
    const position = paced.event("position", { policy: throttle({ interval: 100 }), ttl: 50 });
    position.emit("a");
    const expired = position.emit("b");
    time.advance(50);
    equal(await ends([expired]), ["expired"]);
    const controller = new AbortController();
    const aborted = position.emit("c", { signal: controller.signal });
    controller.abort();
    const cancelled = position.emit("d");
    equal([cancelled.status, cancelled.cancel(), cancelled.cancel()], ["paced", true, false]);
    equal(await ends([aborted, cancelled, position.emit("e", { signal: AbortSignal.abort() })]), ["cancelled", "cancelled", "cancelled"]);
    time.advance(1_000);
    equal(flat(events()), ["a"]);
  }),

  "policies: what is down while the socket is: the latest value, all, none, or an error": async ({ connect, server, policies: { policies, throttle, immediate } }) => {
    const socket = connect({ autoConnect: false });
    const paced = policies(socket);
    const latest = paced.event("latest", { policy: throttle({ interval: 1 }) });
    const all = paced.event("all", { policy: immediate() });
    const none = paced.event("none", { policy: throttle({ interval: 1 }), offline: "drop" });
    const never = paced.event("never", { offline: "reject" });
    const handles = [latest.emit(1), latest.emit(2), all.emit(1), all.emit(2), none.emit(1)];
    equal((await thrown(() => never.emit(1))).code, "offline");
    equal(socket.sendBuffer, []);
    socket.emit("untouched");
    // Comes before: listeners of `connect` set up what the values need.
    socket.on("connect", () => socket.emit("subscribe"));
    socket.connect();
    await Promise.all(handles.map((handle) => handle.written));
    equal(server.messages.slice(1), ['2["untouched"]', '2["subscribe"]', '2["all",1]', '2["all",2]', '2["latest",2]']);
    equal(await ends(handles), ["superseded", "written", "written", "written", "dropped offline"]);
    paced.close();
  },

  "policies: pacing stands still while the connection is lost, and goes on when the namespace is joined again": async ({ connect, server, policies: { policies, throttle } }) => {
    const socket = connect();
    await next(socket, "connect");
    const paced = policies(socket);
    const position = paced.event("position", { policy: throttle({ interval: 1 }) });
    position.emit(1);
    const lost = next(socket, "disconnect");
    server.socket.drop();
    await lost;
    const kept = position.emit(2);
    equal([kept.status, position.pending, socket.sendBuffer], ["paced", true, []]);
    socket.off();
    equal((await kept.written).status, "written");
    equal([server.sockets.length, server.messages.slice(1)], [2, ['2["position",2]']]);
    paced.close();
  },

  "policies: acknowledgements, their time limit, and a connection that is lost before one": timed(async ({ paced, server, socket, time }) => {
    const save = paced.event("save", { ack: true });
    const timed = paced.event("timed", { ack: true, timeout: 500 });
    const answered = save.emit("a");
    equal([(await answered.written).status, answered.status], ["written", "written"]);
    server.say('30["saved"]');
    equal(await answered.acked, { status: "acked", reply: "saved" });
    const late = timed.emit("b");
    const [quick, unanswered] = [timed.emit("c"), save.emit("d")];
    server.say('32["quick"]');
    equal((await quick.acked).reply, "quick");
    time.advance(500);
    equal(await ends([late]), ["unknown"]);
    const gone = next(socket, "disconnect");
    server.socket.drop();
    await gone;
    equal([await ends([unanswered]), socket.connected], [["unknown"], false]);
  }),

  "policies: the queue is bounded in number and bytes, for all rules of overflow": async ({ connect, policies: { policies } }) => {
    const strict = policies(connect({ autoConnect: false }), { maxMessages: 2 }).event("x");
    strict.emit(1);
    strict.emit(2);
    equal((await thrown(() => strict.emit(3))).code, "queue-full");
    const large = policies(connect({ autoConnect: false }), { maxBytes: 1_000 }).event("x");
    equal((await thrown(() => large.emit(new Uint8Array(1_001)))).code, "too-large");
    large.emit(["x".repeat(900)]);
    equal((await thrown(() => large.emit({ deep: { text: "é".repeat(50) } }))).code, "queue-full");
    const rolling = policies(connect({ autoConnect: false }), { maxMessages: 2, overflow: "drop-oldest" }).event("x");
    const handles = [1, 2, 3].map((value) => rolling.emit(value));
    equal([await ends(handles.slice(0, 1)), handles[1].status], [["dropped overflow"], "queued"]);
  },

  "policies: over polling, one request takes what is ready, and what waits for it can still be replaced": withFetch(async ({ policies: { policies, throttle }, http, joined }) => {
    const socket = await joined();
    const paced = policies(socket);
    const chat = paced.event("chat");
    const position = paced.event("position", { policy: throttle({ interval: 1 }) });
    const [a, b] = [chat.emit("a"), chat.emit("b")];
    const first = await http.waiting("POST");
    equal([first.body, a.status, b.status], ['42["chat","a"]', "written", "queued"]);
    chat.emit("c");
    const old = position.emit(1);
    const latest = position.emit(2);
    equal((await old.acked).status, "superseded");
    first.answer("ok");
    equal((await latest.written).status, "written");
    const second = await http.waiting("POST");
    equal(second.body, '42["chat","b"]\x1e42["chat","c"]\x1e42["position",2]');
    second.answer("ok");
    paced.close();
  }),

  "policies: nothing is written while an upgrade goes on": withFetch(async ({ policies: { policies }, server, http, joined }) => {
    server.auto = false;
    const socket = await joined({ transports: ["polling", "websocket"] }, { upgrades: ["websocket"] });
    const paced = policies(socket);
    const chat = paced.event("chat");
    await until(() => server.socket, "the probe");
    server.socket.open();
    server.socket.say("3probe");
    equal(socket.io.engine.upgrading, true);
    const held = chat.emit("held");
    equal(held.status, "queued");
    (await http.waiting("GET")).answer("6");
    await held.written;
    equal(server.socket.sent, ["2probe", "5", '42["chat","held"]']);
    paced.close();
  }),

  "policies: events without one, flags and listeners are as ever": timed(async ({ paced, throttle, socket, server, events }) => {
    const seen = [];
    socket.onAnyOutgoing((...args) => seen.push(args));
    const position = paced.event("position", { policy: throttle({ interval: 100 }), spread: true });
    const pending = socket.volatile;
    position.emit([1, 2]);
    equal(pending.flags, { volatile: true });
    pending.emit("other");
    socket.emit("position", "past the policy");
    equal(server.messages.slice(1), ['2["position",1,2]', '2["position","past the policy"]']);
    equal([seen, events().length], [[["position", 1, 2], ["position", "past the policy"]], 2]);
  }),

  "policies: a value that cannot be encoded fails alone": timed(async ({ paced, events, server }) => {
    const chat = paced.event("chat");
    const loop = {};
    loop.self = loop;
    equal((await thrown(() => chat.emit(loop))).code, "encode");
    const { status, reason, error } = await chat.emit(1n).acked;
    equal([status, reason, error.name], ["dropped", "refused", "TypeError"]);
    server.handshake.maxPayload = 100;
    chat.emit({ shared: [loop.x, loop.x], date: new Date(0), bytes: undefined });
    equal(flat(events()), [{ shared: [null, null], date: "1970-01-01T00:00:00.000Z" }]);
  }),

  "policies: wrong options are refused at once": timed(async ({ paced, policies, socket, throttle, rateLimit }) => {
    const option = async (run) => (await thrown(run)).option;
    equal(await option(() => paced.event("connect")), "name");
    equal(await option(() => paced.event("x", { polciy: throttle({ interval: 1 }) })), "polciy");
    equal(await option(() => paced.event("x", { policy: { kind: "batch", maxItems: 1 } })), "policy");
    equal(await option(() => paced.event("x", { timeout: 5 })), "timeout");
    equal(await option(() => throttle({ interval: 0 })), "throttle.interval");
    equal(await option(() => rateLimit({ rate: -1 })), "rateLimit.rate");
    equal(await option(() => policies(socket, { maxMessages: 5 })), "options");
    equal(await option(() => policies({})), "socket");
    const event = paced.event("x", { policy: throttle({ interval: 1 }) });
    equal([paced.event("x") === event, paced.event("x", { policy: throttle({ interval: 1 }) }) === event, policies(socket) === paced], [true, true, true]);
    equal(await option(() => paced.event("x", { policy: throttle({ interval: 2 }) })), "name");
    equal(await option(() => event.emit(1, { lane: "fast" })), "lane");
  }),

  "policies: close drops what waits, and gives the socket back": timed(async ({ paced, policies, throttle, socket, time, events }) => {
    const position = paced.event("position", { policy: throttle({ interval: 100 }) });
    position.emit(1);
    const waiting = position.emit(2);
    const other = paced.event("other", { policy: throttle({ interval: 100 }) });
    other.emit(1);
    const withdrawn = other.emit(2);
    other.close();
    equal([await ends([withdrawn]), (await thrown(() => other.emit(3))).code, paced.event("other") === other], [["cancelled"], "closed", false]);
    paced.close();
    equal([await ends([waiting]), waiting.cancel(), paced.pending], [["dropped close"], false, false]);
    equal((await thrown(() => position.emit(3))).code, "closed");
    time.advance(1_000);
    equal([events().length, Object.hasOwn(socket, "onclose"), Object.hasOwn(socket, "onconnect"), policies(socket) === paced], [2, false, false, false]);
  }),

  "policies: closing and emitting from a listener in the middle of a write": timed(async ({ paced, socket, events }) => {
    const chat = paced.event("chat");
    let inner;
    socket.onAnyOutgoing((event, value) => {
      if (value === 1) inner = chat.emit(2);
      if (value === 2) paced.close();
    });
    const outer = chat.emit(1);
    equal([flat(events()), await ends([outer, inner])], [[1, 2], ["written", "written"]]);
  }),
};
