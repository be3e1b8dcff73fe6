/** What host and guest agree on. Sizes in bytes unless a name says otherwise. */
export const MIB = 1024 * 1024;
export const MEMORY_MIB = 768;

/**
 * The disk that carries a run in, three tars: how long the others are, so that the guest reads no more; the job (out of
 * the sample's reach, with what the fake registry offers); decoys, world and sample.
 */
export const inputDisk = { size: 256 * MIB, job: MIB, tree: 32 * MIB };

/** The disk that carries a result out, in regions, so that one flooded region cannot hide another. */
export const outputDisk = {
  size: 288 * MIB,
  control: { start: 0, end: 48 * MIB },
  network: { start: 48 * MIB, end: 96 * MIB },
  decoys: { start: 96 * MIB, end: 192 * MIB },
  dropped: { start: 192 * MIB, end: 288 * MIB },
};

/** The unprivileged user of the guest that runs samples. */
export const guestUser = { name: "sam", id: 1000, home: "/home/sam", downloads: "/home/sam/Downloads" };
