// The same page over each transport: a bare WebSocket, Socket.IO and SockJS, with WebSockets and with WebSockets blocked.
// Nothing in here sleeps; every wait has a condition and says what it waited for. Pictures go to target/e2e.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Server } from "socket.io";
import { launchChromium } from "../support/browser.mjs";
import { Demo } from "./demo.mjs";
import { Tab, desktop, phone } from "./tab.mjs";

/** What carries the messages of each transport where WebSockets are blocked. */
const FALLBACKS = { socketio: "polling", sockjs: "xhr-streaming" };
/** A bare WebSocket and the two that can do without. */
const TRANSPORTS = ["raw", ...Object.keys(FALLBACKS)];
/** For what has to be loaded, dialled and fallen back from first. */
const PATIENCE = 60_000;
/** Least number of vehicles that a whole map has. */
const MANY = 100;

const numbered = (word, count) => Array.from({ length: count }, (_, index) => `${word} ${index + 1} of ${count}`);

/** Waits until messages travel in this way. */
const carriedBy = (tab, carrier) =>
  tab.until(
    `messages travel by ${carrier}`,
    (wanted) => document.getElementById("pill").dataset.carrier === wanted,
    carrier,
    PATIENCE,
  );

const pressed = (tab, transport) =>
  tab.until(
    `${transport} is shown as the transport`,
    (name) => document.querySelector(`#transport [data-value="${name}"]`).getAttribute("aria-pressed") === "true",
    transport,
  );

/** Waits until the map is full and then until it is drawn otherwise. */
async function vehiclesMove(tab) {
  await tab.until(
    `more than ${MANY} vehicles are on the map`,
    (many) => Number(document.getElementById("map").dataset.vehicles) > many,
    MANY,
  );
  const picture = await tab.page.evaluate(() => document.querySelector("canvas.vehicles").toDataURL());
  await tab.until(
    "the vehicles are drawn elsewhere",
    (old) => document.querySelector("canvas.vehicles").toDataURL() !== old,
    picture,
  );
}

describe("transports", { concurrency: false }, () => {
  let demo;
  let browser;

  before(async () => {
    demo = await Demo.start();
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  /** Two visitors over one transport. */
  async function visit(t, transport) {
    const url = `${demo.url}?transport=${transport}`;
    const desk = await Tab.open(browser, url, desktop, PATIENCE);
    t.after(() => desk.close());
    const other = await Tab.open(browser, url, { ...phone, locale: "ko-KR", colorScheme: "dark" }, PATIENCE);
    t.after(() => other.close());
    return [desk, other];
  }

  /** Both write while the server's process is killed and started again. */
  async function writeOverKill([desk, other], word) {
    const mine = numbered(`${word}, desk`, 8);
    const theirs = numbered(`${word}, 전화`, 8);
    for (let index = 0; index < 8; index++) {
      await Promise.all([desk.post(mine[index]), other.post(theirs[index])]);
      if (index === 3) await demo.kill();
      if (index === 5) await demo.restart();
    }
    const all = [...mine, ...theirs];
    await Promise.all([desk.live(PATIENCE), other.live(PATIENCE)]);
    await Promise.all([desk.once(all, PATIENCE), other.once(all, PATIENCE)]);
    return all;
  }

  for (const transport of TRANSPORTS) {
    test(`${transport}: the map lives, and posts of both arrive once over a kill -9 of the server`, async (t) => {
      const tabs = await visit(t, transport);
      for (const tab of tabs) {
        await pressed(tab, transport);
        await carriedBy(tab, "websocket");
      }
      await vehiclesMove(tabs[0]);
      await tabs[1].view("feed");
      const all = await writeOverKill(tabs, transport);
      await carriedBy(tabs[0], "websocket");
      const newcomer = await Tab.open(browser, `${demo.url}?transport=raw`, desktop, PATIENCE);
      t.after(() => newcomer.close());
      await newcomer.once(all);
      await tabs[0].shot(`transport-${transport}`);
      for (const tab of [...tabs, newcomer]) assert.deepEqual(tab.problems, []);
    });
  }

  for (const [transport, carrier] of Object.entries(FALLBACKS)) {
    test(`${transport} with WebSockets blocked: ${carrier} carries everything, also over a kill -9`, async (t) => {
      const tabs = await visit(t, transport);
      await tabs[1].view("feed");
      const again = numbered(`${transport} falls back`, 3);
      // The controls live with the process: they are set anew after it was killed.
      await demo.chaos({ webSocketBlocked: true, reset: true });
      for (const text of again) await tabs[0].post(text);
      for (const tab of tabs) await carriedBy(tab, carrier);
      await Promise.all(tabs.map((tab) => tab.once(again)));
      await vehiclesMove(tabs[0]);
      await tabs[0].shot(`transport-${transport}-blocked`);
      await tabs[1].view("link");
      await tabs[1].shot(`transport-${transport}-blocked-phone`);
      await tabs[1].view("feed");
      await demo.kill();
      const texts = numbered(`${transport} while it is dead`, 3);
      for (const text of texts) await tabs[1].post(text);
      await demo.restart();
      await demo.chaos({ webSocketBlocked: true, reset: true });
      for (const tab of tabs) await carriedBy(tab, carrier);
      await Promise.all(tabs.map((tab) => tab.once([...again, ...texts], PATIENCE)));
      for (const tab of tabs) assert.deepEqual(tab.problems, []);
      await demo.chaos({ clear: true });
    });
  }

  test("a bare WebSocket does not get through a block; another transport takes over what was written", async (t) => {
    const tab = await Tab.open(browser, demo.url, desktop, PATIENCE);
    t.after(() => tab.close());
    await pressed(tab, "raw");
    await tab.page.click("#chaos-upgrades [data-value='1']");
    await tab.down();
    const texts = numbered("Written behind the block", 3);
    for (const text of texts) await tab.post(text);
    await tab.tick(texts[2], ["waiting", "sending", "unknown"]);
    await tab.page.click("#transport [data-value='sockjs']");
    await carriedBy(tab, FALLBACKS.sockjs);
    await tab.once(texts);
    assert.match(tab.page.url(), /[?&]transport=sockjs/);
    // Both the choice and the block outlive a reload.
    await tab.page.goto(demo.url);
    await pressed(tab, "sockjs");
    await carriedBy(tab, FALLBACKS.sockjs);
    await tab.page.click("#transport [data-value='socketio']");
    await carriedBy(tab, FALLBACKS.socketio);
    await tab.once(texts);
    await tab.page.click("#chaos-clear");
    await tab.page.click("#transport [data-value='raw']");
    await carriedBy(tab, "websocket");
    await tab.once(texts);
    assert.deepEqual(tab.problems, []);
  });

  test("a transport is changed in the middle of writing: nothing is lost, nothing is doubled", async (t) => {
    const tab = await Tab.open(browser, demo.url, desktop, PATIENCE);
    t.after(() => tab.close());
    const texts = numbered("On the move", 9);
    for (const [index, text] of texts.entries()) {
      await tab.post(text);
      if (index % 3 === 1) await tab.page.click(`#transport [data-value='${TRANSPORTS[(index + 2) % 3]}']`);
    }
    await tab.once(texts, PATIENCE);
    const newcomer = await Tab.open(browser, demo.url, desktop, PATIENCE);
    t.after(() => newcomer.close());
    await newcomer.once(texts);
    assert.deepEqual(tab.problems, []);
  });

  test("another Socket.IO server: as little as the protocol asks of it is enough for the feed", async (t) => {
    const posts = new Map();
    const http = createServer((_request, response) => response.writeHead(404).end());
    const io = new Server(http, { cors: { origin: true, credentials: true } });
    io.on("connection", (socket) => {
      let who;
      socket.on("hello", ({ user, name }) => {
        who = { user, name };
        const { client, room } = socket.handshake.query;
        socket.emit("welcome", { client, user, room, epoch: "e", seq: posts.size, serverTime: Date.now(), present: [], reads: [] });
        socket.emit("history", { id: null, seq: posts.size, recovered: true, snapshot: true, posts: [...posts.values()], likes: [] });
      });
      socket.on("ping", ({ at }) => socket.emit("pong", { at, serverTime: Date.now(), seq: posts.size }));
      socket.on("post", ({ id, text }, answer) => {
        const duplicate = posts.has(id);
        const post = posts.get(id) ?? { ...who, id, text, seq: posts.size + 1, at: Date.now(), likes: 0 };
        posts.set(id, post);
        answer({ type: "ack", id, seq: post.seq, duplicate });
        if (!duplicate) io.emit("posted", post);
      });
    });
    await new Promise((done) => http.listen(0, "127.0.0.1", done));
    const elsewhere = await Demo.start(["--socketio", `http://127.0.0.1:${http.address().port}`]);
    t.after(async () => {
      await elsewhere.stop();
      await io.close();
    });
    const tab = await Tab.open(browser, `${elsewhere.url}?transport=socketio`, desktop, PATIENCE);
    t.after(() => tab.close());
    const texts = numbered("Elsewhere", 3);
    for (const text of texts) await tab.post(text);
    await tab.once(texts);
    io.disconnectSockets(true);
    await tab.post("After it was sent away");
    await tab.once([...texts, "After it was sent away"], PATIENCE);
    assert.deepEqual([...posts.values()].map(({ text }) => text), [...texts, "After it was sent away"]);
    assert.deepEqual(tab.problems, []);
  });

  for (const transport of Object.keys(FALLBACKS)) {
    test(`${transport}: a half-open link is replaced, lost messages are sent again`, async (t) => {
      const [desk, other] = await visit(t, transport);
      await other.view("feed");
      await carriedBy(desk, "websocket");
      const before = await desk.number("reconnects");
      await demo.chaos({ halfOpen: { seconds: null } }, await desk.client());
      const silent = numbered(`${transport} into the void`, 2);
      for (const text of silent) await desk.post(text);
      await desk.reconnected(before, PATIENCE);
      await Promise.all([desk.once(silent), other.once(silent)]);
      await demo.chaos({ clear: true }, await desk.client());
      await demo.chaos({ dropInbound: 4, dropOutbound: 4 }, await desk.client());
      const sieved = numbered(`${transport} through the sieve`, 4);
      for (const text of sieved) await desk.post(text);
      await Promise.all([desk.once(sieved, PATIENCE), other.once(sieved, PATIENCE)]);
      await demo.chaos({ clear: true }, await desk.client());
      assert.deepEqual([...desk.problems, ...other.problems], []);
    });
  }
});
