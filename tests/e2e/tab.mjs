// One visitor: a tab in a browser context of its own, and what can be seen and done in it.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./demo.mjs";

const SHOTS = join(root, "target", "e2e");
/** Longest wait for a condition; a test that needs longer says so. */
const PATIENCE = 15_000;

/** What the browser itself reports while a fault is on: dials and fetches that fail, as they should. */
const EXPECTED = /WebSocket connection to|Failed to load resource|ERR_CONNECTION|ERR_INTERNET_DISCONNECTED/;

export const desktop = { viewport: { width: 1440, height: 900 } };
/** With less motion: several tabs that draw sixty frames a second in software would wait for each other. */
export const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  reducedMotion: "reduce",
};

export class Tab {
  page;
  context;
  /** Errors of the page's own code. */
  problems = [];

  /** Opens the demo; `options` are those of a browser context, `timeout` is for joining the room. */
  static async open(browser, url, options, timeout) {
    const tab = new Tab();
    tab.context = await browser.newContext({ locale: "en-US", colorScheme: "light", ...options });
    tab.page = await tab.context.newPage();
    tab.page.on("pageerror", (error) => tab.problems.push(error.stack ?? String(error)));
    tab.page.on("console", (message) => {
      if (message.type() === "error" && !EXPECTED.test(message.text())) tab.problems.push(message.text());
    });
    await tab.page.goto(url);
    await tab.live(timeout);
    return tab;
  }

  /** Waits until `condition` holds in the page; `why` is the message if it never does. */
  async until(why, condition, arg, timeout = PATIENCE) {
    try {
      return await this.page.waitForFunction(condition, arg, { timeout, polling: 100 });
    } catch (error) {
      const state = await this.page.evaluate(() => ({
        map: { ...document.getElementById("map")?.dataset },
        pill: document.getElementById("pill-text")?.textContent,
        banner: document.getElementById("banner-text")?.textContent,
        log: [...document.querySelectorAll(".log-line")].slice(0, 12).map((line) => line.textContent),
        posts: [...document.querySelectorAll(".post")].slice(0, 8).map((post) => `${post.dataset.tick}: ${post.textContent}`),
      })).catch(() => "page does not answer");
      throw new Error(`waited in vain: ${why}\n${JSON.stringify(state, undefined, 1)}`, { cause: error });
    }
  }

  /** Waits until the room is joined. */
  live(timeout) {
    return this.until(
      "the pill says that the link is live",
      () => document.getElementById("pill")?.dataset.tone === "good",
      undefined,
      timeout,
    );
  }

  /** Waits until the page has noticed that the link is gone. */
  down() {
    return this.until(
      "the page notices the loss",
      () => !["open", "closing"].includes(document.getElementById("stat-state").dataset.value),
    );
  }

  /** Waits until the link has been replaced since there were `before` reconnects, and the room is joined again. */
  async reconnected(before, timeout) {
    await this.until(
      "the link is replaced",
      (count) => Number(document.getElementById("stat-reconnects").dataset.value) > count,
      before,
      timeout,
    );
    await this.live(timeout);
  }

  /** On a phone, shows one of `map`, `feed`, `link`; on a desktop all of them are there. */
  async view(name) {
    const button = this.page.locator(`#tab-${name}`);
    if (await button.isVisible()) await button.click();
  }

  /** A number of the panel; NaN while there is none. */
  number(name) {
    return this.page.evaluate((id) => Number.parseFloat(document.getElementById(id).dataset.value), `stat-${name}`);
  }

  /** Name of this tab for the server's faults. */
  client() {
    return this.page.evaluate(() => JSON.parse(sessionStorage.getItem("everwire.identity")).client);
  }

  userName() {
    return this.page.evaluate(() => JSON.parse(sessionStorage.getItem("everwire.identity")).name);
  }

  async post(text) {
    await this.page.fill("#composer-text", text);
    await this.page.press("#composer-text", "Enter");
  }

  /** How often each of the texts is in the feed. */
  counts(texts) {
    return this.page.evaluate((wanted) => {
      const shown = [...document.querySelectorAll(".post-text")].map((element) => element.textContent);
      return wanted.map((text) => shown.filter((other) => other === text).length);
    }, texts);
  }

  /** Waits until the server has every one of the texts and the page shows each exactly once. */
  async once(texts, timeout = 30_000) {
    await this.until(
      `each of ${texts.length} posts is there once: ${texts[0]} …`,
      (wanted) => {
        const posts = [...document.querySelectorAll(".post")];
        return wanted.every((text) => {
          const found = posts.filter((post) => post.querySelector(".post-text").textContent === text);
          return found.length === 1 && ["", "sent"].includes(found[0].dataset.tick);
        });
      },
      texts,
      timeout,
    );
  }

  /** Waits until a post has one of these ticks. */
  tick(text, wanted, timeout) {
    return this.until(
      `the post "${text}" is ${wanted.join(" or ")}`,
      ([body, ticks]) => {
        const post = [...document.querySelectorAll(".post")].find(
          (element) => element.querySelector(".post-text").textContent === body,
        );
        return ticks.includes(post?.dataset.tick);
      },
      [text, wanted],
      timeout,
    );
  }

  /** Saves a picture under target/e2e. */
  async shot(name) {
    await mkdir(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }

  close() {
    return this.context.close();
  }
}
