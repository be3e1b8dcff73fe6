import type { Pattern, Sign } from "../facts.ts";
import { isService, isShell, programName } from "../programs.ts";

/**
 * A shell whose input and output are a connection to another machine; worse where a service started it. A service that runs a command
 * by a shell (`sh -c`) speaks to it by pipes, and is not meant.
 */
export const serviceShell: Pattern = {
  name: "service-shell",
  look({ subject }) {
    if (!isShell(subject.exe)) return [];
    const service = subject.parents.find(isService);
    const signs: Sign[] = [];
    const path = subject.exe!;
    if (subject.networkShell)
      signs.push({
        ...{ kind: "process-behaviour", rule: "network-shell", path, weight: 0.7 },
        what: "a shell takes its commands from a network connection and answers there",
        unless: "its input and output were a terminal, a file or a pipe",
      });
    const interactive = subject.cmdline.slice(1).some((word) => /^-[a-z]*i[a-z]*$/.test(word));
    if (service && (subject.networkShell || interactive))
      signs.push({
        ...{ kind: "process-behaviour", rule: "service-shell", path, weight: 0.4 },
        what: `the service ${programName(service)} started a shell that waits for commands`,
        unless: "the shell had been given one command",
      });
    return signs;
  },
};
