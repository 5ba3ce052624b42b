// The part of slow-link.mjs that runs inside of the namespace.
//
//   node slow-link-inside.mjs MODULE OPTIONS     calls the module's `measure` with the JSON options and a browser
import { writeSync } from "node:fs";
import { launchChromium } from "../../support/browser.mjs";

/** What slow-link.mjs reads the result from. */
const RESULT_FD = 3;

const [module, options] = process.argv.slice(2);
const { measure } = await import(module);
const browser = await launchChromium();
try {
  writeSync(RESULT_FD, JSON.stringify(await measure({ ...JSON.parse(options), browser })));
} finally {
  await browser.close();
}
