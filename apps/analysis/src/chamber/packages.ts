/** Packages of Debian and Ubuntu that the host needs for a chamber, to be installed with --no-install-recommends. */
export const chamberPackages: readonly string[] = [
  "qemu-system-x86",
  "bubblewrap",
  "mmdebstrap",
  "squashfs-tools",
  // newuidmap: an ordinary user builds the root file system in a user namespace.
  "uidmap",
];

/** What lies in the guest beside the essential packages: interpreters, what speaks with the network, a static shell. */
export const guestPackages: readonly string[] = [
  ...["python3", "perl", "nodejs", "php-cli", "busybox-static"],
  ...["ca-certificates", "curl", "iproute2", "openssl", "python3-setuptools", "wget"],
];

/** Wanted for variety; left out where the distribution does not offer one. */
export const guestExtras: readonly string[] = [
  "bind9-dnsutils",
  "bzip2",
  "git",
  "netcat-openbsd",
  "openssh-client",
  "unzip",
  "xz-utils",
  "zip",
  "bash-static",
  "zsh-static",
  "sash",
  "mksh",
  "procps",
  "ncal",
  "hello",
  "tree",
  "time",
];

/** Unpacked into the guest for 32-bit programs; each may be missing. */
export const i386Packages: readonly string[] = [
  "libc6",
  "libselinux1",
  "libpcre2-8-0",
  "libacl1",
  "libattr1",
  "libgmp10",
  "coreutils",
  "hello",
  "procps",
  "util-linux",
  "busybox-static",
];

/** Kernel packages, the first that exists is taken: small ones made for virtual machines. */
export const kernelPackages: readonly string[] = [
  "linux-image-cloud-amd64",
  "linux-image-virtual",
  "linux-image-kvm",
];

/** Modules that the guest needs, found with all that they depend on; what is built into the kernel is left out. */
export const kernelModules: readonly string[] = ["virtio_pci", "virtio_blk", "squashfs", "overlay", "dummy"];
