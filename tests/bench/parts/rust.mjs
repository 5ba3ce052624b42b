// Part 6: typed messages in a Rust front end, everwire beside gloo-net with serde_json, over the same fake socket. The module is
// the crate in rust/, which `cargo xtask` builds; EVERWIRE_BENCH_RUST names the folder with its script.
import { join } from "node:path";
import { compare } from "../lib/realms.mjs";

const KINDS = { "receive and decode": 20_000, "encode and send": 20_000 };
const SMOKE_COUNT = 400;
const ROUNDS = 15;
/** Delivered before the reader runs: less than what a socket holds for its reader. */
const PORTION = 200;

const client = (folder, kind) => `import init, { Client } from ${JSON.stringify(join(folder, "everwire_bench_rust.js"))};
import bytes from ${JSON.stringify(join(folder, "everwire_bench_rust_bg.wasm"))};
export async function start() {
  await init({ module_or_path: bytes });
  const client = new Client(${JSON.stringify(kind)}, "ws://localhost/");
  while (fake.current?.readyState !== 1) await new Promise((next) => setTimeout(next));
  const native = fake.current;
  const data = client.payload();
  const size = data.length ?? data.byteLength;
  const handled = { "receive and decode": 0, "encode and send": 0 };
  return {
    done: () => handled,
    "prepare receive and decode": (count) => native.prepare(Array(count).fill(data)),
    "receive and decode": async (count) => {
      for (let i = 0; i < count; i += ${PORTION}) {
        for (let j = 0; j < ${PORTION}; j++) native.sayNext();
        handled["receive and decode"] += await client.receive(${PORTION});
      }
    },
    "encode and send": async (count) => {
      await client.send(count);
      handled["encode and send"] = native.sent / size;
    },
  };
}`;

/** Every client's costs against those of gloo-net. */
export async function run({ browser, smoke }) {
  const folder = process.env.EVERWIRE_BENCH_RUST;
  if (!folder) throw new Error("EVERWIRE_BENCH_RUST is not set: run this through `cargo xtask bench`");
  const clients = {
    "gloo-net + serde_json": client(folder, "gloo"),
    "everwire Json": client(folder, "json"),
    "everwire MsgPack": client(folder, "msgpack"),
    "everwire Postcard": client(folder, "postcard"),
  };
  const kinds = smoke ? Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, SMOKE_COUNT])) : KINDS;
  const times = await compare(browser, { clients, kinds, rounds: smoke ? 1 : ROUNDS, prelude: `import "./fake.mjs";` });
  return {
    title: "Typed messages in Rust",
    about: "A position of seven fields, release build, CPU time of the main thread per message, fake socket.",
    unit: "ns",
    baseline: "gloo-net + serde_json",
    times,
  };
}
