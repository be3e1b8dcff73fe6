import { MEMORY_MIB } from "../layout.ts";

export type Accelerator = "tcg" | "kvm";

export interface MachineFiles {
  readonly kernel: string;
  readonly initramfs: string;
  readonly root: string;
  readonly memory: string;
  readonly input: string;
  readonly output: string;
}

/**
 * Arguments of QEMU. A saved machine is restored only into an identical one, so both come from here.
 * `share`: "on" while the image is made (memory goes to its file), "off" in a run (copy on write).
 * The monitor is file descriptor 3, the guest's serial line 4.
 */
export function machineArguments(
  files: MachineFiles,
  options: { accelerator: Accelerator; share: "on" | "off"; incoming: boolean },
): string[] {
  const disk = (id: string, file: string, readonly: boolean) => [
    "-blockdev",
    JSON.stringify({
      driver: "raw",
      "node-name": id,
      "read-only": readonly,
      cache: { direct: false, "no-flush": true },
      file: { driver: "file", filename: file, locking: "off", "read-only": readonly },
    }),
    "-device",
    `virtio-blk-pci,drive=${id},id=disk-${id}`,
  ];
  return [
    ...["-M", "q35,memory-backend=m0"],
    ...[
      "-object",
      `memory-backend-file,id=m0,size=${MEMORY_MIB}M,mem-path=${files.memory},share=${options.share}`,
    ],
    ...["-m", `${MEMORY_MIB}M`, "-smp", "1"],
    ...(options.accelerator === "kvm"
      ? ["-accel", "kvm", "-cpu", "host"]
      : ["-accel", "tcg,thread=multi", "-cpu", "max"]),
    ...["-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-nic", "none"],
    ...["-kernel", files.kernel, "-initrd", files.initramfs],
    ...[
      "-append",
      "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off random.trust_cpu=on rdinit=/init",
    ],
    ...disk("root", files.root, true),
    ...disk("input", files.input, true),
    ...disk("output", files.output, false),
    ...["-chardev", "socket,id=qmp,fd=3", "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", "socket,id=line,fd=4", "-serial", "chardev:line"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...(options.incoming ? ["-incoming", "defer"] : []),
  ];
}
