// Real validators: zod and valibot, through the Standard Schema interface that both implement.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as v from "valibot";
import { WebSocket } from "ws";
import { z } from "zod";
import { connect } from "../../pkg/dist/client.js";
import { Endpoints } from "./support/server.mjs";

const endpoints = new Endpoints();
after(() => endpoints.shut());

const schemas = {
  zod: z.object({ type: z.literal("post"), likes: z.number().min(0), at: z.iso.datetime().transform((text) => new Date(text)) }),
  valibot: v.object({
    type: v.literal("post"), likes: v.pipe(v.number(), v.minValue(0)), at: v.pipe(v.string(), v.isoTimestamp(), v.transform((text) => new Date(text))),
  }),
  "zod, asynchronous": z.object({
    type: z.literal("post"), likes: z.number().refine(async (likes) => likes >= 0), at: z.string().transform((text) => new Date(text)),
  }),
  "valibot, asynchronous": v.objectAsync({
    type: v.literal("post"), likes: v.pipeAsync(v.number(), v.checkAsync(async (likes) => likes >= 0)), at: v.pipe(v.string(), v.transform((text) => new Date(text))),
  }),
};

for (const [name, schema] of Object.entries(schemas)) {
  test(`${name}: valid messages are transformed, invalid ones are errors with issues`, async () => {
    const { id, url } = await endpoints.open();
    const connection = connect(url, { WebSocket, schema });
    const log = [];
    connection.on("error", ({ code, issues }) => log.push([code, issues[0].path.map((part) => part.key ?? part)]));
    const done = new Promise((resolve) => connection.on("message", (message) => log.push(message.at.getTime()) === 4 && resolve()));
    await new Promise((resolve) => connection.on("state", ({ to }) => to === "open" && resolve()));
    const post = (likes, day) => JSON.stringify({ type: "post", likes, at: `2026-11-0${day}T00:00:00.000Z` });
    await endpoints.command(id, "send", post(1, 1), post(-1, 2), post(2, 3), post(3, 4));
    await done;
    connection.terminate();
    const day = (n) => Date.UTC(2026, 10, n);
    assert.deepEqual(log, [day(1), ["schema", ["likes"]], day(3), day(4)]);
  });
}
