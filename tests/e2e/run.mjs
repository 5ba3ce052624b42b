// The demo, clicked through in a real browser by two visitors: first on a good link, then on every kind of bad one.
// Nothing in here sleeps; every wait has a condition and says what it waited for. Pictures go to target/e2e.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchChromium } from "../support/browser.mjs";
import { Demo } from "./demo.mjs";
import { faults } from "./faults.mjs";
import { features } from "./features.mjs";
import { Tab, desktop, phone } from "./tab.mjs";

/** What the tests share; filled in before the first. */
const world = {};

describe("demo", { concurrency: false }, () => {
  before(async () => {
    world.demo = await Demo.start();
    world.browser = await launchChromium();
    world.desk = await Tab.open(world.browser, world.demo.url, desktop);
    world.phone = await Tab.open(world.browser, world.demo.url, { ...phone, locale: "ko-KR", colorScheme: "dark" });
  });

  after(async () => {
    await world.browser?.close();
    await world.demo?.stop();
  });

  features(world);
  faults(world);

  test("no code of the page has failed meanwhile", () => {
    assert.deepEqual(world.desk.problems, []);
    assert.deepEqual(world.phone.problems, []);
  });
});
