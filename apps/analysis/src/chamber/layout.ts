/** What host and guest agree on. Sizes in bytes unless a name says otherwise. */
export const MIB = 1024 * 1024;
export const MEMORY_MIB = 768;

/** The disk that carries a run in: the job's tar at 0, the tar of decoys and sample behind. */
export const inputDisk = { size: 256 * MIB, tree: MIB };

/** The disk that carries a result out, in regions, so that one flooded region cannot hide another. */
export const outputDisk = {
  size: 192 * MIB,
  control: { start: 0, end: 16 * MIB },
  decoys: { start: 16 * MIB, end: 112 * MIB },
  dropped: { start: 112 * MIB, end: 192 * MIB },
};

/** The unprivileged user of the guest that runs samples. */
export const guestUser = { name: "sam", id: 1000, home: "/home/sam", downloads: "/home/sam/Downloads" };
