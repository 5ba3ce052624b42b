// Browsers for the tests: Chromium from $EVERWIRE_CHROME, $PATH names as fallback.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--disable-background-networking"];

/** The Chromium program to use. */
export function chromePath() {
  if (process.env.EVERWIRE_CHROME) return process.env.EVERWIRE_CHROME;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const dir of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(dir, name);
      if (existsSync(path)) return path;
    }
  }
  throw new Error("no Chromium found: install it or name it in EVERWIRE_CHROME");
}

/** Starts headless Chromium; `options` are those of playwright's `launch`. */
export function launchChromium(flags = [], options = {}) {
  return chromium.launch({ executablePath: chromePath(), args: [...FLAGS, ...flags], ...options });
}

/**
 * Opens a page and collects what goes wrong in it.
 *
 * @returns {Promise<{page: import("playwright-core").Page, problems: string[]}>}
 */
export async function openPage(browser, url) {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}
