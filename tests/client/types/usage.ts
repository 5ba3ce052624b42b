// Compiled, never run: the types that a user of the package holds, under `strict`, for pages and for workers. A line marked with ts-expect-error must not compile.
import * as v from "valibot";
import { z } from "zod";
import {
  batch, bytes, conflate, connect, debounce, EverwireError, immediate, json, msgpack, rateLimit, text, throttle, version,
  type Codec, type Connection, type Handle, type HandshakeLink, type SendResult, type StateEvent, type Topic,
} from "../../../pkg/dist/types/client/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_?: T): void => {};

interface In { type: "post"; text: string }
type Out = { type: "hello" } | { type: "like"; id: string };
interface Position { id: string; lat: number; lng: number }

// Both directions by hand.
const plain = connect<In, Out>("wss://example.org");
is<Equal<typeof plain, Connection<In, Out>>>();
plain.on("message", (message) => is<Equal<typeof message, In>>());
plain.on("state", (event) => is<Equal<typeof event, StateEvent>>());
plain.on("error", (error) => is<Equal<typeof error, EverwireError>>());
plain.send({ type: "like", id: "1" }, { policy: throttle({ interval: 5 }), key: 1, lane: "bulk", ttl: 5, offline: "drop" });
// A reply may be read before the status is looked at, and a value may have no key.
const { status, reply: answered } = await plain.send({ type: "hello" }, { id: 1 }).acked;
is<Equal<typeof answered, unknown>>();
is<Equal<typeof status, SendResult["status"]>>();
plain.topic("likes", { key: (value: Out) => (value.type === "like" ? value.id : undefined) });
// @ts-expect-error not a message of this connection
plain.send({ type: "unknown" });
// @ts-expect-error no such event
plain.on("open", () => {});
for await (const message of plain) is<Equal<typeof message, In>>();

// From a schema: what it returns, not what it takes.
const schema = z.object({ at: z.string().transform((at) => new Date(at)) });
const zod = connect("wss://example.org", { schema });
zod.on("message", (message) => is<Equal<typeof message, { at: Date }>>());
const valibot = connect("wss://example.org", { schema: v.object({ n: v.number() }), codec: msgpack() });
valibot.on("message", (message) => is<Equal<typeof message, { n: number }>>());

// From a codec.
connect("wss://example.org", { codec: text() }).on("message", (message) => is<Equal<typeof message, string>>());
connect("wss://example.org", { codec: bytes() }).on("message", (message) => is<Equal<typeof message, Uint8Array>>());
connect("wss://example.org", { codec: json<In, Out>() }).on("message", (message) => is<Equal<typeof message, In>>());
// @ts-expect-error text() sends strings
connect("wss://example.org", { codec: text() }).send(5);
const own: Codec<Position, Position> = { encode: JSON.stringify, decode: (data) => JSON.parse(String(data)) };
connect(() => "wss://example.org", { codec: own }).on("message", (message) => is<Equal<typeof message, Position>>());

// Topics.
const positions = connect<In, Position>(["wss://a.example", "wss://b.example"]).topic("position", {
  policy: [throttle({ interval: 100 }), rateLimit({ rate: 20 })], key: (value) => value.id, offline: "latest", order: "supersede",
});
is<Equal<typeof positions, Topic<Position>>>();
const handle: Handle = positions.send({ id: "1", lat: 1, lng: 2 }, { signal: new AbortController().signal });
const result: SendResult = await handle.written;
if (result.status === "superseded") result.by?.cancel();
if (result.status === "dropped") is<Equal<typeof result.reason, "overflow" | "offline" | "close" | "policy" | "rate" | "refused">>();
// @ts-expect-error a position has an id
positions.send({ lat: 1, lng: 2 });
connect<In, number>("wss://example.org").topic("likes", { policy: conflate<number>({ merge: (a, b) => a + b }) }).send(1);
for (const policy of [immediate(), debounce({ wait: 5 }), batch({ maxItems: 5 })]) plain.topic("t", { policy });
// @ts-expect-error a pace goes before the rate limit
plain.topic("t", { policy: [rateLimit({ rate: 1 }), immediate()] });

// The rest.
const reply: { n: number } = await plain.request<{ n: number }>({ type: "hello" }, { timeout: 5, id: "a" });
const options = { reconnect: { jitter: "full", retryOn: ({ code }: { code: number }) => code !== 4401 } } as const;
connect("wss://example.org", options);
// @ts-expect-error unknown option
connect("wss://example.org", { retries: 5 });
connect("wss://example.org", { heartbeat: { ping: () => ({}), isPong: (message: { pong?: number }) => message.pong !== undefined } });
connect<In, Out>("wss://example.org", {
  ticker: "worker",
  handshake: async (link) => {
    is<Equal<typeof link, HandshakeLink<In, Out>>>();
    link.send({ type: "hello" });
    // @ts-expect-error not a message of this connection
    link.send({ type: "unknown" });
    const post: In = await link.next(({ type }) => type === "post");
    console.log(post, link.signal.aborted, link.attempt);
  },
});
await using closing = plain;
using ending = plain;
console.log(version, reply, closing, ending);
