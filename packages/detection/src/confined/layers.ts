/** What holds a confined worker, and what is told where something of it does not. */
export const LAYERS = ["uid", "no-new-privileges", "limits", "landlock", "seccomp", "namespaces"] as const;
export type Layer = (typeof LAYERS)[number];

const WITHOUT: Readonly<Record<Layer, string>> = {
  uid: "it keeps root's user id (it may not become another user here)",
  "no-new-privileges": "it could gain privileges by running programs",
  limits: "its memory is not bounded",
  landlock: "no Landlock: only the list of system calls keeps it from the file system",
  seccomp: "no list of system calls (seccomp): the whole kernel is open to it",
  namespaces: "it shares the machine's namespaces (bubblewrap is not installed, or may not make any)",
};

/** What does not hold, one sentence each; empty where all of it does. */
export const missingLayers = (held: readonly Layer[]): string[] =>
  LAYERS.filter((layer) => !held.includes(layer)).map((layer) => WITHOUT[layer]);

/** Without either of these nothing keeps hostile bytes from the machine's files: such a worker takes none. */
export const isHeld = (held: readonly Layer[]): boolean =>
  held.includes("seccomp") || held.includes("landlock");
