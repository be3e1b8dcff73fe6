/** Magic numbers of file systems that hold no files of their own (statfs(2)): reading them may wait for ever. */
export const PSEUDO_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x1cd1, // devpts
  0x63677270, // cgroup2
  0x27e0eb, // cgroup
  0x6165676c, // pstore
  0xde5e81e4, // efivarfs
  0x73636673, // securityfs
  0x62656570, // configfs
  0xcafe4a11, // bpf
  0x19800202, // mqueue
  0x42494e4d, // binfmt_misc
  0x187, // autofs: looking would mount
]);
