// All scenarios by name.
import handshake from "../scenarios/handshake.mjs";
import link from "../scenarios/link.mjs";
import pacing from "../scenarios/pacing.mjs";
import receiving from "../scenarios/receiving.mjs";
import releasing from "../scenarios/releasing.mjs";
import sending from "../scenarios/sending.mjs";

export const scenarios = { ...link, ...handshake, ...sending, ...pacing, ...receiving, ...releasing };
