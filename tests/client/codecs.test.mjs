// MessagePack against another implementation, both ways, and the limits of the decoder.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ExtData, decode, encode } from "@msgpack/msgpack";
import { Ext, json, msgpack, text } from "../../pkg/dist/client.js";

const codec = msgpack();
const buffer = (bytes) => Uint8Array.from(bytes).buffer;
const read = (bytes) => codec.decode(buffer(bytes));

const edges = [0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
const plain = [
  null, true, false, 0, -1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER, ...edges,
  1.5, -0.1, 1e300, Infinity, -Infinity, "", "a", "가나다", "x".repeat(31), "x".repeat(32), "x".repeat(255), "x".repeat(256),
  "x".repeat(65_535), "x".repeat(65_536), "é".repeat(20), [], Array(15).fill(1), Array(16).fill(1), Array(70_000).fill(0), {},
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])), { nested: [{ deep: { er: [1, "2", null] } }] },
  new Date(0), new Date(1), new Date(1_600_000_000_123), new Date(2 ** 32 * 1000), new Date(2 ** 34 * 1000 + 5), new Date(-1),
  new Uint8Array(0), new Uint8Array(255).fill(7), new Uint8Array(256).fill(7), new Uint8Array(70_000).fill(7),
];

test("what we write, the other implementation reads", () => {
  for (const value of plain) assert.deepEqual(decode(codec.encode(value)), value);
});

test("what the other implementation writes, we read", () => {
  for (const value of plain) assert.deepEqual(read(encode(value)), value);
  assert.equal(read(encode(1.5, { forceFloat32: true })), 1.5);
});

test("the bytes are the same where the specification has one shortest form", () => {
  for (const value of plain) assert.deepEqual(codec.encode(value), encode(value));
});

test("64-bit integers: safe ones are numbers, others bigint", () => {
  const big = [2n ** 53n, 2n ** 64n - 1n, -(2n ** 63n), -(2n ** 53n)];
  for (const value of big) {
    const bytes = codec.encode(value);
    assert.equal(decode(bytes, { useBigInt64: true }), value);
    assert.equal(read(bytes), value);
  }
  assert.equal(read(codec.encode(5n)), 5);
  for (const value of [2n ** 64n, -(2n ** 63n) - 1n]) assert.throws(() => codec.encode(value), /64 bits/);
});

test("NaN, negative zero, undefined, toJSON, Map and views", () => {
  assert.equal(read(codec.encode(NaN)), NaN);
  assert.equal(read(codec.encode(-0)), -0);
  assert.deepEqual(read(codec.encode({ a: undefined, b: [undefined] })), { b: [null] });
  assert.deepEqual(read(codec.encode({ toJSON: () => ({ x: 1 }) })), { x: 1 });
  assert.deepEqual(read(codec.encode(new Map([["a", 1], [2, "b"]]))), { a: 1, 2: "b" });
  assert.deepEqual(read(codec.encode(new Uint16Array([1, 2]).subarray(1))), Uint8Array.of(2, 0));
  assert.deepEqual(read(codec.encode(Uint8Array.of(9).buffer)), Uint8Array.of(9));
  for (const value of [() => {}, Symbol("s"), new Date(NaN)]) assert.throws(() => codec.encode(value));
});

test("json() and text() name what they do not send", () => {
  assert.throws(() => json().encode(undefined), { message: "undefined has no JSON form" });
  assert.throws(() => json().encode(() => {}), { message: "function has no JSON form" });
  assert.throws(() => text().encode({}), { message: "text() sends strings, not object" });
  assert.throws(() => text().encode(undefined), { message: "text() sends strings, not undefined" });
});

test("what has no MessagePack form is refused by name, not sent as an empty map", () => {
  const none = {
    Set: new Set([1]), WeakMap: new WeakMap(), Blob: new Blob(["x"]), RegExp: /x/, Error: new Error("x"), Promise: Promise.resolve(),
    Number: Object(1), String: Object("x"), Boolean: Object(true), BigInt: Object(1n),
  };
  for (const [name, value] of Object.entries(none)) {
    assert.throws(() => codec.encode({ value }), { name: "TypeError", message: new RegExp(`\\b${name} has no MessagePack form`) });
  }
  class Point {
    x = 1;
  }
  assert.deepEqual(read(codec.encode([new Point(), Object.create(null), Object.assign(Object.create(null), { y: 2 })])), [{ x: 1 }, {}, { y: 2 }]);
});

test("shared memory is written as bytes", () => {
  const shared = new SharedArrayBuffer(2);
  new Uint8Array(shared).set([1, 2]);
  assert.deepEqual(read(codec.encode([shared, new Uint8Array(shared, 1)])), [Uint8Array.of(1, 2), Uint8Array.of(2)]);
});

test("map keys are strings or numbers, as the reader accepts them", () => {
  assert.deepEqual(read(codec.encode(new Map([["a", 1], [2, "b"]]))), { a: 1, 2: "b" });
  for (const key of [{}, [], null, undefined, true, 1n, new Date(0)]) {
    assert.throws(() => codec.encode(new Map([[key, 1]])), { name: "TypeError", message: /map key/ });
  }
});

test("the type of an extension is one signed byte", () => {
  for (const type of [-128, 127]) assert.deepEqual(read(codec.encode(new Ext(type, Uint8Array.of(1)))).type, type);
  for (const type of [300, -129, 1.5, NaN, "1"]) assert.throws(() => new Ext(type, new Uint8Array(1)), { name: "RangeError", message: /-128 to 127/ });
});

test("the buffer of a large message is not kept", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const before = process.memoryUsage().arrayBuffers;
  const codecs = Array.from({ length: 4 }, () => msgpack());
  for (const each of codecs) each.encode(new Uint8Array(8 << 20));
  const kept = () => process.memoryUsage().arrayBuffers - before;
  // The memory of a collected buffer is given back by a thread of its own.
  for (let turns = 0; turns < 200 && kept() >= 8 << 20; turns++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(kept() < 8 << 20, `${kept()} bytes`);
  assert.equal(codecs.length, 4);
});

test("extensions keep type and data", () => {
  for (const length of [0, 1, 2, 3, 4, 8, 16, 17, 255, 256, 70_000]) {
    const data = new Uint8Array(length).fill(3);
    const theirs = decode(codec.encode(new Ext(5, data)));
    assert.deepEqual([theirs.type, theirs.data], [5, data]);
    assert.deepEqual(read(encode(new ExtData(-7, data))), new Ext(-7, data));
  }
});

test("a key from the network never touches a prototype", () => {
  const bytes = codec.encode(new Map([["__proto__", { polluted: true }], ["constructor", 1]]));
  const value = read(bytes);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal({}.polluted, undefined);
});

test("broken frames are errors, whatever is cut or claimed", () => {
  const good = codec.encode({ a: [1, "text", 2.5, new Date(5), new Ext(1, Uint8Array.of(1))], b: new Uint8Array(9) });
  for (let length = 0; length < good.length; length++) assert.throws(() => read(good.subarray(0, length)), RangeError);
  assert.throws(() => read([0xc1]), /starts no/);
  assert.throws(() => read([1, 2]), /after the end/);
  for (const huge of [[0xdd, 255, 255, 255, 255], [0xdf, 255, 255, 255, 255], [0xdb, 255, 255, 255, 255], [0xc6, 255, 255, 255, 255], [0xc9, 255, 255, 255, 255, 1]]) {
    assert.throws(() => read(huge), /cut off/);
  }
  assert.throws(() => read([0xa1, 0xff]), TypeError);
  assert.throws(() => read([0x81, 0x90, 1]), /key/);
  assert.throws(() => read(Array(200).fill(0x91)), /nested deeper/);
  assert.throws(() => codec.decode("text"), /binary/);
  const cycle = [];
  cycle.push(cycle);
  assert.throws(() => codec.encode(cycle), /contains itself/);
});

test("a codec survives an error and a call from within", () => {
  assert.throws(() => codec.encode({ a: () => {} }));
  const outer = { before: "x".repeat(2_000), get inner() { return codec.encode([1, 2]).length; }, after: 1 };
  assert.deepEqual(read(codec.encode(outer)), { before: "x".repeat(2_000), inner: 3, after: 1 });
  const first = codec.encode({ a: 1 });
  codec.encode({ b: 2 });
  assert.deepEqual(decode(first), { a: 1 }, "an encoded message is not overwritten by the next");
});

test("batches are arrays for the other implementation", () => {
  for (const count of [0, 1, 15, 16, 70_000]) {
    assert.equal(decode(codec.batch(Array(count).fill(codec.encode("x")))).length, count);
  }
});
