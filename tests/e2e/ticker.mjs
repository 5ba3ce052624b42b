// The stock ticker, clicked through in a real browser: on the embedded broker, then on a RabbitMQ cluster of two nodes.
// Nothing in here sleeps; every wait has a condition and says what it waited for. A failing test leaves pictures in
// target/e2e.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchChromium } from "../support/browser.mjs";
import { startRabbit } from "../support/rabbitmq.mjs";
import { Demo } from "./demo.mjs";
import { Tab, desktop, phone } from "./tab.mjs";

/** Few enough for browsers without a graphics card that draw in several tabs at once. */
const TICKS = 100;
const PATIENCE = 60_000;
const BURST = 10;

/** A test that leaves a picture of each tab when it fails. */
function pictured(world, name, body) {
  test(name, async () => {
    try {
      await body();
    } catch (error) {
      for (const [who, tab] of Object.entries(world.tabs)) await tab.shot(`ticker-${name.replace(/\W+/g, "-")}-${who}`).catch(() => {});
      throw error;
    }
  });
}

/** The orders that a tab shows, the newest first. */
const orders = (tab) =>
  tab.page.evaluate(() =>
    [...document.querySelectorAll(".order-line")].map(({ dataset: { id, state, sent } }) => ({ id, state, sent: Number(sent) })),
  );

/** Waits until a tab shows `count` orders, all of them filled, and gives their ids. */
async function allFilled(tab, count) {
  await tab.until(
    `${count} orders are filled`,
    (wanted) => {
      const lines = [...document.querySelectorAll(".order-line")];
      return lines.length === wanted && lines.every((line) => line.dataset.state === "filled");
    },
    count,
    PATIENCE,
  );
  const ids = (await orders(tab)).map(({ id }) => id);
  assert.equal(new Set(ids).size, count, "no order is shown twice");
  return ids;
}

/** Waits until new prices have been drawn on both boards. */
async function pricesMove(tab) {
  const boards = () => ["raw", "conflated"].map((name) => document.getElementById(`${name}-board`).textContent);
  const before = await tab.page.evaluate(boards);
  await tab.until(
    "both boards show new prices",
    (old) => ["raw", "conflated"].every((name, index) => document.getElementById(`${name}-board`).textContent !== old[index]),
    before,
    PATIENCE,
  );
}

const value = (tab, id) => tab.page.evaluate((name) => Number(document.getElementById(name).dataset.value), id);

/** Waits until a number of the page is more than nothing. */
const counts = (tab, id) =>
  tab.until(`${id} counts`, (name) => Number(document.getElementById(name).dataset.value) > 0, id, PATIENCE);

/** Waits until numbers of the page have been renewed twice, so that what they say is about now. */
async function renewed(tab) {
  const points = () => Number(document.getElementById("work-chart").dataset.points);
  const before = await tab.page.evaluate(points);
  await tab.until(
    "numbers are renewed",
    (old) => Number(document.getElementById("work-chart").dataset.points) >= old + 2,
    before,
    PATIENCE,
  );
}

/** How many pixels of a chart are drawn on. */
const inked = (tab, id) =>
  tab.page.evaluate((name) => {
    const canvas = document.querySelector(`#${name} canvas`);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count++;
    return count;
  }, id);

describe("ticker on the embedded broker", { concurrency: false }, () => {
  const world = { tabs: {} };
  let desk;
  let hand;

  before(async () => {
    world.demo = await Demo.start(["--ticks-per-s", TICKS, "--vehicles", 0]);
    world.browser = await launchChromium();
    const url = `${world.demo.url}ticker`;
    desk = await Tab.open(world.browser, url, { ...desktop, reducedMotion: "reduce" });
    hand = await Tab.open(world.browser, url, { ...phone, locale: "ko-KR", colorScheme: "dark" });
    world.tabs = { desk, hand };
  });

  after(async () => {
    await world.browser?.close();
    await world.demo?.stop();
  });

  pictured(world, "prices flow into both boards, and charts are drawn", async () => {
    for (const tab of [desk, hand]) {
      await pricesMove(tab);
      for (const number of ["stat-ticks", "raw-drawn", "raw-work", "conflated-drawn", "conflated-work"]) await counts(tab, number);
      await renewed(tab);
      await tab.until("the price has a past", () => Number(document.getElementById("price-chart").dataset.points) > 60);
      for (const chart of ["price-chart", "work-chart"]) assert.ok((await inked(tab, chart)) > 300, `${chart} is drawn`);
    }
  });

  pictured(world, "a click on a tile shows that symbol", async () => {
    await desk.page.click('#conflated-board [data-symbol="MRUB"]');
    await desk.until("the name is shown", () => document.getElementById("quote-name").textContent === "MRUB · Maru Bio");
    assert.equal(await desk.page.inputValue("#order-symbol"), "MRUB");
    await desk.page.click('[data-language="ko"]');
    await desk.until("the name is Korean", () => document.getElementById("quote-name").textContent === "MRUB · 마루바이오");
    await desk.page.click('[data-language="en"]');
  });

  pictured(world, "one view alone draws alone", async () => {
    for (const [mode, on, off] of [["raw", "raw", "conflated"], ["conflated", "conflated", "raw"]]) {
      await desk.page.click(`#mode [data-value="${mode}"]`);
      await renewed(desk);
      assert.equal(await value(desk, `${off}-drawn`), 0);
      await counts(desk, `${on}-drawn`);
    }
    await desk.page.click('#mode [data-value="both"]');
  });

  pictured(world, "an order is confirmed, and everyone sees it", async () => {
    await desk.page.fill("#order-quantity", "0");
    await desk.page.click("#order .buy");
    await desk.until("a wrong quantity is refused", () => document.getElementById("order-problem").textContent !== "");
    await desk.page.fill("#order-quantity", "25");
    await desk.page.click("#order .sell");
    const [id] = await allFilled(desk, 1);
    assert.deepEqual(await allFilled(hand, 1), [id]);
    assert.equal((await orders(hand))[0].sent, 0, "the other tab has not sent it");
  });

  pictured(world, "orders count once although the server is killed between taking and confirming them", async () => {
    // The answers are on their way for so long that the kill comes first.
    await world.demo.chaos({ latencyMs: 5_000 }, await desk.client());
    await desk.page.click("#fault-burst");
    await allFilled(hand, 1 + BURST);
    await world.demo.kill();
    await desk.until(
      "the sender does not know",
      (count) => document.querySelectorAll('.order-line[data-state="unknown"]').length === count,
      BURST,
      PATIENCE,
    );
    await desk.page.click("#order .buy");
    await world.demo.restart();
    const ids = await allFilled(desk, 2 + BURST);
    const resent = (await orders(desk)).filter(({ sent }) => sent > 1);
    assert.equal(resent.length, BURST, "those were sent again");
    assert.deepEqual(await allFilled(hand, 2 + BURST), ids);
    await pricesMove(desk);
  });

  pictured(world, "a reload in the middle of orders loses none", async () => {
    await world.demo.chaos({ latencyMs: 1_500 }, await desk.client());
    await desk.page.click("#fault-burst");
    await desk.page.reload();
    await world.demo.chaos({ clear: true }, await desk.client());
    await desk.live(PATIENCE);
    const ids = await allFilled(desk, 2 + 2 * BURST);
    assert.deepEqual(await allFilled(hand, 2 + 2 * BURST), ids);
  });

  pictured(world, "the page comes back by itself from a broken link and from a server that is away", async () => {
    for (const fault of ["#fault-reset", "#fault-kill"]) {
      const lost = desk.until("the page notices", () => document.getElementById("pill").dataset.state !== "connected", undefined, PATIENCE);
      await desk.page.click(fault);
      await lost;
      await desk.live(PATIENCE);
      await pricesMove(desk);
    }
    await hand.live(PATIENCE);
  });

  pictured(world, "nothing is wider than a phone, and the two pages lead to each other", async () => {
    assert.ok(await hand.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await hand.page.click(".top-link");
    await hand.until("the map is there", () => document.getElementById("map") !== null);
    await hand.page.click('.top-link[href="./ticker"]');
    await hand.until("the ticker is there", () => document.getElementById("raw-board") !== null);
  });

  test("no code of the page has failed meanwhile", () => {
    assert.deepEqual(desk.problems, []);
    assert.deepEqual(hand.problems, []);
  });
});

describe("ticker on a RabbitMQ cluster", { concurrency: false }, () => {
  const world = { tabs: {} };
  let desk;

  before(async () => {
    world.rabbit = await startRabbit({ nodes: 2 });
    const { urls, user, password } = world.rabbit;
    world.demo = await Demo.start(["--ticks-per-s", TICKS, "--vehicles", 0, "--broker", urls.join(","), "--broker-login", `${user}:${password}`]);
    world.browser = await launchChromium();
    desk = await Tab.open(world.browser, `${world.demo.url}ticker`, { ...desktop, reducedMotion: "reduce" });
    world.tabs = { desk };
  });

  after(async () => {
    await world.browser?.close();
    await world.demo?.stop();
    await world.rabbit?.close();
  });

  pictured(world, "prices flow and orders are confirmed", async () => {
    await pricesMove(desk);
    assert.equal(await desk.page.isVisible("#fault-kill"), false, "the server cannot kill what it does not own");
    await desk.page.click("#order .buy");
    await allFilled(desk, 1);
  });

  pictured(world, "the kill of one node costs no order and doubles none", async () => {
    const { urls } = world.rabbit;
    const broker = () => desk.page.evaluate(() => document.getElementById("pill").title);
    const node = urls.indexOf(await broker());
    assert.ok(node >= 0);
    await desk.page.click("#fault-burst");
    await world.rabbit.node(node).kill();
    await desk.until(
      "the page uses the other node",
      (other) => document.getElementById("pill").title === other && document.getElementById("pill").dataset.state === "connected",
      urls[1 - node],
      PATIENCE,
    );
    await desk.page.click("#order .sell");
    const ids = await allFilled(desk, 2 + BURST);
    await pricesMove(desk);

    // Another visitor is told the same by the server.
    const late = await Tab.open(world.browser, `${world.demo.url}ticker`, { ...desktop, reducedMotion: "reduce" });
    world.tabs.late = late;
    assert.deepEqual(await allFilled(late, 2 + BURST), ids);
    assert.deepEqual(late.problems, []);
  });

  pictured(world, "the page also follows when the first node is back and the second one dies", async () => {
    const { urls } = world.rabbit;
    const used = urls.indexOf(await desk.page.evaluate(() => document.getElementById("pill").title));
    await world.rabbit.node(1 - used).start();
    await world.rabbit.node(used).kill();
    await desk.until(
      "the page uses the first node again",
      (other) => document.getElementById("pill").title === other && document.getElementById("pill").dataset.state === "connected",
      urls[1 - used],
      PATIENCE,
    );
    await desk.page.click("#order .buy");
    await allFilled(desk, 3 + BURST);
    await pricesMove(desk);
    assert.deepEqual(desk.problems, []);
  });
});
