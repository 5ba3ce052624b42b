// What the page does while the link is bad. All faults are real ones at the server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tab, desktop } from "./tab.mjs";

/** Positions older than this are not fresh any more, ms. */
const FRESH = 2_500;

const numbered = (word, count) => Array.from({ length: count }, (_, index) => `${word} ${index + 1} of ${count}`);

const logged = (tab, text) =>
  tab.until(
    `the log says "${text}"`,
    (wanted) => document.getElementById("log-list").textContent.includes(wanted),
    text,
  );

/** From now on the page notes for how long the pill was not live, and whether the banner was shown meanwhile. */
const watchLosses = (tab) =>
  tab.page.evaluate(() => {
    const [banner, pill] = [document.getElementById("banner"), document.getElementById("pill")];
    window.losses = [];
    let loss;
    new MutationObserver(() => {
      const down = pill.dataset.tone !== "good";
      if (down && !loss) {
        loss = { began: performance.now(), shown: false };
        window.losses.push(loss);
      }
      if (!down && loss) {
        loss.lasted = performance.now() - loss.began;
        loss = undefined;
      }
    }).observe(pill, { attributes: true });
    new MutationObserver(() => {
      if (loss && banner.classList.contains("on")) loss.shown = true;
    }).observe(banner, { attributes: true });
  });

const losses = (tab) => tab.page.evaluate(() => window.losses);

/** A loss that is over sooner must not be announced, ms; as in www/src/ui/status.ts, less one reading of the clock. */
const GRACE = 1_250;

export function faults(world) {
  test("a half-open link is given up and replaced; what was written to it arrives once", async () => {
    const { desk, phone, demo } = world;
    const before = await desk.number("reconnects");
    await desk.page.click("#chaos-half-open");
    await desk.until("the fault is in force", () => document.getElementById("chaos").classList.contains("active"));
    // The page waits for life as long as its round trips suggest; on a slow machine that may be over ten seconds.
    await demo.chaos({ halfOpen: { seconds: null } }, await desk.client());
    await desk.post("Written into the void");
    await desk.tick("Written into the void", ["sending", "unknown"]);
    await desk.shot("desktop-en-half-open");
    await desk.reconnected(before, 40_000);
    await logged(desk, "no sign of life");
    await Promise.all([desk.once(["Written into the void"]), phone.once(["Written into the void"])]);
    await desk.page.click("#chaos-clear");
  });

  test("a reset heals without a banner if it is quick, and what was posted meanwhile arrives once", async () => {
    const { desk, phone } = world;
    await desk.until("no banner is left over", () => !document.getElementById("banner").classList.contains("on"));
    await watchLosses(desk);
    const before = await desk.number("reconnects");
    await desk.page.click("#chaos-reset");
    const texts = numbered("Reset", 3);
    for (const text of texts) await desk.post(text);
    await desk.reconnected(before);
    await Promise.all([desk.once(texts), phone.once(texts)]);
    const noted = await losses(desk);
    assert.ok(noted.length > 0, "the pill has told of the loss");
    const flapped = noted.filter(({ lasted, shown }) => shown && lasted < GRACE);
    assert.deepEqual(flapped, [], "a banner for a blip");
  });

  test("a killed and restarted server: the banner says so, both go on posting, nothing is lost or doubled", async () => {
    const { desk, phone, demo } = world;
    await desk.page.click("#chaos-kill");
    // The button's three seconds may be over before a slow machine has filled in the posts.
    await desk.until("the server is dead", () => document.getElementById("chaos").classList.contains("active"));
    await demo.chaos({ kill: { seconds: null } });
    await Promise.all([desk.down(), phone.down()]);
    const [first, second] = [numbered("While it is dead", 3), numbered("서버가 죽은 동안", 3)];
    for (const text of first) await desk.post(text);
    for (const text of second) await phone.post(text);
    await desk.tick(first[0], ["waiting", "sending", "unknown"]);
    for (const tab of [desk, phone]) {
      await tab.until("the banner is shown", () => document.getElementById("banner").classList.contains("on"));
    }
    for (const tab of [desk, phone]) {
      const tall = await tab.page.evaluate(() => document.querySelector(".brand").offsetHeight);
      assert.ok(tall < 36, `the header's name is broken into lines, ${tall} px`);
    }
    await desk.shot("desktop-en-killed");
    await phone.shot("phone-ko-killed");
    await demo.chaos({ kill: false });
    const all = [...first, ...second];
    await Promise.all([desk.live(), phone.live()]);
    await Promise.all([desk.once(all), phone.once(all)]);
  });

  test("kill -9 of the server process in the middle of posting: nothing lost, nothing doubled, also for a newcomer", async (t) => {
    const { desk, phone, demo, browser } = world;
    const mine = numbered("Kill nine", 10);
    const theirs = numbered("강제 종료", 10);
    for (let index = 0; index < 10; index++) {
      await Promise.all([desk.post(mine[index]), phone.post(theirs[index])]);
      if (index === 4) await demo.kill();
      if (index === 7) await demo.restart();
    }
    const all = [...mine, ...theirs];
    await Promise.all([desk.live(30_000), phone.live(30_000)]);
    await Promise.all([desk.once(all), phone.once(all)]);
    const newcomer = await Tab.open(browser, demo.url, desktop);
    t.after(() => newcomer.close());
    await newcomer.once(all);
    assert.deepEqual(newcomer.problems, []);
  });

  test("64 kB/s: positions stay fresh and a post is not stuck behind them", async () => {
    const { desk, phone } = world;
    await desk.page.click("#chaos-bandwidth [data-value='64000']");
    await desk.until(
      "the fault is in force",
      () => document.querySelector("#chaos-bandwidth [data-value='64000']").getAttribute("aria-pressed") === "true",
    );
    // 32 new readings of the panel, taken four times a second, all of them fresh.
    await desk.page.evaluate(() => {
      window.ages = [];
      window.reader = setInterval(() => {
        window.ages.push(Number.parseFloat(document.getElementById("stat-age").dataset.value));
      }, 250);
    });
    const text = "Through the bottleneck";
    await desk.post(text);
    await desk.tick(text, ["sent"], 6_000);
    await desk.until("there are 32 readings of the age", () => window.ages.length >= 32);
    const ages = await desk.page.evaluate(() => {
      clearInterval(window.reader);
      return window.ages;
    });
    await desk.shot("desktop-en-64k");
    assert.ok(ages.every((age) => age < FRESH), `ages: ${ages.join(", ")}`);
    await phone.once([text]);
    await desk.page.click("#chaos-bandwidth [data-value='0']");
  });

  test("every fourth message lost, both ways: posts and likes arrive once all the same", async () => {
    const { desk, phone, demo } = world;
    const stats = await demo.get("/stats");
    await desk.page.click("#chaos-drops [data-value='4']");
    await desk.until(
      "the fault is in force",
      () => document.querySelector("#chaos-drops [data-value='4']").getAttribute("aria-pressed") === "true",
    );
    const mine = numbered("Through the sieve", 6);
    const theirs = numbered("체로 거르듯", 6);
    for (let index = 0; index < 6; index++) {
      await desk.post(mine[index]);
      await phone.post(theirs[index]);
    }
    const all = [...mine, ...theirs];
    await Promise.all([desk.once(all, 60_000), phone.once(all, 60_000)]);
    const { droppedIn, droppedOut } = await demo.get("/stats");
    assert.ok(droppedIn > stats.droppedIn && droppedOut > stats.droppedOut, "the server has dropped something");
    await desk.shot("desktop-en-drops");
    await desk.page.click("#chaos-clear");
    await desk.until("the fault is over", () => !document.getElementById("chaos").classList.contains("active"));
    await desk.until("nothing is queued any more", () => document.getElementById("stat-queued").dataset.value === "0");
  });

  test("a reload while the server is dead: the posts are sent afterwards, once", async () => {
    const { desk, phone, demo } = world;
    await demo.chaos({ kill: { seconds: null } });
    await desk.down();
    const texts = numbered("Before the reload", 2);
    for (const text of texts) await desk.post(text);
    await desk.tick(texts[1], ["waiting", "unknown", "sending"]);
    await desk.page.reload();
    await desk.until(
      "the unsent posts are still there",
      (wanted) => document.querySelectorAll(".post").length >= wanted,
      texts.length,
    );
    await demo.chaos({ kill: false });
    await desk.live(30_000);
    await phone.live(30_000);
    await Promise.all([desk.once(texts), phone.once(texts)]);
  });

  test("offline and online again: the page says so, and the post goes out by itself", async () => {
    const { desk, phone } = world;
    await phone.context.setOffline(true);
    await phone.post("오프라인에서 썼어요");
    await phone.down();
    // The good news of the fault before may still be there.
    await phone.until("the banner tells of a loss", () => {
      const { classList, dataset } = document.getElementById("banner");
      return classList.contains("on") && dataset.tone === "bad";
    });
    assert.match(await phone.page.textContent("#banner-text"), /오프라인/);
    await phone.shot("phone-ko-offline");
    await phone.context.setOffline(false);
    await phone.live();
    await Promise.all([phone.once(["오프라인에서 썼어요"]), desk.once(["오프라인에서 썼어요"])]);
  });

  test("the whole story once more for a newcomer in the dark", async (t) => {
    const { demo, browser } = world;
    const newcomer = await Tab.open(browser, demo.url, { ...desktop, colorScheme: "dark" });
    t.after(() => newcomer.close());
    await newcomer.until(
      "the map is full",
      () => Number(document.getElementById("map").dataset.vehicles) > 100,
    );
    const doubled = await newcomer.page.evaluate(() => {
      const ids = [...document.querySelectorAll(".post")].map((post) => post.dataset.id);
      return ids.length - new Set(ids).size;
    });
    assert.equal(doubled, 0);
    await newcomer.shot("desktop-en-dark");
    const shift = await newcomer.page.evaluate(
      () =>
        new Promise((resolve) => {
          new PerformanceObserver((list) =>
            resolve(list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0)),
          ).observe({ type: "layout-shift", buffered: true });
          // Without a single shift the observer is never called.
          requestIdleCallback(() => resolve(0), { timeout: 1_000 });
        }),
    );
    assert.ok(shift < 0.1, `the layout has jumped: ${shift}`);
    assert.deepEqual(newcomer.problems, []);
  });
}
