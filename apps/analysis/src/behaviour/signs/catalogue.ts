/**
 * Every kind of sign: its technique of MITRE ATT&CK (Enterprise, Linux), its usual weight, what it is in plain words.
 * A detector may give another technique or weight where it knows better.
 */
type Entry = readonly [technique: string | null, weight: "note" | "suspicious" | "harmful", about: string];

const entries = {
  // What it runs
  interpreter: ["T1059", "note", "Runs an interpreter"],
  "runs-downloaded": ["T1105", "suspicious", "Runs what it fetched from the network"],
  "runs-encoded": ["T1140", "suspicious", "Decodes a program and runs it"],
  "self-copy": ["T1036.005", "note", "Copies itself to another place"],
  "self-copy-hidden": ["T1564.001", "suspicious", "Hides a copy of itself"],
  "hidden-program": ["T1564.001", "suspicious", "Puts a program where nobody looks and starts it"],
  fileless: ["T1620", "harmful", "Runs a program that lies in memory only"],
  memfd: [null, "note", "Keeps a file in memory"],
  "memory-executable": [null, "note", "Has memory that is writable and executable"],
  injection: ["T1055.008", "harmful", "Writes into the memory of another process"],
  tracing: [null, "note", "Traces a process that it started"],
  "fork-bomb": ["T1499.001", "harmful", "Starts processes until there is no room for more"],
  "disk-filling": ["T1499.001", "harmful", "Fills the disk"],
  miner: ["T1496.001", "harmful", "Computes for somebody else: speaks the protocol of a mining pool"],
  "shell-for-stranger": ["T1059.004", "harmful", "Connects a shell of this machine to a stranger"],
  // How it stays
  "starts-again": ["T1547.013", "note", "Has something started again by itself"],
  "starts-own-program": ["T1547.013", "suspicious", "Has a program that it brought started by itself"],
  "starts-hidden": ["T1547.013", "harmful", "Has a hidden or downloaded program started by itself"],
  "preload-planted": ["T1574.006", "harmful", "Has its own library loaded into other programs"],
  "key-added": ["T1098.004", "harmful", "Lets a stranger's key log in"],
  "own-key-added": ["T1098.004", "note", "Lets the user's own key log in"],
  "account-made": ["T1136.001", "harmful", "Makes an account"],
  "package-manager-set": ["T1546", "suspicious", "Redirects a package manager"],
  // Rights
  "setuid-set": ["T1548.001", "harmful", "Makes a program run with its owner's rights"],
  "rights-asked": ["T1548.003", "suspicious", "Tries to become root"],
  "namespace-made": [null, "note", "Makes a namespace of its own"],
  "module-asked": ["T1547.006", "harmful", "Tries to load code into the kernel"],
  "system-written": ["T1222.002", "suspicious", "Tries to change files of the system"],
  // How it hides
  "self-deleted": ["T1070.004", "suspicious", "Deletes itself"],
  "history-cleared": ["T1070.003", "suspicious", "Clears the history of commands"],
  "logs-cleared": ["T1070.002", "suspicious", "Clears logs of the system"],
  timestomp: ["T1070.006", "note", "Sets the times of files back"],
  "timestomp-hidden": ["T1070.006", "suspicious", "Gives a new file the times of an old one"],
  "chamber-check": ["T1497.001", "suspicious", "Looks for signs of a virtual machine"],
  "machine-look": ["T1082", "note", "Asks what machine this is"],
  "debugger-check": ["T1622", "suspicious", "Looks whether somebody watches it"],
  "long-sleep": ["T1497.003", "suspicious", "Asks to sleep longer than anybody watches"],
  "process-hidden": ["T1036.011", "note", "Gives its process another name"],
  "kills-others": ["T1489", "suspicious", "Ends programs that it did not start"],
  // What it takes
  "reads-credential": ["T1552.001", "note", "Reads a credential"],
  "collects-credentials": ["T1552.001", "suspicious", "Reads credentials of several kinds"],
  "reads-history": ["T1552.003", "note", "Reads the history of commands"],
  "secret-sent": ["T1041", "harmful", "Sends a secret away"],
  "secret-used": ["T1078", "harmful", "Uses a secret that is not its own"],
  "secret-used-rightly": [null, "note", "Uses a credential where it belongs"],
  "reads-much": ["T1005", "note", "Reads many files of the user"],
  "personal-sent": ["T1041", "harmful", "Sends files of the user away"],
  "personal-sent-home": [
    null,
    "note",
    "Sends files of the user to the server that the user has set up for it",
  ],
  "archive-sent": ["T1560", "suspicious", "Packs or encodes much and sends it away"],
  // The network
  "name-asked": ["T1071.004", "note", "Asks for names"],
  "web-contact": ["T1071.001", "note", "Speaks to web servers"],
  "mail-contact": ["T1071.003", "note", "Speaks to a mail server"],
  "raw-contact": ["T1095", "note", "Speaks to a server in a protocol of its own"],
  "unread-contact": [
    "T1573.002",
    "suspicious",
    "Begins an encrypted connection of which nothing could be read",
  ],
  "registry-contact": [null, "note", "Speaks to a package registry"],
  "dns-tunnel": ["T1071.004", "suspicious", "Hides data in questions for names"],
  scanning: ["T1046", "suspicious", "Tries many addresses or ports"],
  listens: [null, "note", "Waits for connections"],
  fetched: ["T1105", "note", "Fetches a file"],
  // How it spreads and what it destroys
  "mail-itself": ["T1534", "harmful", "Mails itself to others"],
  "mass-mail": ["T1114.001", "suspicious", "Mails many people"],
  "sends-itself": ["T1570", "harmful", "Copies itself to another machine"],
  "spreads-by-ssh": ["T1021.004", "harmful", "Logs in to other machines and copies itself there"],
  "publishes-itself": ["T1195.002", "harmful", "Publishes packages that carry it"],
  published: ["T1195.002", "suspicious", "Publishes a package"],
  "published-own": [null, "note", "Publishes the package that lies in the project"],
  "ransom-note": ["T1486", "suspicious", "Leaves a note that asks for money"],
} as const satisfies Record<string, Entry>;

export type SignId = keyof typeof entries;
export const catalogue: Readonly<Record<SignId, Entry>> = entries;
