// The MessagePack parser beside the original one: each reads what the other writes, and both refuse what is no packet.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { check } from "../support/report.mjs";
import { equal, show, thrown } from "./unit/assert.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const original = createRequire(import.meta.url)("socket.io-msgpack-parser");

const PACKETS = [
  { type: 0, nsp: "/" },
  { type: 0, nsp: "/admin", data: { token: "é😀" } },
  { type: 1, nsp: "/" },
  { type: 2, nsp: "/", data: ["x", 1, -1, 1.5, 2 ** 40, null, true, "text", { a: [1, { b: "c" }] }], id: 12 },
  { type: 2, nsp: "/", data: ["binary", new Uint8Array([1, 2, 3]).buffer, { deep: [new Uint8Array(300).buffer] }] },
  { type: 2, nsp: "/", data: ["date", new Date(1_700_000_000_123)] },
  { type: 3, nsp: "/", data: ["ok"], id: 0 },
  { type: 4, nsp: "/", data: { message: "no" } },
];

/** Runs the checks. */
export async function checkMsgpack() {
  const ours = await import(pathToFileURL(join(here, "../../pkg/dist/socket.io-msgpack.js")).href);
  for (const [name, writer, reader] of [["ours reads the original", original, ours], ["the original reads ours", ours, original]]) {
    await check(`msgpack: ${name}`, () => {
      for (const packet of PACKETS) equal(plain(decode(reader, encode(writer, packet))), plain(packet));
    });
  }
  await check("msgpack: dates, undefined and functions are written as the original writes them", () => {
    class Message {
      at = new Date(-1);
      left;
      run() {}
    }
    const data = [
      "x", undefined, { gone: undefined, date: new Date(0), call() {}, deep: [{ date: new Date(8.64e15) }, undefined] },
      new Message(), { toJSON: () => ({ date: new Date(1), none: undefined }) }, Object.assign(Object.create(null), { date: new Date(2) }),
      JSON.parse('{"__proto__":{"a":1}}'), undefined,
    ];
    const packet = { type: 2, nsp: "/", data };
    equal(hex(encode(ours, packet)), hex(encode(original, packet)));
    equal(show(decode(original, encode(ours, packet)).data), show(decode(original, encode(original, packet)).data));
    equal(show(decode(ours, encode(original, packet)).data.slice(0, 6)), show(decode(original, encode(original, packet)).data.slice(0, 6)));
    // Nothing at all is not the same as undefined.
    equal("data" in decode(original, encode(ours, { type: 0, nsp: "/" })), false);
  });
  await check("msgpack: bytes of any length from a server on Node are bytes, next to dates and undefined", () => {
    for (const length of [0, 1, 2, 4, 8, 9, 16, 300]) {
      const bytes = new Uint8Array(length).fill(7);
      const [name, view, buffer, node, date, none] = decode(ours, encode(original, { type: 2, nsp: "/", data: ["x", bytes, bytes.buffer, Buffer.from(bytes), new Date(5), undefined] })).data;
      equal([name, date, none], ["x", new Date(5), undefined]);
      for (const read of [view, buffer, node]) equal([read instanceof ArrayBuffer, new Uint8Array(read)], [true, bytes]);
    }
  });
  await check("msgpack: what is no packet is refused", async () => {
    for (const value of [1, null, [], {}, { type: 9, nsp: "/" }, { type: 2, nsp: 1, data: [] }, { type: 2, nsp: "/" }, { type: 1, nsp: "/", data: {} }, { type: 3, nsp: "/", data: [], id: "x" }]) {
      const bytes = encode(original, value);
      equal((await thrown(() => decode(ours, bytes))) instanceof Error, true, JSON.stringify(value));
    }
    for (const bytes of [new Uint8Array([0xc1]), new Uint8Array([0xdf, 255, 255, 255, 255]), new Uint8Array(), "text"]) {
      equal((await thrown(() => decode(ours, bytes))) instanceof Error, true);
    }
  });
  await check("msgpack: the option and the module are the same parser", () => {
    const { Encoder, Decoder, default: parser, msgpack } = ours;
    equal([msgpack().Encoder === Encoder, parser.Decoder === Decoder, ours.protocol], [true, true, 5]);
  });
}

// The original on Node knows Buffers only.
const encode = (parser, packet) => Buffer.from(new parser.Encoder().encode(packet)[0]);

const hex = (bytes) => bytes.toString("hex");

function decode(parser, bytes) {
  const decoder = new parser.Decoder();
  let packet;
  decoder.on("decoded", (decoded) => (packet = decoded));
  decoder.add(bytes);
  return packet;
}

/** In one order of keys, with bytes as such: Node's build of the original gives Buffers. */
function plain(value) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return { bytes: [...(ArrayBuffer.isView(value) ? value : new Uint8Array(value))] };
  if (value instanceof Date) return { date: value.getTime() };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().filter((key) => value[key] !== undefined).map((key) => [key, plain(value[key])]));
}
