import type { Monitor } from "../suspicion/incident.ts";

/** An active prescription knows the content: there is no doubt. */
export const familySignature: Monitor = {
  name: "family-signature",
  look: ({ signatures }) =>
    [...signatures].map(([path, prescription]) => ({
      kind: "family-signature" as const,
      rule: "family-signature",
      path,
      weight: 1,
      what: `${path} is found by the active prescription ${prescription}`,
      shared: false,
      prescription,
    })),
};
