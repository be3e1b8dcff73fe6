/** The ordinary conditions of a run, and the empty world of runs that need none. */
import type { Conditions, World } from "../chamber.ts";

export const plainConditions: Conditions = {
  label: "plain",
  args: [],
  stdin: null,
  clockOffset: 0,
  locale: "C.UTF-8",
  timezone: "UTC",
  asRoot: false,
};

export const emptyWorld: World = { files: [], honey: [], packages: [], tokens: {} };
