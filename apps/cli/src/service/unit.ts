/**
 * The systemd unit of each role. What a unit takes away is chosen by what the role does: the agent looks at and mends
 * files of everybody, so it keeps sight of the whole file system and the rights for that, and nothing else.
 */
export const roles = ["agent", "up", "admin", "analysis"] as const;
export type Role = (typeof roles)[number];

export interface UnitOptions {
  readonly role: Role;
  /** Absolute path of the runtime, and of the program that it runs. */
  readonly node: string;
  readonly main: string;
  readonly dataDir: string;
  /** Further words, e.g. `--config FILE`. */
  readonly args: readonly string[];
  /** Other processes wait for its answers (on-access decisions): it gets its full share of the processors. */
  readonly answers: boolean;
}

export const unitName = (role: Role): string =>
  role === "agent" ? "thymus.service" : `thymus-${role}.service`;

const WHAT: Readonly<Record<Role, string>> = {
  agent: "Thymus agent: notices, stops and heals infections of this machine",
  up: "Thymus: admin server, analysis centre and this machine's agent",
  admin: "Thymus admin server",
  analysis: "Thymus analysis centre",
};

/** What the agent does with each right; docs/threat-model.md has the same list. */
export const AGENT_CAPABILITIES = [
  "CAP_CHOWN", // gives a repaired or restored file its owner back
  "CAP_DAC_OVERRIDE", // writes where only the owner may
  "CAP_DAC_READ_SEARCH", // reads every file, and opens those that fanotify names by handle
  "CAP_FOWNER", // times, modes and attributes of others' files
  "CAP_FSETID", // keeps set-user-id bits of what it restores
  "CAP_LINUX_IMMUTABLE", // takes the lock of chattr off a file that is repaired, and puts it back on
  "CAP_SETFCAP", // file capabilities; a user namespace for a confined worker
  "CAP_KILL", // suspends or ends a process that encrypts
  "CAP_SYS_PTRACE", // reads which program another's process runs
  "CAP_NET_ADMIN", // hears of starts and ends of processes (proc connector)
  "CAP_SYS_ADMIN", // fanotify, trusted attributes, namespaces of confined workers
  "CAP_SYS_NICE", // who answers for an open comes first
  "CAP_IPC_LOCK", // and has its program in memory
  "CAP_LEASE", // tells whether somebody has a file open for writing
  "CAP_SETUID", // confined workers become nobody
  "CAP_SETGID",
] as const;

const common = [
  "NoNewPrivileges=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
  "KeyringMode=private",
  "UMask=0077",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
];
/** Not for the agent: its answering process comes before others. */
const ordinary = "RestrictRealtime=yes";
const neverCalled = "@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap";

/** Lines of [Service] that are about rights. */
const RIGHTS: Readonly<Record<Role, readonly string[]>> = {
  agent: [
    // No option here makes a mount namespace: an agent that does not see what the others see is blind, and marks on
    // mounts would lie on its own copies of them.
    `CapabilityBoundingSet=${AGENT_CAPABILITIES.join(" ")}`,
    `SystemCallFilter=~${neverCalled}`,
    "SystemCallErrorNumber=EPERM",
    "ProtectClock=yes",
    ...common,
  ],
  up: common,
  analysis: [...common, ordinary],
  admin: [
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateMounts=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "RestrictNamespaces=yes",
    "RestrictSUIDSGID=yes",
    "RemoveIPC=yes",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
    ordinary,
    ...common.filter((line) => !line.startsWith("RestrictAddressFamilies")),
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
  ],
};

/** Lines of [Service] that bound what it may take; systemd.resource-control(5). */
function bounds(role: Role, answers: boolean): string[] {
  if (role !== "agent") return ["TasksMax=2048", "IOAccounting=yes"];
  return [
    ...(answers ? ["CPUWeight=100", "IOWeight=100"] : ["CPUWeight=30", "IOWeight=30", "Nice=5"]),
    "MemoryHigh=1G",
    "MemoryMax=1536M",
    "TasksMax=256",
    "LimitCORE=0",
    "LimitNOFILE=65536",
    "OOMScoreAdjust=-100",
    "OOMPolicy=continue",
  ];
}

/** A word of a command line as systemd reads it; systemd.service(5), "command lines". */
export function unitWord(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(word) ? escaped : `"${escaped}"`;
}

export function unitOf(options: UnitOptions): string {
  const { role, node, main, dataDir, args, answers } = options;
  const words = [node, "--no-warnings", main, role, "--data", dataDir, ...args];
  return [
    "# Written by: thymus service install. It is written anew by the next install; put changes of your own into a drop-in",
    `# (systemctl edit ${unitName(role)}).`,
    "[Unit]",
    `Description=${WHAT[role]}`,
    "After=network-online.target local-fs.target",
    "Wants=network-online.target",
    "StartLimitIntervalSec=900",
    "StartLimitBurst=10",
    "",
    "[Service]",
    "Type=notify",
    "NotifyAccess=main",
    `ExecStart=${words.map(unitWord).join(" ")}`,
    "WorkingDirectory=/",
    "Restart=on-failure",
    "RestartSec=5",
    "# The first comparison of large trees may take its time; from then on a wedged event loop is ended and started anew.",
    "TimeoutStartSec=infinity",
    "TimeoutStopSec=45",
    "WatchdogSec=120",
    "KillMode=mixed",
    "",
    ...bounds(role, answers),
    "",
    ...RIGHTS[role],
    ...(role === "admin" ? [`ReadWritePaths=${unitWord(dataDir)}`] : []),
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
