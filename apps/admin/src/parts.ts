import type { Config, Logger } from "@thymus/contracts";
import type { LinkKeys } from "@thymus/trust";
import type { SampleStore } from "./cases/samples.ts";
import type { Meters } from "./http/metrics.ts";
import type { Repository } from "./link/publish.ts";
import type { State } from "./state/state.ts";

/** What the running server is made of; handed to whatever answers a request. */
export interface Parts {
  readonly config: Config;
  readonly state: State;
  readonly samples: SampleStore;
  readonly repository: Repository;
  readonly keys: LinkKeys;
  readonly apiToken: string;
  readonly meters: Meters;
  readonly consoleDir: string;
  readonly log: Logger;
}
