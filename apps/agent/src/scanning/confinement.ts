import { type Layer, missingLayers } from "@thymus/detection";
import type { Notices } from "../state/notices.ts";

export type OnLayers = (layers: readonly Layer[]) => void;

/** Notes what does not hold the processes that read hostile files here, each time that one is ready. */
export const confinementNotice =
  (notices: Notices): OnLayers =>
  (layers) => {
    const missing = missingLayers(layers);
    notices.set(
      "confinement",
      missing.length === 0
        ? null
        : `the processes that read hostile files are not wholly confined: ${missing.join("; ")}`,
    );
  };
