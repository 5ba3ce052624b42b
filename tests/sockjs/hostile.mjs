// What no server should send, and a client must stand. Scripted over HTTP, where every frame can be shaped.
import assert from "node:assert/strict";
import { until } from "../support/report.mjs";

/** Connects over one transport to the script, and gives the log at the end. */
const finished = (page, url, transports) =>
  page.evaluate(async ([url, options]) => {
    const { log, unsent, unconfirmed } = await ended(SockJS, url, options);
    return { log, unsent, unconfirmed };
  }, [`${url}/s`, { transports, timeout: 2_000 }]);

/** Plays frames on the first xhr-streaming request. */
const stream = (frames) => ({ transport, write }) => {
  if (transport === "xhr_streaming") write(frames);
};

export const hostile = {
  async "bad JSON closes with 1002 and throws nothing"({ page, script }) {
    for (const frame of ["a[\"x\"", "m{", "c[1", "a[\"\\u12\"]"]) {
      script.play(stream(`o\n${frame}\n`));
      const { log } = await finished(page, script.origin, "xhr-streaming");
      assert.deepEqual(log, [["open", "xhr-streaming"], ["close", 1002, "Bad frame", false]], frame);
    }
  },

  async "what has no meaning is ignored, and what is no string becomes one"({ page, script }) {
    script.play(stream('hhhh\no\n\n\nx["x"]\na\na{"a":1}\na"x"\nc[1]\nc{}\nm"one"\na["two",3,null,{"a":1}]\nc[3456,"end"]\na["late"]\n'));
    const { log } = await finished(page, script.origin, "xhr-streaming");
    assert.deepEqual(log, [
      ["open", "xhr-streaming"], ["message", "one"], ["message", "two"], ["message", "3"], ["message", "null"],
      ["message", '{"a":1}'], ["close", 3456, "end", true],
    ]);
  },

  async "a close code that is no number is a bad frame"({ page, script }) {
    script.play(stream('o\nc["x","y"]\n'));
    assert.deepEqual((await finished(page, script.origin, "xhr-streaming")).log.at(-1), ["close", 1002, "Bad frame", false]);
  },

  async "messages before the open frame are delivered after it"({ page, script }) {
    script.play(stream('a["early"]\no\na["later"]\nc[1000,"end"]\n'));
    const { log } = await finished(page, script.origin, "xhr-streaming");
    assert.deepEqual(log, [["open", "xhr-streaming"], ["message", "early"], ["message", "later"], ["close", 1000, "end", true]]);
  },

  async "a flood before the open frame ends the attempt"({ page, script }) {
    script.play(({ transport, write, reply }) => {
      if (transport === "xhr_streaming") write('a["x"]\n'.repeat(1_000));
      else if (transport === "xhr") reply(200, 'o\nc[1000,"end"]\n');
    });
    const { log } = await finished(page, script.origin, ["xhr-streaming", "xhr-polling"]);
    assert.deepEqual(log, [["open", "xhr-polling"], ["close", 1000, "end", true]]);
    await until(() => script.state.open === 0, "the flood's request to be aborted");
  },

  async "a close before the open frame ends it with its code, without another transport"({ page, script }) {
    script.play(stream('c[3000,"Go away!"]\n'));
    const { log } = await finished(page, script.origin, ["xhr-streaming", "xhr-polling"]);
    assert.deepEqual(log, [["close", 3000, "Go away!", true]]);
    assert.deepEqual(script.state.calls.map(({ transport }) => transport), ["info", "xhr_streaming"]);
  },

  async "a second open frame means that the session is lost"({ page, script }) {
    script.play(({ transport, reply }) => {
      if (transport === "xhr") reply(200, "o\n");
    });
    const { log } = await finished(page, script.origin, "xhr-polling");
    assert.deepEqual(log, [["open", "xhr-polling"], ["close", 1006, "Server lost session", false]]);
  },

  async "a session that the server does not know any more ends with 1006"({ page, script }) {
    script.play(({ transport, count, reply }) => {
      if (transport === "xhr") count === 1 ? reply(200, "o\n") : reply(404);
    });
    const { log } = await finished(page, script.origin, "xhr-polling");
    assert.deepEqual(log, [["open", "xhr-polling"], ["close", 1006, "permanent", false]]);
  },

  async "empty answers are not asked for in a tight loop"({ page, script }) {
    const times = [];
    script.play(({ transport, count, reply }) => {
      if (transport !== "xhr") return;
      times.push(performance.now());
      if (count === 1) reply(200, "o\n");
      else if (count < 7) reply(200);
      else reply(200, 'c[1000,"end"]\n');
    });
    const { log } = await finished(page, script.origin, "xhr-polling");
    assert.deepEqual(log, [["open", "xhr-polling"], ["close", 1000, "end", true]]);
    const waits = times.slice(1).map((time, i) => time - times[i]);
    // After the open frame and after the first empty answer at once, then 100, 200, 400, 800 ms.
    [100, 200, 400, 800].forEach((wait, i) => assert.ok(waits[i + 2] >= wait, `wait ${i} of ${waits}`));
  },

  async "a proxy's page in place of answers is not asked for in a tight loop"({ page, script }) {
    const times = [];
    script.play(({ transport, count, reply }) => {
      if (transport !== "xhr") return;
      times.push(performance.now());
      if (count === 1) reply(200, "o\n");
      else if (count < 6) reply(200, "<!doctype html>\n<title>Signed out</title>\n");
      else reply(200, 'c[1000,"end"]\n');
    });
    const { log } = await finished(page, script.origin, "xhr-polling");
    assert.deepEqual(log, [["open", "xhr-polling"], ["close", 1000, "end", true]]);
    const waits = times.slice(1).map((time, i) => time - times[i]);
    [100, 200, 400].forEach((wait, i) => assert.ok(waits[i + 2] >= wait, `wait ${i} of ${waits}`));
  },

  async "a batch that fails is reported, with what waited behind it"({ page, script }) {
    script.play((call) => {
      if (call.transport === "xhr_streaming") call.write("o\n");
      else script.state.send = call;
    });
    const result = page.evaluate(async (url) => {
      const socket = new SockJS(url, null, { transports: "xhr-streaming" });
      socket.onopen = () => ["a", "b", "c"].forEach((text) => socket.send(text));
      const { code, reason, wasClean, unsent, unconfirmed } = await new Promise((done) => (socket.onclose = done));
      return { code, reason, wasClean, unsent, unconfirmed };
    }, `${script.origin}/s`);
    await until(() => script.state.send, "the first batch");
    assert.equal(script.state.send.body, '["a"]');
    assert.equal(script.state.send.headers["content-type"], "text/plain");
    script.state.send.reply(500, "no");
    assert.deepEqual(await result, {
      code: 1006, reason: "Sending error: Error: http status 500", wasClean: false, unsent: ["b", "c"], unconfirmed: ["a"],
    });
  },

  async "a server that closes while messages wait leaves them to be reported"({ page, script }) {
    let receiver;
    script.play((call) => {
      if (call.transport === "xhr_streaming") (receiver = call).write("o\n");
      else receiver.write('c[1000,"bye"]\n');
    });
    const result = await page.evaluate(async (url) => {
      const socket = new SockJS(url, null, { transports: "xhr-streaming" });
      socket.onopen = () => ["a", "b"].forEach((text) => socket.send(text));
      const { code, unsent, unconfirmed } = await new Promise((done) => (socket.onclose = done));
      return { code, unsent, unconfirmed };
    }, `${script.origin}/s`);
    assert.deepEqual(result, { code: 1000, unsent: ["b"], unconfirmed: ["a"] });
  },

  async "a line without an end closes with 1009"({ page, script }) {
    script.play(({ transport, write }) => {
      if (transport === "xhr_streaming") write(`o\na["${"x".repeat((16 << 20) + 10)}`);
    });
    const { log } = await finished(page, script.origin, "xhr-streaming");
    assert.deepEqual(log, [["open", "xhr-streaming"], ["close", 1009, "Frame too long", false]]);
  },

  async "silence over HTTP is noticed when heartbeats are to come"({ page, script }) {
    script.play(stream("o\n"));
    const log = await page.evaluate(async (url) => {
      const { log } = await ended(SockJS, url, { transports: "xhr-streaming", heartbeatTimeout: 300 });
      return log;
    }, `${script.origin}/s`);
    assert.deepEqual(log, [["open", "xhr-streaming"], ["close", 1006, "No heartbeat", false]]);
  },

  async "/info that is no JSON counts as empty, and a base_url of its own is used"({ page, script, server }) {
    script.play(({ transport, reply }) => {
      if (transport === "info") reply(200, "<html>");
      else if (transport === "xhr") reply(200, 'o\nc[1000,"end"]\n');
    }, null);
    assert.deepEqual((await finished(page, script.origin, "xhr-polling")).log.at(-1), ["close", 1000, "end", true]);

    script.play(undefined, { base_url: `${server.origin}/echo` });
    await page.evaluate(async (url) => {
      const { socket, log } = await opened(SockJS, url);
      socket.send("over there");
      await until(() => log.length > 1, "the echo");
      socket.close();
    }, `${script.origin}/s`);
    assert.deepEqual(script.state.calls.map(({ transport }) => transport), ["info"]);
  },

  async "/info that never comes ends with 1002 after infoTimeout"({ page, script }) {
    script.play(() => {}, null);
    const log = await page.evaluate(async (url) => (await ended(SockJS, url, { infoTimeout: 200 })).log, `${script.origin}/s`);
    assert.deepEqual(log, [["close", 1002, "Cannot connect to server", false]]);
    await until(() => script.state.open === 0, "the request to be aborted");
  },

  async "closing leaves no request behind"({ page, script }) {
    script.play(stream("o\n"));
    await page.evaluate(async (url) => {
      const { socket } = await opened(SockJS, url, { transports: "xhr-streaming" });
      socket.close();
    }, `${script.origin}/s`);
    await until(() => script.state.open === 0, "the request to be aborted");
  },
};
