// What the page does while the link is good.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Observer } from "./observer.mjs";
import { Tab, desktop } from "./tab.mjs";

const MANY = 100;
/** Least time between two reports of the own position, ms; as in www/src/net.ts. */
const THROTTLE = 150;

/** What the vehicles' canvas shows now, as a text that changes when anything on it moves. */
const picture = () => document.querySelector("canvas.vehicles").toDataURL();

const waitForPeople = (tab, count) =>
  tab.until(
    `${count} people are shown`,
    (wanted) => document.getElementById("people-count").dataset.count === String(wanted),
    count,
  );

const likesOf = (tab, text, likes) =>
  tab.until(
    `"${text}" has ${likes} likes`,
    ([body, wanted]) =>
      [...document.querySelectorAll(".post")].some(
        (post) => post.querySelector(".post-text").textContent === body && post.dataset.likes === String(wanted),
      ),
    [text, likes],
  );

/** Clicks like at the pace of an impatient finger; the button is not waited for between two clicks. */
async function like(tab, text, times) {
  const button = tab.page.locator(".post", { hasText: text }).locator(".like");
  await button.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await button.boundingBox();
  for (let click = 0; click < times; click++) await tab.page.mouse.click(x + width / 2, y + height / 2);
}

/** Labels that are the same in every language. */
const PROPER_NAMES = ["WebSocket", "Socket.IO", "SockJS"];

export function features(world) {
  test("the map shows a few hundred vehicles, and they move between two frames", async () => {
    const { desk, phone } = world;
    for (const tab of [desk, phone]) {
      await tab.until(
        `more than ${MANY} vehicles are on the map`,
        (many) => Number(document.getElementById("map").dataset.vehicles) > many,
        MANY,
      );
      const before = await tab.page.evaluate(picture);
      await tab.until(
        "the vehicles are drawn elsewhere",
        (old) => document.querySelector("canvas.vehicles").toDataURL() !== old,
        before,
      );
    }
    await desk.shot("desktop-en");
    await phone.shot("phone-ko-map");
  });

  test("zooming in narrows the subscription, going home widens it again", async () => {
    const { desk } = world;
    const all = await desk.page.evaluate(() => Number(document.getElementById("map").dataset.vehicles));
    const zoom = await desk.page.evaluate(() => Number(document.getElementById("map").dataset.zoom));
    const levels = 3;
    // Faster than the map's animation: no step may get lost.
    for (let level = 0; level < levels; level++) await desk.page.press("#map-in", "Enter");
    await desk.until(
      "the map is three levels closer",
      (wanted) => Number(document.getElementById("map").dataset.zoom) === wanted,
      zoom + levels,
    );
    await desk.until(
      "fewer vehicles are in the smaller area",
      (whole) => {
        const now = Number(document.getElementById("map").dataset.vehicles);
        return now > 0 && now < whole / 2;
      },
      all,
    );
    await desk.shot("desktop-en-zoomed");
    await desk.page.click("#map-home");
    await desk.until(
      "the large area is filled again",
      (whole) => Number(document.getElementById("map").dataset.vehicles) > whole * 0.8,
      all,
    );
  });

  test("dragging the own marker reaches the others, throttled, with the last place at the end", async (t) => {
    const { desk, demo } = world;
    const observer = await Observer.join(demo, "seoul");
    t.after(() => observer.leave());
    const user = await desk.page.evaluate(() => JSON.parse(sessionStorage.getItem("everwire.identity")).user);
    const marker = await desk.page.locator(".me-dot").boundingBox();
    const [x, y] = [marker.x + marker.width / 2, marker.y + marker.height / 2];
    await desk.page.mouse.move(x, y);
    await desk.page.mouse.down();
    await desk.page.mouse.move(x + 10, y + 5, { steps: 5 });
    const before = observer.positionsOf(user).length;
    // Sixty moves within one task, which no machine is too slow for.
    const moves = 60;
    const begun = performance.now();
    await desk.page.evaluate(
      ([fromX, fromY, count]) => {
        for (let step = 1; step <= count; step++) {
          const at = { clientX: fromX + 10 + step * 2, clientY: fromY + 5 + step, bubbles: true };
          document.dispatchEvent(new MouseEvent("mousemove", at));
        }
      },
      [x, y, moves],
    );
    await desk.page.mouse.move(x + 132, y + 66);
    await desk.page.mouse.up();
    const [lat, lon] = await desk.page.evaluate(() => JSON.parse(sessionStorage.getItem("everwire.me")));
    await observer.until("the marker's last place has arrived", () => {
      const last = observer.positionsOf(user).at(-1);
      return last && Math.abs(last.lat - lat) < 1e-4 && Math.abs(last.lon - lon) < 1e-4;
    });
    const reports = observer.positionsOf(user).length - before;
    const allowed = Math.ceil((performance.now() - begun) / THROTTLE) + 1;
    assert.ok(reports <= allowed && reports < moves / 2, `${reports} reports for ${moves} moves, ${allowed} allowed`);
    await world.phone.until(
      "the phone's map has a visitor",
      () => Number(document.getElementById("map").dataset.visitors) > 0,
    );
  });

  test("posts of both reach both, once", async () => {
    const { desk, phone } = world;
    await phone.view("feed");
    await desk.post("Hello from the desktop");
    await phone.post("휴대폰에서 인사드려요");
    await desk.post("The second one");
    const texts = ["Hello from the desktop", "휴대폰에서 인사드려요", "The second one"];
    await Promise.all([desk.once(texts), phone.once(texts)]);
  });

  test("a slow link shows the tick on its way from sending to sent", async () => {
    const { desk, demo } = world;
    await demo.chaos({ latencyMs: 900 }, await desk.client());
    await desk.post("This one takes its time");
    await desk.tick("This one takes its time", ["sending"]);
    await desk.shot("desktop-en-sending");
    await desk.tick("This one takes its time", ["sent"]);
    await demo.chaos({ clear: true }, await desk.client());
    await desk.once(["This one takes its time"]);
  });

  test("quick likes count all and leave as few messages", async (t) => {
    const { desk, phone, demo } = world;
    const observer = await Observer.join(demo, "seoul");
    t.after(() => observer.leave());
    await like(desk, "The second one", 8);
    await like(phone, "The second one", 2);
    await Promise.all([likesOf(desk, "The second one", 10), likesOf(phone, "The second one", 10)]);
    await observer.until("the total is 10", () => observer.of("liked").at(-1)?.likes === 10);
    assert.ok(observer.of("liked").length < 10, `${observer.of("liked").length} messages for 10 likes`);
  });

  test("typing is shown to the other and ends with the post", async () => {
    const { desk, phone } = world;
    await desk.page.locator("#composer-text").pressSequentially("I am typ");
    await phone.until("the phone shows who types", () => document.getElementById("typing").classList.contains("on"));
    assert.match(await phone.page.textContent("#typing"), new RegExp(await desk.userName()));
    await phone.shot("phone-ko-feed");
    await desk.post("I have typed");
    await phone.until("nobody types any more", () => !document.getElementById("typing").classList.contains("on"));
    await phone.once(["I have typed"]);
  });

  test("the other's read mark stands at the newest post", async () => {
    await world.desk.until(
      "the newest post has a reader",
      () => document.querySelector(".post .readers .avatar")?.closest(".post") === document.querySelector(".post"),
    );
  });

  test("presence counts visitors, lives through a reset, and lets go of one who has left", async (t) => {
    const { desk, phone, demo, browser } = world;
    await waitForPeople(desk, 2);
    const third = await Tab.open(browser, demo.url, desktop);
    t.after(() => third.close());
    await waitForPeople(desk, 3);
    await desk.page.evaluate(() => {
      const count = document.getElementById("people-count");
      window.least = Number(count.dataset.count);
      new MutationObserver(() => {
        window.least = Math.min(window.least, Number(count.dataset.count));
      }).observe(count, { attributes: true });
    });
    const before = await phone.number("reconnects");
    await demo.chaos({ reset: true }, await phone.client());
    await phone.reconnected(before);
    await waitForPeople(phone, 3);
    assert.equal(await desk.page.evaluate(() => window.least), 3, "the reset was seen as leaving");
    await third.close();
    await waitForPeople(desk, 2);
  });

  test("the feed is back after a reload, with the same visitor and the unfinished draft", async () => {
    const { desk } = world;
    const name = await desk.userName();
    const count = await desk.page.locator(".post").count();
    await desk.page.fill("#composer-text", "Not finished yet");
    await desk.page.reload();
    await desk.live();
    await desk.until("all posts are back", (wanted) => document.querySelectorAll(".post").length === wanted, count);
    assert.equal(await desk.userName(), name);
    assert.equal(await desk.page.inputValue("#composer-text"), "Not finished yet");
    await desk.page.fill("#composer-text", "");
  });

  test("rooms are apart, and a new name reaches the others", async () => {
    const { desk, phone } = world;
    await phone.page.fill("#name", "제주 사람");
    await phone.page.press("#name", "Enter");
    await phone.page.click("[data-room=jeju]");
    await phone.live();
    await phone.post("제주에서 씁니다");
    await phone.once(["제주에서 씁니다"]);
    await waitForPeople(desk, 1);
    assert.deepEqual(await desk.counts(["제주에서 씁니다"]), [0]);
    await phone.page.click("[data-room=seoul]");
    await phone.live();
    await waitForPeople(desk, 2);
    assert.match(await desk.page.getAttribute("#people-faces", "title"), /제주 사람/);
    await phone.once(["The second one"]);
  });

  test("Korean and English: everything is translated, and the switch is kept", async () => {
    const { desk, phone } = world;
    assert.equal(await phone.page.getAttribute("html", "lang"), "ko");
    assert.equal(await phone.page.textContent("#tab-map span"), "지도");
    assert.equal(await phone.page.textContent("#pill-text"), "연결됨");
    await desk.page.click("[data-language=ko]");
    await desk.until("the page is Korean", () => document.documentElement.lang === "ko");
    const latin = await desk.page.evaluate((names) =>
      [...document.querySelectorAll("[data-t]")]
        .filter((element) => element.offsetParent && !/[가-힣]/.test(element.textContent) && !names.includes(element.textContent.trim()))
        .map((element) => element.dataset.t),
    PROPER_NAMES);
    assert.deepEqual(latin, [], "texts without a Korean letter");
    await desk.shot("desktop-ko");
    await desk.page.reload();
    await desk.live();
    assert.equal(await desk.page.getAttribute("html", "lang"), "ko");
    await desk.page.click("[data-language=en]");
    await phone.page.click("[data-language=en]");
    await phone.shot("phone-en-feed");
    await phone.view("link");
    await phone.shot("phone-en-link");
    await phone.page.click("[data-language=ko]");
    await phone.shot("phone-ko-link");
    await phone.view("feed");
  });

  test("nothing on the page is wider than the screen", async () => {
    for (const tab of [world.desk, world.phone]) {
      for (const view of ["map", "feed", "link"]) {
        await tab.view(view);
        const excess = await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(excess <= 0, `${view}: ${excess} px too wide`);
      }
      await tab.view("feed");
    }
  });
}
