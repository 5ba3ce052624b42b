// The feed as the Yew page shows it, in a real browser against the demo server: two visitors, an outage, a killed server,
// messages that get lost. Nothing in here sleeps; every wait has a condition. Pictures go to target/e2e.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { launchChromium } from "../support/browser.mjs";
import { Demo, root } from "./demo.mjs";
import { desktop, phone } from "./tab.mjs";

const SHOTS = join(root, "target", "e2e");
const PATIENCE = 20_000;
/** What the browser itself reports while a fault is on. */
const EXPECTED = /WebSocket connection to|Failed to load resource|ERR_CONNECTION/;

/** One visitor of the Yew page. */
class Visitor {
  page;
  problems = [];

  /** Opens the page; `options` are those of a browser context, `prepare` gets the page before it loads. */
  static async open(browser, url, options, prepare) {
    const visitor = new Visitor();
    const context = await browser.newContext({ locale: "en-US", colorScheme: "light", ...options });
    visitor.page = await context.newPage();
    visitor.page.setDefaultTimeout(PATIENCE);
    visitor.page.on("pageerror", (error) => visitor.problems.push(error.stack ?? String(error)));
    visitor.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !EXPECTED.test(message.text())) visitor.problems.push(message.text());
    });
    await prepare?.(visitor.page);
    await visitor.page.goto(new URL("yew/", url).href);
    await visitor.live();
    return visitor;
  }

  live() {
    return this.page.locator('#pill[data-status="connected"][data-live="true"]').waitFor();
  }

  status(name) {
    return this.page.locator(`#pill[data-status="${name}"]`).waitFor();
  }

  async write(text) {
    await this.page.fill("#composer-text", text);
    await this.page.press("#composer-text", "Enter");
  }

  post(text) {
    return this.page.locator(".post", { has: this.page.locator(".post-text", { hasText: new RegExp(`^${text}$`) }) });
  }

  /** Waits until a post has one of these ticks ("" for others' posts). */
  async tick(text, ...wanted) {
    const selectors = wanted.map((tick) => `.post[data-tick="${tick}"]`).join(", ");
    const found = this.page.locator(selectors).filter({ has: this.page.locator(".post-text", { hasText: new RegExp(`^${text}$`) }) });
    try {
      await found.waitFor();
    } catch (error) {
      const state = await this.page.evaluate(() => ({
        pill: { ...document.querySelector("#pill")?.dataset },
        posts: [...document.querySelectorAll(".post")].slice(0, 8).map((post) => `${post.dataset.tick}: ${post.textContent}`),
      }));
      throw new Error(`"${text}" was never ${wanted.join(" or ")}\n${JSON.stringify(state, undefined, 1)}`, { cause: error });
    }
  }

  /** Waits until the post is there and settled, and checks that it is there once. */
  async once(text) {
    await this.tick(text, "sent", "");
    assert.equal(await this.post(text).count(), 1, `"${text}" is there once`);
  }

  client() {
    return this.page.evaluate(() => JSON.parse(sessionStorage.getItem("everwire.identity")).client);
  }

  async likes(text, count) {
    await this.post(text).locator(`.like[data-likes="${count}"]`).waitFor();
  }

  async shot(name) {
    await mkdir(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }
}

describe("yew page", { concurrency: false }, () => {
  let demo, browser, desk, mobile;

  before(async () => {
    demo = await Demo.start();
    browser = await launchChromium();
    desk = await Visitor.open(browser, demo.url, desktop);
    mobile = await Visitor.open(browser, demo.url, { ...phone, locale: "ko-KR", colorScheme: "dark" });
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test("posts reach both visitors once, with a tick for the author", async () => {
    await desk.write("hello from Yew");
    await desk.tick("hello from Yew", "sent");
    await mobile.tick("hello from Yew", "");
    await mobile.write("안녕하세요");
    await desk.once("안녕하세요");
    await mobile.once("안녕하세요");
  });

  test("presence and typing are seen by the other", async () => {
    await desk.page.locator('#present[data-count="2"]').waitFor();
    await mobile.page.locator("#composer-text").pressSequentially("쓰는 중");
    await desk.page.locator(".typing", { hasText: "is typing" }).waitFor();
    await desk.shot("yew-desktop");
    await mobile.shot("yew-phone");
    await mobile.page.fill("#composer-text", "");
    await desk.page.locator(".typing", { hasText: /^$/ }).waitFor({ state: "attached" });
  });

  test("quick likes count in full at both", async () => {
    const like = desk.post("안녕하세요").locator(".like");
    for (let count = 0; count < 7; count++) await like.click();
    await desk.likes("안녕하세요", 7);
    await mobile.likes("안녕하세요", 7);
    await mobile.post("안녕하세요").locator(".like").click();
    await desk.likes("안녕하세요", 8);
  });

  test("texts follow the language", async () => {
    assert.equal(await mobile.page.locator("html").getAttribute("lang"), "ko");
    await mobile.page.getByRole("button", { name: "EN" }).click();
    await mobile.page.getByRole("button", { name: "Post", exact: true }).waitFor();
    assert.equal(await mobile.page.locator("html").getAttribute("lang"), "en");
    await mobile.page.getByRole("button", { name: "한국어" }).click();
    await mobile.page.getByRole("button", { name: "게시", exact: true }).waitFor();
  });

  test("another room has its own feed, and the way back finds everything", async () => {
    await desk.page.locator('[data-room="jeju"]').click();
    await desk.post("hello from Yew").waitFor({ state: "detached" });
    await desk.live();
    await desk.write("only in Jeju");
    await desk.once("only in Jeju");
    await desk.page.locator('[data-room="seoul"]').click();
    await desk.once("hello from Yew");
    assert.equal(await desk.post("only in Jeju").count(), 0);
    assert.equal(await mobile.post("only in Jeju").count(), 0);
    const { connections } = await demo.get("/stats");
    assert.ok(connections <= 3, `${connections} connections for two visitors`);
  });

  test("a loss is not worth a word before the grace is over", async () => {
    await desk.page.evaluate(() => {
      globalThis.seen = [];
      const pill = document.querySelector("#pill");
      const note = () => seen.push({ ...pill.dataset, at: performance.now() });
      new MutationObserver(note).observe(pill, { attributes: true });
    });
    const before = (await demo.get("/stats")).accepted;
    await demo.chaos({ reset: true }, await desk.client());
    await desk.page.locator('#pill[data-live="false"]').waitFor({ state: "attached" });
    await desk.live();
    assert.ok((await demo.get("/stats")).accepted > before, "the connection was replaced");
    const seen = await desk.page.evaluate(() => seen);
    const lost = seen.findIndex(({ live }) => live === "false");
    // Normally the return is quicker and nothing is told at all; on a machine that is slow today, not before 1.5 s.
    const told = seen.filter(({ status, at }) => status !== "connected" && at - seen[lost].at < 1_400);
    assert.ok(lost >= 0, "the loss was seen");
    assert.deepEqual(told, []);
  });

  test("what is written during an outage goes out once", async () => {
    await demo.chaos({ kill: { seconds: null } });
    await desk.status("reconnecting");
    await desk.page.locator("#banner").waitFor();
    for (const number of [1, 2, 3]) await desk.write(`outage ${number}`);
    await desk.tick("outage 3", "waiting");
    await desk.shot("yew-outage");
    await demo.chaos({ clear: true });
    await desk.page.locator("#banner button").click();
    await desk.live();
    for (const number of [1, 2, 3]) {
      await desk.once(`outage ${number}`);
      await mobile.once(`outage ${number}`);
    }
    assert.equal(await desk.page.locator("#banner").count(), 0);
  });

  test("a post that is lost on its way is not known, then told again and stored once", async () => {
    let lossy = true;
    const third = await Visitor.open(browser, demo.url, desktop, (page) => page.routeWebSocket(/\/ws\?/, (socket) => {
      const server = socket.connectToServer();
      // Written and never answered, while everything else gets through.
      socket.onMessage((data) => {
        if (!lossy || JSON.parse(data).type !== "post") server.send(data);
      });
    }));
    await third.write("lost at first");
    await third.tick("lost at first", "unknown");
    assert.equal(await desk.post("lost at first").count(), 0);
    lossy = false;
    await third.once("lost at first");
    await desk.once("lost at first");
    assert.deepEqual(third.problems, []);
    await third.page.context().close();
  });

  test("events that are lost on their way are asked for", async () => {
    const client = await mobile.client();
    await demo.chaos({ dropOutbound: 3 }, client);
    const texts = Array.from({ length: 9 }, (_, number) => `holes ${number}`);
    for (const text of texts) await desk.write(text);
    for (const text of texts) {
      await desk.once(text);
      await mobile.once(text);
    }
    await demo.chaos({ clear: true }, client);
  });

  test("a refused post says why, and goes out again under its id or not at all", async () => {
    let refusals = 0;
    const third = await Visitor.open(browser, demo.url, desktop, (page) => page.routeWebSocket(/\/ws\?/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((data) => {
        const { type, id, text } = JSON.parse(data);
        const refused = type === "post" && (text === "never" || (text === "at second try" && refusals++ === 0));
        if (refused) socket.send(JSON.stringify({ type: "rejected", id, reason: "invalid", message: "not today" }));
        else server.send(data);
      });
    }));
    for (const text of ["never", "at second try"]) {
      await third.write(text);
      await third.tick(text, "failed");
      await third.post(text).locator(".tick", { hasText: "not today" }).waitFor();
    }
    await third.post("at second try").getByRole("button", { name: "Send again" }).click();
    await third.once("at second try");
    await desk.once("at second try");
    await third.post("never").getByRole("button", { name: "Discard" }).click();
    await third.post("never").waitFor({ state: "detached" });
    assert.equal(await desk.post("never").count(), 0);
    assert.deepEqual(third.problems, []);
    await third.page.context().close();
  });

  test("a killed server process loses and doubles nothing, nor does a reload in the middle", async () => {
    await demo.kill();
    await desk.status("reconnecting");
    await desk.write("across the restart");
    await desk.tick("across the restart", "waiting");
    await demo.restart();
    await desk.live();
    await desk.once("across the restart");
    await demo.chaos({ kill: { seconds: null } });
    await desk.write("across the reload");
    await desk.tick("across the reload", "waiting", "unknown");
    await desk.page.reload();
    await desk.tick("across the reload", "waiting");
    await demo.chaos({ clear: true });
    await desk.live();
    for (const visitor of [desk, mobile]) {
      await visitor.once("across the restart");
      await visitor.once("across the reload");
    }
  });

  test("the main page is one click away", async () => {
    await desk.page.locator(".top-link").click();
    await desk.page.waitForURL(demo.url);
  });

  test("no code of the page has failed meanwhile", () => {
    assert.deepEqual(desk.problems, []);
    assert.deepEqual(mobile.problems, []);
  });
});
