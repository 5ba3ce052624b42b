// All scenarios by name.
import link from "../scenarios/link.mjs";
import pacing from "../scenarios/pacing.mjs";
import receiving from "../scenarios/receiving.mjs";
import sending from "../scenarios/sending.mjs";

export const scenarios = { ...link, ...sending, ...pacing, ...receiving };
